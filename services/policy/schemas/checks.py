"""Bodies of checks, which answer whether something may be posted."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.schemas import Body, EmployeeNumber, Line, Resource, Text


class MediaIn(Body):
    """A picture, film or sound that goes with a draft."""

    kind: Literal["image", "video", "audio"]
    alt_text: Annotated[Text, Field(max_length=2000)] | None = None
    captions: bool | None = None


class CheckIn(Body):
    """A draft. Without `employee_number` a key asks about some member of staff, a person about themselves.

    `first_contact` and `media` are taken for rules about them.
    """

    text: Annotated[Text, Field(min_length=1, max_length=10_000, examples=["The new AcmePhone is brilliant!"])]
    network: Annotated[Text, Field(max_length=50)] = ""
    kind: Literal["post", "reply"] = "post"
    employee_number: EmployeeNumber | None = None
    first_contact: bool | None = None
    media: Annotated[tuple[MediaIn, ...], Field(max_length=20)] = ()
    keep: Annotated[Literal[False], Field(description="A check is never kept; receipts are not offered yet.")] = False
    links: Annotated[tuple[Annotated[Text, Field(max_length=2000)], ...], Field(max_length=50)] = ()


class ChecksIn(CheckIn):
    """One draft (`text`), or several (`items`) that are answered in their order."""

    text: Annotated[Text, Field(min_length=1, max_length=10_000)] | None = None  # type: ignore[assignment]
    items: Annotated[list[CheckIn], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def refuse_neither_and_both(self) -> Self:
        """Refuse a request that is not plainly about one draft or about several."""
        if (self.text is None) == (self.items is None):
            raise ValueError("give either text or items")
        return self


class SpanOut(Resource):
    """Where in the text, in code points."""

    start: int
    end: int


class ReasonOut(Resource):
    """A rule that matched, and where it stands."""

    rule: str
    severity: str
    policy: str
    version: int
    section: str
    span: SpanOut
    message: str
    suggestion: str | None


class CheckOut(Resource):
    """The verdict is the worst severity among the reasons; a held draft names who may approve it."""

    verdict: Literal["clear", "advise", "hold", "block"]
    reasons: list[ReasonOut]
    disclosure: str | None = None
    approvers: tuple[str, ...] = ()
    receipt: Line | None = None


class ChecksOut(Resource):
    """Verdicts in the order of the drafts."""

    items: list[CheckOut]
