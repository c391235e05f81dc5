"""Findings and guidance."""

from datetime import datetime

from shared.events.base import Content, Event, Operational, Public, told


class FindingTold(Event):
    """What every finding event carries: the whole finding as it is after the change, without the post's text."""

    id: Public[str]
    post: Public[str]
    rule: Public[str]
    policy: Public[str]
    version: Public[int]
    section: Public[str]
    severity: Public[str]
    state: Operational[str]
    network: Public[str]
    person: Operational[str | None] = None
    department: Operational[str | None] = None
    coach: Operational[str | None] = None
    opened_at: Operational[datetime]


@told
class FindingOpenedV1(FindingTold):
    """A rule in force matched a post."""

    type = "monitoring.finding.opened.v1"


@told
class FindingClaimedV1(FindingTold):
    """A coach took a finding on."""

    type = "monitoring.finding.claimed.v1"


@told
class FindingClosedV1(FindingTold):
    """A finding came to its end: guided and acknowledged, or dismissed."""

    type = "monitoring.finding.closed.v1"


class GuidanceTold(Event):
    """What every guidance event carries."""

    id: Public[str]
    finding: Public[str]
    person: Operational[str | None] = None
    coach: Operational[str]
    message: Content[str]
    better_wording: Content[str | None] = None
    state: Operational[str]


@told
class GuidanceGivenV1(GuidanceTold):
    """A coach told a person something about a finding, or about something done well."""

    type = "monitoring.guidance.given.v1"


@told
class GuidanceAcknowledgedV1(GuidanceTold):
    """The person read the guidance and accepted it."""

    type = "monitoring.guidance.acknowledged.v1"


@told
class GuidanceAppealedV1(GuidanceTold):
    """The person asked another coach to look again."""

    type = "monitoring.guidance.appealed.v1"
