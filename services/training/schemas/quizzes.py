"""The questions of quizzes, as authors write them and as they are kept; credits are percents of a question's points."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from services.training.schemas.folding import FOLDS, Fold, fold
from shared.schemas import Body, Line, Paragraph, Slug, Text

ALL_POINTS = 100.0

Answer = Annotated[Text, Field(min_length=1, max_length=1000)]
Feedback = Annotated[Text, Field(max_length=2000)]
Number = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
Tags = Annotated[list[Slug], Field(max_length=20), AfterValidator(lambda tags: sorted(set(tags)))]
Part = Annotated[float, Field(gt=0, le=ALL_POINTS, allow_inf_nan=False)]


class Difficulty(StrEnum):
    """How hard a question is meant to be."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Asked(Body):
    """What questions of all kinds have.

    `points` is what a right answer is worth among the questions of a sitting, `feedback` is shown to everybody after
    it, and `shuffle` says that options, or choices, stand in another order in each sitting.
    """

    key: Slug
    text: Paragraph
    tags: Tags = Field(default=[])
    difficulty: Difficulty = Difficulty.MEDIUM
    points: Annotated[int, Field(ge=1, le=100)] = 1
    feedback: Feedback | None = None
    shuffle: bool = True


class Option(Body):
    """One possible answer; `feedback` is shown to whoever chose it, after the sitting.

    `credit` counts where the question's `partial` is `weighted`: what choosing it adds, or takes away.
    """

    text: Answer
    correct: bool = False
    feedback: Feedback | None = None
    credit: Annotated[float, Field(ge=-ALL_POINTS, le=ALL_POINTS, allow_inf_nan=False)] | None = None


Partial = Literal["none", "proportional", "weighted"]


class Choice(Asked):
    """A question with options to choose from.

    What an answer earns follows `partial`. `none`: all or nothing. `proportional`: the share of the correct options
    that were chosen, less the same for each wrong one. `weighted`: the sum of the credits of those chosen. Never
    less than nothing.
    """

    kind: Literal["single", "multiple", "true_false"]
    options: Annotated[list[Option], Field(min_length=2, max_length=20)]
    partial: Partial = "none"

    @model_validator(mode="after")
    def check_right_answers(self) -> Self:
        """Refuse a question that nobody could answer, or that has too many right answers for its kind."""
        right = sum(option.correct for option in self.options)
        if right == 0:
            raise ValueError("at least one option must be correct")
        if self.kind != "multiple" and right > 1:
            raise ValueError(f"a {self.kind} question has exactly one correct option")
        if self.kind == "true_false" and len(self.options) != 2:
            raise ValueError("a true_false question has two options")
        return self

    @model_validator(mode="after")
    def check_credits(self) -> Self:
        """Refuse credits by which choosing exactly what is correct would not earn all points."""
        if self.partial != "weighted":
            if any(option.credit is not None for option in self.options):
                raise ValueError("credits count only where partial is weighted")
            return self
        earned = sum(option.credit or 0 for option in self.options if option.correct)
        if abs(earned - ALL_POINTS) > 0.001:
            raise ValueError("the credits of the correct options must add up to 100")
        if any(option.correct != ((option.credit or 0) > 0) for option in self.options) and self.kind == "multiple":
            raise ValueError("an option has a credit above 0 if and only if it is correct")
        if any((option.credit or 0) >= ALL_POINTS and not option.correct for option in self.options):
            raise ValueError("an option that earns all points must be correct")
        return self


class Pair(Body):
    """A prompt and what it goes with."""

    prompt: Answer
    match: Answer


class Matching(Asked):
    """Each prompt gets what it goes with; `distractors` go with none. `proportional`: the share of prompts got right."""

    kind: Literal["matching"]
    pairs: Annotated[list[Pair], Field(min_length=2, max_length=20)]
    distractors: Annotated[list[Answer], Field(max_length=20)] = Field(default=[])
    partial: Literal["none", "proportional"] = "proportional"

    @model_validator(mode="after")
    def check_pairs(self) -> Self:
        """Refuse a prompt that is there twice, and a distractor that would be right."""
        if len({pair.prompt for pair in self.pairs}) < len(self.pairs):
            raise ValueError("two pairs have the same prompt")
        if len({*self.distractors, *(pair.match for pair in self.pairs)}) != len(self.choices):
            raise ValueError("a distractor is there twice, or goes with a prompt")
        if len(self.choices) < 2:
            raise ValueError("there must be two different choices at least")
        return self

    @property
    def choices(self) -> list[str]:
        """What there is to choose from: what the prompts go with, each once, then the distractors."""
        return [*dict.fromkeys(pair.match for pair in self.pairs), *self.distractors]


class Ordering(Asked):
    """Entries in their right order. `proportional`: the share of neighbours that follow each other as they should."""

    kind: Literal["ordering"]
    entries: Annotated[list[Answer], Field(min_length=2, max_length=20)]
    partial: Literal["none", "proportional"] = "proportional"

    @model_validator(mode="after")
    def check_entries(self) -> Self:
        """Refuse two entries that nobody could tell apart."""
        if len(set(self.entries)) < len(self.entries):
            raise ValueError("two entries are the same")
        return self


class AcceptedText(Body):
    """A text that is accepted, for all or a part of the points."""

    text: Annotated[Text, Field(min_length=1, max_length=500)]
    credit: Part = ALL_POINTS
    feedback: Feedback | None = None


