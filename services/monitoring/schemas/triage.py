"""What a customer's post is, how soon it wants an answer and what it is about; and the words by which that is told."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from services.monitoring.schemas.names import Language, Topic, Words
from shared.schemas import Body, Resource, Text

Kind = Literal["crisis", "spam", "complaint", "question", "praise", "other"]
"""What a post is. The first that reaches its threshold wins, in this order."""
SORTED_BY = ("crisis", "spam", "complaint", "question", "praise")
MOST_CUES = 5000

Cue = Annotated[Text, Field(min_length=1, max_length=80, examples=["still waiting"])]
Weight = Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)]
CueLanguage = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", examples=["de"])]
"""The primary language of a list of cues."""


class KindCues(Body):
    """The words that speak for a kind, or with a weight below zero against it; their sum must reach the threshold."""

    threshold: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
    cues: dict[Cue, Weight]


class TriageCuesIn(Body):
    """The cues of a language.

    A cue is a word or some words in a row; case, width and typographic apostrophes make no
    difference. `disappoint*` is whatever begins so. `0` is any number, `@` any name, `http` any link, `#` a hashtag,
    `!` and `?` one mark, `!!` and `??` several. Each cue counts once in a post.
    """

    kinds: dict[Literal["crisis", "spam", "complaint", "question", "praise"], KindCues]
    urgency: dict[Cue, Annotated[int, Field(ge=-3, le=3)]] = Field(default_factory=dict)
    topics: dict[Topic, Annotated[list[Cue], Field(max_length=MOST_CUES)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def not_too_many(self) -> "TriageCuesIn":
        """Refuse lists that no person could have in view."""
        cues = sum(len(kind.cues) for kind in self.kinds.values()) + len(self.urgency)
        if cues + sum(len(words) for words in self.topics.values()) > MOST_CUES:
            raise ValueError(f"a language has at most {MOST_CUES} cues")
        return self


class TriageCuesOut(TriageCuesIn, Resource):
    """The cues of a language as they are; `changed_at` is empty for those that come with Shareload."""

    language: str
    changed_at: datetime | None
    revision: int


class TriageLanguage(Resource):
    """A language that has cues, and whether they were edited here."""

    language: str
    edited: bool


class TrialIn(Body):
    """A text to be sorted as a post would be; by the cues given here, if there are any, instead of those in use."""

    text: Words
    lang: Language | None = None
    cues: TriageCuesIn | None = None


class CueFound(Resource):
    """A cue that a text has, for what it speaks, and how much."""

    cue: str
    speaks_for: str
    weight: float


class TrialOut(Resource):
    """What would be said of a text, and by which words. Nothing of it is kept."""

    lang: str | None
    cues_of: str | None
    kind: Kind
    urgency: Annotated[int, Field(ge=0, le=3)]
    topic: str | None
    scores: dict[str, float]
    found: list[CueFound]
