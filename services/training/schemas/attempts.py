"""Bodies of /attempts: one sitting of a quiz."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from services.training.schemas.quizzes import Number
from shared.schemas import Body, Paragraph, Resource, Slug, Text

ItemId = Annotated[Text, Field(max_length=36)]
FORMS = ("options", "pairs", "order", "text", "number")


class AttemptIn(Body):
    """Which quiz to sit; the first that is not passed unless named."""

    module: Slug | None = None


class Given(Body):
    """What somebody answered, in the one form that fits the kind of the question.

    `options`: ids of the options chosen (single, multiple, true_false, rule_break); `pairs`: by a prompt's id that of
    what it goes with (matching); `order`: ids in their order (ordering); `text` (short_text); `number` (numeric).
    """

    options: Annotated[list[ItemId], Field(max_length=20)] | None = None
    pairs: Annotated[dict[ItemId, ItemId], Field(max_length=20)] | None = None
    order: Annotated[list[ItemId], Field(max_length=20)] | None = None
    text: Annotated[Text, Field(max_length=500)] | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def check_form(self) -> Self:
        """Refuse none or several forms."""
        if sum(getattr(self, name) is not None for name in FORMS) != 1:
            raise ValueError(f"must be given as one of {', '.join(FORMS)}")
        return self

    @property
    def form(self) -> str:
        """The form in which it was given."""
        return next(name for name in FORMS if getattr(self, name) is not None)

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return self.model_dump(include={self.form})


class AnswerIn(Given):
    """An answer to one question of a sitting, instead of the one before.

    `revision` counts up with each change in the client, so that one that comes late never undoes a newer one. Where
    several write, each goes on from the revision it last read. Without it, the last to come counts.
    """

    revision: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None


class DrawnOption(Resource):
    """Something to choose, as the server keeps it; `index` is its place in the question, which only the server knows."""

    id: str
    index: int


class DrawnItem(Resource):
    """A question drawn for one sitting, as the server keeps it.

    `version` is that of the bank's question; none means a question of the quiz itself. `prompts` are those of a
    matching question.
    """

    id: str
    question: str
    version: int | None = None
    options: list[DrawnOption] = Field(default=[])
    prompts: list[DrawnOption] = Field(default=[])


class OptionOut(Resource):
    """Something to choose, as the person sees it."""

    id: str
    text: str


class PostOut(Resource):
    """The post that a rule_break question is about."""

    text: str
    network: str
    kind: str
    links: list[str]
    first_contact: bool


class ItemOut(Resource):
    """A question as the person sees it.

    `chosen` are the options chosen so far, `answer` what was answered in its own form, and `revision` that of the
    answer (0 while there is none). `solution` is there only once the quiz's review lets the right answer be seen.
    """

    id: str
    kind: str
    text: str
    points: int
    options: list[OptionOut]
    prompts: list[OptionOut] = Field(default=[])
    post: PostOut | None = None
    chosen: list[str] = Field(default=[])
    answer: Given | None = None
    revision: int = 0
    solution: Given | None = None


class OptionFeedback(Resource):
    """What is said to whoever chose an option."""

    id: str
    feedback: str


class ItemResult(Resource):
    """How one question went, and what can be learnt from it: `points` of `out_of` were earned.

    `feedback` joins all that is said; `options` says which part of it is about which option.
    """

    id: str
    correct: bool
    points: float | None = None
    out_of: int | None = None
    feedback: str | None
    options: list[OptionFeedback] = Field(default=[])


class ResultOut(Resource):
    """How a sitting went; `score` is the share of all points, and `ended` says whether time ran out."""

    id: str
    enrolment: str
    score: float
    passed: bool
    submitted_at: datetime
    ended: Literal["submitted", "expired"] = "submitted"
    items: list[ItemResult]


class AttemptOut(Resource):
    """One sitting of a quiz; `result` once it is submitted.

    Where time is limited, answers count until `deadline`, in which the person's `time_factor` is included; what a lost
    connection held up is still taken until `closes_at`. `attempts_left` is empty where there is no limit.
    """

    id: str
    enrolment: str
    module: str
    started_at: datetime
    deadline: datetime | None = None
    closes_at: datetime | None = None
    time_factor: float = 1.0
    attempts_left: int | None = None
    submitted_at: datetime | None
    items: list[ItemOut]
    result: ResultOut | None = None


class ExtraAttemptsIn(Body):
    """How many more sittings of a quiz somebody gets, and why."""

    module: Slug
    count: Annotated[int, Field(ge=1, le=10)] = 1
    reason: Annotated[Paragraph, Field(examples=["The connection broke down in the last sitting."])]


class ExtraAttemptsOut(Resource):
    """How many sittings were granted beyond the limit, and how many are left; null where there is no limit."""

    enrolment: str
    module: str
    granted: int
    attempts_left: int | None
