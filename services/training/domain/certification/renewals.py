"""A certificate that somebody renews, without anything having been learnt again; the next renewal asks for it anew."""

from services.training.domain.certification import certificates, certifications, changes, decisions, terms
from services.training.domain.certification.requirements import Due
from services.training.domain.certification.standing import status_at
from services.training.schemas.certificates import Change
from services.training.tables import Certificate
from shared.db import Session
from shared.events.training import CertificateRenewedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.problems import Conflict


class PolicyNotAccepted(Conflict):
    """The holder has not accepted a policy that the tier asks for as it is in force."""


def renew(session: Session, held: Certificate, reason: str) -> Certificate:
    """Issue the certificate that replaces one that counts; its holder's progress must be locked. Raises PolicyNotAccepted."""
    tier = certifications.load(session, held.certification)
    facts = decisions.gather(session, [held.person], [])[held.person]
    missing = [policy for policy in tier.policies if policy not in facts.accepted]
    if missing:
        raise PolicyNotAccepted(f"The holder has not accepted {', '.join(missing)} as it is in force.")
    expires_at = terms.expiry_of(tier, session.now, session.now, held)
    term = terms.term_of(tier, session.now, expires_at)
    made = decisions.issue(session, held.person, Due(tier, session.now, term, held.basis, held), facts)
    made.reason = reason
    session.add(made)
    session.flush()
    status = status_at(made, session.now, None)
    actor = changes.actor_of(session)
    tell(session, certificates.event(CertificateRenewedV1, made, status))
    changes.add(session, [changes.Entry(made.person, made.id, Change.RENEWED, status, session.now, actor, reason)])
    record(session, "certificate.renewed", f"certificate/{made.id}", digest_of(reason), made.person)
    return made
