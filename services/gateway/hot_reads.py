"""What machines read most, from memory and without waiting: a policy in force, and what one person holds."""

from typing import NamedTuple

from services.gateway.doors import Doors
from services.gateway.read_model.packed import Unclear
from shared.auth import Principal

Headers = list[tuple[bytes, bytes]]
POLICY = "/v1/policies/"
LOCALE = b"locale="
PEOPLE = "/v1/people/"
OF_PERSON = "/certificates"
HOT = (POLICY.encode(), PEOPLE.encode())
HOT_END = OF_PERSON.encode()
JSON = (b"content-type", b"application/json")


class HotRead(NamedTuple):
    """An answer from memory: the route by which it is counted, and its headers, also those for who has it already.

    `kept` is what stays the same for everyone, and so is worth being compressed once.
    """

    route: str
    kept: bool
    etag: str | None
    headers: Headers
    unchanged: Headers
    body: bytes


def is_hot(target: bytes) -> bool:
    """Say whether a GET of this path, with its query, may be answered here."""
    return target.startswith(HOT) and (target.endswith(HOT_END) or target.startswith(HOT[0]))


def find_hot_read(doors: Doors, path: str, query: bytes, principal: Principal) -> HotRead | None:
    """Return the answer to a GET, or None where it is not here, or the owner must be asked.

    The owner is also who refuses: what is wrong with a request is said in one place.
    """
    if path.startswith(POLICY):
        return policy_in_force(doors, path[len(POLICY) :], query, principal)
    if not query and path.startswith(PEOPLE) and path.endswith(OF_PERSON):
        return certificates_of_person(doors, path[len(PEOPLE) : -len(OF_PERSON)], principal)
    return None


def policy_in_force(doors: Doors, policy: str, query: bytes, principal: Principal) -> HotRead | None:
    """Return a policy in force as it is written, or in one other language."""
    locale = query.removeprefix(LOCALE).decode("latin-1")
    if (query and (locale == "" or not query.startswith(LOCALE))) or "policies:read" not in principal.scopes:
        return None
    kept = doors.policies.get(policy, principal, locale)
    if kept is None:
        return None
    age = doors.policies_age.headers()
    return HotRead(POLICY + "{key}", True, kept.etag, kept.headers + age, kept.unchanged + age, kept.body)


def certificates_of_person(doors: Doors, number: str, principal: Principal) -> HotRead | None:
    """Return what a person holds, as of now."""
    try:
        body = doors.certificates.of_person(number, principal)
    except Unclear:
        return None
    headers = [JSON, (b"content-length", b"%d" % len(body)), *doors.certificates.age()]
    return HotRead(PEOPLE + "{employee_number}" + OF_PERSON, False, None, headers, [], body)
