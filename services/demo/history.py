"""A year of posts out of the distinct texts: each comes back now and then, by other customers, on other days."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from services.demo.content import PostText

YEAR = timedelta(days=365)
HOURS = [1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 11, 10, 9, 9, 9, 10, 12, 13, 12, 9, 5, 2]
"""How lively each hour of the day is."""
DAYS = [10, 11, 10, 10, 11, 8, 7]
"""How lively each day of the week is, from Monday."""
LATELY = 0.03
"""Part of the posts that fall into the last two days, so that whoever looks sees a day of work."""
NETWORKS = ["mastodon", "bluesky", "instagram"]


def spread(texts: list[PostText], count: int, until: datetime, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Return `count` posts of the year before `until`, oldest first, each made when it is its turn.

    The same arguments give the same identities and words, so that loading twice changes nothing.
    """
    chance = random.Random(seed)  # noqa: S311 -- a believable year, not a secret
    authors = customers(texts)
    times = sorted(moment(chance, until) for _ in range(count))
    # Not strict: the texts come again without end.
    for number, (at, text) in enumerate(zip(times, again_and_again(texts, chance), strict=False)):
        yield dress(text, f"history-{number:05d}", chance, authors) | {"posted_at": at.isoformat()}


def again_and_again(texts: list[PostText], chance: random.Random) -> Iterator[PostText]:
    """Return the texts in ever new orders: customers ask the same again and again, a colleague only now and then."""
    for turn in itertools.count():
        said = [text for text in texts if text["kind"] == "mention" or turn % 3 == 0]
        yield from chance.sample(said, len(said))


def live(texts: list[PostText], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Return posts of this moment, without end, each text once before any comes again."""
    authors = customers(texts)
    while True:
        for text in chance.sample(texts, len(texts)):
            now = datetime.now(UTC)
            yield dress(text, f"live-{now:%Y%m%dT%H%M%S%f}", chance, authors) | {"posted_at": now.isoformat()}


def dress(text: PostText, network_id: str, chance: random.Random, authors: dict[str, list[str]]) -> dict[str, Any]:
    """Give a text an identity; what customers say may be said by another of them, on another network.

    Networks do not know what a post is about, and some not its language: of every other one that is left to triage.
    """
    post: dict[str, Any] = {**text, "network_id": network_id}
    if text["kind"] == "mention" and chance.random() < 0.8:
        post["author"] = chance.choice(authors[text["lang"]])
        post["network"] = chance.choice(NETWORKS)
    if text["kind"] == "mention" and chance.random() < 0.5:
        del post["topic"]
        if post["network"] == "instagram":
            del post["lang"]
    return post


def customers(texts: list[PostText]) -> dict[str, list[str]]:
    """Return the customers' handles by language."""
    found: dict[str, list[str]] = {}
    for text in texts:
        if text["kind"] == "mention":
            found.setdefault(text["lang"], []).append(text["author"])
    return found


def moment(chance: random.Random, until: datetime) -> datetime:
    """Return a time in the year before `until`, on a likely day and at a likely hour; later ones are a little likelier."""
    while True:
        reach = 2 if chance.random() < LATELY else YEAR.days
        days_ago = reach * (1 - chance.random() ** 0.8)
        day = (until - timedelta(days=days_ago)).replace(minute=0, second=0, microsecond=0)
        if chance.random() * max(DAYS) > DAYS[day.weekday()]:
            continue
        hour = chance.choices(range(24), HOURS)[0]
        at = day.replace(hour=hour) + timedelta(seconds=chance.random() * 3600)
        if at < until:
            return at
