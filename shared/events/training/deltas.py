"""What is told of what people are to learn anew."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told


class DeltaTold(Event):
    """What every event of a delta carries: a section of a policy, or a course, that changed under a certificate."""

    id: Public[str]
    person: Operational[str]
    certificate: Public[str]
    certification: Public[str]
    policy: Public[str | None] = None
    section: Public[str | None] = None
    course: Public[str | None] = None
    version: Public[int]
    hash: Public[str | None] = None
    due_at: Operational[datetime]
    ends_at: Operational[datetime]
    """When the certificate ends that nobody learnt it for."""


@told
class DeltaDueV1(DeltaTold):
    """Something changed under a person's certificate, and they are to learn it; told again when it changed again."""

    type = "training.delta.due.v1"


@told
class DeltaDoneV1(DeltaTold):
    """A person learnt what changed; their certificate covers it."""

    type = "training.delta.done.v1"

    how: Public[str]
    """`read`, `answered`, `accepted` (the whole version), or `course`."""


@told
class DeltaMissedV1(DeltaTold):
    """The deadline passed: the certificate expires, and ends at `ends_at` unless it is learnt by then."""

    type = "training.delta.missed.v1"


@told
class DeltaWithdrawnV1(DeltaTold):
    """It is asked no more: the text was taken back, or the certificate ended, was renewed, or its holder left."""

    type = "training.delta.withdrawn.v1"
