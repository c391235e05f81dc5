"""The linter: clauses that are likely to reach too far, what a policy lacks, and what is hard to understand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.policy.domain import versions
from services.policy.domain.clauses import Clause, clauses, plain
from services.policy.domain.lint_packs import TERM, LintRule, Pack, Words, packs, words
from services.policy.domain.readability import readability
from services.policy.schemas.lint import LintFinding, LintGrade, LintOut, LintPack, LintSeverity, LintSpan
from services.policy.schemas.policies import Content, RuleOut, SectionOut
from shared.db import Session
from shared.rules import Rule

SEVERITIES: tuple[LintSeverity, ...] = ("error", "warning", "notice")
MOST = 500
"""Findings in an answer; the counts are of all."""
SHORT = 40
"""Words: a section with fewer says little about how hard it is to read."""
LETTERS = re.compile(r"(?<![\w#@/.-])[A-Z]{2,6}(?![\w@/-])")
EXPLAINED = re.compile(r"\(([A-Z]{2,6})\)|\b([A-Z]{2,6}) \(")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


@dataclass(frozen=True, slots=True)
class Said:
    """A clause, the section it stands in, and the lists of words of which it says something."""

    section: str
    clause: Clause
    found: frozenset[str]


def lint(session: Session, key: str, number: int, places: frozenset[str] | None, day: date | None) -> LintOut:
    """Return what the linter says of a version, as things stand in these places (None: in all) on a day."""
    policy, version = versions.get(session, key, number)
    content = Content.model_validate(version.content)
    day = day or session.now.date()
    judged = judge(content, places, day)
    return LintOut(
        policy=policy.key,
        version=version.number,
        content_hash=version.content_hash,
        locale=content.locale,
        as_of=day,
        readability=judged.grade,
        packs=[
            LintPack(pack=pack.pack, title=pack.title, jurisdiction=pack.jurisdiction, rules=len(pack.rules))
            for pack in judged.packs
        ],
        counts={severity: sum(each.severity == severity for each in judged.findings) for severity in SEVERITIES},
        findings=judged.findings[:MOST],
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """What the linter says of a content: its packs, how hard it is to read, and all findings, the most serious first."""

    packs: Sequence[Pack]
    grade: LintGrade
    findings: list[LintFinding]


def judge(content: Content, places: frozenset[str] | None, day: date) -> Judged:
    """Judge a content, kept or not, as things stand in these places (None: in all) on a day."""
    applied = [pack for pack in packs() if pack.applies_in(places)]
    reading = Reading(content, content.locale.split("-")[0].lower())
    found = (
        finding
        for pack in applied
        for rule in pack.rules
        if rule.holds_on(day)
        for finding in reading.judge(pack, rule)
    )
    return Judged(applied, reading.grade, sorted(found, key=reading.order))


class Reading:
    """A version's text, cut into clauses whose words have been looked up once for all rules."""

    def __init__(self, content: Content, language: str) -> None:
        self.content = content
        self.language = language
        self.words = words(language)
        self.said = list(spoken(content.sections, self.words))
        self.everywhere = frozenset[str]().union(*(one.found for one in self.said))
        whole = readability("\n\n".join(plain(section.markdown) for section in content.sections), language)
        self.grade = LintGrade(grade=whole.grade, measure=whole.measure, words=whole.words)
        self._places = {section.id: place for place, section in enumerate(content.sections)}

    def order(self, finding: LintFinding) -> tuple[int, int, int, str]:
        """Sort by how serious, then by place."""
        place = self._places.get(finding.section or "", -1)
        return (SEVERITIES.index(finding.severity), place, finding.span.start if finding.span else -1, finding.rule)

    def judge(self, pack: Pack, rule: LintRule) -> Iterator[LintFinding]:
        """Yield what a rule finds."""
        if rule.clause is not None:
            if self.everywhere.isdisjoint(rule.unless_in_policy):
                for one in self.said:
                    if rule.hits(one.found):
                        yield at_clause(pack, rule, one)
        elif rule.missing is not None:
            if (
                self.words is not None
                and rule.missing not in self.everywhere
                and not self.shown_otherwise(rule.missing)
            ):
                yield finding_of(pack, rule)
        else:
            yield from self.built_in(pack, rule)

    def shown_otherwise(self, what: str) -> bool:
        """Tell whether something that no clause says is there in another form."""
        if what == "contact":
            return bool(self.content.contact) or any(ADDRESS.search(one.markdown) for one in self.content.sections)
        return what == "disclosure" and any(
            '"disclosure"' in rule_of(rule).model_dump_json() for rule in self.content.rules
        )

    def built_in(self, pack: Pack, rule: LintRule) -> Iterator[LintFinding]:
        """Yield what is found in a way of its own."""
        match rule.built_in:
            case "readability":
                yield from self.hard_to_read(pack, rule)
            case "undefined":
                yield from self.undefined(pack, rule)
            case "abbreviations":
                yield from self.abbreviations(pack, rule)
            case "language":
                if self.words is None:
                    yield finding_of(pack, rule)
            case _:
                yield from self.about_rules(pack, rule)

    def hard_to_read(self, pack: Pack, rule: LintRule) -> Iterator[LintFinding]:
        """Yield the sections that ask for more years of school than they may."""
        for section in self.content.sections:
            measured = readability(plain(section.markdown), self.language)
            if measured.words >= SHORT and measured.grade > (rule.most or 0):
                why = f"{rule.why} This section asks for grade {measured.grade:g} ({measured.measure}), not more than {rule.most:g} is meant for everybody."
                yield finding_of(pack, rule, section=section.id, why=why)

    def undefined(self, pack: Pack, rule: LintRule) -> Iterator[LintFinding]:
        """Yield loose terms on which a ban hangs and which nothing defines, each where it first stands."""
        for number, term in enumerate(self.words.terms if self.words else ()):
            name = f"{TERM}{number}"
            uses = [one for one in self.said if name in one.found]
            if any("defines" in one.found for one in uses):
                continue
            first = next((one for one in uses if "forbids" in one.found), None)
            if first is not None:
                yield at_clause(pack, rule, first, why=f'"{term}": {rule.why[0].lower()}{rule.why[1:]}')

    def abbreviations(self, pack: Pack, rule: LintRule) -> Iterator[LintFinding]:
        """Yield abbreviations that are neither common nor written out somewhere, each where it first stands."""
        known = set(self.words.abbreviations if self.words else ())
        for section in self.content.sections:
            known.update(first or second for first, second in EXPLAINED.findall(section.markdown))
        for one in self.said:
            if one.clause.text.isupper():
                continue
            for found in LETTERS.findall(one.clause.text):
                if found not in known:
                    known.add(found)
                    yield at_clause(pack, rule, one, why=f"{found}: {rule.why[0].lower()}{rule.why[1:]}")

    def about_rules(self, pack: Pack, rule: LintRule) -> Iterator[LintFinding]:
        """Yield rules of the policy that nothing explains, that offer no way out, or that fail their own examples."""
        texts = {section.id: section.markdown.strip() for section in self.content.sections}
        failing = {problem.rule: problem for problem in self.content.problems}
        for each in self.content.rules:
            why = rule.why
            if rule.built_in == "rule-without-words":
                wrong = not texts.get(each.section)
            elif rule.built_in == "rule-without-suggestion":
                wrong = each.suggestion is None
            else:
                wrong = each.id in failing
                why = f'{why} "{failing[each.id].example}": {failing[each.id].why}' if wrong else why
            if wrong:
                yield finding_of(pack, rule, section=each.section, why=why, policy_rule=each.id)


