"""How many people are certified, by department."""

from datetime import datetime

from pydantic import Field

from shared.schemas import Resource


class CoverageFigures(Resource):
    """How many people a tier is meant for; `certified` of them hold it, `expiring` of those not much longer."""

    people: int = Field(examples=[84])
    certified: int = Field(examples=[61])
    expiring: int = Field(examples=[7])
    missing: int = Field(examples=[23])


class DepartmentCoverage(CoverageFigures):
    """One department; `merged` says how many small ones are counted together as `other`."""

    department: str = Field(examples=["Support"])
    merged: int = Field(examples=[0])


class CertificationCoverage(CoverageFigures):
    """One tier; its figures are of all the departments that are shown, and 0 where nobody's may be shown."""

    certification: str = Field(examples=["responder"])
    title: str = Field(examples=["Responder"])
    departments: list[DepartmentCoverage]


class CoverageOut(Resource):
    """Each tier's coverage at a moment; departments with fewer than `minimum` people are not shown by themselves."""

    at: datetime
    minimum: int = Field(examples=[8])
    items: list[CertificationCoverage]
