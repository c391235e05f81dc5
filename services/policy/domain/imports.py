"""Files that were written for other tools: what of them is not understood here is told, and does no harm."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.rules import InvalidRule
from shared.rules.source import parse as parse_yaml

OWN = frozenset({"title", "locale", "owner", "contact"})
LANGUAGE = ("lang", "language")
"""What other tools call the locale."""
MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
TEMPLATE = re.compile(r"\{%[^\n%]{0,500}%\}|\{\{[^\n{}]{0,500}\}\}")
HTML = re.compile(r"</?[A-Za-z][A-Za-z0-9-]{0,30}[\s/>]|<!--")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")

Tell = Callable[[int, str], None]
"""Is told of something at a line of the source, counted from 1."""


def front_matter(source: str, fail: Tell, warn: Tell) -> tuple[dict[str, Any], int]:
    """Return those fields of the front matter that are ours, and the number of lines that all of it takes."""
    found = MATTER.match(source)
    if found is None:
        return {}, 0
    lines = found.group(0).count("\n")
    if found.group(1) == "+++":
        warn(1, "front matter in TOML is passed over; write it as YAML between lines of ---.")
        return {}, lines
    try:
        given = parse_yaml(found.group(2))[0] if found.group(2).strip() else {}
    except InvalidRule as error:
        fail((error.line or 0) + 1, f"front matter: {error.message}")
        return {}, lines
    if not isinstance(given, dict):
        fail(1, "front matter: must be fields, such as `title: Social media policy`.")
        return {}, lines
    return known(given, warn), lines


def known(given: Mapping[str, Any], warn: Tell) -> dict[str, Any]:
    """Return the fields that mean something here, and tell of the others."""
    ours = {name: value for name, value in given.items() if name in OWN and value is not None}
    foreign = [name for name in given if name not in OWN]
    for name in LANGUAGE:
        if name in foreign and "locale" not in ours:
            ours["locale"] = given[name]
            foreign.remove(name)
            warn(1, f'front matter: "{name}" is taken as the locale.')
    if foreign:
        names = ", ".join(f'"{name[:50]}"' for name in foreign[:20])
        warn(1, f"front matter: passed over, as it means nothing here: {names}.")
    if "title" not in ours:
        warn(1, "there is no title in the front matter; the policy's own is shown.")
    return ours


def leftovers(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Find what another tool would have replaced: template tags and HTML, with the line, counted from 0."""
    fence = ""
    for number, line in enumerate(lines):
        mark = FENCE.match(line)
        if mark and (not fence or mark.group(1).startswith(fence)):
            fence = "" if fence else mark.group(1)
        elif not fence:
            if found := TEMPLATE.search(line):
                yield number, f"the template tag {found.group()[:60]} stays as it is written; replace it by words."
            if found := HTML.search(line):
                yield number, f"HTML such as {found.group().strip()} is shown as text; write Markdown."
