"""Who may do what: the scopes there are, and the scopes of each role. The one table of rights."""

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

ANYONE = Principal(id="anyone")
"""The caller of a page that needs no credentials."""


def scopes_of(roles: frozenset[str]) -> frozenset[str]:
    """Return all that these roles may do; a role that the table does not know may do nothing."""
    return frozenset().union(*(ROLE_SCOPES.get(Role(role), frozenset()) for role in roles if role in list(Role)))
