"""What defining a tier anew would do."""

from typing import Literal

from shared.schemas import Resource


class PersonConcerned(Resource):
    """Someone for whom a tier's change makes a difference; `missing` is what they would lack to renew."""

    employee_number: str
    what: Literal["issued", "not_renewable"]
    missing: list[str]


class CertificationPreview(Resource):
    """How many would be certified at once, and how many holders could not renew as they are; no certificate changes its dates.

    `missing` counts by what they lack: `course/...`, `policy/...`, `certification/...`, `audience`. `complete` is false
    where more people are of the audience than were looked at.
    """

    looked_at: int
    complete: bool
    issued: int
    not_renewable: int
    unchanged: int
    missing: dict[str, int]
    sample: list[PersonConcerned]
