"""Saved answers, and static content that a principal approves."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.monitoring.schemas.conversations import ReplyText
from services.monitoring.schemas.names import Language, Network, Topic
from shared.schemas import Body, EmployeeNumber, Line, Paragraph, Resource

Verdict = Literal["clear", "advise", "hold", "block"]
StaticKind = Literal["profile", "advertisement", "pinned_post", "other"]
StaticState = Literal["written", "approved", "rejected", "in_use", "withdrawn"]


class SavedAnswerIn(Body):
    """An answer to begin with; without a topic or network it fits all of them."""

    title: Annotated[Line, Field(examples=["Parcel is late"])]
    language: Language
    topic: Topic | None = None
    network: Network | None = None
    text: ReplyText
    employee_number: EmployeeNumber | None = None


class SavedAnswerOut(Resource):
    """An answer to begin with; `verdict` is what the rules in force say of it today."""

    id: str
    title: str
    language: str
    topic: str | None
    network: str | None
    text: str
    person: str | None
    verdict: Verdict
    changed_at: datetime
    revision: int


class StaticContentIn(Body):
    """Words that stand somewhere until they are changed, and who wrote them."""

    kind: StaticKind
    network: Network
    title: Annotated[Line, Field(examples=["Our profile"])]
    text: ReplyText
    employee_number: EmployeeNumber | None = None


class StaticVersionIn(Body):
    """Other words for the same place."""

    text: ReplyText
    employee_number: EmployeeNumber | None = None


class StaticDecisionIn(Body):
    """What a principal decides; a rejection says why."""

    decision: Literal["approve", "reject"]
    reason: Paragraph | None = None
    employee_number: EmployeeNumber | None = None


class StaticUseIn(Body):
    """That an approved version stands there from now on, or no longer does."""


class StaticVersionOut(Resource):
    """The words of static content, and the record of them; `text_hash` is their SHA-256."""

    number: int
    text: str
    text_hash: str
    state: StaticState
    author: str | None
    """None, as `approver`, where the caller's key is limited to other departments."""
    written_at: datetime
    approver: str | None
    decided_at: datetime | None
    reason: str | None
    used_from: datetime | None
    used_until: datetime | None


class StaticContentOut(Resource):
    """Static content; `in_use` is the number of the version that stands there."""

    id: str
    kind: StaticKind
    network: str
    title: str
    versions: int
    in_use: int | None
    changed_at: datetime
    revision: int


class StaticContentDetailOut(StaticContentOut):
    """Static content with all its versions, the newest first."""

    history: list[StaticVersionOut]
