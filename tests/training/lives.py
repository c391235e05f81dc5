"""Made-up lives of people with certificates, and what their certificates must be at any moment by a plain reckoning.

The reckoning knows the rules from the documentation and nothing of the service: it walks through what happened to
one person and one tier, in order, and writes down certificates as it goes.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

EARLIEST = datetime.min.replace(tzinfo=UTC)


class Deed(StrEnum):
    """What happens to a person, or is done to a certificate of theirs."""

    LEARN = "learn"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"
    LEAVE = "leave"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Happening:
    """One deed at a moment; `tier` where it is done to a certificate."""

    at: datetime
    person: int
    deed: Deed
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a tier says, in days; `from_expiry` makes the next term begin where the last ends."""

    validity: int
    expiring: int
    grace: int
    window: int
    from_expiry: bool


@dataclass(slots=True)
class Paper:
    """A certificate as the reckoning sees it."""

    issued: datetime
    learnt: datetime
    ends: datetime
    rules: Rules
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    revoked: datetime | None = None

    @property
    def opens(self) -> datetime:
        """When it may be renewed."""
        return self.ends - timedelta(days=self.rules.window)

    @property
    def counts_until(self) -> datetime:
        """When its grace ends."""
        return self.ends + timedelta(days=self.rules.grace)

    @property
    def paused(self) -> bool:
        """Whether it is suspended."""
        return bool(self.pauses) and self.pauses[-1][1] is None


@dataclass(slots=True)
class Life:
    """One person and one tier, told moment by moment."""

    rules: Rules
    papers: list[Paper] = field(default_factory=list)
    away: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    learnt: datetime | None = None
    seen: datetime = EARLIEST

    @property
    def gone(self) -> bool:
        """Whether the person does not work here."""
        return bool(self.away) and self.away[-1][1] is None

    def hear(self, one: Happening) -> None:
        """Take in what happened, after all that the clock did before."""
        self.open_until(one.at)
        if one.deed is Deed.LEARN:
            self.learnt = one.at
        elif one.deed is Deed.SUSPEND:
            self.papers[-1].pauses.append((one.at, None))
        elif one.deed is Deed.REINSTATE:
            self.papers[-1].pauses[-1] = (self.papers[-1].pauses[-1][0], one.at)
        elif one.deed is Deed.REVOKE:
            self.papers[-1].revoked = one.at
        elif one.deed is Deed.LEAVE:
            self.away.append((one.at, None))
        else:
            self.away[-1] = (self.away[-1][0], one.at)
        self.issue(one.at)

    def open_until(self, at: datetime) -> None:
        """Renew at the opening of the renewal what was learnt before it."""
        while self.papers and self.seen < self.papers[-1].opens <= at:
            self.seen = self.papers[-1].opens
            self.issue(self.seen)
        self.seen = at

    def issue(self, at: datetime) -> None:
        """Write a certificate if one is due at this moment."""
        if self.learnt is None or self.gone or self.learnt + timedelta(days=self.rules.validity) <= at:
            return
        ends = self.learnt + timedelta(days=self.rules.validity)
        if self.papers:
            last = self.papers[-1]
            if self.learnt <= last.learnt:
                return
            if last.revoked is not None:
                if self.learnt <= last.revoked:
                    return
            elif last.paused or at < last.opens:
                return
            elif self.rules.from_expiry and at < last.counts_until:
                ends = last.ends + timedelta(days=self.rules.validity)
        self.papers.append(Paper(at, self.learnt, ends, self.rules))

    def answer(self, at: datetime) -> tuple[str, datetime | None]:
        """Return the status at a moment and until when it counts, if it does."""
        papers = [paper for paper in self.papers if paper.issued <= at]
        if not papers or within(self.away, at):
            return "none", None
        paper = papers[-1]
        if paper.revoked is not None and paper.revoked <= at:
            return "revoked", None
        if within(paper.pauses, at):
            return "suspended", None
        if at >= paper.ends:
            return "expired", paper.counts_until if at < paper.counts_until else None
        begins = max(paper.issued, paper.ends - timedelta(days=self.rules.expiring))
        return ("expiring" if at >= begins else "valid"), paper.counts_until


def within(spans: Sequence[tuple[datetime, datetime | None]], at: datetime) -> bool:
    """Say whether a moment lies in one of these spans; one without an end lasts."""
    return any(start <= at and (end is None or at < end) for start, end in spans)


def live(tiers: dict[str, Rules], people: int, moments: Sequence[datetime], seed: int) -> Iterator[list[Happening]]:
    """Make up what happens at each moment, and only what can: nobody reinstates what is not suspended."""
    dice = random.Random(seed)
    lives = {(person, tier): Life(rules) for person in range(people) for tier, rules in tiers.items()}
    for at in moments:
        now: list[Happening] = []
        for person in sorted(dice.sample(range(people), max(1, people // 40))):
            of_person = {tier: lives[person, tier] for tier in tiers}
            for one in of_person.values():
                one.open_until(at)
            happening = choose(dice, at, person, of_person)
            for tier, one in of_person.items():
                if happening.tier in {"", tier}:
                    one.hear(happening)
            now.append(happening)
        yield now


def choose(dice: random.Random, at: datetime, person: int, of_person: dict[str, Life]) -> Happening:
    """Choose something that can happen to a person now; mostly they learn."""
    if next(iter(of_person.values())).gone:
        return Happening(at, person, Deed.RETURN)
    deed = dice.choices([Deed.LEARN, Deed.LEAVE, Deed.SUSPEND, Deed.REVOKE], [70, 8, 16, 6])[0]
    if deed in {Deed.SUSPEND, Deed.REVOKE}:
        tier = dice.choice(sorted(of_person))
        papers = of_person[tier].papers
        if papers and papers[-1].revoked is None:
            if deed is Deed.SUSPEND and papers[-1].paused:
                deed = Deed.REINSTATE
            return Happening(at, person, deed, tier)
    return Happening(at, person, Deed.LEARN if deed is not Deed.LEAVE else deed)


def reckon(tiers: dict[str, Rules], happenings: Sequence[Happening], until: datetime) -> dict[tuple[int, str], Life]:
    """Return what became of everyone who appears, by person and tier."""
    lives: dict[tuple[int, str], Life] = {}
    for one in happenings:
        for tier, rules in tiers.items():
            life = lives.setdefault((one.person, tier), Life(rules))
            if one.tier in {"", tier}:
                life.hear(one)
    for life in lives.values():
        life.open_until(until)
    return lives
