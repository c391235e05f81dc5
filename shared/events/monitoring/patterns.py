"""What repeats itself, and weeks that can be looked back on."""

from datetime import date, datetime

from shared.events.base import Event, Operational, Personal, Public, told


@told
class RefresherProposedV1(Event):
    """Findings repeated themselves in a section: a course would help a person, or a whole department."""

    type = "monitoring.refresher.proposed.v1"
    id: Public[str]
    person: Operational[str | None] = None
    department: Operational[str | None] = None
    course: Public[str]
    policy: Public[str]
    section: Public[str]
    findings: Personal[int]
    proposed_at: Operational[datetime]


@told
class DigestReadyV1(Event):
    """A week of a person, or of a department, can be looked back on; what it says is to be read at its owner's only."""

    type = "monitoring.digest.ready.v1"
    id: Public[str]
    week: Public[date]
    person: Operational[str | None] = None
    department: Operational[str | None] = None
    ready_at: Operational[datetime]