class ShortText(Asked):
    """Some words to write; `ignore` says what does not matter: case, how words are spaced, accents."""

    kind: Literal["short_text"]
    accepted: Annotated[list[AcceptedText], Field(min_length=1, max_length=50)]
    ignore: list[Fold] = Field(default=["case", "space"], max_length=len(FOLDS))

    @model_validator(mode="after")
    def check_accepted(self) -> Self:
        """Refuse a question that nobody could answer in full, or with nothing."""
        if all(one.credit < ALL_POINTS for one in self.accepted):
            raise ValueError("one accepted text must earn all points")
        if not all(fold(one.text, self.ignore) for one in self.accepted):
            raise ValueError("an accepted text is empty but for what is ignored")
        return self


class AcceptedNumber(Body):
    """A number that is accepted, for all or a part of the points: `value` within `tolerance`, or a range with its ends."""

    value: Number | None = None
    tolerance: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)] = 0
    minimum: Number | None = None
    maximum: Number | None = None
    credit: Part = ALL_POINTS
    feedback: Feedback | None = None

    @model_validator(mode="after")
    def check_form(self) -> Self:
        """Refuse what is neither a value nor a range, or a range that is empty."""
        if self.value is not None:
            if self.minimum is not None or self.maximum is not None:
                raise ValueError("give either a value or a range")
        elif self.minimum is None or self.maximum is None:
            raise ValueError("give either a value, or a minimum and a maximum")
        elif self.minimum > self.maximum:
            raise ValueError("the minimum is above the maximum")
        return self


class Numeric(Asked):
    """A number to find."""

    kind: Literal["numeric"]
    accepted: Annotated[list[AcceptedNumber], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def check_accepted(self) -> Self:
        """Refuse a question that nobody could answer in full."""
        if all(one.credit < ALL_POINTS for one in self.accepted):
            raise ValueError("one accepted number must earn all points")
        return self


class ExamplePost(Body):
    """A post that somebody on the staff might write, with what the rules look at beside its text."""

    text: Annotated[Text, Field(min_length=1, max_length=10_000)]
    network: Annotated[Text, Field(max_length=50)] = ""
    kind: Literal["post", "reply"] = "post"
    links: Annotated[list[Annotated[Text, Field(min_length=1, max_length=2000)]], Field(max_length=20)] = Field(
        default=[]
    )
    first_contact: bool = False


class RuleOption(Option):
    """A rule as an option: what it says, and where it stands; the last option of a question is none of them."""

    rule: Annotated[Text, Field(max_length=200)] | None = None
    section: Annotated[Text, Field(max_length=200)] | None = None


class RuleBreak(Asked):
    """Which rules of a policy does this post break? The rule engine answers when the question is published.

    `rules` are the ids to choose from; without it, those that the post breaks and some others. `options` and
    `version` are filled in then and kept, so that grading never follows a later version of the policy; what a body
    says there is not looked at.
    """

    kind: Literal["rule_break"]
    post: ExamplePost
    policy: Slug
    rules: Annotated[list[Slug], Field(min_length=1, max_length=19)] | None = None
    none_text: Line = "It breaks none of these rules."
    partial: Literal["none", "proportional"] = "none"
    options: Annotated[list[RuleOption], Field(max_length=20)] = Field(default=[])
    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


Question = Annotated[
    Choice | Matching | Ordering | ShortText | Numeric | RuleBreak,
    Field(discriminator="kind"),
]


class Draw(Body):
    """So many questions of the course's bank that have a tag, a difficulty, or both; of all when neither is named."""

    tag: Slug | None = None
    difficulty: Difficulty | None = None
    count: Annotated[int, Field(ge=1, le=100)]


class Quiz(Body):
    """Questions of its own (`questions`, of which each sitting gets `draw`), or `draws` from the course's bank.

    `pass_mark` is a share of 1. `attempts` and `cool_down_minutes` (after a sitting that was not passed) hold for an
    enrolment, `time_limit_minutes` for a sitting. `review` says when the right answers may be seen.
    """

    kind: Literal["quiz"]
    key: Slug
    title: Line
    minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    draw: Annotated[int, Field(ge=1, le=200)] | None = None
    draws: Annotated[list[Draw], Field(max_length=20)] = Field(default=[])
    pass_mark: Annotated[float, Field(gt=0, le=1)]
    shuffle: bool = True
    attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    cool_down_minutes: Annotated[int, Field(ge=0, le=43_200)] = 0
    time_limit_minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    review: Literal["never", "after_pass", "after_last_attempt"] = "never"
    questions: Annotated[list[Question], Field(max_length=500)] = Field(default=[])

    @model_validator(mode="after")
    def check_questions(self) -> Self:
        """Refuse fewer questions than a draw, two that share a key, and questions from both places; `draw` is the total."""
        if bool(self.questions) == bool(self.draws):
            raise ValueError("has either questions of its own or draws from the bank")
        if len({question.key for question in self.questions}) < len(self.questions):
            raise ValueError("two questions share a key")
        there = len(self.questions) or sum(one.count for one in self.draws)
        if self.draw is None:
            self.draw = there
        if self.draws and (self.draw != there or there > 200):
            raise ValueError(f"draw is {self.draw}, but draws add up to {there}, of at most 200")
        if self.draw > there:
            raise ValueError(f"draws {self.draw} questions, but the bank has {there}")
        return self

    @model_validator(mode="after")
    def check_review(self) -> Self:
        """Refuse to wait for a last attempt that never comes."""
        if self.review == "after_last_attempt" and self.attempts is None:
            raise ValueError("a review after the last attempt needs a number of attempts")
        return self
