"""The files of a course folder: YAML without surprises, and Markdown under YAML front matter."""

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LARGEST = 1_000_000
"""Characters of one text file."""
MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class FolderError(Exception):
    """The folder cannot be read as a course; the message has a line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class Refused(Exception):  # noqa: N818  it never leaves this package
    """One file cannot be read; says why."""


@dataclass
class Faults:
    """What is wrong in a folder, told all at once."""

    said: list[str] = field(default_factory=list)

    def add(self, place: str, what: str) -> None:
        """Note a fault of a file."""
        self.said.append(f"{place}: {what}")

    def refuse(self) -> None:
        """Raise FolderError if anything is wrong."""
        if self.said:
            raise FolderError(self.said)


class PlainLoader(yaml.CSafeLoader):
    """YAML with words, numbers and yes or no: no aliases, which can be made to explode, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that is there twice."""
        keys: set[Any] = set()
        for name, _ in node.value:
            key = self.construct_object(name, deep=True)
            if key in keys:
                raise Refused(f'line {name.start_mark.line + 1}: "{key}" is there twice.')
            keys.add(key)
        return super().construct_mapping(node, deep=deep)


# A date stays as it is written; the platform reads it, with its zone.
PlainLoader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_text(path: Path) -> str:
    """Return the text of a file; raises Refused for what is not UTF-8 text of a sensible size."""
    try:
        if path.stat().st_size > 4 * LARGEST:
            raise Refused(f"is larger than {LARGEST} characters.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"is not UTF-8 text (byte {error.start}).") from None
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}.") from None
    if len(text) > LARGEST:
        raise Refused(f"is larger than {LARGEST} characters.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str, first_line: int = 1) -> dict[str, Any]:
    """Return the fields that YAML says; raises Refused with the line."""
    try:
        refuse_aliases(text, first_line)
        found = yaml.load(text, Loader=PlainLoader)  # noqa: S506  a safe loader with less than the safe one
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + first_line if error.problem_mark else first_line
        raise Refused(f"line {line}: no valid YAML: {error.problem}.") from None
    except yaml.YAMLError as error:
        raise Refused(f"no valid YAML: {getattr(error, 'reason', 'unreadable')}.") from None
    except (ValueError, RecursionError):
        raise Refused("no valid YAML: a value cannot be read.") from None
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise Refused("must be fields, such as `title: Social principles`.")
    return found


def refuse_aliases(text: str, first_line: int) -> None:
    """Raise Refused for an alias: a few lines of them can stand for more than a memory holds."""
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + first_line if event.start_mark else first_line
            raise Refused(f"line {line}: aliases (*name) are not read; write it out.")


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the fields of a YAML file; raises Refused."""
    return parse(read_text(path))


def read_markdown(path: Path) -> dict[str, Any]:
    """Return the fields of a file's front matter, with its body as `markdown`; raises Refused."""
    text = read_text(path)
    found = MATTER.match(text)
    if found is None:
        raise Refused("must begin with front matter: a line ---, fields such as `title: …`, and a line ---.")
    fields = parse(found.group(1), first_line=2)
    if "markdown" in fields:
        raise Refused("the text stands below the front matter, not in a field `markdown`.")
    body = text[found.end() :].strip("\n")
    return {**fields, "markdown": body} if body.strip() else fields


class Dumper(yaml.SafeDumper):
    """YAML as an author would write it: long texts as blocks, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  PyYAML's own signature
        """Indent lists below their name."""
        super().increase_indent(flow, indentless=False)


def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Write a text of several lines as a block."""
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, represent_text)


def to_yaml(fields: dict[str, Any]) -> str:
    """Return fields as YAML."""
    return yaml.dump(fields, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=118)


def to_markdown(fields: dict[str, Any]) -> str:
    """Return fields as front matter, with `markdown` as the text below."""
    matter = {name: value for name, value in fields.items() if name != "markdown"}
    return f"---\n{to_yaml(matter) if matter else ''}---\n\n{fields.get('markdown', '')}\n"
