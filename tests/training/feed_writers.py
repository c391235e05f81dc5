"""Writers of certificate changes that are slow and fail at random; also a process of its own for a test."""

import asyncio
import random
import sys
import time

from sqlmodel import col, select

from services.training.domain.certification import expiry, measures
from services.training.domain.provisioning import people
from services.training.schemas.people import PersonPatch
from services.training.tables import Certificate, Person, State
from shared.clock import SystemClock
from shared.db import Database, Session

CHANGES = 10
FAILING = 0.2
REASON = "at random"


class RolledBackError(Exception):
    """The unit of work is given up, after it did all its work."""


def change_one(session: Session, dice: random.Random) -> None:
    """Do something at random; slow before and after it takes its place in the feed."""
    dice.choices([decide_on_one, come_or_go, let_expire], [6, 3, 2])[0](session, dice)
    time.sleep(dice.random() * 0.01)
    session.last(lambda: finish_slowly(dice))


def decide_on_one(session: Session, dice: random.Random) -> None:
    """Suspend or reinstate a certificate chosen at random."""
    certificate = dice.choice(session.exec(select(Certificate.id).order_by(Certificate.id)).all())
    if measures.take(session, certificate, None).state == State.HELD:
        measures.suspend(session, certificate, REASON, None)
    else:
        measures.reinstate(session, certificate, REASON, None)


def come_or_go(session: Session, dice: random.Random) -> None:
    """Let a person leave, or come back."""
    number = dice.choice(session.exec(select(Person.employee_number).order_by(Person.id)).all())
    person = session.exec(select(Person).where(col(Person.employee_number) == number).with_for_update()).one()
    people.change(session, number, PersonPatch(active=not person.active), None)


def let_expire(session: Session, _dice: random.Random) -> None:
    """Sweep, as the service's own timer does; here several at once."""
    expiry.sweep(session)


def finish_slowly(dice: random.Random) -> None:
    """Dawdle with the position taken, then give up now and then."""
    time.sleep(dice.random() * 0.003)
    if dice.random() < FAILING:
        raise RolledBackError


async def write_many(db: Database, writers: int, seed: int) -> int:
    """Let writers change certificates side by side; returns how many units were kept."""

    async def writer(number: int) -> int:
        dice = random.Random(seed * 1000 + number)
        kept = 0
        for _ in range(CHANGES):
            try:
                await db.write(change_one, dice)
            except RolledBackError:
                continue
            kept += 1
        return kept

    return sum(await asyncio.gather(*(writer(number) for number in range(writers))))


async def main(url: str, writers: str, seed: str) -> None:
    """Write in this process and print how many units were kept."""
    db = Database(url, SystemClock())
    print(await write_many(db, int(writers), int(seed)))
    db.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
