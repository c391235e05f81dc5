"""What came of a back-test, as people look at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.policy.domain import backtests
from services.policy.domain.backtest_runs import rules_against
from services.policy.domain.figures import (
    NEWLY_CLEARED,
    NEWLY_FLAGGED,
    NOBODY,
    POSTS,
    UNCHANGED,
    Counts,
    Figures,
    Tally,
    tally,
)
from services.policy.schemas.backtests import (
    BacktestOut,
    BacktestProgress,
    FiguresOut,
    GroupFigures,
    RuleFigures,
    SampleOut,
)
from services.policy.schemas.policies import RuleOut
from services.policy.tables import Backtest
from shared.db import Session
from shared.past_posts import PastPost
from shared.rules import Rule

KINDS_OF_SAMPLES: tuple[Literal["newly_flagged"], Literal["newly_cleared"]] = ("newly_flagged", "newly_cleared")


@dataclass
class Shown:
    """A back-test and which post each of its samples is: their texts stay where they are, and are asked for there."""

    backtest: BacktestOut
    samples: list[tuple[SampleOut, str]] = field(default_factory=list)

    def fill(self, posts: Mapping[str, PastPost]) -> None:
        """Put the texts of posts that are still there into the samples."""
        for sample, post_id in self.samples:
            post = posts.get(post_id)
            if post is not None:
                sample.network, sample.language, sample.text = post.network, post.language, post.text


def show(session: Session, backtest_id: str) -> Shown:
    """Return a back-test with its figures; its samples have no text yet. Raises NotFound."""
    backtest = backtests.get(session, backtest_id)
    shown = Shown(BacktestOut(**backtests.line(session, backtest).model_dump(), figures=None))
    if backtest.figures is not None:
        shown.backtest.figures = figures_of(session, backtest, backtest.figures, shown)
    return shown


def figures_of(session: Session, backtest: Backtest, data: dict[str, Any], shown: Shown) -> FiguresOut:
    """Return the figures, the rules that change most first."""
    whole = backtest.state == "done"
    before = {rule.id: rule for rule in rules_against(session, backtest)}
    after = {rule["id"]: RuleOut.model_validate(rule) for rule in backtest.rules}
    rules = [rule_figures(before.get(rule), after.get(rule), data, shown, whole=whole) for rule in {**after, **before}]
    everything = data["all"]
    return FiguresOut(
        **counts(everything["total"]),
        posts=everything["total"][POSTS],
        protected=everything["protected"],
        departments=grouped(everything["departments"], posts=True) if whole else [],
        networks=grouped(everything["networks"], posts=True),
        weeks=grouped(everything["weeks"], posts=True),
        rules=sorted(rules, key=lambda rule: (-rule.newly_flagged - rule.newly_cleared, rule.rule)),
    )


def rule_figures(
    before: RuleOut | None, after: RuleOut | None, data: dict[str, Any], shown: Shown, *, whole: bool
) -> RuleFigures:
    """Return what becomes of a rule that is in one of the versions, or in both."""
    rule = after or before
    if rule is None:
        raise ValueError("a rule is in one of the versions")
    found: Tally = data["rules"].get(rule.id) or tally()
    kept = data["samples"].get(rule.id, {})
    samples: dict[Literal["newly_flagged", "newly_cleared"], list[SampleOut]] = {}
    for kind in KINDS_OF_SAMPLES:
        samples[kind] = []
        for _, post, start, end in kept.get(kind, ()):
            sample = SampleOut(network=None, language=None, text=None, span={"start": start, "end": end})
            samples[kind].append(sample)
            shown.samples.append((sample, post))
    return RuleFigures(
        **counts(found["total"]),
        protected=found["protected"],
        rule=rule.id,
        section=rule.section,
        change=change_of(before, after),
        severity=after.severity if after else None,
        severity_before=before.severity if before else None,
        departments=grouped(found["departments"]) if whole else [],
        networks=grouped(found["networks"]),
        weeks=grouped(found["weeks"]),
        samples=samples,
    )


def change_of(before: RuleOut | None, after: RuleOut | None) -> Literal["added", "removed", "changed", "unchanged"]:
    """Return how a rule differs between the versions; how its block is laid out makes no difference."""
    if before is None:
        return "added"
    if after is None:
        return "removed"
    same = before.section == after.section and Rule.from_yaml(before.yaml) == Rule.from_yaml(after.yaml)
    return "unchanged" if same else "changed"


def counts(of: Counts) -> dict[str, int]:
    """Return counts by their names."""
    return {
        "newly_flagged": of[NEWLY_FLAGGED],
        "newly_cleared": of[NEWLY_CLEARED],
        "unchanged": of[UNCHANGED],
    }


def grouped(by_key: Mapping[str, Counts], *, posts: bool = False) -> list[GroupFigures]:
    """Return the counts of each group, by key."""
    return [
        GroupFigures(**counts(of), key=key if key != NOBODY else None, posts=of[POSTS] if posts else None)
        for key, of in sorted(by_key.items())
    ]


def progress(session: Session, backtest_id: str) -> BacktestProgress:
    """Return how far a back-test is; raises NotFound."""
    backtest = backtests.get(session, backtest_id)
    total = Figures(0, backtest.figures).data["all"]["total"]
    return BacktestProgress(
        **counts(total),
        id=backtest.id,
        state=backtests.state_of(backtest.state),
        percent=backtests.percent(backtest),
        posts_done=backtest.done,
        posts_total=backtest.posts,
        eta=backtest.eta,
        revision=backtest.revision,
    )
