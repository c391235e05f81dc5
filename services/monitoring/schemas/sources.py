"""Sources of posts: what is set up, how they do, and what was not kept."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.schemas import Body, Line, Paragraph, Resource, Text

Health = Literal["new", "well", "failing", "paused"]
RunState = Literal["asked", "running", "done", "failed", "ended"]


class SourceConfig(Body):
    """What a connector is told; each connector has a subclass whose `kind` is a literal.

    A field of the type `SecretStr | None` is a secret: it is kept encrypted and never shown.
    """

    kind: str

    def shown(self) -> dict[str, Any]:
        """Return what may be shown: everything but secrets."""
        return self.model_dump(mode="json", exclude=set(self.secret_names()))

    def secrets(self) -> dict[str, str]:
        """Return the secrets that are set."""
        found = {name: getattr(self, name) for name in self.secret_names()}
        return {name: value.get_secret_value() for name, value in found.items() if value is not None}

    @classmethod
    def secret_names(cls) -> list[str]:
        """Return the names of the fields that hold secrets."""
        return [name for name, field in cls.model_fields.items() if "SecretStr" in str(field.annotation)]


class SourceIn(Body):
    """A source as it is set up; `every_seconds` says how often a source is read that is not a stream."""

    name: Line
    every_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300
    config: SourceConfig


class SourcePatch(Body):
    """What to change. Another `config` begins anew; a secret that it leaves out stays as it was."""

    name: Line | None = None
    every_seconds: Annotated[int, Field(ge=10, le=86_400)] | None = None
    config: SourceConfig | None = None


class SourcePauseIn(Body):
    """Why a source is not read for now."""

    reason: Paragraph | None = None


class Counted(Resource):
    """What became of the items that were read."""

    kept: int
    duplicates: int
    dropped: int
    rejected: int


class SourceOut(Counted):
    """A source and how it does; secrets are never shown, `secrets` names those that are set."""

    id: str
    name: str
    kind: str
    config: dict[str, Any]
    secrets: list[str]
    every_seconds: int
    health: Health
    failures: int
    last_error: str | None
    last_run_at: datetime | None
    last_success_at: datetime | None
    next_run_at: datetime | None
    paused_at: datetime | None
    pause_reason: str | None
    created_at: datetime
    revision: int


class SourceRunOut(Counted):
    """One reading of a source: `asked` until it begins; of a stream, one connection."""

    id: str
    source: str
    state: RunState
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None


class SourceTestOut(Resource):
    """What a test of a source found, in a sentence."""

    works: bool
    message: str


Term = Annotated[Text, Field(min_length=2, max_length=100, pattern=r"\S")]
Terms = Annotated[list[Term], Field(max_length=500)]


class BrandTermsIn(Body):
    """What makes a public post a mention of the brand: its handles, names and tags, as somebody would write them."""

    handles: Terms = Field(default_factory=list, examples=[["@acme", "@acme.example"]])
    names: Terms = Field(default_factory=list, examples=[["Acme", "AcmePhone"]])
    tags: Terms = Field(default_factory=list, examples=[["#acme"]])


class BrandTermsOut(Resource):
    """The brand's terms; while there are none, whatever is pushed is kept and nothing is a mention."""

    handles: list[str]
    names: list[str]
    tags: list[str]
    changed_at: datetime | None
    revision: int


class DroppedOut(Resource):
    """How many posts were not kept in an hour, and why; `source` is null for what was pushed."""

    hour: datetime
    source: str | None
    network: str
    reason: Literal["unregistered", "not_about_us", "clock_ahead"]
    posts: int


class DroppedPostsOut(Resource):
    """Counts of what was not kept, the newest hour first."""

    items: list[DroppedOut]
