"""Which certificates are due: decided again whenever a part arrives, in whichever order the parts come.

Whoever adds a part writes it, then locks the person's row of `progress`, then reads all parts: of two transactions
that add one each, the later sees both. What concerns many people (a definition, a policy) is decided in a later
transaction, person by person under the same lock, so that it also misses nothing that was under way.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, literal
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.domain.certification import absences, agenda, certificates, changes, cutoffs, terms
from services.training.domain.certification.requirements import Accepted, Due, Facts, due, in_order
from services.training.domain.certification.standing import status_at
from services.training.domain.relearning import delta_queue
from services.training.schemas.certificates import Change
from services.training.tables import (
    Acknowledgement,
    Certificate,
    Certification,
    Completion,
    Cutoff,
    Person,
    PolicyVersion,
    Progress,
    Recheck,
)
from shared.db import Session, insert
from shared.events.training import CertificateIssuedV1, CertificateRenewedV1, CertificateTold
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.set_aside import at_hand, do_each

CHUNK = 200
SWEEP = "decisions"


def lock(session: Session, people: Iterable[str]) -> None:
    """Lock the progress of people until the commit; whatever changes their certificates does this first."""
    # An upsert locks a row that is there as FOR UPDATE would, and one that is not yet as well; sorted, against deadlocks.
    rows = insert(session, Progress.__table__).values([{"person": person} for person in sorted(set(people))])  # type: ignore[attr-defined]
    session.execute(rows.on_conflict_do_update(index_elements=["person"], set_={"person": rows.excluded.person}))


def decide(session: Session, people: Mapping[str, datetime | None]) -> None:
    """Issue what is due to people; the value says since when at the earliest, where only a change made it due."""
    if not people:
        return
    session.flush()
    lock(session, people)
    definitions = in_order(session.exec(select(Certification)).all())
    since = cutoffs.in_force(session, definitions)
    found: list[tuple[Certificate, Due]] = []
    holders: list[str] = []
    for person, facts in gather(session, list(people), since).items():
        cutoffs.void(session, facts.certificates.values(), since)
        for definition in definitions:
            ready = due(definition, facts, session.now, people[person])
            if ready is not None:
                facts.certificates[definition.key] = issue(session, person, ready, facts)
                found.append((facts.certificates[definition.key], ready))
        holders += [person] if facts.certificates else []
    announce(session, found)
    delta_queue.look_at(session, holders)


def gather(session: Session, people: list[str], since: Sequence[Cutoff]) -> dict[str, Facts]:
    """Read all parts of those people who are known and have not left."""
    known = session.exec(
        select(Person.id, Person.department, Person.region).where(col(Person.id).in_(people), col(Person.active))
    ).all()
    completed: dict[str, dict[str, datetime]] = {}
    for person, course, at in session.execute(
        core_select(col(Completion.person), col(Completion.course), func.max(col(Completion.completed_at)))
        .where(col(Completion.person).in_(people), col(Completion.course).is_not(None))
        .group_by(col(Completion.person), col(Completion.course))
    ):
        completed.setdefault(person, {})[course] = at
    accepted = acceptances(session, people)
    held: dict[str, dict[str, Certificate]] = {}
    current = select(Certificate).where(col(Certificate.person).in_(people), col(Certificate.archived_at).is_(None))
    for certificate in session.exec(current.execution_options(populate_existing=True)):
        held.setdefault(certificate.person, {})[certificate.certification] = certificate
    counting = cutoffs.counting(session, people, since)
    back_at = absences.last_ended(session, people)
    return {
        person: Facts(
            department,
            completed.get(person, {}),
            accepted.get(person, {}),
            held.get(person, {}),
            region,
            {which: latest.get(person) for which, latest in counting.items()},
            back_at.get(person),
        )
        for person, department, region in known
    }


def acceptances(session: Session, people: list[str]) -> dict[str, dict[str, Accepted]]:
    """Return which policies people accept as they are: a version in force since the last material change."""
    accepted: dict[str, dict[str, Accepted]] = {}
    material = dict(
        session.execute(
            core_select(col(PolicyVersion.policy), func.max(col(PolicyVersion.version)))
            .where(col(PolicyVersion.material))
            .group_by(col(PolicyVersion.policy))
        ).all()
    )
    rows = session.exec(
        select(Acknowledgement)
        .join(
            PolicyVersion,
            (col(PolicyVersion.policy) == Acknowledgement.policy)
            & (col(PolicyVersion.version) == Acknowledgement.version),
        )
        .where(col(Acknowledgement.person).in_(people))
        .order_by(col(Acknowledgement.acknowledged_at))
    )
    for row in rows:
        if row.version >= material.get(row.policy, 0):
            policies = accepted.setdefault(row.person, {})
            first = policies[row.policy].first if row.policy in policies else row.acknowledged_at
            policies[row.policy] = Accepted(first, row.acknowledged_at, row.version)
    return accepted


def issue(session: Session, person: str, ready: Due, facts: Facts) -> Certificate:
    """Write a certificate and archive the one it follows."""
    definition = ready.certification
    certificate = Certificate(
        person=person,
        certification=definition.key,
        sequence=ready.follows.sequence + 1 if ready.follows else 1,
        issued_at=ready.issued_at,
        expiring_from=ready.term.expiring_from,
        expires_at=ready.term.expires_at,
        grace_until=ready.term.grace_until,
        renewable_from=terms.opening_of(definition, ready.term),
        sections=sections(session, {policy: facts.accepted[policy].version for policy in definition.policies}),
        basis=ready.basis,
        suspensions=[],
        replaces=ready.follows.id if ready.follows and ready.renews else None,
        seen_to=ready.issued_at if ready.by_clock else session.now,
        recorded_at=session.now,
    )
    turn = agenda.next_turn(certificate, definition.reminder_days)
    certificate.next_turn_at = turn.at if turn else None
    if ready.follows is not None:
        archive(session, ready.follows, certificate)
    session.add(certificate)
    return certificate


def archive(session: Session, old: Certificate, new: Certificate) -> None:
    """Let a certificate make room for the one that follows it, once all is told that came before that one."""
    agenda.catch_up(session, [old], new.issued_at)
    old.archived_at = session.now
    old.next_turn_at = None
    old.replaced_by = new.id if new.replaces else None
    old.revision += 1
    session.add(old)
    session.flush()


def sections(session: Session, accepted: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the sections, with their hashes, of the policy versions that a certificate rests on."""
    versions = [session.get_one(PolicyVersion, which) for which in sorted(accepted.items())]
    return [
        {"policy": version.policy, "version": version.version, "section": section["id"], "hash": section["hash"]}
        for version in versions
        for section in version.sections
    ]


