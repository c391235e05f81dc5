"""What is told of a policy: its versions, their rules in emergencies, and what rules would have found."""

from datetime import datetime

from pydantic import BaseModel

from shared.events.base import Event, Operational, Public, told


class SectionInForce(BaseModel):
    """One section of a version: its stable id, its heading, the hash of its content, and its words as Markdown.

    The words and the rules of all sections together are no longer than the source, so the event's size keeps its bound.
    """

    id: str
    heading: str
    hash: str
    markdown: str = ""


class RuleText(BaseModel):
    """One rule with the section it stands under; `yaml` is its source block, as the rule engine reads it."""

    id: str
    section: str
    yaml: str


@told
class VersionPublishedV1(Event):
    """A version was approved and given its effective time."""

    type = "policy.version.published.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    title: Public[str]
    effective_at: Public[datetime]
    material: Public[bool] = True


@told
class VersionInForceV1(Event):
    """A version came into force: its sections and rules are what counts from now on."""

    type = "policy.version.in_force.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    title: Public[str]
    locale: Public[str]
    effective_at: Public[datetime]
    material: Public[bool] = True
    source: Public[str]
    sections: Public[list[SectionInForce]]
    rules: Public[list[RuleText]]


@told
class VersionSupersededV1(Event):
    """A version stopped being in force because a later one came."""

    type = "policy.version.superseded.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    superseded_by: Public[int]


@told
class VersionWithdrawnV1(Event):
    """A version that was to come into force later will not."""

    type = "policy.version.withdrawn.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]


@told
class VersionTranslatedV1(Event):
    """A version is there in another language, or its translation was improved; `sections` are those it has."""

    type = "policy.version.translated.v1"
    aggregate_field = "policy"
    policy: Public[str]
    version: Public[int]
    locale: Public[str]
    sections: Public[list[str]]


@told
class EmergencyRuleStartedV1(Event):
    """Two people attached a rule to a section of the version in force; it ends by itself at `ends_at`."""

    type = "policy.emergency_rule.started.v1"
    id: Public[str]
    policy: Public[str]
    version: Public[int]
    section: Public[str]
    rule: Public[str]
    yaml: Public[str]
    started_at: Public[datetime]
    ends_at: Public[datetime]


@told
class EmergencyRuleEndedV1(Event):
    """An emergency rule ended: `expired` by itself, `ended` early by somebody, or `replaced` by a version that has it."""

    type = "policy.emergency_rule.ended.v1"
    id: Public[str]
    policy: Public[str]
    rule: Public[str]
    why: Public[str]


@told
class BacktestFinishedV1(Event):
    """A back-test came to its end: it is done, was cancelled, or failed. Counts posts, and names nobody."""

    type = "policy.backtest.finished.v1"
    id: Public[str]
    policy: Operational[str]
    version: Operational[int]
    state: Operational[str]
    posts: Operational[int]
    newly_flagged: Operational[int]
    newly_cleared: Operational[int]
    unchanged: Operational[int]
