"""How two versions differ: section by section, rule by rule."""

from collections.abc import Mapping
from typing import Literal

from services.policy.domain import versions
from services.policy.schemas.policies import Content, DiffOut, RuleDiff, RuleOut, SectionDiff, SectionOut
from shared.db import Session

Change = Literal["added", "removed", "changed", "unchanged"]


def compare(session: Session, key: str, number: int, against: int) -> DiffOut:
    """Return what version `number` adds, removes and changes `against` another; raises NotFound."""
    _, after = versions.get(session, key, number)
    _, before = versions.get(session, key, against)
    new, old = Content.model_validate(after.content), Content.model_validate(before.content)
    return DiffOut(
        policy=key,
        number=number,
        against=against,
        sections=sections_between({each.id: each for each in old.sections}, {each.id: each for each in new.sections}),
        rules=rules_between({each.id: each for each in old.rules}, {each.id: each for each in new.rules}),
    )


def sections_between(old: Mapping[str, SectionOut], new: Mapping[str, SectionOut]) -> list[SectionDiff]:
    """Compare sections by their hash, in the order of the new version, then those removed."""
    found = []
    for section_id, section in {**new, **{gone: old[gone] for gone in old if gone not in new}}.items():
        before, after = old.get(section_id), new.get(section_id)
        change = change_between(before.hash if before else None, after.hash if after else None)
        shown = (None, None) if change == "unchanged" else (before and before.markdown, after and after.markdown)
        found.append(
            SectionDiff(id=section_id, heading=section.heading, change=change, before=shown[0], after=shown[1])
        )
    return found


def rules_between(old: Mapping[str, RuleOut], new: Mapping[str, RuleOut]) -> list[RuleDiff]:
    """Compare rules by their text and place, in the order of the new version, then those removed."""
    found = []
    for rule_id, rule in {**new, **{gone: old[gone] for gone in old if gone not in new}}.items():
        before, after = old.get(rule_id), new.get(rule_id)
        change = change_between(before and (before.section, before.yaml), after and (after.section, after.yaml))
        shown = (None, None) if change == "unchanged" else (before and before.yaml, after and after.yaml)
        found.append(RuleDiff(id=rule_id, section=rule.section, change=change, before=shown[0], after=shown[1]))
    return found


def change_between(before: object, after: object) -> Change:
    """Name what became of something, of which None says that it is not there."""
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "unchanged" if before == after else "changed"
