"""Back-tests: asked for, run in the background, watched and cancelled; what came of them is kept."""

from typing import get_args

from sqlmodel import col, func, select

from services.policy.domain import people, versions
from services.policy.domain.figures import Figures
from services.policy.schemas.backtests import BacktestIn, BacktestLine, BacktestState
from services.policy.tables import Backtest, Policy, State, Version
from shared import pages
from shared.db import Session
from shared.events.policy import BacktestFinishedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.past_posts import Selection
from shared.problems import Conflict, NotFound

MOST_WAITING = 50
UNFINISHED = ("queued", "running")


class TooManyWaiting(Conflict):
    """So many back-tests wait already that another would not begin soon."""

    passes = True


class AlreadyFinished(Conflict):
    """The back-test has come to its end."""


def request(session: Session, key: str, number: int, body: BacktestIn) -> BacktestLine:
    """Ask for a version's rules to be tried against those in force; raises TooManyWaiting."""
    versions.refuse_limited(session)
    policy, version = versions.get(session, key, number)
    waiting = select(func.count()).select_from(Backtest).where(col(Backtest.state).in_(UNFINISHED))
    if session.exec(waiting).one() >= MOST_WAITING:
        raise TooManyWaiting(f"{MOST_WAITING} back-tests wait; cancel one, or try again later.", retry_after=60)
    in_force = select(Version.id).where(Version.policy_id == policy.id, Version.state == State.PUBLISHED)
    backtest = Backtest(
        version_id=version.id,
        content_hash=version.content_hash,
        rules=version.content["rules"],
        against_id=session.exec(in_force).first(),
        selection=body.selection.model_dump(mode="json"),
        samples=body.samples,
        state="queued",
        requested_by=people.actor(session, None),
        requested_at=session.now,
    )
    session.add(backtest)
    session.flush()
    record(session, "backtest.request", f"backtests/{backtest.id}", version.content_hash)
    return line(session, backtest)


def get(session: Session, backtest_id: str, *, lock: bool = False) -> Backtest:
    """Return a back-test; who sees no drafts sees none. Raises NotFound."""
    statement = select(Backtest).where(Backtest.id == backtest_id)
    backtest = session.exec(statement.with_for_update() if lock else statement).first()
    if backtest is None or not people.sees_drafts(session):
        raise NotFound(f"There is no back-test {backtest_id}.")
    versions.refuse_limited(session)
    return backtest


def list_all(session: Session, key: str, number: int, paging: PageQuery) -> Page[BacktestLine]:
    """Return a version's back-tests, the newest first."""
    _, version = versions.get(session, key, number)
    versions.refuse_limited(session)
    backtests = select(Backtest).where(Backtest.version_id == version.id)
    if not people.sees_drafts(session):
        return Page(items=[])
    return pages.page(
        session, backtests, paging, key=Backtest.id, to=lambda backtest: line(session, backtest), newest_first=True
    )


def cancel(session: Session, backtest_id: str) -> BacktestLine:
    """Stop a back-test; what it has counted so far stays. Raises AlreadyFinished."""
    backtest = get(session, backtest_id, lock=True)
    if backtest.state not in UNFINISHED:
        raise AlreadyFinished(f"The back-test is {backtest.state}.")
    record(session, "backtest.cancel", f"backtests/{backtest.id}", backtest.content_hash)
    return end(session, backtest, "cancelled")


def end(session: Session, backtest: Backtest, state: BacktestState) -> BacktestLine:
    """Bring a back-test to its end and tell of it."""
    backtest.state, backtest.finished_at, backtest.eta = state, session.now, None
    backtest.revision += 1
    session.flush()
    ended = line(session, backtest)
    _, flagged, cleared, unchanged = Figures(0, backtest.figures).data["all"]["total"]
    tell(
        session,
        BacktestFinishedV1(
            id=backtest.id,
            policy=ended.policy,
            version=ended.version,
            state=state,
            posts=backtest.done,
            newly_flagged=flagged,
            newly_cleared=cleared,
            unchanged=unchanged,
        ),
    )
    return ended


def line(session: Session, backtest: Backtest) -> BacktestLine:
    """Show how a back-test stands."""
    key, number, content_hash = session.exec(
        select(Policy.key, Version.number, Version.content_hash)
        .join(Version, col(Version.policy_id) == col(Policy.id))
        .where(Version.id == backtest.version_id)
    ).one()
    selection = Selection.model_validate(backtest.selection)
    return BacktestLine(
        id=backtest.id,
        policy=key,
        version=number,
        against=session.exec(select(Version.number).where(Version.id == backtest.against_id)).first(),
        content_hash=backtest.content_hash,
        current=content_hash == backtest.content_hash,
        state=state_of(backtest.state),
        percent=percent(backtest),
        posts_done=backtest.done,
        posts_total=backtest.posts,
        eta=backtest.eta,
        requested_by=backtest.requested_by,
        requested_at=backtest.requested_at,
        started_at=backtest.started_at,
        finished_at=backtest.finished_at,
        failure=backtest.failure,
        since=selection.since,
        until=selection.until,
        networks=selection.networks,
        kinds=selection.kinds,
        revision=backtest.revision,
    )


def state_of(word: str) -> BacktestState:
    """Return a state as its type."""
    return next(state for state in get_args(BacktestState) if state == word)


def percent(backtest: Backtest) -> float:
    """Return how much is done; 100 only at the end."""
    if backtest.state == "done":
        return 100.0
    return min(99.9, round(100 * backtest.done / backtest.posts, 1)) if backtest.posts else 0.0
