"""Who spoke with which customer first: what rules about first contacts ask of a reply."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlmodel import col, func, select

from services.monitoring.domain.accounts import handle_key
from services.monitoring.tables import Account, Contact, Conversation, Post, Reply
from shared.db import Session, insert

SENT = ("approved", "delivered")


class Approach(NamedTuple):
    """A post of ours that answers another, by the network's own ids; `person` is its author, if they are registered."""

    post: str
    network: str
    network_id: str
    author: str
    person: str | None
    in_reply_to: str


def note(session: Session, approaches: Sequence[Approach]) -> None:
    """Keep which post was its author's first to a customer.

    The customer is who wrote the post that it answers. Of a post that we do not have nobody knows whose it is, so
    nothing is kept of that contact, and nobody is blamed for it.
    """
    if not approaches:
        return
    answered = select(Post.network, Post.network_id, Post.author).where(
        col(Post.kind) == "mention",
        col(Post.network).in_({one.network for one in approaches}),
        col(Post.network_id).in_({one.in_reply_to for one in approaches}),
    )
    customers = {(network, network_id): handle_key(author) for network, network_id, author in session.execute(answered)}
    rows = [
        {"network": one.network, "author": handle_key(one.author), "customer": customer, "post": one.post}
        for one in approaches
        if (customer := customers.get((one.network, one.in_reply_to))) is not None
        and not replied(session, one.network, customer, one.person, but=one.network_id)
    ]
    if rows:
        statement = insert(session, Contact.__table__)  # type: ignore[attr-defined]
        session.execute(statement.on_conflict_do_nothing(index_elements=["network", "author", "customer"]), rows)


def first(session: Session, posts: Collection[str]) -> set[str]:
    """Return which of these posts were their authors' first words to a customer."""
    return set(session.execute(select(Contact.post).where(col(Contact.post).in_(posts))).scalars())


def met(session: Session, network: str, customer: str, person: str) -> bool:
    """Say whether a person has spoken with a customer, through us or by an account that they registered."""
    known = (
        select(Contact.post)
        .join(Account, (col(Account.network) == Contact.network) & (col(Account.handle_key) == Contact.author))
        .where(Contact.network == network, Contact.customer == handle_key(customer), Account.person == person)
        .where(col(Account.claim_key).is_not(None))
    )
    return replied(session, network, handle_key(customer), person) or session.execute(known).first() is not None


def replied(session: Session, network: str, customer: str, person: str | None, but: str | None = None) -> bool:
    """Say whether a person has answered a customer through us, otherwise than by the post with the id `but`."""
    if person is None:
        return False
    statement = (
        select(Conversation.customer, Reply.network_id)
        .join(Reply, col(Reply.conversation) == col(Conversation.id))
        .where(Conversation.network == network, Reply.person == person, col(Reply.status).in_(SENT))
    )
    if customer.isascii():  # what lies beyond, a database does not fold as Python does
        statement = statement.where(func.lower(Conversation.customer).in_((customer, f"@{customer}")))
    return any(
        handle_key(name) == customer and (but is None or network_id != but)
        for name, network_id in session.execute(statement)
    )
