"""The table that benchmarks print: ratios to a baseline of the same run, never absolute speeds alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: how we compare to a baseline that ran beside us, and what we want to reach."""

    what: str
    ratio: float
    baseline: str
    goal: str
    note: str = ""


def print_table(rows: Sequence[Row]) -> None:
    """Print measurements one below the other."""
    table = Table("what", "ratio", "to", "goal", "note")
    for row in rows:
        table.add_row(row.what, f"{row.ratio:.2f}", row.baseline, row.goal, row.note)
    Console(width=160).print(table)
