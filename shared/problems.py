"""Errors that a client is told of: RFC 9457 problem details, rendered in one place.

Domain code raises a subclass; its name gives the slug of `type`, its docstring's first line the `title`.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field

TYPE_BASE = "https://shareload.example/problems/"
RETRY_AFTER = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}


class FieldError(BaseModel):
    """One thing that is wrong in a request: a JSON pointer into the body (or `?name` of the query) and why."""

    pointer: str
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError] | None = Field(default=None)


class Problem(Exception):  # noqa: N818  these are answers to a client, not faults
    """Something that the client is told."""

    status: ClassVar[int] = 500
    passes: ClassVar[bool] = False
    """Whether it can go away by waiting, and the answer may say how long in `Retry-After`."""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: list[FieldError] | None = None,
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.errors = errors
        self.retry_after = retry_after
        self.extra = extra or {}
        self.headers = headers or {}

    @classmethod
    def slug(cls) -> str:
        """The last part of the problem's type: `NotApproved` -> `not-approved`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The first line of the class's docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0].rstrip(".")


class Unauthorized(Problem):
    """The request carries no valid credentials."""

    status = 401


class Forbidden(Problem):
    """The credentials do not carry the scope that this needs."""

    status = 403


class NotFound(Problem):
    """There is no such thing, or it is someone else's."""

    status = 404


class Conflict(Problem):
    """The state of the resource does not allow this."""

    status = 409


class Stale(Problem):
    """The resource has changed since the revision that If-Match names."""

    status = 412


class TooLarge(Problem):
    """The request is larger than this endpoint takes."""

    status = 413


class UnsupportedMediaType(Problem):
    """The request's content type is not one that this endpoint takes."""

    status = 415


class Invalid(Problem):
    """The request is not valid."""

    status = 422


class TooManyRequests(Problem):
    """The rate limit is reached."""

    status = 429
    passes = True


class Unavailable(Problem):
    """This cannot be answered at this moment; try again."""

    status = 503
    passes = True


def problems(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` that declare these problems on a route."""
    by_status: dict[int | str, list[type[Problem]]] = {}
    for cls in classes:
        by_status.setdefault(cls.status, []).append(cls)
    return {
        status: {
            "description": " Or: ".join(f"{cls.title()}." for cls in group),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
            **({"headers": RETRY_AFTER} if any(cls.passes for cls in group) else {}),
        }
        for status, group in by_status.items()
    }
