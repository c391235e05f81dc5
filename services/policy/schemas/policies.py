"""Bodies of policies and their versions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from services.policy.schemas.emergency import EmergencyRuleLine
from services.policy.tables import Policy
from shared.schemas import Body, EmployeeNumber, Line, Moment, Paragraph, Resource, Slug, Text

Source = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=200_000,
        description="Markdown with YAML front matter; headings make sections; a fenced `rule` block belongs to the section above it.",
        examples=[
            "---\ntitle: Social media policy\n---\n# Speak as yourself {#speak-as-yourself}\nSay who you work for."
        ],
    ),
]


def as_quorum(given: object) -> object:
    """Take a plain number as that many reviewers of any department."""
    return {"reviewers": given} if isinstance(given, int) and not isinstance(given, bool) else given


class Quorum(Body):
    """Who must approve a version before it can be published."""

    reviewers: Annotated[int, Field(ge=1, le=20, description="How many in all.")] = 1
    departments: Annotated[
        dict[Line, Annotated[int, Field(ge=1, le=20)]],
        Field(max_length=20, description="How many of them from a department.", examples=[{"Legal": 1}]),
    ] = Field(default_factory=dict)


class PolicyIn(Body):
    """A policy to open; a plain number as `quorum` is that many reviewers."""

    key: Slug
    title: Line
    quorum: Annotated[
        Quorum, BeforeValidator(as_quorum, json_schema_input_type=Annotated[int, Field(ge=1, le=20)] | Quorum)
    ] = Field(default_factory=Quorum)


class VersionIn(Body):
    """A version to write, or to write again while it is a draft; a key may name who wrote it."""

    source: Source
    change_note: Paragraph
    material: Annotated[bool, Field(description="Whether people have to accept it anew.")] = True
    employee_number: EmployeeNumber | None = None


class ReviewIn(Body):
    """A wish for review; nothing more is needed."""


class RecallIn(Body):
    """A wish to edit what is under review; nothing more is needed."""


class ApprovalIn(Body):
    """What a reviewer decided; a key names the reviewer."""

    decision: Literal["approve", "reject"]
    comment: Paragraph | None = None
    employee_number: EmployeeNumber | None = None


class PublicationIn(Body):
    """When a version comes into force."""

    effective_at: Annotated[Moment | None, Field(description="In UTC; null is now.")] = None


class WithdrawalIn(Body):
    """Why a version will not come into force."""

    reason: Paragraph


class SectionOut(Resource):
    """A section as people read it; its hash is the same as long as heading and words are.

    `parent` is the section whose heading stands above its own. `text` is the words alone, a paragraph to each block.
    """

    id: str
    heading: str
    level: int
    parent: str | None = None
    html: str
    markdown: str
    text: str = ""
    hash: str


class FaqLink(Resource):
    """A question that people asked about a section; its answer stands at `url`.

    `outdated` says that the section has changed since it was answered.
    """

    id: str
    question: str
    outdated: bool
    url: str


class ReadSection(SectionOut):
    """A section in the language that the reader asked for, if it is there and its source has not changed since.

    `fallback` says that it is in the language of the source instead, `out_of_date` that there is an older translation.
    The hash is that of the source. `faq` are its first questions; `/v1/policies/{key}/faq?section=` lists all.
    """

    locale: str
    fallback: bool = False
    out_of_date: bool = False
    faq: list[FaqLink] = Field(default_factory=list)


class RuleOut(Resource):
    """A rule with the section it belongs to; `yaml` is its block as written."""

    id: str
    section: str
    severity: str
    message: str
    suggestion: str | None = None
    yaml: str


class FailingExample(Resource):
    """An example on which a rule does not do what its author says it does; an empty one stands for one that it lacks."""

    rule: str
    example: str
    expected: str
    why: str


class SourceWarning(Resource):
    """Something in a source that is tolerated and worth a look; the line counts from 1."""

    line: int
    message: str


class Content(Resource):
    """What was read from a version's source."""

    title: str | None
    locale: str
    owner: str | None = None
    contact: str | None = None
    sections: list[SectionOut]
    rules: list[RuleOut]
    hash: str
    problems: list[FailingExample]
    warnings: list[SourceWarning] = Field(default_factory=list)


class PolicyOut(Resource):
    """A policy; `version` is the number in force, null before the first."""

    key: str
    title: str
    quorum: Quorum
    version: int | None
    revision: int
    created_at: datetime

    @classmethod
    def of(cls, policy: Policy, version: int | None) -> "PolicyOut":
        """Show a policy with the number of its version in force."""
        return cls(
            key=policy.key,
            title=policy.title,
            quorum=Quorum(reviewers=policy.quorum, departments=policy.quorum_departments),
            version=version,
            revision=policy.revision,
            created_at=policy.created_at,
        )


class QuorumOut(Resource):
    """Who must approve the versions of a policy, and how many of them from which department."""

    reviewers: int
    departments: dict[str, int]
    revision: int

    @classmethod
    def of(cls, policy: Policy) -> "QuorumOut":
        """Show what a policy asks for."""
        return cls(reviewers=policy.quorum, departments=policy.quorum_departments, revision=policy.quorum_revision)


class InForceOut(Resource):
    """The version of a policy that is in force, or was at the time asked for.

    `locale` is that of the answer, `source_locale` that in which the version was written and approved, `locales` are all
    that there are; `fallback` says that some section is not there in the language asked for.
    """

    key: str
    title: str
    version: int
    state: str
    locale: str
    source_locale: str
    locales: list[str]
    fallback: bool
    owner: str | None
    contact: str | None
    effective_at: datetime
    superseded_at: datetime | None
    change_note: str
    material: bool
    content_hash: str
    sections: list[ReadSection]
    rules: list[RuleOut]
    emergency_rules: list[EmergencyRuleLine]
    revision: int


class ApprovalOut(Resource):
    """A reviewer's decision on the content that is under review now; `decided_by` is an employee number, if known."""

    reviewer: str
    decided_by: str | None = None
    department: str | None
    decision: str
    comment: str | None
    decided_at: datetime


class Lacking(Resource):
    """How many approvals a version still needs: in all, and from which department."""

    reviewers: int
    departments: dict[str, int]


class VersionLine(Resource):
    """A version in a list; `written_by` is an employee number, null where a key wrote it or nobody is known."""

    policy: str
    number: int
    state: str
    title: str
    change_note: str
    material: bool
    author: str
    written_by: str | None = None
    content_hash: str
    created_at: datetime
    effective_at: datetime | None
    superseded_at: datetime | None


class VersionOut(VersionLine):
    """A version with all it says.

    `problems` lists the examples that stop its publication, `warnings` what is worth a look, `approvals` those that
    count, `lacking`
    what a version under review still needs.
    """

    locale: str
    source: str
    sections: list[SectionOut]
    rules: list[RuleOut]
    problems: list[FailingExample]
    warnings: list[SourceWarning]
    approvals: list[ApprovalOut]
    lacking: Lacking | None
    updated_at: datetime
    submitted_at: datetime | None
    revision: int
