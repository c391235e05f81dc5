"""What the rules look at, and where in it they found something."""

from datetime import datetime
from typing import Literal, NamedTuple

Kind = Literal["post", "reply"]


class Media(NamedTuple):
    """A picture, film or sound beside the text, and whether people who cannot see or hear it are told what it shows."""

    kind: Literal["image", "video", "audio"] = "image"
    alt_text: bool = False
    captions: bool = False


class Draft(NamedTuple):
    """A text that somebody wants to publish or has published, with what is known about it and its author.

    What is not known exempts nobody: `staff=None` (the author is unknown) counts as staff, `now=None` as a moment
    within every embargo and quiet period. But nobody is blamed for what nobody said: `first_contact=None` is no first
    contact, and there are no media but those named. `links` are those attached beside the text. `now` is the moment of
    publication: the present for what somebody wants to publish, the past for what was published. `language=None` is
    found out from the text where a rule wants to know it.
    """

    text: str
    network: str = ""
    kind: Kind = "post"
    staff: bool | None = None
    department: str | None = None
    certifications: frozenset[str] = frozenset()
    language: str | None = None
    links: tuple[str, ...] = ()
    first_contact: bool | None = None
    media: tuple[Media, ...] = ()
    now: datetime | None = None


class Span(NamedTuple):
    """A place in the text that was sent: code points, the end not included."""

    start: int
    end: int
