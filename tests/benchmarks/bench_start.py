"""How soon the whole platform is ready on a migrated store, and how much memory it takes: empty, just filled, in use."""

import json
import tempfile
from pathlib import Path

import psutil

from tests.benchmarks import demo_use
from tests.benchmarks.table import Row, print_table
from tests.journeys.running import Running, wait_until
from tests.servers import free_port

SECONDS, MEGABYTES = 3.0, 400.0
LOADING_SECONDS = 300.0


def megabytes_of(running: Running) -> float:
    """Return what all processes take, shared pages in equal parts."""
    return sum(psutil.Process(pid).memory_full_info().pss for pid in running.pids()) / 2**20


def is_loaded(data: Path) -> bool:
    """Tell whether the demonstration organisation is whole."""
    mark = data / "demo.json"
    return mark.exists() and bool(json.loads(mark.read_text() or "{}").get("loaded"))


def run() -> list[Row]:
    """Start twice on one folder and measure the second time: ratios are to the goals, so that below 1 is good."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with Running(data, free_port()) as first:
            first.interrupt()
        with Running(data, free_port()) as second:
            megabytes = megabytes_of(second)
            seconds = second.seconds
            second.interrupt()
        filled = Path(folder) / "filled"
        with Running(filled, free_port(), DEMO="1") as third:
            wait_until(lambda: is_loaded(filled), patience=LOADING_SECONDS)
            just_filled = megabytes_of(third)
            demo_use.use(third)
            in_use = megabytes_of(third)
            third.interrupt()
    return [
        Row(
            "ready on a migrated store",
            seconds / SECONDS,
            "3 s",
            "< 1",
            f"{seconds:.1f} s from the command to all /readyz",
        ),
        Row(
            "memory of all processes",
            megabytes / MEGABYTES,
            "400 MB",
            "< 1",
            f"{megabytes:.0f} MB PSS, nats-server included",
        ),
        Row(
            "memory of all processes, just filled",
            just_filled / MEGABYTES,
            "400 MB",
            "< 1",
            f"{just_filled:.0f} MB PSS after loading the demonstration, which goes on",
        ),
        Row(
            "memory of all processes, in use",
            in_use / MEGABYTES,
            "400 MB",
            "< 1",
            f"{in_use:.0f} MB PSS after pages, lists, SCIM, badges, question files, the linter and a back-test",
        ),
    ]


if __name__ == "__main__":
    print_table(run())
