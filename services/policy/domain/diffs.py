"""How two versions differ: section by section and word by word, rule by rule."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from sqlmodel import select

from services.policy.domain import material, versions, wording
from services.policy.domain.wording import Budget
from services.policy.schemas.diffs import DiffOut, FieldDiff, RuleDiff, SectionChange, SectionDiff
from services.policy.schemas.policies import Content, RuleOut, SectionOut
from services.policy.tables import State, Version
from shared.db import Session
from shared.problems import NotFound
from shared.rules import InvalidRule, Rule

FIELDS = ("title", "locale", "owner", "contact")


def compare(session: Session, key: str, number: int, against: int | None) -> DiffOut:
    """Return how version `number` differs from another, the one in force unless named; raises NotFound."""
    policy, after = versions.get(session, key, number)
    if against is None:
        in_force = select(Version.number).where(Version.policy_id == policy.id, Version.state == State.PUBLISHED)
        against = session.exec(in_force).first()
        if against is None:
            raise NotFound(f"No version of {key} is in force; say `against` which one to compare.")
    _, before = versions.get(session, key, against)
    old, new = Content.model_validate(before.content), Content.model_validate(after.content)
    budget = Budget()
    sections = sections_between(old.sections, new.sections, budget)
    rules = rules_between({each.id: each for each in old.rules}, {each.id: each for each in new.rules}, budget)
    return DiffOut(
        policy=key,
        number=number,
        against=against,
        fields=[
            FieldDiff(field=name, before=getattr(old, name), after=getattr(new, name))
            for name in FIELDS
            if getattr(old, name) != getattr(new, name)
        ],
        sections=sections,
        rules=rules,
        material=material.suggest(sections, rules, stated=after.material),
    )


def sections_between(old: Sequence[SectionOut], new: Sequence[SectionOut], budget: Budget) -> list[SectionDiff]:
    """Compare sections by their hash and place, in the order of the new version, then those removed."""
    olds, news = {each.id: each for each in old}, {each.id: each for each in new}
    moved = moved_between(olds, news)
    every = {**news, **{each.id: each for each in old if each.id not in news}}
    return [section_between(olds.get(each), news.get(each), budget, moved=each in moved) for each in every]


def section_between(old: SectionOut | None, new: SectionOut | None, budget: Budget, *, moved: bool) -> SectionDiff:
    """Compare what a section was with what it is; one of them is there."""
    shown = new or old
    if shown is None:
        raise ValueError("a section that is in neither version")
    change = change_between(old and old.hash, new and new.hash, moved=moved)
    differs = change in {"added", "removed", "changed"}
    words = wording.compare(said_in(old), said_in(new), budget) if differs else []
    return SectionDiff(
        id=shown.id,
        heading=shown.heading,
        change=change,
        moved=moved,
        parent=shown.parent,
        before_heading=old.heading if old else None,
        before_parent=old.parent if old else None,
        before=old.markdown if old and differs else None,
        after=new.markdown if new and differs else None,
        html=wording.marked(words),
        words=words,
    )


def said_in(section: SectionOut | None) -> str:
    """Return what a section says, its heading first."""
    return f"{section.heading}\n\n{section.text or section.markdown}" if section else ""


def moved_between(old: Mapping[str, SectionOut], new: Mapping[str, SectionOut]) -> set[str]:
    """Return the sections that stand elsewhere: the fewest by which one order becomes the other, or under another."""
    kept = [each for each in new if each in old]
    places = {each: place for place, each in enumerate(old)}
    steady = increasing([places[each] for each in kept])
    stayed = {kept[index] for index in steady}
    return {
        each
        for each in kept
        if each not in stayed or (old[each].parent, old[each].level) != (new[each].parent, new[each].level)
    }


def increasing(numbers: Sequence[int]) -> list[int]:
    """Return the places of a longest increasing subsequence."""
    ends: list[int] = []
    at: list[int] = []
    before: list[int | None] = []
    for index, number in enumerate(numbers):
        place = bisect_left(ends, number)
        before.append(at[place - 1] if place else None)
        ends[place:], at[place:] = [number, *ends[place + 1 :]], [index, *at[place + 1 :]]
    found: list[int] = []
    last = at[-1] if at else None
    while last is not None:
        found.append(last)
        last = before[last]
    return found[::-1]


def rules_between(old: Mapping[str, RuleOut], new: Mapping[str, RuleOut], budget: Budget) -> list[RuleDiff]:
    """Compare rules by what they say and where they stand, in the order of the new version, then those removed."""
    every = {**new, **{gone: old[gone] for gone in old if gone not in new}}
    return [rule_between(shown, old.get(rule_id), new.get(rule_id), budget) for rule_id, shown in every.items()]


def rule_between(shown: RuleOut, before: RuleOut | None, after: RuleOut | None, budget: Budget) -> RuleDiff:
    """Compare what a rule was with what it is; layout and comments are no difference, its section is one."""
    old, new = fields_of(before) if before else {}, fields_of(after) if after else {}
    fields = sorted(name for name in {*old, *new} if old.get(name) != new.get(name)) if before and after else []
    change = change_between(old or None, new or None, moved=False)
    differs = change in {"added", "removed", "changed"}
    words = wording.compare(before.yaml if before else "", after.yaml if after else "", budget) if differs else []
    return RuleDiff(
        id=shown.id,
        section=shown.section,
        change=change,
        moved="section" in fields,
        before_section=before.section if before else None,
        fields=fields,
        before=before.yaml if before and differs else None,
        after=after.yaml if after and differs else None,
        html=wording.marked(words),
        words=words,
    )


def fields_of(rule: RuleOut) -> dict[str, object]:
    """Return what a rule says, field by field, and its section; one that can no longer be read is its text."""
    try:
        return {"section": rule.section, **Rule.from_yaml(rule.yaml).model_dump(mode="json")}
    except InvalidRule:
        return {"section": rule.section, "yaml": rule.yaml}


def change_between(before: object, after: object, *, moved: bool) -> SectionChange:
    """Name what became of something, of which None says that it is not there."""
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before != after:
        return "changed"
    return "moved" if moved else "unchanged"