def spoken(sections: Sequence[SectionOut], known: Words | None) -> Iterator[Said]:
    """Yield the clauses of all sections."""
    for section in sections:
        for clause in clauses(section.markdown, section.heading):
            yield Said(section.id, clause, known.found_in(clause.read) if known else frozenset())


def rule_of(rule: RuleOut) -> Rule:
    """Read a rule's block."""
    return Rule.from_yaml(rule.yaml)


def at_clause(pack: Pack, rule: LintRule, said: Said, why: str | None = None) -> LintFinding:
    """Return a finding about one clause."""
    span = LintSpan(start=said.clause.start, end=said.clause.end)
    return finding_of(pack, rule, section=said.section, span=span, quote=said.clause.text, why=why)


def finding_of(
    pack: Pack,
    rule: LintRule,
    *,
    section: str | None = None,
    span: LintSpan | None = None,
    quote: str | None = None,
    why: str | None = None,
    policy_rule: str | None = None,
) -> LintFinding:
    """Return a finding with all that its rule says."""
    return LintFinding(
        rule=rule.id,
        severity=rule.severity,
        jurisdiction=pack.jurisdiction,
        date=rule.dated,
        source=pack.sources[rule.source],
        section=section,
        span=span,
        quote=quote,
        policy_rule=policy_rule,
        why=why or rule.why,
        narrower_wording=rule.narrower,
    )
