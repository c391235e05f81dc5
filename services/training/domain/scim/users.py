"""Users of SCIM: people, with what a client said of them beyond what we keep of everyone."""

import copy
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from scim2_models import InvalidValueException, Meta

from services.training.domain.provisioning import identities
from services.training.schemas import people as shapes
from services.training.schemas.scim import Email, EnterpriseUser, StaffMember, StaffUser, User
from services.training.tables import Person, ScimUser, Source
from shared.db import Session
from shared.locales import TAG, spelled
from shared.schemas import EmployeeNumber, Line

CORE, ENTERPRISE, STAFF = (str(model.__schema__) for model in (User, EnterpriseUser, StaffUser))
EXTENSIONS = (ENTERPRISE, STAFF)
OURS = ("schemas", "id", "externalId", "meta", "groups")
"""Attributes of a resource that are kept elsewhere, or made anew."""
LANGUAGE = re.compile(TAG)
CHECKS: dict[str, TypeAdapter[Any]] = {
    "user_name": TypeAdapter(Line),
    "name": TypeAdapter(Line),
    "email": TypeAdapter(shapes.Email),
    "employee_number": TypeAdapter(EmployeeNumber),
    "department": TypeAdapter(Line),
    "region": TypeAdapter(Line),
    "cost_centre": TypeAdapter(Line),
    "legal_entity": TypeAdapter(Line),
    "title": TypeAdapter(Line),
}
CLEARED: dict[str, Any] = {
    "department": "",
    "region": "",
    "cost_centre": None,
    "legal_entity": None,
    "title": None,
    "locale": None,
    "manager": None,
    "languages": [],
}
"""What an attribute becomes when a client that said it says it no more; names, numbers and addresses stay as they were."""
HIDDEN = frozenset({"employee_number", "name", "email", "active"})
"""What everyone has, and a resource shows only if the client gave it, or another source has changed it since."""
MISSING = object()
RECORDED = ("user_name", "name", "email", "employee_number", *CLEARED, "active")


def said_of(user: StaffMember) -> dict[str, Any]:
    """Return the columns of a person that a client fills, the manager as the client names them.

    Raises InvalidValueException for a value that we cannot keep.
    """
    work = user[EnterpriseUser] or EnterpriseUser()
    staff = user[StaffUser] or StaffUser()
    given = {
        "user_name": user.user_name,
        "name": name_of(user),
        "email": email_of(user.emails or []),
        "employee_number": work.employee_number,
        "department": work.department,
        "region": staff.region or region_of(user),
        "cost_centre": work.cost_center,
        "legal_entity": work.organization,
        "title": user.title,
        "locale": locale_of(user.preferred_language, user.locale),
        "manager": work.manager.value if work.manager else None,
        "languages": languages_of(staff.languages or "") or None,
        "active": user.active,
    }
    said = {name: value for name, value in given.items() if value not in (None, "")}
    for name, check in CHECKS.items():
        if name in said:
            said[name] = checked(name, check, said[name])
    return said


def checked(name: str, check: TypeAdapter[Any], value: Any) -> Any:
    """Return a value that fits its column; raises InvalidValueException."""
    try:
        return check.validate_python(value)
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise InvalidValueException(attribute=name, detail=f"{name.replace('_', ' ')}: {why}") from None


def name_of(user: StaffMember) -> str | None:
    """Return how a person is called: as displayed, as formatted, or put together."""
    name = user.name
    parts = (name.given_name, name.middle_name, name.family_name) if name else ()
    return user.display_name or (name.formatted if name else None) or " ".join(part for part in parts if part) or None


def email_of(emails: Sequence[Email]) -> str | None:
    """Return a person's e-mail: the primary one, else that of work, else the first."""
    ranked = sorted(emails, key=lambda each: (not each.primary, each.type != "work"))
    return next((each.value for each in ranked if each.value), None)


def region_of(user: StaffMember) -> str | None:
    """Return the region, else the country, of where a person works."""
    ranked = sorted(user.addresses or [], key=lambda each: (each.type != "work", not each.primary))
    return next((each.region or each.country for each in ranked if each.region or each.country), None)


def locale_of(*tags: str | None) -> str | None:
    """Return the first that is a language tag, spelled as BCP 47 does."""
    candidates = [tag.replace("_", "-") for tag in tags if tag]
    return next((spelled(tag) for tag in candidates if re.match(TAG, tag) and len(tag) <= 35), None)


def languages_of(text: str) -> list[str]:
    """Return the language tags in a list with commas or semicolons, each once; what is none is left out."""
    tags = [tag.strip() for tag in re.split("[,;]", text)]
    return list(dict.fromkeys(spelled(tag) for tag in tags if LANGUAGE.match(tag) and len(tag) <= 35))


