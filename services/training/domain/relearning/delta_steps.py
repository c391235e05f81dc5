"""The life of one delta: asked, asked again, done, missed, withdrawn; each step is told and proved."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.training.domain.relearning.section_changes import Changed, Known
from services.training.tables import Certificate, Certification, Delta, DeltaState
from shared.db import Session
from shared.events.training import DeltaDoneV1, DeltaDueV1, DeltaMissedV1, DeltaTold, DeltaWithdrawnV1
from shared.evidence import digest_of, record
from shared.outbox import tell


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that the holder of a certificate is to learn anew: a changed section of a policy, or a course's modules."""

    version: int
    policy: str | None = None
    section: str | None = None
    hash: str | None = None
    course: str | None = None
    modules: Sequence[str] | None = None
    old: Known | None = None
    asked_by: int = 0

    @classmethod
    def of_section(cls, policy: str, change: Changed, old: Known | None) -> "Wanted":
        """Return a section to be read."""
        return cls(change.version, policy, change.section, change.hash, old=old, asked_by=change.asked_by)

    @property
    def subject(self) -> str:
        """How it is named among the deltas of a certificate."""
        return f"course/{self.course}" if self.course else f"policy/{self.policy}/{self.section}"


def ask(session: Session, row: Certificate, tier: Certification, wanted: Wanted, items: list[dict[str, Any]]) -> Delta:
    """Ask the holder of a certificate to learn something anew, by the tier's deadline."""
    due_at = session.now + timedelta(days=tier.delta_days)
    delta = Delta(
        person=row.person,
        certificate=row.id,
        certification=row.certification,
        subject=wanted.subject,
        policy=wanted.policy,
        section=wanted.section,
        course=wanted.course,
        modules=list(wanted.modules) if wanted.modules is not None else None,
        old_version=wanted.old.version if wanted.old else None,
        old_hash=wanted.old.hash or None if wanted.old else None,
        version=wanted.version,
        hash=wanted.hash,
        items=items,
        asked_at=session.now,
        due_at=due_at,
        ends_at=due_at + timedelta(days=tier.delta_grace_days),
        next_turn_at=min(due_at, row.expires_at),
    )
    session.add(delta)
    session.flush()
    say(session, DeltaDueV1, delta, "asked")
    return delta


def ask_again(session: Session, delta: Delta, tier: Certification, wanted: Wanted, items: list[dict[str, Any]]) -> None:
    """Let an open delta be about what it says by now; a change that asks for it anew gives its time anew, if any is left."""
    if (delta.version, delta.hash) == (wanted.version, wanted.hash):
        return
    same_words = delta.hash == wanted.hash and delta.course is None
    anew = wanted.asked_by > delta.version and delta.missed_at is None
    delta.version, delta.hash = wanted.version, wanted.hash
    delta.modules = list(wanted.modules) if wanted.modules is not None else None
    delta.revision += 1
    session.add(delta)
    if same_words:
        return
    delta.items = items
    if anew:
        delta.due_at = session.now + timedelta(days=tier.delta_days)
        delta.ends_at = delta.due_at + timedelta(days=tier.delta_grace_days)
        delta.next_turn_at = delta.due_at
    say(session, DeltaDueV1, delta, "asked_again")


def done(session: Session, row: Certificate, delta: Delta, how: str) -> None:
    """Close a delta that was learnt; the certificate covers what it says."""
    if delta.policy is not None and delta.section is not None and delta.hash is not None:
        cover(session, row, delta.policy, delta.section, Known(delta.version, delta.hash))
    delta.how = how
    close(session, delta, DeltaState.DONE)
    facts = told_of(delta)
    tell(session, DeltaDoneV1(**facts, how=how))
    proof = digest_of(json.dumps([delta.subject, delta.version, delta.hash, how]))
    record(session, "delta.done", f"delta/{delta.id}", proof, delta.person)


def cover(session: Session, row: Certificate, policy: str, section: str, known: Known) -> None:
    """Let a certificate cover a section as it is known now; its dates stay."""
    since = min(one.get("since", one["version"]) for one in row.sections if one["policy"] == policy)
    now = {"policy": policy, "version": known.version, "section": section, "hash": known.hash, "since": since}
    before = [(one["policy"], one["section"]) for one in row.sections]
    sections = [now if where == (policy, section) else one for where, one in zip(before, row.sections, strict=True)]
    row.sections = sections if (policy, section) in before else [*sections, now]
    row.revision += 1
    session.add(row)
    covered = digest_of(json.dumps(row.sections, sort_keys=True))
    record(session, "certificate.covers", f"certificate/{row.id}", covered, row.person)


def miss(session: Session, delta: Delta) -> None:
    """Say that the deadline of a delta has passed; it can be done until the certificate ends."""
    delta.missed_at = delta.due_at
    delta.next_turn_at = delta.ends_at
    delta.revision += 1
    session.add(delta)
    say(session, DeltaMissedV1, delta, "missed")


def lapse(session: Session, delta: Delta) -> None:
    """Close a delta for which its certificate ended."""
    close(session, delta, DeltaState.MISSED)
    record(session, "delta.lapsed", f"delta/{delta.id}", delta.hash, delta.person)


def withdraw(session: Session, delta: Delta) -> None:
    """Ask a delta no more."""
    close(session, delta, DeltaState.WITHDRAWN)
    say(session, DeltaWithdrawnV1, delta, "withdrawn")


def close(session: Session, delta: Delta, state: DeltaState) -> None:
    """Bring a delta to its end."""
    delta.state, delta.closed_at, delta.next_turn_at = state, session.now, None
    delta.revision += 1
    session.add(delta)


def say(session: Session, kind: type[DeltaTold], delta: Delta, what: str) -> None:
    """Tell and prove a step."""
    tell(session, kind(**told_of(delta)))
    record(session, f"delta.{what}", f"delta/{delta.id}", delta.hash, delta.person)


def told_of(delta: Delta) -> dict[str, Any]:
    """Return what every event of a delta says."""
    return delta.model_dump(include=set(DeltaTold.model_fields))
