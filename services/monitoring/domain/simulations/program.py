"""The process in which simulations run, so that they delay nobody: two scenarios in, what came of them out, as JSON.

Run as `python -m services.monitoring.domain.simulations.program` with a task on standard input. It imports little, asks
for little of the processor while others want it, and ends by itself when it takes too long.
"""

import json
import os
import resource
import sys
from typing import Any

from services.monitoring.domain.simulations.draws import scenarios
from services.monitoring.domain.simulations.model import Scenario, Task
from services.monitoring.domain.simulations.outcome import outcome
from services.monitoring.domain.simulations.simulator import Simulator

NICENESS = 10


def simulate(scenario: Scenario) -> dict[str, Any]:
    """Run one scenario."""
    simulator = Simulator(scenario)
    simulator.run()
    return outcome(simulator)


def compare(task: Task) -> dict[str, Any]:
    """Run both scenarios of a task."""
    before, after = scenarios(task)
    return {"before": simulate(before), "after": simulate(after)}


def main() -> None:
    """Run what stands on standard input."""
    task = Task.from_plain(json.load(sys.stdin))
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds))
    json.dump(compare(task), sys.stdout)


if __name__ == "__main__":
    main()
