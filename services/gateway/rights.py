"""Who may do what: the scopes there are, and the scopes of each role. The one table of rights."""

import re
from enum import StrEnum

from shared.context import Principal

AREAS = ("policies", "team", "people", "certificates", "training", "monitoring", "conversations", "events", "admin")
SCOPES = frozenset(f"{area}:{right}" for area in AREAS for right in ("read", "write"))
SELF = "self"


class Role(StrEnum):
    """What a signed-in person is in the organisation."""

    EMPLOYEE = "employee"
    COACH = "coach"
    LEAD = "lead"
    ADMIN = "admin"


EMPLOYEE = frozenset({SELF, "policies:read"})
COACH = EMPLOYEE | {
    "team:read",
    "people:read",
    "certificates:read",
    "training:read",
    "monitoring:read",
    "monitoring:write",
    "conversations:read",
    "conversations:write",
    "events:read",
}
LEAD = COACH | {"policies:write", "team:write", "training:write", "certificates:write"}

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.EMPLOYEE: EMPLOYEE,
    Role.COACH: COACH,
    Role.LEAD: LEAD,
    Role.ADMIN: SCOPES | {SELF},
}

SEAT_ROLES: dict[str, Role] = {"lead": Role.LEAD, "reviewer": Role.COACH, "coach": Role.COACH}
"""What a seat on the task team adds to a person's role."""

FRESH = (
    ("POST", "/v1/policies/{key}/versions/{number}/publication"),
    ("POST", "/v1/emergency-rules/{rule}/confirmation"),
    ("POST", "/v1/courses/{key}/versions/{number}/publication"),
    ("POST", "/v1/certificates/{certificate}/revocation"),
    ("POST", "/v1/certificate-operations"),
    ("POST", "/v1/badge-keys"),
    ("POST", "/v1/badge-keys/{key}/revocation"),
    ("GET", "/v1/certificates.csv"),
    ("GET", "/v1/people/{employee_number}/data-export"),
    ("POST", "/v1/export-schedules"),
    ("PATCH", "/v1/export-schedules/{key}"),
    ("POST", "/v1/export-schedules/{key}/runs"),
    ("POST", "/v1/supervision-exports"),
    ("GET", "/v1/supervision-exports/{export}/files/{name}"),
    ("POST", "/v1/legal-holds/{hold}/release"),
    ("POST", "/v1/legal-holds/{hold}/release/confirmation"),
    ("POST", "/v1/works-council-modes/{entity:path}/changes"),
    ("POST", "/v1/works-council-modes/{entity:path}/changes/{change}/confirmation"),
    ("POST", "/v1/people/{employee_number}/erasure"),
    ("GET", "/v1/audit/chains"),
    ("POST", "/v1/api-keys"),
    ("POST", "/v1/api-keys/{key}/rotation"),
    ("POST", "/v1/webhooks"),
    ("PATCH", "/v1/webhooks/{webhook_id}"),
    ("POST", "/v1/webhooks/{webhook_id}/secret-rotation"),
)
"""What a person does only within 15 minutes of proving who they are; machines, which prove it each time, are exempt."""


def pattern_of(path: str) -> str:
    """Return the expression for a path's template; a `{name:path}` holds slashes, as the name of a legal entity may."""
    return "".join(
        re.escape(part) if place % 2 == 0 else ".+" if part.endswith(":path") else "[^/]+"
        for place, part in enumerate(re.split(r"[{}]", path))
    )


_FRESH = {
    method: re.compile("(?:" + "|".join(pattern_of(path) for kind, path in FRESH if kind == method) + ")$")
    for method in {method for method, _ in FRESH}
}

ANYONE = Principal(id="anyone")
"""The caller of a page that needs no credentials."""


def scopes_of(roles: frozenset[str]) -> frozenset[str]:
    """Return all that these roles may do; a role that the table does not know may do nothing."""
    return frozenset().union(*(ROLE_SCOPES.get(Role(role), frozenset()) for role in roles if role in list(Role)))


def asks_fresh(method: str, path: str) -> bool:
    """Say whether a person must have proved who they are a short while ago to do this."""
    pattern = _FRESH.get(method)
    # By `$`, as routes do: it overlooks a line's end behind the path, and so must we.
    return pattern is not None and pattern.match(path) is not None