def manager_of(session: Session, named: str) -> str:
    """Return the id of a manager: named by id as the standard says, or as Okta may by number, name or id of its own.

    Raises InvalidValueException for a stranger.
    """
    found = (
        session.get(Person, named)
        or identities.by_number(session, named)
        or identities.by_user_name(session, named)
        or identities.by_external_id(session, Source.SCIM, named)
    )
    if found is None:
        raise InvalidValueException(attribute="manager", detail=f"manager: {named} is nobody here.")
    return found.id


def attributes_of(session: Session, user: StaffMember, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client makes of a person: what it says, and what it said `before` and says no more.

    Raises InvalidValueException.
    """
    said = said_of(user)
    if "manager" in said:
        said["manager"] = manager_of(session, said["manager"])
    return {**{name: value for name, value in CLEARED.items() if name in before}, **said}


def resource_of(user: StaffMember) -> dict[str, Any]:
    """Return what is kept of what a client said."""
    return {name: value for name, value in user.model_dump().items() if name not in OURS and known(name)}


def known(name: str) -> bool:
    """Say whether a key of a resource is an attribute, or an extension that is described."""
    return ":" not in name or name in EXTENSIONS


def columns_of(person: Person) -> dict[str, Any]:
    """Return the columns of a person that a resource says something of."""
    return person.model_dump(mode="json", include=set(RECORDED))


def record_of(person: Person, wrote: Collection[str], refused: Collection[str]) -> dict[str, Any]:
    """Return the columns of a person for which a resource is shown as the client said it, as long as they stay so.

    They are those that the client `wrote`, and those that nobody filled: of what we could make nothing of, such as a
    language that is none, the client's word is all there is.
    """
    return {
        name: value
        for name, value in columns_of(person).items()
        if name not in refused and (name in wrote or name in HIDDEN or value == CLEARED.get(name, MISSING))
    }


def to_user(
    person: Person, row: ScimUser | None, external_id: str | None, groups: Iterable[tuple[str, str]]
) -> StaffMember:
    """Return a person as SCIM shows them: as a client said it, unless it has come to be otherwise since."""
    shown: dict[str, Any] = copy.deepcopy(row.resource) if row else {}
    recorded = row.record if row else {}
    for name, value in columns_of(person).items():
        if name not in recorded or recorded[name] != value:
            show(shown, name, value)
    for urn in EXTENSIONS:
        shown[urn] = {name: value for name, value in shown.get(urn, {}).items() if value is not None}
    shown = {name: value for name, value in shown.items() if value not in (None, {}, [])}
    shown["schemas"] = [CORE, *(urn for urn in EXTENSIONS if urn in shown)]
    in_groups = [{"value": group, "$ref": f"Groups/{group}", "display": name} for group, name in groups]
    shown |= {"id": person.id, "externalId": external_id, "groups": in_groups or None}
    user = StaffMember.model_validate(shown)
    user.meta = Meta(
        resource_type="User",
        created=person.created_at,
        last_modified=person.changed_at or person.created_at,
        version=version_of(shown),
    )
    return user


def show(shown: dict[str, Any], name: str, value: Any) -> None:
    """Let a resource say what a person's column says."""
    match name:
        case "name":
            shown |= {"displayName": value, "name": {"formatted": value}}
        case "email":
            shown["emails"] = [{"value": value, "type": "work", "primary": True}] if value else None
        case "languages":
            shown.setdefault(STAFF, {})["languages"] = ", ".join(value) or None
        case "manager":
            manager = {"value": value, "$ref": f"Users/{value}"} if value else None
            shown.setdefault(ENTERPRISE, {})["manager"] = manager
        case _:
            extension, attribute = WORDS[name]
            place = shown.setdefault(extension, {}) if extension else shown
            place[attribute] = value if value != "" else None


WORDS = {
    "user_name": (None, "userName"),
    "title": (None, "title"),
    "active": (None, "active"),
    "locale": (None, "preferredLanguage"),
    "employee_number": (ENTERPRISE, "employeeNumber"),
    "department": (ENTERPRISE, "department"),
    "cost_centre": (ENTERPRISE, "costCenter"),
    "legal_entity": (ENTERPRISE, "organization"),
    "region": (STAFF, "region"),
}
"""Where a resource says what a column says, in which extension and under which name."""


def version_of(shown: Mapping[str, Any]) -> str:
    """Return the weak ETag of what is shown."""
    text = json.dumps(shown, sort_keys=True, default=str)
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
