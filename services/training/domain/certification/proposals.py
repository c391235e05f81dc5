"""Proposed suspensions: monitoring, a coach or a lead proposes, and a person whom it does not concern decides."""

from collections.abc import Sequence

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import certificates, changes, decisions, measures
from services.training.domain.certification.history import names_of
from services.training.schemas.certificates import Change
from services.training.schemas.proposals import ProposalDecisionIn, ProposalIn, ProposalOut, Verdict
from services.training.tables import Certificate, Person, ProposalState, State, SuspensionProposal
from shared.conditions import expect
from shared.db import Session
from shared.events.monitoring import CertificateSuspensionProposedV1
from shared.events.training import SuspensionDecidedV1, SuspensionProposedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, Forbidden, NotFound


class ProposalOpen(Conflict):
    """A suspension of this certificate is proposed already and not decided yet."""


class ProposalDecided(Conflict):
    """The proposal is confirmed or declined already."""


class OwnSuspensionProposal(Forbidden):
    """Whoever proposed a suspension does not decide on it."""


def propose(session: Session, certificate: str, body: ProposalIn) -> ProposalOut:
    """Propose that a certificate should not count; raises NotFound, OwnMatter, CertificateNotInForce or ProposalOpen."""
    caller = session.context.caller
    may_write = caller is not None and caller.has("certificates:write")
    row, person = certificates.load(session, certificate, "certificates:write" if may_write else "certificates:read")
    access.refuse_own(session, row.person)
    decisions.lock(session, [row.person])
    session.refresh(row)
    if row.state != State.HELD or row.archived_at is not None:
        raise measures.CertificateNotInForce
    if open_one(session, row) is not None:
        raise ProposalOpen
    proposal = SuspensionProposal(
        certificate=row.id,
        person=row.person,
        certification=row.certification,
        reason=body.reason,
        finding=body.finding,
        proposed_by=changes.actor_of(session),
        proposer=caller.person if caller else None,
        proposed_at=session.now,
    )
    keep(session, proposal, digest_of(body))
    return out(session, [(proposal, person)])[0]


def from_coach(session: Session, told: CertificateSuspensionProposedV1) -> None:
    """Keep what a coach proposed over a finding, under the id that they were given; somebody else decides.

    Nothing is kept where there is nothing left to decide: one is open already, or the certificate no longer counts.
    """
    decisions.lock(session, [told.person])
    row = session.get(Certificate, told.certificate)
    if row is None or row.state != State.HELD or row.archived_at is not None or open_one(session, row) is not None:
        return
    proposal = SuspensionProposal(
        id=told.id,
        certificate=row.id,
        person=row.person,
        certification=row.certification,
        reason=told.reason,
        finding=told.finding,
        proposed_by=changes.person_actor(told.proposer) if told.proposer else None,
        proposer=told.proposer,
        proposed_at=told.proposed_at,
    )
    keep(session, proposal, digest_of(told.reason))


def keep(session: Session, proposal: SuspensionProposal, content_hash: str) -> None:
    """Keep a proposal, tell of it and prove it."""
    session.add(proposal)
    session.flush()
    told = proposal.model_dump(include=set(SuspensionProposedV1.model_fields))
    tell(session, SuspensionProposedV1(**told))
    record(session, "suspension.proposed", f"suspension/{proposal.id}", content_hash, proposal.person)


