"""A policy's source, read: Markdown with front matter, sections from its headings, rules under their section.

What is wrong in a source is told all at once, each with its line.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson
from markdown_it.token import Token
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.policy.domain import imports
from services.policy.schemas.policies import Content, FailingExample, RuleOut, SectionOut, SourceWarning
from shared import markdown
from shared.locales import Locale
from shared.problems import FieldError, Invalid
from shared.rules import InvalidRule, Rule, failing_examples

MAX_SIZE = 200_000
"""Bytes of the source as JSON; an event carries it, and its rules once more, and may have 512 KiB."""
MAX_SECTIONS = 200
MAX_RULES = 1000
MAX_ERRORS = 100
MAX_WARNINGS = 100
FIXED_ID = re.compile(r"\{#([^{}]*)\}$")
GIVEN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
SECTION_ID = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
FIRST_SECTION = "introduction"


class InvalidSource(Invalid):
    """The source cannot be read as a policy."""


class FrontMatter(BaseModel):
    """What the YAML between the first two `---` lines may say."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(default=None, min_length=1, max_length=200)
    locale: Locale = "en"
    owner: str | None = Field(default=None, max_length=200)
    contact: str | None = Field(default=None, max_length=200)


@dataclass
class Remarks:
    """What is wrong in a source, and what is merely worth a look."""

    errors: list[FieldError] = field(default_factory=list)
    warnings: list[SourceWarning] = field(default_factory=list)

    def fail(self, line: int, detail: str) -> None:
        """Note what is wrong, at a line that counts from 1."""
        self.errors.append(FieldError(pointer="/source", detail=f"Line {line}: {detail}"))

    def warn(self, line: int, message: str) -> None:
        """Note what is worth a look, at a line that counts from 1."""
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(SourceWarning(line=line, message=message))

    def refuse(self) -> None:
        """Raise InvalidSource if anything is wrong."""
        if self.errors:
            raise InvalidSource(f"The source has {len(self.errors)} error(s).", errors=self.errors[:MAX_ERRORS])


@dataclass
class Block:
    """A section as it is found; `line` counts from 1 in the source, `first` and `last` bound its body without front matter."""

    id: str
    heading: str
    level: int
    line: int
    first: int
    last: int
    body: list[Token] = field(default_factory=list)
    rules: list[Token] = field(default_factory=list)


def parse(source: str) -> Content:
    """Return what a source says; raises InvalidSource with every error and its line.

    A rule that fails one of its own examples is no error here: it is told in `problems` and stops publication.
    """
    remarks = Remarks()
    matter, blocks, lines, offset = outline(source, remarks)
    rules = list(rules_of(blocks, offset, remarks))
    remarks.refuse()
    sections = sections_of(blocks, lines)
    return Content(
        title=matter.title,
        locale=matter.locale,
        owner=matter.owner,
        contact=matter.contact,
        sections=sections,
        rules=[placed for _, placed in rules],
        hash=content_hash(matter, sections, rules),
        problems=[problem for rule, _ in rules for problem in problems_of(rule)],
        warnings=sorted(remarks.warnings, key=lambda warning: warning.line),
    )


