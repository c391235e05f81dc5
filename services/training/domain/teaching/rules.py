"""Which rules a post breaks: asked of the rule engine when a question is published, and kept with it."""

from collections.abc import Sequence

from sqlmodel import col, delete, func, select

from services.training.schemas.quizzes import Question, RuleBreak, RuleOption
from services.training.tables import RuleInForce
from shared.db import Session
from shared.events.policy import VersionInForceV1
from shared.problems import FieldError, Invalid
from shared.rules import Draft, PlacedRule, Rule, RuleSet

SHOWN = 7
"""How many rules there are to choose from where the author names none, and the post does not break more."""


class NoSuchRule(Invalid):
    """A question asks for rules that are not in force."""


def keep(session: Session, event: VersionInForceV1) -> None:
    """Keep the rules of a policy's newest version instead of those before; an older version changes nothing."""
    of_policy = RuleInForce.policy == event.policy
    newest = session.exec(select(func.max(RuleInForce.version)).where(of_policy)).one()
    if newest is not None and newest > event.version:
        return
    session.execute(delete(RuleInForce).where(of_policy))  # type: ignore[arg-type]
    session.add_all(
        RuleInForce(
            policy=event.policy,
            rule=rule.id,
            version=event.version,
            section=rule.section,
            place=place,
            yaml=rule.yaml,
        )
        for place, rule in enumerate(event.rules)
    )
    session.flush()


def publish(session: Session, question: Question, pointer: str = "") -> Question:
    """Return a question as it is kept: one on a post gets its options from the rules in force. Raises NoSuchRule."""
    return ask(session, question, pointer) if isinstance(question, RuleBreak) else question


def ask(session: Session, question: RuleBreak, pointer: str) -> RuleBreak:
    """Return a question with its options: rules of the policy, of which the post breaks the correct ones, and none."""
    rows = session.exec(
        select(RuleInForce).where(RuleInForce.policy == question.policy).order_by(col(RuleInForce.place))
    ).all()
    rules = [PlacedRule(Rule.from_yaml(row.yaml), row.policy, row.version, row.section) for row in rows]
    refuse_unknown(question, [row.rule for row in rows], pointer)
    broken = {match.rule.rule.id for match in RuleSet.compile(rules).run(draft_of(session, question))}
    shown = choose(question.rules, rules, broken)
    options = [
        RuleOption(text=one.rule.message[:1000], correct=one.rule.id in broken, rule=one.rule.id, section=one.section)
        for one in shown
    ]
    none = RuleOption(text=question.none_text, correct=not any(option.correct for option in options))
    return question.model_copy(update={"options": [*options, none], "version": rows[0].version})


def refuse_unknown(question: RuleBreak, known: Sequence[str], pointer: str) -> None:
    """Raise NoSuchRule when there is nothing to ask for, or something that does not exist."""
    if not known:
        detail = f"no rules of a policy {question.policy} are in force, or known here yet"
        raise NoSuchRule(errors=[FieldError(pointer=f"{pointer}/policy", detail=detail)])
    unknown = sorted(set(question.rules or ()) - set(known))
    if unknown:
        detail = f"{question.policy} has no rule {', '.join(unknown)}"
        raise NoSuchRule(errors=[FieldError(pointer=f"{pointer}/rules", detail=detail)])


def draft_of(session: Session, question: RuleBreak) -> Draft:
    """Return the post as staff would write it at this moment."""
    post = question.post
    return Draft(
        post.text,
        network=post.network,
        kind=post.kind,
        staff=True,
        links=tuple(post.links),
        first_contact=post.first_contact,
        now=session.now,
    )


def choose(asked: list[str] | None, rules: list[PlacedRule], broken: set[str]) -> list[PlacedRule]:
    """Return the rules to choose from, in the order of the policy: those asked for, else those broken and some others."""
    if asked is not None:
        return [one for one in rules if one.rule.id in asked]
    others = [one.rule.id for one in rules if one.rule.id not in broken]
    names = {*sorted(broken)[:19], *others[: max(SHOWN - len(broken), 0)]}
    return [one for one in rules if one.rule.id in names]
