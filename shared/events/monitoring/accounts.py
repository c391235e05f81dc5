"""Accounts that are registered."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told


@told
class AccountClaimedV1(Event):
    """A person registered an account as theirs and has yet to prove it: until then it counts for nothing."""

    type = "monitoring.account.claimed.v1"
    id: Public[str]
    network: Public[str]
    kind: Public[str]
    person: Operational[str | None] = None
    registered_at: Operational[datetime]


@told
class AccountRegisteredV1(Event):
    """A social account counts from now on: registered and known to be the person's (without one, the brand's)."""

    type = "monitoring.account.registered.v1"
    id: Public[str]
    network: Public[str]
    kind: Public[str]
    person: Operational[str | None] = None
    registered_at: Operational[datetime]


@told
class AccountRemovedV1(Event):
    """A registration ended: the account is no longer our concern."""

    type = "monitoring.account.removed.v1"
    id: Public[str]
