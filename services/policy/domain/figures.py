"""What a back-test counts: posts that a draft's rules would newly flag, newly clear, or flag as before.

Counted over all posts and for each rule; of each by department, network and ISO week. Kept as plain JSON, so that a
run that breaks off can be continued from what was saved.
"""

import hashlib
import time
from bisect import insort
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shared.past_posts import PastPost
from shared.protected import guard
from shared.rules import Draft, PlacedRule, RuleSet, Span

POSTS, NEWLY_FLAGGED, NEWLY_CLEARED, UNCHANGED = range(4)
CHANGES = {NEWLY_FLAGGED: "newly_flagged", NEWLY_CLEARED: "newly_cleared"}
GROUPS = ("departments", "networks", "weeks")
OTHER = "other"
NOBODY = ""
"""The department of an author who is not registered."""
SLICE = 50
BREATH = 0.0002
"""Seconds: after each slice the interpreter is left to whoever answers requests; a mere offer is not taken in time."""

Counts = list[int]
Tally = dict[str, Any]


class Figures:
    """The counts so far; `data` is all there is to them."""

    def __init__(self, samples: int, data: dict[str, Any] | None = None) -> None:
        self._samples = samples
        self.data: dict[str, Any] = data or {"all": tally(), "rules": {}, "samples": {}}

    def count(
        self, post: PastPost, before: Mapping[str, Span], after: Mapping[str, Span], *, protected: bool = False
    ) -> None:
        """Count a post: where which rules matched it before, and where which would now.

        `protected` says that it is about something that the law protects, so that what is new could only advise.
        """
        keys = (post.department or NOBODY, post.network, week_of(post))
        add(self.data["all"], keys, POSTS)
        if not before and not after:
            return
        add(self.data["all"], keys, change_of(bool(before), bool(after)))
        self.data["all"]["protected"] += protected and not before
        for rule in {**before, **after}:
            change = change_of(rule in before, rule in after)
            found = self.data["rules"].get(rule)
            if found is None:
                found = self.data["rules"][rule] = tally()
            add(found, keys, change)
            found["protected"] += protected and rule not in before
            if change in CHANGES:
                self._sample(rule, CHANGES[change], post.id, after.get(rule) or before[rule])

    def _sample(self, rule: str, change: str, post: str, span: Span) -> None:
        """Keep the posts with the smallest hashes: as good as drawn by lot, and the same ones each time."""
        kept = self.data["samples"].setdefault(rule, {}).setdefault(change, [])
        lot = hashlib.blake2b(f"{rule}\n{post}".encode(), digest_size=8).hexdigest()
        if len(kept) < self._samples or (kept and lot < kept[-1][0]):
            insort(kept, [lot, post, span.start, span.end])
            del kept[self._samples :]

    def merge_departments(self, small: Collection[str]) -> None:
        """Count these departments as one from now on, so that nobody's own figures can be read or worked out."""
        for each in (self.data["all"], *self.data["rules"].values()):
            departments = each["departments"]
            merged = [departments.pop(name) for name in sorted({*small, OTHER}) if name in departments]
            if merged:
                departments[OTHER] = [sum(column) for column in zip(*merged, strict=True)]


def tally() -> Tally:
    """Return a tally at zero: posts, newly flagged, newly cleared, unchanged; in total and by group.

    `protected` are those of the newly flagged that are about something that the law protects.
    """
    return {"total": [0, 0, 0, 0], "protected": 0, **{group: {} for group in GROUPS}}


def add(to: Tally, keys: tuple[str, str, str], which: int) -> None:
    """Add one to a tally, in total and in each of its groups."""
    to["total"][which] += 1
    for group, key in zip(GROUPS, keys, strict=True):
        counts = to[group].get(key)
        if counts is None:
            counts = to[group][key] = [0, 0, 0, 0]
        counts[which] += 1


def change_of(before: bool, after: bool) -> int:
    """Return what it means that a post was, and would be, flagged; it is one of them at least."""
    if before and after:
        return UNCHANGED
    return NEWLY_FLAGGED if after else NEWLY_CLEARED


def week_of(post: PastPost) -> str:
    """Return the ISO 8601 week in which a post was posted, in UTC."""
    year, week, _ = post.posted_at.isocalendar()
    return f"{year}-W{week:02}"


class Comparison:
    """The rules of two versions, compiled; takes a while, so it is made in a thread.

    A rule on trial flags nothing yet: before, it does not count; in a draft it counts as though it were live, since what
    it would flag is what its author wants to know.
    """

    def __init__(self, before: Sequence[PlacedRule], after: Sequence[PlacedRule]) -> None:
        self._before = RuleSet.compile([each for each in before if not each.on_trial])
        self._after = RuleSet.compile(after)

    def judge(self, posts: Sequence[PastPost], figures: Figures) -> None:
        """Run both over posts and count; blocks, so it is called in a thread, and leaves room for others."""
        for start in range(0, len(posts), SLICE):
            for post in posts[start : start + SLICE]:
                draft = draft_of(post)
                before, after = matched(self._before, draft), matched(self._after, draft)
                # Looked at only where something is new: few posts, and the look is dear.
                new = not after.keys() <= before.keys()
                figures.count(post, before, after, protected=new and bool(guard().topics(post.text)))
            time.sleep(BREATH)


def draft_of(post: PastPost) -> Draft:
    """Return a post as what the rules would have seen at its time.

    A customer's mention is taken for the text of an unknown author, of whom every rule expects the most.
    """
    return Draft(
        post.text,
        network=post.network,
        kind="reply" if post.kind == "reply" else "post",
        staff=None if post.kind == "mention" else True,
        department=post.department,
        certifications=frozenset(post.certifications),
        language=post.language,
        first_contact=post.first_contact,
        media=post.media,
        now=post.posted_at,
    )


def matched(rules: RuleSet, draft: Draft) -> dict[str, Span]:
    """Return where which rules match."""
    return {match.rule.rule.id: match.span for match in rules.run(draft)}