def announce(session: Session, found: list[tuple[Certificate, Due]]) -> None:
    """Tell of new certificates, enter them in the feed and prove them."""
    session.flush()
    events: list[CertificateTold] = []
    entries: list[changes.Entry] = []
    for certificate, ready in found:
        status = status_at(certificate, session.now, None)
        change, kind = (Change.RENEWED, CertificateRenewedV1) if ready.renews else (Change.ISSUED, CertificateIssuedV1)
        events.append(certificates.event(kind, certificate, status))
        entries.append(changes.Entry(certificate.person, certificate.id, change, status, certificate.issued_at))
        covered = digest_of(json.dumps(certificate.sections, sort_keys=True))
        record(session, f"certificate.{change}", f"certificate/{certificate.id}", covered, certificate.person)
    tell(session, *events)
    changes.add(session, entries)


def later(session: Session, people: ColumnElement[bool]) -> None:
    """Have it decided again, soon and in a transaction of its own, for the active people of a condition."""
    table = Recheck.__table__  # type: ignore[attr-defined]
    chosen = core_select(col(Person.id), literal(session.now, table.c.changed_at.type)).where(
        people, col(Person.active)
    )
    queued = insert(session, table).from_select(["person", "changed_at"], chosen)
    session.execute(queued.on_conflict_do_update(index_elements=["person"], set_={"changed_at": session.now}))


def work_off(session: Session) -> None:
    """Decide again for the next of those who wait for it."""
    rows = select(Recheck.person, Recheck.changed_at).where(at_hand(session, SWEEP, col(Recheck.person)))
    waiting = dict(session.exec(rows.order_by(Recheck.person).limit(CHUNK)).all())

    def decide_again(people: Sequence[str]) -> None:
        some = {person: waiting[person] for person in people}
        decide(session, some)
        session.execute(
            delete(Recheck).where(col(Recheck.person).in_(some), col(Recheck.changed_at) <= max(some.values()))
        )

    do_each(session, SWEEP, list(waiting), decide_again)
