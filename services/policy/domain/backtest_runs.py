"""What runs a back-test asks of the database, and saves there: begun once, gone on with after a break, ended once."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import col, select

from services.policy.domain import groups
from services.policy.domain.backtests import UNFINISHED, end
from services.policy.domain.figures import NOBODY, Figures
from services.policy.schemas.policies import Content, RuleOut
from services.policy.tables import Backtest, Version
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.past_posts import Selection
from shared.rules import PlacedRule, Rule


@dataclass(frozen=True)
class Job:
    """A back-test to run, from where it stands."""

    id: str
    runner: str
    rules: list[PlacedRule]
    against: list[PlacedRule]
    selection: Selection
    samples: int
    posts: int | None
    last: str | None
    after: str | None
    done: int
    figures: dict[str, Any] | None


def waiting(session: Session) -> bool:
    """Tell whether there is something to run, or to go on with."""
    return session.exec(select(Backtest.id).where(col(Backtest.state).in_(UNFINISHED)).limit(1)).first() is not None


def take(session: Session) -> Job | None:
    """Begin the oldest back-test that waits, but first go on with one that broke off."""
    unfinished = select(Backtest).where(col(Backtest.state).in_(UNFINISHED))
    ordered = unfinished.order_by(col(Backtest.state).desc(), col(Backtest.id)).limit(1).with_for_update()
    backtest = session.exec(ordered).first()
    if backtest is None:
        return None
    backtest.state, backtest.runner = "running", new_id()
    backtest.started_at = backtest.started_at or session.now
    backtest.revision += 1
    session.flush()
    return Job(
        id=backtest.id,
        runner=backtest.runner,
        rules=placed([RuleOut.model_validate(rule) for rule in backtest.rules]),
        against=placed(rules_against(session, backtest)),
        selection=Selection.model_validate(backtest.selection),
        samples=backtest.samples,
        posts=backtest.posts,
        last=backtest.last,
        after=backtest.after,
        done=backtest.done,
        figures=backtest.figures,
    )


def rules_against(session: Session, backtest: Backtest) -> list[RuleOut]:
    """Return the rules of the version that was in force."""
    version = session.get(Version, backtest.against_id) if backtest.against_id is not None else None
    return Content.model_validate(version.content).rules if version is not None else []


def placed(rules: list[RuleOut]) -> list[PlacedRule]:
    """Return rules as the engine takes them."""
    return [PlacedRule(rule=Rule.from_yaml(rule.yaml), policy="", version=0, section=rule.section) for rule in rules]


def save(session: Session, job: Job, values: dict[str, Any]) -> bool:
    """Keep how far a run is; False when it has been cancelled, or another runner has taken over."""
    theirs = update(Backtest).where(
        col(Backtest.id) == job.id, col(Backtest.runner) == job.runner, col(Backtest.state) == "running"
    )
    saved = session.execute(theirs.values(**values, revision=Backtest.revision + 1))
    return isinstance(saved, CursorResult) and saved.rowcount == 1


def still_running(session: Session, job: Job) -> bool:
    """Tell whether the run is still wanted and still this one's."""
    backtest = session.get(Backtest, job.id)
    return backtest is not None and backtest.runner == job.runner and backtest.state == "running"


def finish(session: Session, job: Job, done: int, data: dict[str, Any]) -> None:
    """Keep what came of a run; from here on small departments are counted as one."""
    backtest = session.exec(select(Backtest).where(Backtest.id == job.id).with_for_update()).one()
    if backtest.runner != job.runner or backtest.state != "running":
        return
    figures = Figures(job.samples, data)
    figures.merge_departments(groups.to_merge(session, data["all"]["departments"].keys() - {NOBODY}))
    backtest.figures, backtest.done, backtest.posts = figures.data, done, done
    result = end(session, backtest, "done")
    record(session, "backtest.finish", f"backtests/{backtest.id}", digest_of(result))


def fail(session: Session, job: Job, why: str) -> None:
    """Note why a run cannot go on."""
    backtest = session.exec(select(Backtest).where(Backtest.id == job.id).with_for_update()).one()
    if backtest.runner == job.runner and backtest.state == "running":
        backtest.failure = why
        end(session, backtest, "failed")