def decide(session: Session, proposal: str, body: ProposalDecisionIn, if_match: int | None) -> ProposalOut:
    """Confirm a proposal, which suspends what the holder has of that tier now, or decline it.

    Raises NotFound, Stale, OwnMatter, OwnSuspensionProposal, ProposalDecided, or CertificateNotInForce when there is nothing left
    to suspend: then it can only be declined.
    """
    row, person = load(session, proposal, "certificates:write")
    access.refuse_own(session, row.person)
    refuse_proposer(row, session.context.caller.person if session.context.caller else None)
    decider = access.deciding(session, body.employee_number, "certificates:write")
    if decider.id == row.person:
        raise access.OwnMatter
    refuse_proposer(row, decider.id)
    decisions.lock(session, [row.person])
    session.refresh(row)
    session.refresh(person)
    expect(row.revision, if_match)
    if row.state != ProposalState.OPEN:
        raise ProposalDecided
    if body.decision is Verdict.CONFIRM:
        suspend(session, row, body.reason, changes.person_actor(decider.id))
    row.state = ProposalState.CONFIRMED if body.decision is Verdict.CONFIRM else ProposalState.DECLINED
    row.decided_by, row.decided_at, row.answer = decider.id, session.now, body.reason
    row.revision += 1
    session.add(row)
    told = row.model_dump(include=set(SuspensionDecidedV1.model_fields))
    tell(session, SuspensionDecidedV1(**told | {"decision": row.state, "reason": body.reason}))
    record(session, f"suspension.{row.state}", f"suspension/{row.id}", digest_of(body), row.person)
    return out(session, [(row, person)])[0]


def refuse_proposer(row: SuspensionProposal, person: str | None) -> None:
    """Raise OwnSuspensionProposal for whoever proposed it."""
    if row.proposer is not None and row.proposer == person:
        raise OwnSuspensionProposal


def suspend(session: Session, proposal: SuspensionProposal, reason: str, actor: str) -> None:
    """Suspend the holder's current certificate of the tier, which may have been renewed since it was proposed."""
    current = [row for row in measures.current(session, proposal.person) if row.certification == proposal.certification]
    for row in current:
        measures.hold(session, row)
        measures.done(session, row, Change.SUSPENDED, reason, actor)


def open_one(session: Session, certificate: Certificate) -> SuspensionProposal | None:
    """Return what is proposed and not decided yet of a person's tier."""
    query = select(SuspensionProposal).where(
        SuspensionProposal.person == certificate.person,
        SuspensionProposal.certification == certificate.certification,
        SuspensionProposal.state == ProposalState.OPEN,
    )
    return session.exec(query).first()


def get(session: Session, proposal: str) -> ProposalOut:
    """Return a proposal; raises NotFound."""
    return out(session, [load(session, proposal, "certificates:read")])[0]


def find(
    session: Session, paging: PageQuery, state: ProposalState | None, certificate: str | None
) -> Page[ProposalOut]:
    """List proposals, oldest first."""
    reached = select(Person.id).where(*access.limits(session, "certificates:read"))
    query = select(SuspensionProposal).where(col(SuspensionProposal.person).in_(reached))
    if state is not None:
        query = query.where(SuspensionProposal.state == state)
    if certificate is not None:
        query = query.where(SuspensionProposal.certificate == certificate)
    found: Page[SuspensionProposal] = page(session, query, paging, key=SuspensionProposal.id, to=lambda row: row)
    people = select(Person).where(col(Person.id).in_({row.person for row in found.items}))
    holders = {person.id: person for person in session.exec(people)}
    items = out(session, [(row, holders[row.person]) for row in found.items])
    return Page(items=items, next_cursor=found.next_cursor)


def load(session: Session, proposal: str, scope: str) -> tuple[SuspensionProposal, Person]:
    """Return a proposal that the caller may reach, with the holder; raises NotFound."""
    found = session.exec(
        select(SuspensionProposal, Person)
        .join(Person, col(Person.id) == col(SuspensionProposal.person))
        .where(SuspensionProposal.id == proposal, *access.limits(session, scope))
    ).first()
    if found is None:
        raise NotFound("There is no such proposal, or it is someone else's.")
    return found


def out(session: Session, rows: Sequence[tuple[SuspensionProposal, Person]]) -> list[ProposalOut]:
    """Return proposals as clients see them."""
    deciders = {changes.person_actor(row.decided_by) for row, _ in rows if row.decided_by is not None}
    names = names_of(session, deciders | {row.proposed_by for row, _ in rows if row.proposed_by is not None})
    return [
        ProposalOut.model_validate(
            {
                **row.model_dump(),
                "employee_number": person.employee_number,
                "proposed_by": names[row.proposed_by] if row.proposed_by else "service",
                "decided_by": names[changes.person_actor(row.decided_by)] if row.decided_by else None,
            }
        )
        for row, person in rows
    ]
