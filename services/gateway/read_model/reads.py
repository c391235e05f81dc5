"""Counts what is answered from memory, and tells it once a minute: an answer of microseconds waits for no disk.

A process that is killed loses the counts of its last minute; one that is stopped in order tells them.
"""

import asyncio

from services.gateway.domain.reads import Counted, tell_reads
from shared.context import Principal
from shared.db import Database

TOLD_EVERY = 60.0
MOST_PEOPLE = 1000
"""People of a minute that are told one by one for a key; who asks about more has gone through a list."""


class Reads:
    """The counts of this process since they were told last."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._counted: dict[tuple[Principal, str], Counted] = {}

    def person(self, reader: Principal, what: str, person: bytes) -> None:
        """Count that a key was answered about a person; `person` are the bytes of their id."""
        counted = self._counted.get((reader, what))
        if counted is None:
            counted = self._counted[reader, what] = Counted()
        if person in counted.people or len(counted.people) < MOST_PEOPLE:
            counted.people[person] = counted.people.get(person, 0) + 1
        else:
            counted.lists += 1

    def list(self, reader: Principal, what: str) -> None:
        """Count that a key was answered about many people at once."""
        counted = self._counted.get((reader, what))
        if counted is None:
            counted = self._counted[reader, what] = Counted()
        counted.lists += 1

    async def run(self) -> None:
        """Tell what was read, once a minute, until cancelled."""
        while True:
            await asyncio.sleep(TOLD_EVERY)
            await self.tell()

    async def tell(self) -> None:
        """Tell what was read since the last time; what cannot be told now is told the next time."""
        counted, self._counted = self._counted, {}
        if not counted:
            return
        try:
            await self._db.write(tell_reads, counted)
        except BaseException:
            self._put_back(counted)
            raise

    def _put_back(self, counted: dict[tuple[Principal, str], Counted]) -> None:
        for key, since in self._counted.items():
            before = counted.setdefault(key, Counted())
            before.lists += since.lists
            for person, times in since.people.items():
                before.people[person] = before.people.get(person, 0) + times
        self._counted = counted
