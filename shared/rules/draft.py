"""What the rules look at, and where in it they found something."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["post", "reply"]


class Draft(NamedTuple):
    """A text that somebody wants to publish or has published, with what is known about its author.

    `staff=None` means that the author is unknown. `links` are those attached beside the text.
    """

    text: str
    network: str = ""
    kind: Kind = "post"
    staff: bool | None = None
    department: str | None = None
    certifications: frozenset[str] = frozenset()
    language: str | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text that was sent: code points, the end not included."""

    start: int
    end: int
