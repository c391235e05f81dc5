"""How soon the whole platform is ready on a migrated store, and how much memory it takes."""

import tempfile
from pathlib import Path

import psutil

from tests.benchmarks.table import Row, print_table
from tests.journeys.running import Running
from tests.servers import free_port

SECONDS, MEGABYTES = 3.0, 400.0


def run() -> list[Row]:
    """Start twice on one folder and measure the second time: ratios are to the goals, so that below 1 is good."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with Running(data, free_port()) as first:
            first.interrupt()
        with Running(data, free_port()) as second:
            processes = [psutil.Process(pid) for pid in second.pids()]
            megabytes = sum(process.memory_full_info().pss for process in processes) / 2**20
            seconds = second.seconds
            second.interrupt()
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
    ]


if __name__ == "__main__":
    print_table(run())
