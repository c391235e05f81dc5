"""Who reports to whom: a tree, never a circle, whoever writes it and however many write at once."""

from sqlalchemy import case, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.training.tables import PeopleImportRow, Person, RowState
from shared.db import Session, insert
from shared.problems import FieldError, Invalid
from shared.tables import counters

LOCK = "hierarchy"


class NotManaged(Invalid):
    """The manager is not a person who is known here, or reports to the one who is to be managed."""

    @classmethod
    def because(cls, why: str) -> "NotManaged":
        """Return the problem with its reason at the manager."""
        return cls("The manager is not possible.", errors=[FieldError(pointer="/manager", detail=why)])


def lock(session: Session) -> None:
    """Let nobody else change who reports to whom until the commit: two changes could close a circle together."""
    statement = insert(session, counters).values(name=LOCK, value=1)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}))


def refuse_loop(session: Session, person: str, manager: str) -> None:
    """Raise NotManaged when `manager` is the person, or reports to them over however many steps."""
    lock(session)
    if person in chain(session, manager):
        why = "nobody manages themself" if person == manager else "this manager reports to the person"
        raise NotManaged.because(why)


def chain(session: Session, person: str) -> set[str]:
    """Return a person and all who stand above them; ends even where there is a circle already."""
    tree = select(col(Person.id), col(Person.manager)).where(Person.id == person).cte("above", recursive=True)
    tree = tree.union(select(col(Person.id), col(Person.manager)).join(tree, col(Person.id) == tree.c.manager))
    return set(session.execute(select(tree.c.id)).scalars())


def chain_with_file(session: Session, serial: int, employee_number: str) -> set[str]:
    """Return the employee numbers of a person and all who will stand above them once a file is applied."""
    person, boss, row = aliased(Person), aliased(Person), aliased(PeopleImportRow)
    tree = select(literal(employee_number).label("number")).cte("above", recursive=True)
    by_file = (col(row.serial) == serial) & (col(row.employee_number) == tree.c.number)
    manager = case(
        (col(row.number).is_not(None) & or_(col(row.moves), col(person.id).is_(None)), col(row.manager)),
        else_=col(boss.employee_number),
    )
    next_up = (
        select(manager)
        .select_from(tree)
        .outerjoin(row, by_file & (col(row.state) != RowState.REJECTED))
        .outerjoin(person, col(person.employee_number) == tree.c.number)
        .outerjoin(boss, col(boss.id) == col(person.manager))
        .where(tree.c.number.is_not(None))
    )
    tree = tree.union(next_up)
    return set(session.execute(select(tree.c.number).where(tree.c.number.is_not(None))).scalars())
