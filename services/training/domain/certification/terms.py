"""For how long a certificate holds: its first term, the next one by the tier's renewal mode, and terms that change.

Pure functions over rows, no database.
"""

from datetime import UTC, date, datetime, timedelta

from services.training.domain.certification.standing import Term
from services.training.tables import Certificate, Certification, RenewalMode


def term_of(definition: Certification, issued_at: datetime, expires_at: datetime) -> Term:
    """Return the dates of a certificate that is issued and ends at these moments."""
    begins = max(issued_at, expires_at - timedelta(days=definition.expiring_days))
    return Term(begins, expires_at, expires_at + timedelta(days=definition.grace_days))


def expiry_of(definition: Certification, done_at: datetime, issued_at: datetime, held: Certificate | None) -> datetime:
    """Return when a certificate ends whose last course was done at `done_at`, and that renews `held` if there is one.

    Counted from the previous expiry as long as the previous certificate still counts, else from the course.
    """
    if held is None or max(held.expires_at, held.grace_until) <= issued_at:
        return first_expiry(definition, done_at)
    if definition.renewal_mode == RenewalMode.FROM_EXPIRY:
        return held.expires_at + timedelta(days=definition.validity_days)
    if definition.renewal_mode == RenewalMode.CALENDAR:
        # The day that ends the term before must not end this one as well.
        return next_day(definition, max(minimum_end(definition, done_at), held.expires_at + timedelta(microseconds=1)))
    return first_expiry(definition, done_at)


def first_expiry(definition: Certification, done_at: datetime) -> datetime:
    """Return until when what was learnt at `done_at` counts by itself."""
    if definition.renewal_mode == RenewalMode.CALENDAR:
        return next_day(definition, minimum_end(definition, done_at))
    return done_at + timedelta(days=definition.validity_days)


def minimum_end(definition: Certification, done_at: datetime) -> datetime:
    """Return before when a certificate with a fixed day must not end."""
    return done_at + timedelta(days=definition.minimum_days)


def next_day(definition: Certification, earliest: datetime) -> datetime:
    """Return the first midnight (UTC) of the tier's fixed day of the year that is not before `earliest`."""
    month, day = map(int, (definition.renewal_date or "01-01").split("-"))
    this_year = datetime.combine(date(earliest.year, month, day), datetime.min.time(), UTC)
    return this_year if this_year >= earliest else this_year.replace(year=earliest.year + 1)


def opening_of(definition: Certification, term: Term) -> datetime | None:
    """Return when the renewal opens, or None where that is when the certificate begins to expire."""
    if definition.renewal_days is None:
        return None
    return term.expires_at - timedelta(days=definition.renewal_days)


def renewable_from(certificate: Certificate) -> datetime:
    """Return from when another certificate may follow this one."""
    return certificate.renewable_from or certificate.expiring_from


def change(certificate: Certificate, at: datetime, term: Term) -> None:
    """Let other dates hold from a moment on; what was asked of any moment before keeps its answer."""
    old = (at, certificate.expiring_from, certificate.expires_at, certificate.grace_until)
    certificate.past_terms = [*(certificate.past_terms or []), [moment.isoformat() for moment in old]]
    certificate.expiring_from, certificate.expires_at, certificate.grace_until = term


def end_early(certificate: Certificate, at: datetime, ends_at: datetime) -> None:
    """Let a certificate begin to expire at `at` and end at `ends_at`, with the grace time it has; it may be renewed at once."""
    grace = certificate.grace_until - certificate.expires_at
    change(certificate, at, Term(min(certificate.expiring_from, at), ends_at, ends_at + grace))
    if certificate.renewable_from is not None:
        certificate.renewable_from = min(certificate.renewable_from, at)
