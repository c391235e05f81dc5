"""Read the YAML of a rule block: nothing but mappings, lists and words, and the line of each.

One thing differs from YAML: a `#` with a letter or digit right behind it is a hashtag, unless a line begins with it.
YAML would take `suggestion: Add #AcmeEmployee.` for "Add" and a comment, and nobody would notice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

MAX_SIZE = 64_000
MAX_DEPTH = 20

_hashtag = re.compile(r"(?<=\S)([ \t]*)#(?=\w)")
_STAND_IN = "\ue123"

Data = dict[str, "Data"] | list["Data"] | str | None
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a rule: what, where (a JSON pointer into the block) and in which line of it."""

    message: str
    pointer: str = ""
    line: int | None = None


class InvalidRule(ValueError):  # noqa: N818 - named like the domain's problems
    """A rule block that cannot be used; `faults` say why, the first one first."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        self.message, self.pointer, self.line = faults[0].message, faults[0].pointer, faults[0].line
        super().__init__("; ".join(f"{fault.pointer or 'rule'}: {fault.message}" for fault in faults))


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def parse(text: str) -> tuple[Data, dict[Path, int]]:
    """Read one YAML document: its data, all scalars as written, and the line of each part; raises InvalidRule.

    No aliases (which can be made to explode), no tags, no repeated keys; `no` and `1.0` are words like any other.
    """
    if len(text) > MAX_SIZE:
        raise InvalidRule(Fault(f"A rule block may have at most {MAX_SIZE} characters."))
    try:
        return _Builder(text).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        raise InvalidRule(Fault(f"Not valid YAML: {said}.", line=mark.line + 1 if mark else None)) from None
    except UnicodeError:
        raise InvalidRule(Fault("Not valid YAML: it contains half a character.")) from None


class _Builder:
    def __init__(self, text: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(_hashtag.sub(rf"\1{_STAND_IN}", text), Loader=yaml.CSafeLoader)
        self._lines: dict[Path, int] = {}

    def document(self) -> tuple[Data, dict[Path, int]]:
        event = next(self._events)
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise InvalidRule(Fault("The rule block is empty."))
        data = self._value(event, ())
        next(self._events)
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise InvalidRule(Fault("A rule block holds one rule; put the next one into a block of its own."))
        return data, self._lines

    def _value(self, event: yaml.Event, path: Path) -> Data:
        if event.start_mark is not None:
            self._lines[path] = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._fault(
                "Anchors and aliases (& and *) are not allowed; put text with these signs in quotes", path
            )
        if getattr(event, "tag", None) is not None:
            raise self._fault("Tags (!) are not allowed; put text that begins with ! in quotes", path)
        if len(path) > MAX_DEPTH:
            raise self._fault("Nested too deeply", path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path)
        return _scalar(event)

    def _mapping(self, path: Path) -> Data:
        made: dict[str, Data] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._fault("A key must be a word", path)
            self._value(event, (*path, event.value))
            key = event.value.replace(_STAND_IN, "#")
            if key in made:
                raise self._fault("The key is there twice", (*path, key))
            made[key] = self._value(next(self._events), (*path, key))
        return made

    def _list(self, path: Path) -> Data:
        made: list[Data] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            made.append(self._value(event, (*path, len(made))))
        return made

    def _fault(self, message: str, path: Path) -> InvalidRule:
        return InvalidRule(Fault(f"{message}.", pointer(path), self._lines.get(path)))


def _scalar(event: yaml.Event) -> str | None:
    if not isinstance(event, yaml.ScalarEvent):
        raise TypeError(event)
    empty = event.style is None and event.value in {"", "~", "null"}
    return None if empty else event.value.replace(_STAND_IN, "#")
