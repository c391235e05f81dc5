"""Who may change a post that is kept: whoever brought it, and nobody under another author's name."""

from services.monitoring.domain.accounts import handle_key
from services.monitoring.tables import Post, Source
from shared.db import Session

ANOTHERS = "another author's post has this id"
ELSEWHERE = "the post came from elsewhere"


def objection(session: Session, post: Post, source: str | None, author: str | None = None) -> str | None:
    """Say why a change of a post is not believed; None when it is.

    Ids are what others say they are: a feed could name those of somebody else's posts. Who pushes with a key is
    trusted with all posts; a source only with its own, and with those of sources that are gone.
    """
    if author is not None and handle_key(author) != handle_key(post.author):
        return ANOTHERS
    if source is None or post.source == source:
        return None
    if post.source is not None and session.get(Source, post.source) is None:
        return None
    return ELSEWHERE
