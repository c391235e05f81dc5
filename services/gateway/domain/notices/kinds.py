"""What people are told of, when that usually reaches them, and where in the portal it leads."""

from typing import get_args

from services.gateway.schemas.notices import Choice, Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
DAILY: frozenset[str] = frozenset(
    {"conversation_came_back", "certificate_expiring", "acknowledgement_due", "delta_due", "digest_ready"}
)
"""What nobody has to know within the hour, so that it comes once a day unless somebody chooses otherwise."""

_PLACES: dict[str, str] = {
    "conversation_yours": "/conversations/{id}",
    "conversation_due_soon": "/conversations/{id}",
    "conversation_passed_on": "/conversations",
    "conversation_came_back": "/conversations/{id}",
    "guidance_given": "/guidance/{id}",
    "certificate_expiring": "/learning",
    "certificate_expired": "/learning",
    "acknowledgement_due": "/policies/{name}",
    "delta_due": "/learning",
    "approval_requested": "/approvals",
    "digest_ready": "/guidance",
    "webhook_paused": "/admin/webhooks",
}


def usual(kind: str) -> Choice:
    """Return how a kind reaches those who chose nothing."""
    return "daily" if kind in DAILY else "at_once"


def link_of(kind: str, subject: str, name: str | None) -> str:
    """Return the path in the portal where a person sees to it."""
    return _PLACES[kind].format(id=subject.rpartition("/")[2], name=name)
