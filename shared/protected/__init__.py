"""The protected activity guard: talk about pay, hours, safety, conditions and organising gets advice, never more.

What people say about these topics, and which law protects saying it, are dated files in `data`. Checks only advise on
such a text and say why, and no post of that kind opens a finding: who would hold the insult in it holds the rest, too.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from shared.rules import Draft, PlacedRule, Rule, RuleSet, Span

FOLDER = Path(__file__).parent / "data"


class Cues(BaseModel):
    """How a topic shows: by words that count alone, and by those that count beside a word about work."""

    model_config = ConfigDict(extra="forbid")

    alone: list[str]
    beside_work: list[str]


class Language(BaseModel):
    """How people talk about the topics in one language."""

    model_config = ConfigDict(extra="forbid")

    language: str
    work: list[str]
    topics: dict[str, Cues]


class Provision(BaseModel):
    """A law that protects talking about some topics; `dated` is when it, or this form of it, came.

    `checked` is when this was last compared with a public text that says so, by no lawyer; never, if it is not there.
    """

    model_config = ConfigDict(extra="forbid")

    topics: list[str]
    law: str
    source: str
    dated: str
    checked: date | None = None


class Jurisdiction(BaseModel):
    """What the law of one place protects."""

    model_config = ConfigDict(extra="forbid")

    jurisdiction: str
    provisions: list[Provision]


class Contents(BaseModel):
    """The list's name, its version, and its topics in plain words."""

    model_config = ConfigDict(extra="forbid")

    guard: str
    version: str
    topics: dict[str, str]


@dataclass(frozen=True)
class Guard:
    """The list made ready: rules named `alone/TOPIC`, `beside/TOPIC/LANGUAGE` and `work/LANGUAGE`, and the laws."""

    contents: Contents
    jurisdictions: list[Jurisdiction]
    cues: RuleSet

    def topics(self, text: str) -> dict[str, Span]:
        """Return the protected topics that a text is about, each with where it first speaks of it."""
        found = {match.rule.section: match.span for match in self.cues.run(Draft(text))}
        return {topic: span for topic in self.contents.topics if (span := place_of(topic, found))}

    def laws(self, topics: Collection[str]) -> list[tuple[str, Provision]]:
        """Return the laws that protect talking about these topics, each with its jurisdiction."""
        return [
            (place.jurisdiction, each)
            for place in self.jurisdictions
            for each in place.provisions
            if not set(topics).isdisjoint(each.topics)
        ]


def place_of(topic: str, found: dict[str, Span]) -> Span | None:
    """Return where a text first speaks of a topic."""
    places = [span for name, span in found.items() if counts(name, topic, found)]
    return min(places, key=lambda span: (span.start, -span.end), default=None)


def counts(name: str, topic: str, found: dict[str, Span]) -> bool:
    """Tell whether what was found shows the topic: by itself, or because the text is about work."""
    kind, _, rest = name.partition("/")
    if kind == "alone":
        return rest == topic
    about, _, language = rest.partition("/")
    return kind == "beside" and about == topic and f"work/{language}" in found


@cache
def guard() -> Guard:
    """Return the guard; its files are read once, when a rule first finds something."""
    contents = Contents.model_validate(read(FOLDER / "list.yaml"))
    languages = [Language.model_validate(read(file)) for file in sorted((FOLDER / "languages").glob("*.yaml"))]
    places = [Jurisdiction.model_validate(read(file)) for file in sorted((FOLDER / "jurisdictions").glob("*.yaml"))]
    cues = {name: words for language in languages for name, words in cues_of(language)}
    for topic in contents.topics:
        cues[f"alone/{topic}"] = [word for language in languages for word in language.topics[topic].alone]
    return Guard(contents, places, RuleSet.compile([cue(name, words) for name, words in cues.items()]))


def read(file: Path) -> Any:
    """Read a file of the list; dates stay as they are written."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  it makes only text


def cues_of(language: Language) -> Iterator[tuple[str, list[str]]]:
    """Yield the words of a language that count only together."""
    yield f"work/{language.language}", language.work
    for topic, cues in language.topics.items():
        yield f"beside/{topic}/{language.language}", cues.beside_work


def cue(name: str, words: list[str]) -> PlacedRule:
    """Return the rule that finds words; its section is its name."""
    rule = Rule.model_validate({"id": "cue", "severity": "advise", "message": name, "detect": {"words": words}})
    return PlacedRule(rule, policy="", version=0, section=name)
