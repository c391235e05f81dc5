"""How far people are trusted on each network, and what their reviewed replies say about it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.autonomy.rule import WINDOW, Level, Proposal, Reviewed, propose
from services.monitoring.domain.coaching.upheld import upheld
from services.monitoring.settings import terms
from services.monitoring.tables import Autonomy, Availability, ReplyReview
from shared.db import Session

Place = tuple[str, str]
"""A person and a network."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a person is trusted on a network; `row` is None where nobody has said so and their certification does."""

    person: str
    network: str
    level: Level
    row: Autonomy | None
    reviewed: Reviewed

    @property
    def proposal(self) -> Proposal | None:
        """What the rule says about it."""
        return propose(self.level, self.reviewed)


def level(session: Session, person: str, network: str) -> Level:
    """Return how far somebody is trusted on a network: as a person said last, else by their certification."""
    row = stated(session, person, network)
    return level_of(row) if row is not None else by_certification(session, [person])[person]


def stated(session: Session, person: str, network: str, *, lock: bool = False) -> Autonomy | None:
    """Return what somebody said of how far a person is trusted."""
    statement = select(Autonomy).where(col(Autonomy.person) == person, col(Autonomy.network) == network)
    found: Autonomy | None = session.execute(statement.with_for_update() if lock else statement).scalar()
    return found


def level_of(row: Autonomy) -> Level:
    """Return the level that a row states."""
    return "trusted" if row.level == "trusted" else "sampled" if row.level == "sampled" else "draft_only"


def by_certification(session: Session, persons: Collection[str]) -> dict[str, Level]:
    """Return the level at which people begin on every network."""
    wanted = terms().trusted_certification
    if wanted is None:
        return dict.fromkeys(persons, "trusted")
    held = people.holding(session, [wanted], session.now, persons)
    return {person: "trusted" if person in held else "draft_only" for person in persons}


def standings(session: Session, persons: Collection[str] | None = None) -> list[Standing]:
    """Return how people stand on the networks where something was said, reviewed or found of late; of all, or of these.

    Of findings, only those about people who answer customers count.
    """
    rows = stated_levels(session, persons)
    outcomes, found = reviews(session, rows, persons), findings(session, rows, persons)
    places = sorted(rows.keys() | outcomes.keys() | found.keys())
    begin = by_certification(session, {person for person, _ in places})
    return [
        Standing(
            person,
            network,
            level_of(row) if (row := rows.get((person, network))) is not None else begin[person],
            row,
            Reviewed(tuple(outcomes.get((person, network), ())), found.get((person, network), 0)),
        )
        for person, network in places
    ]


def stated_levels(session: Session, persons: Collection[str] | None) -> dict[Place, Autonomy]:
    """Return what was said of people."""
    statement = select(Autonomy)
    if persons is not None:
        statement = statement.where(col(Autonomy.person).in_(persons))
    return {(row.person, row.network): row for row in session.execute(statement).scalars()}


def counts_from(session: Session, row: Autonomy | None) -> datetime:
    """Return from when on outcomes count: not those that led to the level."""
    since = session.now - WINDOW
    return max(since, row.since) if row is not None else since


def reviews(session: Session, rows: dict[Place, Autonomy], persons: Collection[str] | None) -> dict[Place, list[str]]:
    """Return the outcomes of reviews that count, the newest last."""
    statement = select(ReplyReview.author, ReplyReview.network, ReplyReview.outcome, ReplyReview.decided_at).where(
        col(ReplyReview.decided_at) > session.now - WINDOW
    )
    if persons is not None:
        statement = statement.where(col(ReplyReview.author).in_(persons))
    found: dict[Place, list[str]] = defaultdict(list)
    for author, network, outcome, at in session.execute(statement.order_by(col(ReplyReview.id))).all():
        if at > counts_from(session, rows.get((author, network))):
            found[author, network].append(outcome)
    return found


def findings(session: Session, rows: dict[Place, Autonomy], persons: Collection[str] | None) -> dict[Place, int]:
    """Count the findings that held, of people who answer customers."""
    held = upheld(session, session.now - WINDOW, persons)
    about = {one.person for one in held}
    answering = set(session.execute(select(Availability.person).where(col(Availability.person).in_(about))).scalars())
    found: dict[Place, int] = defaultdict(int)
    for one in held:
        if one.person in answering and one.at > counts_from(session, rows.get((one.person, one.network))):
            found[one.person, one.network] += 1
    return found
