"""Bodies of back-tests: a version's rules tried on past posts."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.past_posts import Selection
from shared.schemas import Body, Moment, Resource, Text

PostKind = Literal["staff", "reply", "mention"]
BacktestState = Literal["queued", "running", "done", "cancelled", "failed"]
Network = Annotated[Text, Field(min_length=1, max_length=40, examples=["bluesky"])]


class BacktestIn(Body):
    """Which past posts to try a version's rules on; nothing stated means all that staff wrote."""

    model_config = ConfigDict(
        extra="forbid", validate_by_name=False, json_schema_extra={"examples": [{"from": "2026-10-01T00:00:00Z"}]}
    )

    since: Annotated[Moment | None, Field(alias="from", description="Posted at or after this time.")] = None
    until: Annotated[Moment | None, Field(alias="to", description="Posted before this time.")] = None
    networks: Annotated[list[Network] | None, Field(min_length=1, max_length=50)] = None
    kinds: Annotated[
        tuple[PostKind, ...],
        Field(
            min_length=1,
            max_length=3,
            description="`staff` and `reply` are what rules apply to; `mention` tries them on customers' words as well.",
        ),
    ] = ("staff", "reply")
    samples: Annotated[int, Field(ge=0, le=20, description="Sample posts per rule and change.")] = 5

    @model_validator(mode="after")
    def refuse_an_empty_span(self) -> Self:
        """A span of time that ends before it begins holds no post."""
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise PydanticCustomError("empty_span", "`from` must come before `to`")
        return self

    @property
    def selection(self) -> Selection:
        """What is asked of the service that keeps the posts."""
        return Selection(
            kinds=sorted(set(self.kinds)),
            networks=sorted(set(self.networks)) if self.networks is not None else None,
            since=self.since,
            until=self.until,
        )


class CancellationIn(Body):
    """A wish to stop; nothing more is needed."""


class ChangeCounts(Resource):
    """Posts that the version would newly flag, newly clear, and flag as the version in force does."""

    newly_flagged: int
    newly_cleared: int
    unchanged: int


class GroupFigures(ChangeCounts):
    """Counts of one department, network or ISO week.

    A `key` of null stands for authors who are not registered; `other` for departments with too few people to be shown
    by themselves.
    """

    key: Annotated[str | None, Field(examples=["Customer Care"])]
    posts: Annotated[int | None, Field(description="All posts of the group; null where a single rule is counted.")]


class SampleOut(Resource):
    """A post that shows what a rule would change; nobody is named.

    `text` is null where the post is gone, or to callers without `monitoring:read`. `span` is the match that is new,
    or the one that is gone, in code points.
    """

    network: str | None
    language: str | None
    text: str | None
    span: dict[str, int]


class RuleFigures(ChangeCounts):
    """What becomes of one rule: how it stands in the version against the one in force, and what that changes."""

    protected: Annotated[
        int,
        Field(description="Of the newly flagged, posts about pay, hours and the like: rules only advise on those."),
    ]
    rule: str
    section: str
    change: Literal["added", "removed", "changed", "unchanged"]
    severity: str | None
    severity_before: str | None
    departments: list[GroupFigures]
    networks: list[GroupFigures]
    weeks: list[GroupFigures]
    samples: dict[Literal["newly_flagged", "newly_cleared"], list[SampleOut]]


class FiguresOut(ChangeCounts):
    """The counts over the posts read so far; departments are shown once all have been read."""

    posts: int
    protected: Annotated[
        int,
        Field(description="Of the newly flagged, posts about pay, hours and the like: rules only advise on those."),
    ]
    departments: list[GroupFigures]
    networks: list[GroupFigures]
    weeks: list[GroupFigures]
    rules: list[RuleFigures]


class BacktestLine(Resource):
    """A back-test in a list; `against` is the number of the version in force that it compares with, null for none."""

    id: str
    policy: str
    version: int
    against: int | None
    content_hash: str
    current: Annotated[bool, Field(description="Whether the version still says what was tested.")]
    state: BacktestState
    percent: Annotated[float, Field(ge=0, le=100)]
    posts_done: int
    posts_total: int | None
    eta: Annotated[datetime | None, Field(description="When it will be done, at today's pace.")]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    failure: Annotated[str | None, Field(description="Why it failed.")]
    since: Annotated[datetime | None, Field(serialization_alias="from")]
    until: Annotated[datetime | None, Field(serialization_alias="to")]
    networks: list[str] | None
    kinds: list[str]
    revision: int


class BacktestOut(BacktestLine):
    """A back-test with what came of it so far."""

    figures: FiguresOut | None


class BacktestProgress(Resource):
    """How far a back-test is: the data of each event of its stream."""

    id: str
    state: BacktestState
    percent: float
    posts_done: int
    posts_total: int | None
    eta: datetime | None
    newly_flagged: int
    newly_cleared: int
    unchanged: int
    revision: int
