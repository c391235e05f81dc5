"""Answers that are JSON before they leave their unit of work: rows rendered without a model in between.

A model per row costs more than the query that found it. The route still names the model as its `response_model`, so
the document is the same, and a test reads each such answer back through its model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import Dialect, Text, TypeDecorator

T = TypeVar("T")

OPTIONS = orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class Rendered(Generic[T]):
    """A `T` as JSON; one that counts revisions says which it is, for the ETag."""

    body: bytes
    revision: int | None = None


def rendered(names: Sequence[str], row: Sequence[Any]) -> Rendered[Any]:
    """Render one row; its `revision`, where it has one, becomes the ETag."""
    content = dict(zip(names, row, strict=True))
    return Rendered(orjson.dumps(content, option=OPTIONS), content.get("revision"))


def rendered_page(names: Sequence[str], rows: Iterable[Sequence[Any]], next_cursor: str | None) -> Rendered[Any]:
    """Render a page of rows."""
    items = [dict(zip(names, row, strict=True)) for row in rows]
    return Rendered(orjson.dumps({"items": items, "next_cursor": next_cursor}, option=OPTIONS))


class RawJson(TypeDecorator[orjson.Fragment]):
    """What a JSON column is cast to where it is only passed on, neither read nor written anew."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, _dialect: Dialect) -> orjson.Fragment | None:
        """Mark the text as the JSON that it is."""
        return orjson.Fragment(value) if value is not None else None
