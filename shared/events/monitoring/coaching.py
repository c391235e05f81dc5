"""Findings and guidance."""

from datetime import datetime

from shared.events.base import Content, Event, Operational, Personal, Public, told


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
    disturbing: Operational[bool] = False


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
    """A finding came to its end: guided and acknowledged, dismissed, or mended by an edit of the post."""

    type = "monitoring.finding.closed.v1"


@told
class FindingReleasedV1(FindingTold):
    """A coach gave a finding back, or had it for too long: it waits for another one."""

    type = "monitoring.finding.released.v1"


class GuidanceTold(Event):
    """What every guidance event carries; `finding` is empty where it is praise.

    The words are between the person and their coach: `message` and `better_wording` are told empty.
    """

    id: Public[str]
    finding: Public[str]
    person: Operational[str | None] = None
    coach: Operational[str]
    message: Content[str]
    better_wording: Content[str | None] = None
    state: Operational[str]
    kind: Operational[str] = "correction"
    post: Public[str | None] = None
    department: Operational[str | None] = None
    policy: Public[str | None] = None
    version: Public[int | None] = None
    section: Public[str | None] = None
    read_at: Operational[datetime | None] = None


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


@told
class GuidanceReadV1(GuidanceTold):
    """The person has opened the guidance."""

    type = "monitoring.guidance.read.v1"


@told
class GuidanceDiscussedV1(GuidanceTold):
    """The person or their coach added to the talk about guidance; what they said is told to nobody else."""

    type = "monitoring.guidance.discussed.v1"


@told
class CertificateSuspensionProposedV1(Event):
    """A coach thinks that a certificate should not count for now; training lets somebody else decide."""

    type = "monitoring.suspension.proposed.v1"
    aggregate_field = "finding"
    id: Public[str]
    finding: Public[str]
    person: Operational[str]
    certificate: Public[str]
    certification: Public[str]
    reason: Personal[str]
    proposer: Operational[str | None] = None
    proposed_at: Operational[datetime]
