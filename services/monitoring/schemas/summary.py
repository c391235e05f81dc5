"""Counts by group."""

from typing import Literal

from shared.schemas import Resource

By = Literal["rule", "section", "department", "network", "hour", "kind"]


class CountOut(Resource):
    """Counts of one group; `merged` says how many small departments stand under `other`."""

    key: str | None
    policy: str | None = None
    section: str | None = None
    posts: int
    findings: int
    merged: int | None = None


class SummaryOut(Resource):
    """Counts by group, largest first (hours in their order)."""

    items: list[CountOut]
    by: By
