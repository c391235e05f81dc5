"""A text by staff, as the rules read it."""

from dataclasses import dataclass
from datetime import datetime

from services.monitoring.domain.accounts import Author
from services.monitoring.domain.figures.summary import Place
from shared.rules import Draft, Media


@dataclass(frozen=True, slots=True)
class Written:
    """A text by staff that the rules apply to; `at` is when it was published with this text."""

    post: str
    revision: int
    text: str
    place: Place
    author: Author
    language: str | None
    at: datetime
    media: tuple[Media, ...] = ()
    answers: bool = False
    """Whether it answers somebody's post."""
    topic: str | None = None

    def draft(self, *, first_contact: bool) -> Draft:
        """Return it as the rules read it; who is not registered is judged as staff, since nobody else is sent as staff."""
        return Draft(
            self.text,
            network=self.place.network,
            kind="reply" if self.place.kind == "reply" else "post",
            staff=True,
            department=self.author.department,
            certifications=self.author.certifications,
            language=self.language,
            first_contact=first_contact,
            media=self.media,
            now=self.at,
        )
