"""Which posts are our business: those by registered accounts, and public mentions of the brand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from services.monitoring.domain.accounts import handle_key
from services.monitoring.domain.conversations import sending
from services.monitoring.domain.posts import brand
from services.monitoring.schemas.posts import PostAnswer, PostIn
from services.monitoring.tables import Account, Post
from shared.db import Session

AHEAD = timedelta(minutes=5)
"""How far another clock may be ahead of ours."""
OURS = ("staff", "reply")
REASONS = {
    "unregistered": "not kept: the account is not registered",
    "not_about_us": "not kept: neither by a registered account nor about the brand",
    "clock_ahead": "posted_at: lies in the future",
}
DROPPED = frozenset({REASONS["unregistered"], REASONS["not_about_us"]})
Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A post that is not kept: why, and what its sender is told."""

    why: str
    answer: PostAnswer


def sift(session: Session, bodies: Sequence[PostIn], source: str | None) -> list[PostIn | Dropped]:
    """Return posts that are our business as they are to be kept, and the others as what is said of them.

    Of a source, whose posts nobody chose for us, only registered accounts and mentions of the brand are kept, and the
    kind of a post is decided here. What somebody pushes was chosen by them: it is held to the same as soon as there are
    terms that say what the brand is.
    """
    dated = [in_time(session, body, source) for body in bodies]
    posts = [one for one in dated if isinstance(one, PostIn)]
    if not posts or (source is None and not brand.are_set(session)):
        return list(dated)
    registered = registered_of(session, {(one.network, handle_key(one.author)) for one in posts})
    placed = {id(one): place(one, source, registered) for one in posts}
    candidates = [one for one in placed.values() if isinstance(one, PostIn) and one.kind == "mention"]
    about_us = mentions(session, candidates)
    return [settle(placed[id(one)], about_us) if isinstance(one, PostIn) else one for one in dated]


def in_time(session: Session, body: PostIn, source: str | None) -> PostIn | Dropped:
    """Refuse what was pushed with a time far ahead; a source's clock is corrected, as nobody is there to be told."""
    if body.posted_at <= session.now + AHEAD:
        return body
    return dropped(body, "clock_ahead") if source is None else body.model_copy(update={"posted_at": session.now})


def place(body: PostIn, source: str | None, registered: Collection[Identity]) -> PostIn | Dropped:
    """Say what kind of post it is, by who wrote it."""
    known = (body.network, handle_key(body.author)) in registered
    if source is None:
        return body if known or body.kind == "mention" else dropped(body, "unregistered")
    if known:
        kind = body.kind if body.kind in OURS else "reply" if body.in_reply_to is not None else "staff"
    else:
        kind = "mention"
    return body if body.kind == kind else body.model_copy(update={"kind": kind})


def settle(placed: PostIn | Dropped, about_us: Collection[Identity]) -> PostIn | Dropped:
    """Drop a mention that is none."""
    if isinstance(placed, Dropped) or placed.kind != "mention" or identity(placed) in about_us:
        return placed
    return dropped(placed, "not_about_us")


def mentions(session: Session, candidates: Sequence[PostIn]) -> set[Identity]:
    """Return which of these are about us: they name the brand, answer a post or reply that we have, or are one (an edit)."""
    found = {identity(one) for one in brand.naming(session, candidates)}
    rest = [one for one in candidates if identity(one) not in found]
    if not rest:
        return found
    ids = {one.network_id for one in rest} | {one.in_reply_to for one in rest if one.in_reply_to is not None}
    there = select(Post.network, Post.network_id).where(
        col(Post.network).in_({one.network for one in rest}), col(Post.network_id).in_(ids)
    )
    kept = {(network, network_id) for network, network_id in session.execute(there)}
    kept |= {
        (network, sent) for network in {one.network for one in rest} for sent in sending.ours(session, network, ids)
    }
    return found | {identity(one) for one in rest if identity(one) in kept or (one.network, one.in_reply_to) in kept}


def registered_of(session: Session, handles: Collection[Identity]) -> set[Identity]:
    """Return which of these (network, handle key) pairs are registered, by a person or as the brand's."""
    networks, keys = {network for network, _ in handles}, {key for _, key in handles}
    rows = session.execute(
        select(Account.network, Account.handle_key).where(
            col(Account.claim_key).is_not(None), col(Account.network).in_(networks), col(Account.handle_key).in_(keys)
        )
    )
    return {(network, key) for network, key in rows} & set(handles)


def identity(body: PostIn) -> Identity:
    """Return what names a post everywhere."""
    return (body.network, body.network_id)


def dropped(body: PostIn, why: str) -> Dropped:
    """Return what is said of a post that is not kept."""
    return Dropped(why, PostAnswer(body.network, body.network_id, "rejected", REASONS[why]))
