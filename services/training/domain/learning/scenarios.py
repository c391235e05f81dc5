"""Runs of a scenario: the learner sees where they are, chooses a reply, sees what follows; every choice is kept."""

import hashlib

from sqlmodel import select

from services.training.domain.learning import enrolments
from services.training.domain.teaching import courses, wording
from services.training.schemas.courses import CourseVersionOut
from services.training.schemas.learning import ChoiceIn, ChoiceShown, NodeShown, ReplyShown, RunOut
from services.training.schemas.scenarios import Node, Scenario, best_score
from services.training.tables import Enrolment, ScenarioChoice, ScenarioRun
from shared.db import Session
from shared.evidence import digest_of, record
from shared.problems import Conflict, FieldError, Invalid, NotFound


class RunOpen(Conflict):
    """A run of this scenario is open; go on with it."""


class RunOver(Conflict):
    """The run came to its end; begin another one."""


class ElsewhereInTheRun(Conflict):
    """The run is at another place by now; read it again."""


class NotAReply(Invalid):
    """The reply is none of those to choose from."""


def start(session: Session, enrolment: str, module: str, locale: str | None) -> RunOut:
    """Begin a run; raises NotFound, CourseDone, ModuleLocked, or RunOpen where there is one to go on with."""
    row, _ = enrolments.take(session, enrolment)
    version = courses.version_of(session, row.course, row.version)
    scenario = scenario_of(version, module)
    if row.completed_at is not None:
        raise enrolments.CourseDone
    enrolments.refuse_locked(session, row, module)
    unfinished = select(ScenarioRun.id).where(
        ScenarioRun.enrolment == row.id,
        ScenarioRun.module == module,
        ScenarioRun.finished_at == None,  # noqa: E711  SQL's own IS NULL
    )
    known = session.exec(unfinished).first()
    if known is not None:
        raise RunOpen(f"The run {known} is open; go on with it.", extra={"open_run": known})
    run = ScenarioRun(enrolment=row.id, module=module, version=row.version, node=scenario.start, started_at=session.now)
    session.add(run)
    session.flush()
    record(session, "scenario.started", f"scenario-run/{run.id}", person=row.person)
    return out(session, run, version, locale)


def choose(session: Session, run_id: str, body: ChoiceIn, locale: str | None) -> RunOut:
    """Choose a reply and go on; the last choice, sent again, changes nothing.

    Raises NotFound, RunOver, ElsewhereInTheRun or NotAReply.
    """
    run, row = load(session, run_id, "training:write")
    enrolments.take(session, row.id)
    session.refresh(run)
    version = courses.version_of(session, row.course, run.version)
    scenario = scenario_of(version, run.module)
    path = choices(session, run)
    if path and (opaque(run, path[-1].node), opaque(run, path[-1].node, path[-1].reply)) == (body.node, body.reply):
        return out(session, run, version, locale)
    if run.finished_at is not None:
        raise RunOver
    if body.node != opaque(run, run.node):
        raise ElsewhereInTheRun
    node = scenario.by_key[run.node]
    reply = next((one for one in node.replies if opaque(run, node.key, one.key) == body.reply), None)
    if reply is None:
        raise NotAReply(errors=[FieldError(pointer="/reply", detail="not a reply of this post")])
    session.add(ScenarioChoice(run=run.id, place=len(path) + 1, node=node.key, reply=reply.key, chosen_at=session.now))
    run.node = reply.next
    session.add(run)
    session.flush()
    chosen = digest_of(f"{node.key}/{reply.key}")
    record(session, "scenario.chosen", f"scenario-run/{run.id}/{len(path) + 1}", content_hash=chosen, person=row.person)
    if scenario.by_key[run.node].ending is not None:
        finish(session, run, row, scenario)
    return out(session, run, version, locale)


def finish(session: Session, run: ScenarioRun, row: Enrolment, scenario: Scenario) -> None:
    """Score a run that came to an ending; a good one with enough points makes the module done."""
    nodes = scenario.by_key
    earned = sum(
        next(reply.score for reply in nodes[choice.node].replies if reply.key == choice.reply)
        for choice in choices(session, run)
    )
    best = best_score(scenario)
    run.score = earned / best if best else 1.0
    run.ending = nodes[run.node].ending
    run.passed = run.ending == "good" and run.score >= scenario.pass_mark
    run.finished_at = session.now
    session.add(run)
    session.flush()
    record(session, "scenario.finished", f"scenario-run/{run.id}", digest_of(f"{run.ending} {run.score}"), row.person)
    if run.passed:
        details: dict[str, object] = {"run": run.id, "score": run.score}
        enrolments.module_done(session, row, run.module, "scenario.passed", details)


def get(session: Session, run_id: str, locale: str | None) -> RunOut:
    """Return a run with the way so far; raises NotFound."""
    run, row = load(session, run_id, "training:read")
    return out(session, run, courses.version_of(session, row.course, run.version), locale)


def load(session: Session, run_id: str, scope: str) -> tuple[ScenarioRun, Enrolment]:
    """Return a run that the caller may reach, with its enrolment; raises NotFound."""
    run = session.get(ScenarioRun, run_id)
    if run is None:
        raise NotFound("There is no such run, or it is someone else's.")
    row, _ = enrolments.load(session, run.enrolment, scope)
    return run, row


def scenario_of(version: CourseVersionOut, module: str) -> Scenario:
    """Return a scenario of a version; raises NotFound."""
    for one in version.modules:
        if isinstance(one, Scenario) and one.key == module:
            return one
    raise NotFound(f"The course has no scenario {module}.")


def choices(session: Session, run: ScenarioRun) -> list[ScenarioChoice]:
    """Return what was chosen so far, in order."""
    return list(
        session.exec(select(ScenarioChoice).where(ScenarioChoice.run == run.id).order_by(ScenarioChoice.place))  # type: ignore[arg-type]
    )


def opaque(run: ScenarioRun, *keys: str) -> str:
    """Return what stands for a node or reply in one run: authors' keys, such as `wrong`, would give it away."""
    return hashlib.sha256("/".join((run.id, *keys)).encode()).hexdigest()[:16]


def out(session: Session, run: ScenarioRun, version: CourseVersionOut, locale: str | None) -> RunOut:
    """Return a run as its learner sees it."""
    shown = wording.worded(version, scenario_of(version, run.module), locale)
    scenario = shown.module
    assert isinstance(scenario, Scenario)  # noqa: S101  a translation is of the same kind
    nodes = scenario.by_key
    return RunOut(
        **run.model_dump(
            include={"id", "enrolment", "module", "started_at", "finished_at", "ending", "score", "passed"}
        ),
        title=scenario.title,
        locale=shown.locale,
        fallback=shown.fallback,
        path=[choice_out(nodes[choice.node], choice) for choice in choices(session, run)],
        node=node_out(run, nodes[run.node]),
    )


def choice_out(node: Node, choice: ScenarioChoice) -> ChoiceShown:
    """Return a choice with what can be learnt from it."""
    reply = next(one for one in node.replies if one.key == choice.reply)
    return ChoiceShown(
        post=node.post, author=node.author, reply=reply.text, feedback=reply.feedback, chosen_at=choice.chosen_at
    )


def node_out(run: ScenarioRun, node: Node) -> NodeShown:
    """Return a node with its replies, in an order of this run's own that says nothing."""
    replies = [ReplyShown(id=opaque(run, node.key, reply.key), text=reply.text) for reply in node.replies]
    return NodeShown(
        id=opaque(run, node.key),
        author=node.author,
        post=node.post,
        replies=sorted(replies, key=lambda reply: reply.id),
        ending=node.ending,
    )
