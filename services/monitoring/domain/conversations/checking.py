"""What the rules in force say of words for customers, before anybody sends them."""

from services.monitoring.domain import rules
from services.monitoring.schemas.wordings import Verdict
from shared.db import Session
from shared.problems import Conflict
from shared.protected import guard
from shared.rules import Draft, Match

GRAVEST: tuple[Verdict, ...] = ("block", "hold", "advise")


class WordingRefused(Conflict):
    """The rules in force do not let these words be used again and again."""


def judge(session: Session, draft: Draft) -> tuple[list[Match], Verdict]:
    """Return what matches, and the gravest that a rule says; words about what the law protects are advised on only."""
    matches = [match for match in rules.at_hand(session).run(draft) if not match.rule.on_trial]
    severities = {match.rule.rule.severity for match in matches}
    if severities and guard().topics(draft.text):
        return matches, "advise"
    return matches, next((one for one in GRAVEST if one in severities), "clear")


def advice(matches: list[Match]) -> list[str]:
    """Return what the rules say to whoever wrote the words."""
    return [match.rule.rule.message for match in matches]


def reasons(matches: list[Match]) -> list[dict[str, object]]:
    """Return the matches as a problem's extra member."""
    return [
        {
            "rule": match.rule.rule.id,
            "severity": match.rule.rule.severity,
            "policy": match.rule.policy,
            "version": match.rule.version,
            "section": match.rule.section,
            "span": {"start": match.span.start, "end": match.span.end},
            "message": match.rule.rule.message,
            "suggestion": match.rule.rule.suggestion,
        }
        for match in matches
    ]
