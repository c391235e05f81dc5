"""What a certification asks for and whether a person has it: pure functions over facts, no database.

A part is a required course, policy or certification; it has the time at which it came true. A certificate is due
when all parts are there and no course was completed so long before the last part that it counts no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.training.domain.certification import audiences, terms
from services.training.domain.certification.standing import Term, is_certified, status_at
from services.training.tables import Certificate, Certification, State


@dataclass(frozen=True, slots=True)
class Accepted:
    """The acknowledgements by which a person accepts a policy as it is: the first, and the last with its version."""

    first: datetime
    last: datetime
    version: int


@dataclass(slots=True)
class Facts:
    """What is known of one person: latest completion by course, acceptance by policy, current certificate by tier.

    `counting` has, for each tier and course of which only a new version counts, the latest completion that does;
    `back_at` is when they came back, if they were away.
    """

    department: str
    completions: Mapping[str, datetime] = field(default_factory=dict)
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    region: str = ""
    counting: Mapping[tuple[str, str], datetime | None] = field(default_factory=dict)
    back_at: datetime | None = None

    def completed(self, definition: Certification, course: str) -> datetime | None:
        """Return when a course was last completed in a way that counts for a tier."""
        which = (definition.key, course)
        return self.counting[which] if which in self.counting else self.completions.get(course)


@dataclass(frozen=True, slots=True)
class Due:
    """A certificate that is to be issued; `replaces` is the one that it renews or, if revoked, follows."""

    certification: Certification
    issued_at: datetime
    term: Term
    basis: dict[str, str]
    follows: Certificate | None

    @property
    def renews(self) -> bool:
        """Whether it replaces a certificate that ran out or will soon; one earned after a revocation stands alone."""
        return self.follows is not None and self.follows.state != State.REVOKED

    @property
    def by_clock(self) -> bool:
        """Whether it is due because a renewal opened, and so was due then even if nothing ran."""
        return self.follows is not None and self.renews and self.issued_at == terms.renewable_from(self.follows)


def due(definition: Certification, facts: Facts, now: datetime, not_before: datetime | None) -> Due | None:
    """Return the certificate that is due to a person, or None.

    `not_before` is when a definition, audience or policy changed, if that is why it is asked: nothing that only then
    came true was so earlier.
    """
    held = facts.certificates.get(definition.key)
    if not audiences.fits(definition, facts) or (held is not None and not can_follow(held, now)):
        return None
    parts = parts_of(definition, facts, now)
    if parts is None or (held is not None and not earned_again(definition, parts, held)):
        return None
    renewed = held if held is not None and held.revoked_at is None else None
    possible = [not_before, facts.back_at, definition.defined_at, *(follows_from(renewed) if renewed else ())]
    # Another service's clock may be ahead of ours.
    issued_at = min(now, max(*parts.values(), *(time for time in possible if time is not None), definition.created_at))
    completed = [parts[course_part(course)] for course in definition.courses]
    if any(terms.first_expiry(definition, time) <= issued_at for time in completed):
        return None
    done_at = max(completed, default=max(renewing(definition, parts).values()))
    term = terms.term_of(definition, issued_at, terms.expiry_of(definition, done_at, issued_at, renewed))
    return Due(definition, issued_at, term, {name: time.isoformat() for name, time in parts.items()}, held)


def can_follow(held: Certificate, now: datetime) -> bool:
    """Say whether another certificate may follow: not while this one has long to go, or is suspended."""
    return held.state == State.REVOKED or (held.state == State.HELD and terms.renewable_from(held) <= now)


def follows_from(held: Certificate) -> list[datetime]:
    """Return before when no certificate can have followed: the opening of the renewal, the end of a suspension."""
    ends = [datetime.fromisoformat(end) for _, end in held.suspensions if end is not None]
    return [terms.renewable_from(held), *ends]


def parts_of(definition: Certification, facts: Facts, now: datetime) -> dict[str, datetime] | None:
    """Return when each part came true, or None while one is missing."""
    parts: dict[str, datetime] = {}
    for course in definition.courses:
        completed = facts.completed(definition, course)
        if completed is None:
            return None
        parts[course_part(course)] = completed
    for policy in definition.policies:
        accepted = facts.accepted.get(policy)
        if accepted is None:
            return None
        parts[f"policy/{policy}"] = accepted.first if definition.courses else accepted.last
    for key in definition.certifications:
        other = facts.certificates.get(key)
        if other is None or not is_certified(other, status_at(other, now, None), now):
            return None
        parts[f"certification/{key}"] = other.issued_at
    return parts


def earned_again(definition: Certification, parts: Mapping[str, datetime], held: Certificate) -> bool:
    """Say whether what renews a certification was done after what the held certificate rests on, or its revocation."""
    for name, time in renewing(definition, parts).items():
        used = held.basis.get(name)
        if used is not None and time <= datetime.fromisoformat(used):
            return False
        if held.revoked_at is not None and time <= held.revoked_at:
            return False
    return True


def renewing(definition: Certification, parts: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return the parts that must be done again to renew: the courses, else the policies, else the tiers below."""
    if definition.courses:
        return {name: time for name, time in parts.items() if name.startswith("course/")}
    if definition.policies:
        return {name: time for name, time in parts.items() if name.startswith("policy/")}
    return dict(parts)


def course_part(course: str) -> str:
    """Name the part that a course is."""
    return f"course/{course}"


def in_order(definitions: Sequence[Certification]) -> list[Certification]:
    """Return definitions so that each comes after those it asks for; those in a circle can never be earned and are left out."""
    placed: list[Certification] = []
    waiting = sorted(definitions, key=lambda definition: definition.key)
    known = {definition.key for definition in waiting}
    done: set[str] = set()
    while True:
        ready = [one for one in waiting if all(key in done or key not in known for key in one.certifications)]
        if not ready:
            return placed
        placed += ready
        done |= {one.key for one in ready}
        waiting = [one for one in waiting if one.key not in done]
