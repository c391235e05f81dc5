"""What coaches tell people, the words they begin with, and how it comes out."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.monitoring.schemas.names import Id, Language
from services.monitoring.tables import Guidance
from shared.schemas import Body, EmployeeNumber, Line, Paragraph, Resource, Slug, Text

GuidanceState = Literal["given", "acknowledged", "appealed"]
GuidanceKind = Literal["correction", "praise"]


class GuidanceIn(Body):
    """What a coach tells the author of a post: in their own words, those of a template, or both, the template's first."""

    message: (
        Annotated[Paragraph, Field(examples=["Glad it kept you dry! Please say that you work with us."])] | None
    ) = None
    template: Id | None = None
    better_wording: Paragraph | None = None
    employee_number: EmployeeNumber | None = None

    @model_validator(mode="after")
    def says_something(self) -> Self:
        """Refuse guidance without words."""
        if self.message is None and self.template is None:
            raise ValueError("say something: a message, a template, or both")
        return self


class PraiseIn(Body):
    """What a coach thinks was done well in a post."""

    post: Id
    message: Annotated[Paragraph, Field(examples=["You listened first. That is why she stayed with us."])]
    employee_number: EmployeeNumber | None = None


class AcknowledgementIn(Body):
    """That the guidance is accepted."""


class ReadingIn(Body):
    """That the guidance has been opened."""


class AppealIn(Body):
    """Why another coach should look again."""

    reason: Annotated[Paragraph, Field(examples=["I had said so in the post before."])]


class MessageIn(Body):
    """A word to the other side."""

    text: Annotated[Text, Field(min_length=1, max_length=2000, examples=["Would a tag at the end do?"])]
    employee_number: EmployeeNumber | None = None


class MessageOut(Resource):
    """A word of the talk about guidance; `author` is an employee number."""

    id: str
    guidance: str
    side: Literal["person", "coach"]
    author: str
    text: str
    sent_at: datetime


class CitedOut(Resource):
    """The section that guidance rests on, as it was called."""

    policy: str
    version: int
    section: str
    heading: str | None


class GuidanceOut(Resource):
    """What a person was told; the words are missing (`withheld`) for all but the person and their coach."""

    id: str
    kind: GuidanceKind
    finding: str | None
    post: str | None
    person: str | None
    coach: str
    cites: CitedOut | None
    message: str | None
    better_wording: str | None
    withheld: bool
    state: GuidanceState
    appeal: str | None
    given_at: datetime
    read_at: datetime | None
    changed_at: datetime
    revision: int

    @classmethod
    def of(cls, row: Guidance, person: str | None, coach: str, *, withheld: bool) -> Self:
        """Show guidance with the employee numbers of both sides, and its words to whom they are meant for."""
        shown = {**row.model_dump(), "person": person, "coach": coach, "withheld": withheld}
        if withheld:
            shown |= {"message": None, "better_wording": None, "appeal": None}
        cites = row.policy is not None and row.section is not None
        return cls.model_validate({**shown, "cites": row.model_dump() if cites else None})


class TemplateIn(Body):
    """Words to begin with when a rule has matched, in one language."""

    policy: Slug
    rule: Slug
    language: Language = "en"
    title: Annotated[Line, Field(examples=["Say who you work for"])]
    message: Annotated[Paragraph, Field(examples=["Thank you for speaking up for us. Please say that you work here."])]
    better_wording: Annotated[Paragraph, Field(examples=["I work there, and I like it."])] | None = None


class TemplateOut(Resource):
    """A template as coaches find it."""

    id: str
    policy: str
    rule: str
    language: str
    title: str
    message: str
    better_wording: str | None
    changed_at: datetime
    revision: int


class GuidanceFigureOut(Resource):
    """How guidance came out in a group; `positive_share` is the part of it that praised."""

    key: str | None
    given: int
    praise: int
    read: int
    acknowledged: int
    appealed: int
    positive_share: float | None
    merged: int | None = None


class GuidanceFiguresOut(Resource):
    """Figures by group, groups of few people merged; empty where all together are too few."""

    items: list[GuidanceFigureOut]
    by: Literal["department", "all"]


class SectionFindingsOut(Resource):
    """What a section caused: where many findings are dismissed or appealed, the section is to blame, not the people.

    `unclear_share` is the part of the decided findings that were dismissed, appealed or came of an appeal.
    """

    policy: str
    section: str
    heading: str | None
    findings: int
    waiting: int
    guided: int
    dismissed: int
    mended: int
    appealed: int
    unclear_share: float | None


class SectionsFindingsOut(Resource):
    """Sections, those that caused most findings first."""

    items: list[SectionFindingsOut]


class ShadowRuleOut(Resource):
    """A rule on trial, and how many posts it would have found; of which version these are."""

    policy: str
    rule: str
    version: int
    section: str
    posts: int
    first_at: datetime | None
    last_at: datetime | None


class ShadowRulesOut(Resource):
    """Rules on trial, those that would find most first."""

    items: list[ShadowRuleOut]
