"""`make bench`: run every benchmark, one after the other, and print what came of it."""

import importlib
import sys
import time
from pathlib import Path

from tests.benchmarks.table import Row, print_table


def main(wanted: list[str]) -> None:
    """Run the benchmarks named (`gateway` for bench_gateway.py), or all."""
    rows: list[Row] = []
    try:
        for path in sorted(Path(__file__).parent.glob("bench_*.py")):
            name = path.stem.removeprefix("bench_")
            if wanted and name not in wanted:
                continue
            began = time.monotonic()
            rows += importlib.import_module(f"tests.benchmarks.{path.stem}").run()
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    finally:
        # What was measured before one of them failed took minutes.
        print_table(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
