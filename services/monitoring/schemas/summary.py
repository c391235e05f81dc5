"""Counts by group."""

from datetime import datetime
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


class RebuildOut(Resource):
    """Every count was found anew; `corrected` is how many were wrong before, and is 0 unless something is."""

    rebuilt_at: datetime
    corrected: int


Metric = Literal[
    "posts",
    "findings",
    "triage",
    "deletions",
    "conversations",
    "replies",
    "overdue",
    "guidance",
    "dropped",
]
SeriesBy = Literal["none", "network", "department", "kind", "section", "rule"]
Step = Literal["hour", "day"]


class PointOut(Resource):
    """What was counted in one step of time that begins at `at`, for one group; steps with nothing have no point."""

    at: datetime
    key: str | None
    value: int


class SeriesOut(Resource):
    """Counts over time, the oldest first."""

    items: list[PointOut]
    metric: Metric
    by: SeriesBy
    step: Step
