"""The README's ten lines, pasted one after the other into a shell beside a freshly loaded demonstration."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.running import ROOT, Running, wait_until
from tests.servers import free_port

LOADING_SECONDS = 180
BETWEEN = "----- answered -----"


@dataclass(frozen=True)
class Line:
    """One line to paste, under the comment that says what its answer holds."""

    comment: str
    command: str

    @property
    def promised(self) -> list[str]:
        """What the answer holds, in this order."""
        return self.comment.split(" => ")[1].split(" … ")


def pasted() -> tuple[str, list[Line]]:
    """Return the line that sets the shell up, and the ten that follow."""
    block = re.search(r"^```bash\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block is not None
    set_up, *rest = [line for line in block[1].splitlines() if line]
    return set_up, [Line(*pair) for pair in zip(rest[::2], rest[1::2], strict=True)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the platform with its demonstration organisation; return its data folder once all is loaded."""
    data = tmp_path_factory.mktemp("readme") / "data"
    with Running(data, free_port(), DEMO="1") as run:
        mark = data / "demo.json"
        wait_until(lambda: mark.exists() and json.loads(mark.read_text() or "{}").get("loaded"), LOADING_SECONDS)
        yield data
        assert run.interrupt() == 0


@pytest.mark.timeout(LOADING_SECONDS + 120)
def test_ten_lines_pasted_one_after_the_other_answer_what_their_comments_say(loaded: Path) -> None:
    set_up, lines = pasted()
    assert len(lines) == 10
    assert all(line.command.startswith("curl ") for line in lines)
    commands = "\n".join(f"{line.command}\necho; echo '{BETWEEN}'" for line in lines)

    shell = subprocess.run(
        ["bash"],
        input=f"{set_up}\n{commands}\n",
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(loaded)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert not shell.stderr
    *answers, _ = shell.stdout.split(BETWEEN)
    for line, answer in zip(lines, answers, strict=True):
        place = 0
        for part in line.promised:
            found = answer.find(part, place)
            assert found >= 0, f"{line.comment}\ndoes not hold at {part!r}:\n{answer}"
            place = found + len(part)
