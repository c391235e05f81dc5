"""The linter's knowledge: dated packs of rules, one file a place, and the words of each language.

A clause is judged by lists of words: what forbids ("must not"), what it is about ("wages"), what makes it harmless
("nothing in this policy"). All lists of a language are looked for in one run of the rule engine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.policy.schemas.lint import LintSeverity, LintSource
from shared.rules import Draft, PlacedRule, Rule, RuleSet

FOLDER = Path(__file__).parents[1] / "data" / "lint"
ANYWHERE = "any"
TERM = "term-"

ListName = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
BuiltIn = Literal[
    "readability",
    "undefined",
    "abbreviations",
    "rule-without-words",
    "rule-without-suggestion",
    "failing-examples",
    "language",
]


class Strict(BaseModel):
    """A part of a file; what is not known here is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ClauseTest(Strict):
    """What a clause must say: something of each list in `about`, and, if `forbids`, that it is forbidden."""

    forbids: bool
    about: Annotated[tuple[ListName, ...], Field(min_length=1)]


class Examples(Strict):
    """Clauses of one language that the rule must find, and that it must leave alone."""

    match: Annotated[tuple[str, ...], Field(min_length=1)]
    pass_: Annotated[tuple[str, ...], Field(alias="pass", min_length=1)]


class LintRule(Strict):
    """One thing that the linter looks for, by a clause, by what is missing in the whole policy, or in a way built in."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    severity: LintSeverity
    dated: date
    until: date | None = None
    source: str
    clause: ClauseTest | None = None
    missing: ListName | None = None
    built_in: BuiltIn | None = None
    most: float | None = None
    unless: tuple[ListName, ...] = ()
    unless_in_policy: tuple[ListName, ...] = ()
    why: str
    narrower: str
    examples: dict[str, Examples] = Field(default_factory=dict)

    @model_validator(mode="after")
    def look_in_one_way(self) -> Self:
        """A rule looks in exactly one way, and shows by examples what it takes a clause for."""
        if sum(way is not None for way in (self.clause, self.missing, self.built_in)) != 1:
            raise ValueError(f"{self.id}: one of clause, missing and built_in")
        if self.clause is not None and not self.examples:
            raise ValueError(f"{self.id}: a rule about clauses needs examples")
        return self

    def hits(self, found: frozenset[str]) -> bool:
        """Tell whether a clause that says something of these lists is one that this rule means."""
        if self.clause is None or not found.isdisjoint(self.unless):
            return False
        return (not self.clause.forbids or "forbids" in found) and not found.isdisjoint(self.clause.about)

    def holds_on(self, day: date) -> bool:
        """Tell whether the rule stood on a day."""
        return self.dated <= day and (self.until is None or day < self.until)


class Pack(Strict):
    """What holds in one place; `also_in` are places where it holds as well."""

    pack: str
    title: str
    jurisdiction: str
    also_in: tuple[str, ...] = ()
    sources: dict[str, LintSource]
    rules: tuple[LintRule, ...]

    @model_validator(mode="after")
    def name_sources(self) -> Self:
        """Every rule names a source of its pack."""
        if unknown := {rule.source for rule in self.rules} - self.sources.keys():
            raise ValueError(f"{self.pack}: unknown sources {sorted(unknown)}")
        return self

    def applies_in(self, places: frozenset[str] | None) -> bool:
        """Tell whether the pack matters in one of these places; None stands for all."""
        return (
            places is None or self.jurisdiction == ANYWHERE or not places.isdisjoint({self.jurisdiction, *self.also_in})
        )


class WordFile(Strict):
    """The words of one language."""

    language: str
    lists: dict[ListName, Annotated[list[str], Field(min_length=1)]]
    abbreviations: frozenset[str]


@dataclass(frozen=True)
class Words:
    """The lists of a language, ready to be looked for."""

    abbreviations: frozenset[str]
    terms: Sequence[str]
    _rules: RuleSet

    def found_in(self, text: str) -> frozenset[str]:
        """Return the names of the lists of which a text says something, and `term-<number>` of each loose term."""
        return frozenset(match.rule.rule.id for match in self._rules.run(Draft(text)))


@cache
def packs() -> tuple[Pack, ...]:
    """Read all packs; raises pydantic's ValidationError for a file that does not fit."""
    return tuple(Pack.model_validate(load(path)) for path in sorted(FOLDER.glob("*.yaml")))


@cache
def words(language: str) -> Words | None:
    """Return the words of a language such as `en`, or None for one that has no file."""
    path = FOLDER / "words" / f"{language}.yaml"
    if not language.isalpha() or not path.exists():
        return None
    file = WordFile.model_validate(load(path))
    terms = file.lists.get("undefined", [])
    lists = {**file.lists, **{f"{TERM}{number}": [term] for number, term in enumerate(terms)}}
    return Words(file.abbreviations, terms, RuleSet.compile([*as_rules(lists)]))


def as_rules(lists: dict[str, list[str]]) -> Iterator[PlacedRule]:
    """Return each list as a rule that finds its words."""
    for name, entries in lists.items():
        rule = {"id": name, "severity": "advise", "message": name, "detect": {"words": entries}}
        yield PlacedRule(Rule.model_validate(rule), policy="", version=0, section="")


def load(path: Path) -> object:
    """Read a file of ours."""
    content: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
