"""Regular expressions that an author may write: RE2, which takes linear time on any text."""

import re
from functools import cached_property

import re2

from shared.rules.boundaries import written_out

MAX_LENGTH = 1000
MAX_PROGRAM = 4000
MAX_MEMORY = 1 << 20

_look_around = re.compile(r"\(\?<?[=!]")
_back_reference = re.compile(r"\\[1-9]|\(\?P=")
_any_byte = re.compile(r"(?<!\\)(?:\\\\)*\\C")


class InvalidPattern(ValueError):  # noqa: N818 - named like InvalidRule, into which it is put
    """A pattern that cannot be used, with what its author can do about it."""


class Pattern:
    """A pattern that is known to be usable; raises InvalidPattern with words for its author if it is not."""

    def __init__(self, written: str) -> None:
        self._written = written
        self._checked = _compiled(written)
        if _any_byte.search(written):
            raise InvalidPattern(r"`\C` (any byte) would cut characters in two; use `.`.")
        if self._checked.programsize > MAX_PROGRAM:
            raise InvalidPattern("The pattern is too large once its repetitions are spelt out; use smaller counts.")
        if self._checked.search("") is not None:
            raise InvalidPattern("The pattern also matches nothing at all, so every text would match it.")

    def search(self, text: str) -> tuple[int, int] | None:
        """Where the pattern first matches."""
        compiled, group = self._in_use
        # As bytes, since its wrapper takes twice as long for a text.
        encoded = text.encode()
        found = compiled.search(encoded)
        if found is None:
            return None
        start, end = found.span(group)
        if len(encoded) == len(text):
            return start, end
        before = len(encoded[:start].decode())
        return before, before + len(encoded[start:end].decode())

    @cached_property
    def _in_use(self) -> "tuple[re2._Regexp, int]":
        """What is searched for and the group that counts; made late, as the classes of all letters are large."""
        bounded = written_out(self._written)
        return (self._checked, 0) if bounded is None else (_compiled(bounded), 1)


def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise InvalidPattern(_in_plain_words(pattern, error)) from None


def _in_plain_words(pattern: str, error: Exception) -> str:
    if _look_around.search(pattern):
        return (
            "Patterns are RE2, which knows no look-ahead and look-behind: "
            "say what must not be there with `not` over a second detector."
        )
    if _back_reference.search(pattern):
        return "Patterns are RE2, which knows no back-references: spell out what may be repeated."
    reason = error.args[0]
    said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return f"Not a valid RE2 pattern: {said}."
