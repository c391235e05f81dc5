"""Simulations: asked for, run one after the other in a process of their own, and read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, func, select

from services.monitoring.domain import people
from services.monitoring.domain.routing import asking, assignments, requirements
from services.monitoring.domain.routing.hours import worked
from services.monitoring.domain.routing.staff import week_of
from services.monitoring.domain.simulations import replaying, staffing
from services.monitoring.domain.simulations.model import Pool, Stream, Task, Terms
from services.monitoring.schemas.simulations import GeneratedIn, SimulationIn, SimulationOut
from services.monitoring.settings import terms
from services.monitoring.tables import Simulation
from shared.context import Principal
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.problems import Conflict, Forbidden, NotFound

UNFINISHED = ("queued", "running")
MOST_WAITING = 20
KEPT = timedelta(days=30)
SECONDS = 60
"""Of a processor, that one simulation may take."""


class OneAtATime(Conflict):
    """A simulation that you asked for is not done yet."""

    passes = True


class SimulatorBusy(Conflict):
    """So many simulations wait already that another would not begin soon."""

    passes = True


@dataclass(frozen=True)
class Job:
    """A simulation to run, by this runner."""

    id: str
    runner: str


def request(session: Session, body: SimulationIn, caller: Principal) -> SimulationOut:
    """Ask for a simulation; raises OneAtATime, SimulatorBusy, and UnknownPerson for a colleague nobody knows."""
    refuse_limited(caller)
    session.execute(delete(Simulation).where(col(Simulation.requested_at) < session.now - KEPT))
    assignments.lock(session)  # two requests of one caller at the same time
    unfinished = select(Simulation.principal).where(col(Simulation.state).in_(UNFINISHED))
    waiting = list(session.execute(unfinished).scalars())
    if caller.id in waiting:
        raise OneAtATime("Wait for its end, then ask again.", retry_after=5)
    if len(waiting) >= MOST_WAITING:
        raise SimulatorBusy(f"{MOST_WAITING} simulations wait; try again later.", retry_after=30)
    since, until = window(session, body)
    row = Simulation(
        id=new_id(),
        principal=caller.id,
        person=caller.person,
        asked=with_ids(session, body).model_dump(mode="json"),
        since=since,
        until=until,
        state="queued",
        requested_at=session.now,
    )
    session.add(row)
    session.flush()
    record(session, "simulation.request", f"simulation/{row.id}", digest_of(body))
    return shown(session, row)


def refuse_limited(caller: Principal) -> None:
    """Refuse a key that is limited to departments: customers and colleagues of all are in it."""
    if caller.departments is not None:
        raise Forbidden("A key that is limited to departments cannot simulate the whole team.")


def window(session: Session, body: SimulationIn) -> tuple[datetime, datetime]:
    """Return which time is simulated: the last days, or for a stream that is made up, those from next Monday on."""
    if body.generated is None:
        return session.now - timedelta(days=body.days or 1), session.now
    monday = session.now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday += timedelta(days=7) - (monday.date() - week_of(monday))
    return monday, monday + timedelta(days=body.generated.days)


def with_ids(session: Session, body: SimulationIn) -> SimulationIn:
    """Return what was asked with people by their ids, so that nothing that is kept names anybody."""
    asked = body.model_copy(deep=True)
    for one in asked.what_if.certify:
        if one.employee_number is not None:
            one.employee_number = people.by_number(session, one.employee_number).id
    asked.what_if.without = [people.by_number(session, number).id for number in asked.what_if.without]
    return asked


def with_numbers(asked: SimulationIn, numbers: Mapping[str, str]) -> SimulationIn:
    """Return what was asked as it was asked."""
    for one in asked.what_if.certify:
        if one.employee_number is not None:
            one.employee_number = numbers.get(one.employee_number, one.employee_number)
    asked.what_if.without = [numbers.get(person, person) for person in asked.what_if.without]
    return asked


def read(session: Session, simulation_id: str, caller: Principal) -> SimulationOut:
    """Return a simulation; raises NotFound, for a key that is limited to departments too."""
    row = session.get(Simulation, simulation_id)
    if row is None or caller.departments is not None:
        raise NotFound(f"There is no simulation {simulation_id}.")
    return shown(session, row)


def shown(session: Session, row: Simulation) -> SimulationOut:
    """Show a simulation."""
    asked = SimulationIn.model_validate(row.asked)
    named = {one.employee_number for one in asked.what_if.certify} | {*asked.what_if.without, row.person}
    numbers = people.numbers(session, named)
    outcome = row.outcome or {}
    fields = row.model_dump(exclude={"asked", "outcome"})
    return SimulationOut.model_validate(
        {
            **fields,
            "requested_by": numbers.get(row.person or "", row.principal),
            "request": with_numbers(asked, numbers),
            "before": outcome.get("before"),
            "after": outcome.get("after"),
        }
    )


def waiting(session: Session) -> bool:
    """Tell whether there is something to run."""
    return bool(session.execute(select(func.count()).where(col(Simulation.state).in_(UNFINISHED))).scalar_one())


def take(session: Session) -> Job | None:
    """Begin the oldest that waits, but first once more one that broke off with its process."""
    unfinished = select(Simulation).where(col(Simulation.state).in_(UNFINISHED))
    oldest = unfinished.order_by(col(Simulation.state).desc(), col(Simulation.id)).limit(1).with_for_update()
    row = session.execute(oldest).scalar()
    if row is None:
        return None
    row.state, row.runner, row.started_at = "running", new_id(), session.now
    row.revision += 1
    return Job(row.id, row.runner)


def task(session: Session, job: Job) -> Task:
    """Gather what a simulation is decided by; raises TooMany."""
    row = session.get_one(Simulation, job.id)
    asked = SimulationIn.model_validate(row.asked)
    required = requirements.in_force(session)
    pools = replaying.Pools(required, {})
    stream = None
    wrote: list[tuple[float, int, str, int, float | None]] = []
    if asked.generated is not None:
        stream = made_up(asked.generated, pools, row.since, row.until)
        minutes, silent = [asked.generated.minutes], asked.generated.silent
    else:
        wrote = replaying.wrote(session, pools, row.since, row.until)
        minutes, silent = replaying.minutes(session, row.since), replaying.silent(session, row.since)
    everyone = staffing.everyone(session)
    topics = frozenset(pool.topic for pool in pools.found if pool.topic is not None)
    now = staffing.before(everyone)
    then = staffing.after(everyone, asked.what_if, required.all, staffing.spoken(session, asked.what_if))
    team = staffing.Staffing(row.since, row.until, topics.union(*(one.topics for one in (*now, *then))))
    return Task(
        seed=asked.seed,
        seconds=SECONDS,
        since=row.since.timestamp(),
        until=row.until.timestamp(),
        pools=list[Pool](pools.found),
        before=team.workers(now),
        after=team.workers(then),
        calendars=list(team.calendars),
        minutes=minutes,
        silent=silent,
        terms=in_force(),
        wrote=wrote,
        stream=stream,
    )


def made_up(asked: GeneratedIn, pools: replaying.Pools, since: datetime, until: datetime) -> Stream:
    """Return the stream to make up."""
    weights: dict[int, float] = {}
    for one in asked.pools:
        place = pools.place_of(one)
        weights[place] = weights.get(place, 0.0) + one.weight
    hours = asked.hours.model_dump(mode="json") if asked.hours else None
    stretches = [(start.timestamp(), end.timestamp()) for start, end in worked(hours, since, until)]
    return Stream(asked.conversations_per_day, [weights[place] for place in sorted(weights)], stretches)


def in_force() -> Terms:
    """Return the terms on which the router works."""
    accept = terms().accept_within.total_seconds()
    return Terms(
        accept_within=accept,
        keep_off=assignments.KEEP_OFF * accept,
        head_start=asking.HEAD_START.total_seconds(),
        minutes_per_conversation=terms().minutes_per_conversation,
        minutes_at_most=terms().minutes_at_most,
        at_once=assignments.AT_ONCE,
    )


def finish(session: Session, job: Job, outcome: dict[str, Any]) -> None:
    """Keep what came of a simulation."""
    end(session, job, "done", outcome=outcome)


def fail(session: Session, job: Job, why: str) -> None:
    """Note why there is no answer."""
    end(session, job, "failed", failure=why[:300])


def end(session: Session, job: Job, state: str, **values: Any) -> None:
    """Bring a simulation to its end, unless another runner has taken it."""
    row = session.get(Simulation, job.id, with_for_update=True)
    if row is None or row.runner != job.runner:
        return
    row.state, row.finished_at = state, session.now
    for name, value in values.items():
        setattr(row, name, value)
    row.revision += 1
    record(session, f"simulation.{state}", f"simulation/{row.id}")
