"""Posts as they are shown: to whom, and in which lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.coaching import openings
from services.monitoring.schemas.posts import Kind, PostOut
from services.monitoring.tables import Post
from shared.context import Principal
from shared.db import Session
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound


def read(session: Session, post_id: str, caller: Principal) -> PostOut:
    """Return one post."""
    post = session.get(Post, post_id)
    if post is None or not visible(post, caller):
        raise NotFound(f"There is no post {post_id}.")
    return shown(session, [post], caller)[0]


def visible(post: Post, caller: Principal) -> bool:
    """Tell whether a caller may see a post: all, those of their departments and customers, or their own."""
    if not caller.has("monitoring:read"):
        return caller.person is not None and caller.person == post.person
    return caller.departments is None or post.department is None or post.department in caller.departments


BEFORE = 10


def thread(session: Session, post_id: str, caller: Principal) -> Page[PostOut]:
    """Return a post after those that it answers, as far as they came in, the oldest first.

    Of a person in works-council mode, the post alone: what it answers would say whose it is. Raises NotFound.
    """
    this = read(session, post_id, caller)
    if this.person == people.WITHHELD:
        return Page(items=[this], next_cursor=None)
    earlier = [one for one in before(session, session.get_one(Post, post_id)) if visible(one, caller)]
    return Page(items=[*shown(session, earlier, caller), this], next_cursor=None)


def before(session: Session, post: Post) -> list[Post]:
    """Return what a post answers, and what that answers, as far back as we look, the oldest first."""
    found = [post]
    while found[0].in_reply_to is not None and len(found) <= BEFORE:
        named = select(Post).where(col(Post.network) == post.network, col(Post.network_id) == found[0].in_reply_to)
        one: Post | None = session.execute(named).scalar()
        if one is None or one in found:
            break
        found.insert(0, one)
    return found[:-1]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which posts a list shows."""

    network: str | None = None
    kind: Kind | None = None
    since: datetime | None = None


def listed(session: Session, paging: PageQuery, caller: Principal, only: Filter) -> Page[PostOut]:
    """List posts, the last received first; without the right to read all, only one's own."""
    statement = select(Post)
    if only.network is not None:
        statement = statement.where(col(Post.network) == only.network)
    if only.kind is not None:
        statement = statement.where(col(Post.kind) == only.kind)
    if only.since is not None:
        statement = statement.where(col(Post.posted_at) >= only.since)
    if not caller.has("monitoring:read"):
        statement = statement.where(col(Post.person) == (caller.person or ""))
    elif caller.departments is not None:
        statement = statement.where(col(Post.department).is_(None) | col(Post.department).in_(caller.departments))
    rows: Page[Post] = page(session, statement, paging, key=Post.id, to=lambda row: row, newest_first=True)
    return Page(items=shown(session, rows.items, caller), next_cursor=rows.next_cursor)


def shown(session: Session, posts: Sequence[Post], caller: Principal) -> list[PostOut]:
    """Show posts with the employee numbers of their authors; what disturbs, without its text until it is opened."""
    numbers = people.numbers(session, {post.person for post in posts})
    blurred = openings.posts_withheld(session, {post.id for post in posts}, caller)
    shown_posts = [
        PostOut.of(post, numbers.get(post.person, post.person) if post.person else None, withheld=post.id in blurred)
        for post in posts
    ]
    return [unsigned(one) if one.person == people.WITHHELD else one for one in shown_posts]


def unsigned(post: PostOut) -> PostOut:
    """Return a post without what says whose account it came from."""
    gone = {"author": people.WITHHELD, "network_id": people.WITHHELD, "url": None, "in_reply_to": None}
    return post.model_copy(update=gone)
