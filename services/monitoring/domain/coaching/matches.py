"""What a judgement makes of findings: it opens them, counts rules on trial, and closes what an edit has mended."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam
from sqlmodel import col, select

from services.monitoring.domain.coaching import findings
from services.monitoring.domain.figures.summary import Counts, Place
from services.monitoring.domain.posts.written import Written
from services.monitoring.settings import terms
from services.monitoring.tables import EmergencyRule, Finding, PolicyRule, ShadowMatch
from shared.db import Session
from shared.events.monitoring import FindingOpenedV1
from shared.evidence import Deed, digest_of, record, record_all
from shared.ids import new_id
from shared.outbox import tell
from shared.rules import Match
from shared.statements import NewRows, Prebuilt

NEW_FINDINGS = NewRows(
    Finding.__table__,  # type: ignore[attr-defined]
    *("id", "post", "rule", "policy", "version", "section", "severity", "span_start", "span_end", "state"),
    *("network", "person", "department", "coach", "opened_at", "changed_at", "reason", "disturbing", "mended"),
    *("claimed_at", "revision"),
    unique=("post", "policy", "rule"),
)
COUNT_ON_TRIAL = Prebuilt(
    lambda of: (
        of(ShadowMatch.__table__)  # type: ignore[attr-defined]
        .values({name: bindparam(name) for name in ShadowMatch.model_fields})
        .on_conflict_do_nothing()
    )
)
MENDABLE = ("open", "claimed", "guided")
"""Where an edit ends a finding; who appealed has asked a question, and gets an answer."""
MENDED = "The post was edited and no longer breaks the rule."


class Judged(NamedTuple):
    """A text with the rules that it breaks: those that count, and those on trial."""

    written: Written
    matches: list[Match]
    on_trial: list[Match]


def settle(session: Session, judged: Sequence[Judged], counts: Counts) -> None:
    """Do what follows from texts that were judged, none of them of one post."""
    tried = [trial(session, one, match) for one in judged for match in one.on_trial]
    if tried:
        COUNT_ON_TRIAL.run(session, *tried)
    mend(session, [one for one in judged if one.written.revision > 1])
    rows = [row_of(session, one.written, match) for one in judged for match in one.matches]
    if rows:
        places = {one.written.post: one.written.place for one in judged}
        new = keep(session, rows, places, counts)
        texts = {one.written.post: one.written.text for one in judged}
        record_all(
            session,
            [Deed("finding.open", f"finding/{row['id']}", digest_of(texts[row["post"]]), row["person"]) for row in new],
        )


def trial(session: Session, one: Judged, match: Match) -> dict[str, Any]:
    """Return what is kept of a rule on trial that matched."""
    rule = match.rule
    return {
        "post": one.written.post,
        "policy": rule.policy,
        "rule": rule.rule.id,
        "version": rule.version,
        "section": rule.section,
        "at": session.now,
    }


def row_of(session: Session, one: Written, match: Match) -> dict[str, Any]:
    """Return the finding of a match."""
    rule = match.rule
    return {
        "id": new_id(),
        "post": one.post,
        "rule": rule.rule.id,
        "policy": rule.policy,
        "version": rule.version,
        "section": rule.section,
        "severity": rule.rule.severity,
        "span_start": match.span.start,
        "span_end": match.span.end,
        "state": "open",
        "network": one.place.network,
        "person": one.author.person,
        "department": one.author.department,
        "coach": None,
        "opened_at": session.now,
        "changed_at": session.now,
        "reason": None,
        "disturbing": rule.rule.disturbing or one.topic in terms().disturbing_topics,
        "mended": False,
        "claimed_at": None,
        "revision": 1,
    }


def keep(
    session: Session, rows: list[dict[str, Any]], places: dict[str, Place], counts: Counts
) -> list[dict[str, Any]]:
    """Keep the findings that are new, count them and tell of them; return those."""
    posts = {row["post"] for row in rows}
    before = session.execute(
        select(Finding.post, Finding.policy, Finding.section).where(col(Finding.post).in_(posts))
    ).all()
    counted = {(post, policy, section) for post, policy, section in before}
    kept = NEW_FINDINGS.keep(session, rows)
    new = [row for row in rows if row["id"] in kept]
    for row in new:
        place = places[row["post"]]
        counts.add(place.key(row["policy"], row["section"], row["rule"]), posts=1, findings=1)
        where = (row["post"], row["policy"], row["section"])
        if where not in counted:
            counted.add(where)
            counts.add(place.key(row["policy"], row["section"]), posts=1)
    tell(session, *(FindingOpenedV1(**row) for row in new))
    return new


def mend(session: Session, edited: Sequence[Judged]) -> None:
    """Close what an edit mended, open again what another edit broke, and move what still stands to its new place."""
    if not edited:
        return
    broken = {
        (one.written.post, match.rule.policy, match.rule.rule.id): match for one in edited for match in one.matches
    }
    digests = {one.written.post: digest_of(one.written.text) for one in edited}
    there = select(Finding).where(col(Finding.post).in_([one.written.post for one in edited]))
    asked = in_force(session)
    for finding in session.execute(there.order_by(col(Finding.id)).with_for_update()).scalars():
        match = broken.get((finding.post, finding.policy, finding.rule))
        if match is not None:
            (again if finding.mended else moved)(session, finding, match, digests[finding.post])
        elif finding.state in MENDABLE and (finding.policy, finding.rule) in asked:
            finding.mended, finding.reason = True, MENDED
            findings.close(session, finding)
            record(session, "finding.mend", f"finding/{finding.id}", digests[finding.post], finding.person)


def in_force(session: Session) -> set[tuple[str, str]]:
    """Return policy and id of the rules in force: one that is no longer asked mends nothing."""
    written = session.execute(select(PolicyRule.policy, PolicyRule.rule)).all()
    emergencies = session.execute(select(EmergencyRule.policy, EmergencyRule.rule)).all()
    return {(policy, rule) for policy, rule in (*written, *emergencies)}


def again(session: Session, finding: Finding, match: Match, digest: str) -> None:
    """Open a finding again: an edit had mended the post, and another one broke it."""
    finding.state, finding.coach, finding.claimed_at = "open", None, None
    finding.mended, finding.reason = False, None
    finding.span_start, finding.span_end = match.span.start, match.span.end
    findings.changed(session, finding)
    tell(session, FindingOpenedV1(**findings.told(finding)))
    record(session, "finding.reopen", f"finding/{finding.id}", digest, finding.person)


def moved(session: Session, finding: Finding, match: Match, _digest: str) -> None:
    """Note where in the new text a rule matches, while somebody still has to look at it."""
    place = (match.span.start, match.span.end)
    if finding.state in findings.WAITING and (finding.span_start, finding.span_end) != place:
        finding.span_start, finding.span_end = place
        findings.changed(session, finding)


def end_of_posts(session: Session, posts: Sequence[str]) -> None:
    """Close what is open about posts that were deleted at their network."""
    there = select(Finding).where(col(Finding.post).in_(posts), col(Finding.state).in_(MENDABLE))
    for finding in session.execute(there.order_by(col(Finding.id)).with_for_update()).scalars():
        finding.reason = "The post was deleted."
        findings.close(session, finding)
        record(session, "finding.end", f"finding/{finding.id}", person=finding.person)
