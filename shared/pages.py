"""Lists in pages: `{"items": [...], "next_cursor": ...}` with an opaque cursor over a unique, ordered column."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel
from sqlmodel.sql.expression import Select as SqlModelSelect
from sqlmodel.sql.expression import SelectOfScalar

from shared.db import Session
from shared.problems import FieldError, Invalid
from shared.schemas import refuse_nul

T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page a client asks for."""

    limit: int
    after: str | None


def encode_cursor(value: object) -> str:
    """Return an opaque cursor that stands for a JSON value."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Any:
    """Return the value that a cursor stands for; raises Invalid for one that we did not make."""
    try:
        return json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, UnicodeError):
        raise not_ours() from None


def not_ours() -> Invalid:
    """Return what a client is told of a cursor that we did not make."""
    return Invalid(
        "The cursor is not one that we gave.", errors=[FieldError(pointer="?cursor", detail="not a cursor of ours")]
    )


async def page_query(
    limit: Annotated[int, Query(ge=1, le=200, description="Items per page.")] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")] = None,
) -> PageQuery:
    """Read `?limit=` and `?cursor=`."""
    if cursor is None:
        return PageQuery(limit, None)
    after = decode_cursor(cursor)
    if not isinstance(after, str):
        raise not_ours()
    try:
        return PageQuery(limit, refuse_nul(after))
    except ValueError:
        raise not_ours() from None


Paging = Annotated[PageQuery, Depends(page_query)]


def cut(rows: list[Any], limit: int, key: int) -> tuple[list[Any], str | None]:
    """Return the rows of a page and its next cursor, of one row more than the page has; `key` is the place of its key."""
    return (rows, None) if len(rows) <= limit else (rows[:limit], encode_cursor(rows[limit - 1][key]))


def page(
    session: Session,
    statement: SelectOfScalar[Row] | SqlModelSelect[Any] | Select[Any],
    paging: PageQuery,
    *,
    key: InstrumentedAttribute[str] | Any,
    to: Callable[[Row], T],
    newest_first: bool = False,
) -> Page[T]:
    """Return the page of rows after the cursor, ordered by the unique text column `key`."""
    if paging.after is not None:
        statement = statement.where(key < paging.after if newest_first else key > paging.after)
    ordered = statement.order_by(key.desc() if newest_first else key).limit(paging.limit + 1)
    rows = list(session.execute(ordered).scalars())
    more = len(rows) > paging.limit
    rows = rows[: paging.limit]
    cursor = encode_cursor(getattr(rows[-1], key.key)) if more else None
    return Page(items=[to(row) for row in rows], next_cursor=cursor)
