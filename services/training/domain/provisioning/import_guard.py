"""While a file is applied that is taken whole or not at all, nobody else may take a name that it takes, or move somebody."""

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel import select as select_model

from services.training.domain.provisioning import hierarchy
from services.training.tables import ImportState, PeopleImport, metadata
from shared.db import Session
from shared.problems import Conflict
from shared.statements import Prebuilt

IMPORTS = metadata.tables["people_imports"]
ALONE = Prebuilt(select(IMPORTS.c.id).where(IMPORTS.c.state == bindparam("state"), IMPORTS.c.all_or_nothing).limit(1))


class ImportUnderWay(Conflict):
    """A file is being applied that is taken whole or not at all; send this again when it is done."""

    passes = True


def refuse(session: Session) -> None:
    """Raise ImportUnderWay while such a file is applied."""
    if ALONE.first(session, state=ImportState.APPLYING.value) is not None:
        raise ImportUnderWay(retry_after=5)


def must_wait(session: Session, row: PeopleImport) -> bool:
    """Say whether an import has to wait for others before it is applied: one that is all or nothing is applied alone."""
    hierarchy.lock(session)
    others = select_model(PeopleImport.id).where(PeopleImport.state == ImportState.APPLYING, PeopleImport.id != row.id)
    if not row.all_or_nothing:
        others = others.where(col(PeopleImport.all_or_nothing))
    return session.exec(others.limit(1)).first() is not None
