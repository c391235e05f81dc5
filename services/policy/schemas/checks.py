"""Bodies of checks, which answer whether something may be posted."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.schemas import Body, EmployeeNumber, Resource, Text

Verdict = Literal["clear", "advise", "hold", "block"]


class MediaIn(Body):
    """A picture, film or sound that goes with a draft."""

    kind: Literal["image", "video", "audio"]
    alt_text: Annotated[Text, Field(max_length=2000)] | None = None
    captions: bool | None = None


class CheckIn(Body):
    """A draft. Without `employee_number` a key asks about some member of staff, a person about themselves."""

    text: Annotated[Text, Field(min_length=1, max_length=10_000, examples=["The new AcmePhone is brilliant!"])]
    network: Annotated[Text, Field(max_length=50)] = ""
    kind: Literal["post", "reply"] = "post"
    language: (
        Annotated[
            str,
            Field(
                pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
                max_length=35,
                description="Found out from the text if it is not given.",
            ),
        ]
        | None
    ) = None
    employee_number: EmployeeNumber | None = None
    first_contact: Annotated[
        bool | None, Field(description="Whether this is the first word to somebody you have not spoken with.")
    ] = None
    media: Annotated[tuple[MediaIn, ...], Field(max_length=20)] = ()
    links: Annotated[tuple[Annotated[Text, Field(max_length=2000)], ...], Field(max_length=50)] = ()
    keep: Annotated[
        bool,
        Field(
            description="Keep the draft and its answer, for a signed receipt or an approval; only its author and those who are asked to approve it see it. Otherwise nothing is stored, logged or told."
        ),
    ] = False


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

    @property
    def kept(self) -> bool:
        """Whether something of this is to be kept."""
        return any(item.keep for item in self.items) if self.items is not None else self.keep


class SpanOut(Resource):
    """Where in the text, in code points."""

    start: int
    end: int


class ReasonOut(Resource):
    """A rule that matched, and where it stands.

    `severity` is what it comes to here, `rule_severity` what the rule says: they differ on a protected topic.
    `emergency` is the id of the emergency rule, where it is one.
    """

    rule: str
    severity: str
    rule_severity: str
    policy: str
    version: int
    section: str
    span: SpanOut
    message: str
    suggestion: str | None
    emergency: str | None = None


class TopicOut(Resource):
    """A topic that the law protects, and where the text first speaks of it."""

    topic: str
    span: SpanOut


class LawOut(Resource):
    """A law that protects talking about it."""

    jurisdiction: str
    law: str
    source: str
    checked: Annotated[
        date | None,
        Field(
            description="When this was last compared with a public text that says so, by no lawyer; null: never.",
            examples=["2026-11-23"],
        ),
    ] = None


class ProtectedOut(Resource):
    """Why the rules only advise: the text is about what the law lets everyone talk about.

    `version` is that of the list of topics, words and laws.
    """

    guard: str
    version: str
    topics: list[TopicOut]
    laws: list[LawOut]
    message: str


class SignedReceiptOut(Resource):
    """A receipt that verifies offline: `signature` (Ed25519, hex) is over the exact text of `body`."""

    id: Annotated[str, Field(description="The check's id, under which its author reads it again.")]
    body: str
    signature: str
    key_id: str
    public_key: Annotated[str, Field(description="Ed25519, hex; compare it with what you know of the service's key.")]


class CheckOut(Resource):
    """The verdict is the worst severity among the reasons; a held draft names who may approve it."""

    verdict: Verdict
    reasons: list[ReasonOut]
    disclosure: str | None = None
    approvers: tuple[str, ...] = ()
    protected: ProtectedOut | None = None
    receipt: SignedReceiptOut | None = None


class ChecksOut(Resource):
    """Verdicts in the order of the drafts."""

    items: list[CheckOut]


class KeptCheckOut(CheckOut):
    """A check that was kept: the draft, what was answered then, and the approval that was asked for."""

    id: str
    author: EmployeeNumber | None
    text: str
    network: str
    kind: str
    checked_at: datetime
    approval_request: str | None
    revision: int
