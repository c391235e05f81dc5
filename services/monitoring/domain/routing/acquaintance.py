"""Who knows a customer: well enough to go on with them, or too well to answer them."""

from collections.abc import Sequence

from sqlmodel import col, func, select

from services.monitoring.domain.accounts import handle_key
from services.monitoring.domain.routing.staff import LAPSED, Member
from services.monitoring.tables import Account, Assignment, Conversation, Person
from shared.db import Session

LATEST = 2000
Customer = tuple[str, str]
"""A network, and a customer's handle there."""


def known(session: Session, conversations: Sequence[Conversation]) -> dict[Customer, str]:
    """Return who took on the last conversation with each of these customers, and did not let it lie."""
    customers = {(one.network, one.customer) for one in conversations}
    rows = session.execute(
        select(Conversation.network, Conversation.customer, Assignment.person)
        .join(Assignment, col(Assignment.conversation) == col(Conversation.id))
        .where(
            col(Conversation.network).in_({network for network, _ in customers}),
            col(Conversation.customer).in_({customer for _, customer in customers}),
            col(Assignment.accepted_at).is_not(None),
            func.coalesce(col(Assignment.ended), "") != LAPSED,
        )
        .order_by(col(Assignment.id).desc())
        .limit(LATEST)
    ).all()
    last: dict[Customer, str] = {}
    for network, customer, person in rows:
        if (network, customer) in customers:
            last.setdefault((network, customer), person)
    return last


def conflicts(
    session: Session, conversations: Sequence[Conversation], members: Sequence[Member]
) -> dict[str, frozenset[str]]:
    """Return for each conversation who must not have it.

    That is whose own account the customer is, whose manager's it is, and who does not want this customer.
    """
    keys = {one.id: (one.network, handle_key(one.customer)) for one in conversations}
    unwanted: dict[str, set[str]] = {}
    for member in members:
        for handle in member.row.not_with:
            unwanted.setdefault(handle, set()).add(member.row.person)
    own = close_to(session, set(keys.values()))
    found = {one: frozenset(own.get(key, set()) | unwanted.get(key[1], set())) for one, key in keys.items()}
    return {one: persons for one, persons in found.items() if persons}


def close_to(session: Session, handles: set[Customer]) -> dict[Customer, set[str]]:
    """Return to whom these accounts are too close: their owners, proven or not, and whoever has an owner as manager."""
    rows = session.execute(
        select(Account.network, Account.handle_key, Account.person).where(
            col(Account.network).in_({network for network, _ in handles}),
            col(Account.handle_key).in_({key for _, key in handles}),
            col(Account.person).is_not(None),
        )
    ).all()
    found: dict[Customer, set[str]] = {}
    for network, key, person in rows:
        if person is not None:
            found.setdefault((network, key), set()).add(person)
    everyone = {person for persons in found.values() for person in persons}
    if not everyone:
        return found
    below = select(Person.id, Person.manager).where(col(Person.manager).in_(everyone))
    staff = session.execute(below).all()
    return {
        handle: owners | {person for person, manager in staff if manager in owners} for handle, owners in found.items()
    }
