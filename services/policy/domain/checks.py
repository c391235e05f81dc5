"""May this be posted? A draft against the rules in force; nothing of it is kept unless its author wants a receipt."""

from services.policy.domain import protected, receipts
from services.policy.domain.approvers import may_approve
from services.policy.domain.authors import Author, author_of
from services.policy.domain.rulebook import Book, rulebook
from services.policy.schemas.checks import CheckIn, CheckOut, ChecksIn, ChecksOut, ProtectedOut, ReasonOut, SpanOut
from shared.db import Session
from shared.evidence import Sealer
from shared.rules import Draft, Match, Media, Severity

VERDICTS = ("clear", "advise", "hold", "block")


def check(session: Session, body: ChecksIn, sealer: Sealer) -> CheckOut | ChecksOut:
    """Answer one draft, or several in their order.

    Raises UnknownPerson for an author who is named but not known, and OutdatedError: see `Rulebook.current`.
    """
    book = rulebook.current(session)
    if body.items is not None:
        return ChecksOut(items=[check_one(session, book, item, sealer) for item in body.items])
    return check_one(session, book, body, sealer)


def check_one(session: Session, book: Book, draft: CheckIn, sealer: Sealer) -> CheckOut:
    """Answer one draft; without a known author it counts as written by staff to whom every rule applies."""
    author = author_of(session, draft.employee_number)
    matches = book.rules.run(as_draft(session, draft, author))
    shielded = protected.look(draft.text) if matches else None
    reasons = [reason(book, match, shielded) for match in matches]
    verdict = max((each.severity for each in reasons), key=VERDICTS.index, default="clear")
    answer = CheckOut(
        verdict=verdict,
        reasons=reasons,
        disclosure=next((tag for match in matches if (tag := book.disclosures.get(place_of(match)))), None),
        approvers=[each.employee_number for each in may_approve(session, author.id if author else None)]
        if verdict == "hold"
        else [],
        protected=shielded,
    )
    return receipts.keep(session, draft, answer, author, sealer) if draft.keep else answer


def as_draft(session: Session, draft: CheckIn, author: Author | None) -> Draft:
    """Return the draft as the rules read it: with who its author is, as if it were posted now."""
    return Draft(
        text=draft.text,
        network=draft.network,
        kind=draft.kind,
        staff=True if author else None,
        department=author.department if author else None,
        certifications=author.certifications if author else frozenset(),
        language=draft.language,
        links=draft.links,
        first_contact=draft.first_contact,
        media=tuple(Media(each.kind, bool(each.alt_text), bool(each.captions)) for each in draft.media),
        now=session.now,
    )


def reason(book: Book, match: Match, shielded: ProtectedOut | None) -> ReasonOut:
    """Show a match with the place of its rule; on a protected topic it only advises."""
    rule = match.rule.rule
    return ReasonOut(
        rule=rule.id,
        severity=Severity.ADVISE if shielded else rule.severity,
        rule_severity=rule.severity,
        policy=match.rule.policy,
        version=match.rule.version,
        section=match.rule.section,
        span=SpanOut(start=match.span.start, end=match.span.end),
        message=rule.message,
        suggestion=rule.suggestion,
        emergency=book.emergencies.get(place_of(match)),
    )


def place_of(match: Match) -> tuple[str, str]:
    """Return the policy and the rule of a match."""
    return match.rule.policy, match.rule.rule.id
