"""People and certificates told anew, hundreds of thousands at a time: from plain columns, nothing validated twice.

An entity and a validated event a row would take four times as long, and readers of the stream wait for it.
"""

from functools import lru_cache
from typing import Any, cast

import orjson
from sqlalchemy import Integer, Text, bindparam, select
from sqlalchemy import cast as as_type

from services.training.domain.certification.standing import Standing, status_at
from services.training.domain.provisioning import identities
from services.training.tables import metadata
from shared.db import Session
from shared.events.training import CertificateIssuedV1, CoveredSection, PersonChangedV1
from shared.statements import Prebuilt

PEOPLE = metadata.tables["people"]
CERTIFICATES = metadata.tables["certificates"]
TOLD = tuple(name for name in PersonChangedV1.model_fields if name != "former_numbers")
MOST = bindparam("most", type_=Integer)
NEXT_PEOPLE = Prebuilt(
    select(*(PEOPLE.c[name] for name in TOLD)).where(PEOPLE.c.id > bindparam("after")).order_by(PEOPLE.c.id).limit(MOST)
)
COPIED = tuple(name for name in CertificateIssuedV1.model_fields if name not in {"status", "sections"})
NEXT_CERTIFICATES = (
    select(
        *(CERTIFICATES.c[name] for name in (*COPIED, "past_terms", "suspensions", "revoked_at")),
        as_type(CERTIFICATES.c.sections, Text).label("sections"),
        PEOPLE.c.left_at,
    )
    .join(PEOPLE, PEOPLE.c.id == CERTIFICATES.c.person)
    .where(CERTIFICATES.c.id > bindparam("after"))
    .order_by(CERTIFICATES.c.id)
    .limit(MOST)
)


def people(session: Session, after: str | None, limit: int) -> list[PersonChangedV1]:
    """Return what is told of people with an id after `after`."""
    rows = NEXT_PEOPLE.rows(session, after=after or "", most=limit)
    former = identities.former_numbers(session, [row[0] for row in rows])
    return [
        PersonChangedV1.model_construct(**dict(zip(TOLD, row, strict=True)), former_numbers=former.get(row[0], []))
        for row in rows
    ]


def certificates(session: Session, after: str | None, limit: int) -> list[CertificateIssuedV1]:
    """Return what is told of certificates with an id after `after`, with the status of this moment.

    Archived ones, too: a copy that missed how one ended would count it until its date.
    """
    told = []
    for row in session.execute(NEXT_CERTIFICATES, {"after": after or "", "most": limit}):
        values: dict[str, Any] = dict(zip(COPIED, row, strict=False))
        values["status"] = status_at(cast(Standing, row), session.now, row.left_at).value
        values["sections"] = covered(row.sections)
        told.append(CertificateIssuedV1.model_construct(**values))
    return told


@lru_cache(maxsize=1000)
def covered(sections: str) -> list[CoveredSection]:
    """Read which sections are covered: nearly everyone's are the same."""
    return [CoveredSection.model_validate(section) for section in orjson.loads(sections)]