def outline(source: str, remarks: Remarks) -> tuple[FrontMatter, list[Block], list[str], int]:
    """Return the front matter, the sections, the lines behind the front matter and how many lines that takes.

    Raises InvalidSource where it makes no sense to look further.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if strange := CONTROL.search(source):
        remarks.fail(source.count("\n", 0, strange.start()) + 1, "a control character does not belong into a text.")
        remarks.refuse()
    if len(orjson.dumps(source)) > MAX_SIZE:
        raise InvalidSource(
            f"The source is larger than {MAX_SIZE} bytes.", errors=[FieldError(pointer="/source", detail="too large")]
        )
    given, offset = imports.front_matter(source, remarks.fail, remarks.warn)
    matter = FrontMatter()
    try:
        matter = FrontMatter.model_validate(given)
    except ValidationError as error:
        for wrong in error.errors():
            remarks.fail(1, f"front matter, {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}.")
    lines = source.split("\n")[offset:]
    blocks = list(blocks_of("\n".join(lines), offset, remarks))
    check_ids(blocks, remarks)
    for line, said in imports.leftovers(lines):
        remarks.warn(offset + line + 1, said)
    return matter, blocks, lines, offset


def blocks_of(text: str, offset: int, remarks: Remarks) -> Iterator[Block]:
    """Cut the text at its headings; text before the first heading becomes a section of its own."""
    tokens = markdown.read(text, lambda line, said: remarks.warn(offset + line + 1, said))
    starts = [index for index, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    firsts = [lines_of(tokens[start])[0] for start in starts]
    if not tokens:
        remarks.fail(offset + 1, "a policy needs at least one section; a heading makes a section.")
    if len(starts) > MAX_SECTIONS:
        remarks.fail(offset + firsts[MAX_SECTIONS] + 1, f"a policy has at most {MAX_SECTIONS} sections.")
        remarks.refuse()
    if starts[:1] != [0] and tokens:
        end = firsts[0] if firsts else text.count("\n") + 1
        introduction = Block(FIRST_SECTION, "Introduction", 1, offset + 1, 0, end)
        yield fill(introduction, tokens[: starts[0] if starts else None], offset, remarks)
        if not starts:
            remarks.warn(offset + 1, "there are no headings, so all of it is one section.")
    for start, end, last in zip(starts, [*starts, len(tokens)][1:], [*firsts, text.count("\n") + 1][1:], strict=True):
        block = open_block(tokens[start], tokens[start + 1], offset, last, remarks)
        yield fill(block, tokens[start + 3 : end], offset, remarks)


def fill(block: Block, tokens: Sequence[Token], offset: int, remarks: Remarks) -> Block:
    """Part what people read from the rule blocks."""
    for token in tokens:
        if token.type != "fence" or token.info.split()[:1] != ["rule"]:
            block.body.append(token)
        elif token.level:
            remarks.fail(
                offset + lines_of(token)[0] + 1, "a rule block must stand by itself, not in a list or quotation."
            )
        else:
            block.rules.append(token)
    return block


def lines_of(token: Token) -> tuple[int, int]:
    """Return the first line of a block token, and the one after its last, counted from 0."""
    first, last = token.map or (0, 0)
    return first, last


def open_block(token: Token, inline: Token, offset: int, end: int, remarks: Remarks) -> Block:
    """Begin the section of a heading: its id is the `{#id}` that it ends with, or made from its words."""
    heading = "".join(child.content for child in inline.children or [] if child.type in {"text", "code_inline"}).strip()
    fixed = FIXED_ID.search(heading)
    heading = heading[: fixed.start()].rstrip() if fixed else heading
    section_id = fixed.group(1) if fixed else slug(heading)
    first, last = lines_of(token)
    if fixed and not GIVEN_ID.fullmatch(section_id):
        remarks.fail(
            offset + first + 1, f'the id "{section_id[:64]}" must be small letters, digits and hyphens, at most 64.'
        )
    return Block(section_id, heading, int(token.tag[1]), offset + first + 1, last, end)


def slug(heading: str) -> str:
    """Return the words of a heading, folded and joined by hyphens."""
    return re.sub(r"[\W_]+", "-", heading.casefold()).strip("-")[:64].rstrip("-")


def check_ids(blocks: Sequence[Block], remarks: Remarks) -> None:
    """Section ids are what certificates and findings refer to, so each must be there and be unique."""
    lines: dict[str, int] = {}
    for block in blocks:
        if not SECTION_ID.fullmatch(block.id):
            remarks.fail(block.line, "the heading gives no id; write one as {#id} at its end.")
        elif len(block.heading) > 200:
            remarks.fail(block.line, "the heading is longer than 200 characters.")
        elif block.id in lines:
            remarks.fail(
                block.line,
                f'the section id "{block.id}" is that of line {lines[block.id]}; write another as {{#id}} after the heading.',
            )
        lines.setdefault(block.id, block.line)


def rules_of(blocks: Sequence[Block], offset: int, remarks: Remarks) -> Iterator[tuple[Rule, RuleOut]]:
    """Read the rule blocks of all sections, each as the engine and as a reader sees it."""
    lines: dict[str, int] = {}
    tokens = [(token, block.id) for block in blocks for token in block.rules]
    if len(tokens) > MAX_RULES:
        remarks.fail(offset + lines_of(tokens[MAX_RULES][0])[0] + 1, f"a policy has at most {MAX_RULES} rules.")
        return
    for token, section in tokens:
        line = offset + lines_of(token)[0] + 1
        try:
            rule = Rule.from_yaml(token.content)
        except InvalidRule as error:
            for fault in error.faults:
                place = f"{fault.pointer}: " if fault.pointer else ""
                remarks.fail(line + (fault.line or 0), f"{name_of(token)}{place}{fault.message}")
            continue
        if rule.id in lines:
            remarks.fail(line, f'the rule id "{rule.id}" is that of line {lines[rule.id]}.')
        lines.setdefault(rule.id, line)
        shown = RuleOut(
            id=rule.id,
            section=section,
            severity=rule.severity,
            message=rule.message,
            suggestion=rule.suggestion,
            yaml=token.content,
        )
        yield rule, shown


def name_of(token: Token) -> str:
    """Name a rule that cannot be read by the id it seems to have."""
    found = re.search(r"^id:\s*(\S+)", token.content, re.MULTILINE)
    return f'rule "{found.group(1)[:64]}": ' if found else "rule: "


def sections_of(blocks: Sequence[Block], lines: Sequence[str]) -> list[SectionOut]:
    """Render the sections; each belongs to the one before it whose heading is the next above its own."""
    above: list[Block] = []
    sections = []
    for block in blocks:
        while above and above[-1].level >= block.level:
            above.pop()
        sections.append(section_of(block, lines, above[-1].id if above else None))
        above.append(block)
    return sections


def section_of(block: Block, lines: Sequence[str], parent: str | None) -> SectionOut:
    """Render a section without its rule blocks."""
    kept = set(range(block.first, block.last))
    for token in block.rules:
        kept -= set(range(*lines_of(token)))
    text = "\n".join(lines[line] for line in sorted(kept) if line < len(lines)).strip("\n")
    words = markdown.words_of(block.body)
    return SectionOut(
        id=block.id,
        heading=block.heading,
        level=block.level,
        parent=parent,
        html=markdown.render(block.body),
        markdown=text,
        text=words,
        hash=markdown.hash_of(block.heading, words),
    )


def content_hash(matter: FrontMatter, sections: Sequence[SectionOut], rules: Sequence[tuple[Rule, RuleOut]]) -> str:
    """Return the hash that approvals and acknowledgements are bound to: of what is said, not of how it is laid out.

    White space counts within rules, where it can be part of a pattern.
    """
    exact = [hashlib.sha256(rule.model_dump_json().encode()).hexdigest() for rule, _ in rules]
    return markdown.hash_of(
        matter.model_dump_json(),
        *(f"{section.id} {section.level} {section.hash}" for section in sections),
        *(f"{shown.section} {digest}" for (_, shown), digest in zip(rules, exact, strict=True)),
    )


def problems_of(rule: Rule) -> list[FailingExample]:
    """Return the examples of a rule on which it does not do what its author says, and the kinds of which it has none."""
    given = {"match": rule.examples.match, "pass": rule.examples.pass_}
    return [
        FailingExample(rule=rule.id, example="", expected=kind, why=f"at least one under `{kind}` is needed")
        for kind, examples in given.items()
        if not examples
    ] + [
        FailingExample(rule=rule.id, example=failed.example, expected=failed.expected, why=failed.why)
        for failed in failing_examples(rule)
    ]
