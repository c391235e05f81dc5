"""What the README and the guides tell readers to paste, pasted beside a freshly loaded demonstration."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.pasting import Block, blocks_of, differences
from tests.journeys.running import ROOT, Running, wait_until
from tests.servers import free_port

LOADING_SECONDS = 180
PASTING_SECONDS = 60
BETWEEN = "----- answered -----"
GUIDES = sorted((ROOT / "docs").glob("*.md"))

pytestmark = pytest.mark.timeout(LOADING_SECONDS + 2 * PASTING_SECONDS)


@dataclass(frozen=True)
class Line:
    """One line to paste, under the comment that says what its answer holds."""

    comment: str
    command: str

    @property
    def promised(self) -> list[str]:
        """What the answer holds, in this order."""
        return self.comment.split(" => ")[1].split(" … ")


def ten_lines() -> tuple[str, list[Line]]:
    """Return the README's line that sets the shell up, and those that follow."""
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


def paste(commands: list[str], folder: Path, data: Path, **environment: str) -> list[str]:
    """Paste commands into one shell, one after the other, and return what each printed."""
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "docs").symlink_to(ROOT / "docs")
    shell = subprocess.run(
        ["bash", "-u"],
        input="".join(f"{command}\necho; echo '{BETWEEN}'\n" for command in commands),
        cwd=folder,
        env=os.environ | {"DATA_DIR": str(data)} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PASTING_SECONDS,
    )
    assert not shell.stderr
    *answers, _ = shell.stdout.split(BETWEEN)
    return [answer.strip() for answer in answers]


def test_ten_lines_pasted_one_after_the_other_answer_what_their_comments_say(loaded: Path, tmp_path: Path) -> None:
    set_up, lines = ten_lines()
    assert len(lines) == 10
    assert all(line.command.startswith("curl ") for line in lines)

    _, *answers = paste([set_up, *(line.command for line in lines)], tmp_path, loaded)

    for line, answer in zip(lines, answers, strict=True):
        place = 0
        for part in line.promised:
            found = answer.find(part, place)
            assert found >= 0, f"{line.comment}\ndoes not hold at {part!r}:\n{answer}"
            place = found + len(part)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_guide_can_be_pasted_from_top_to_bottom_and_shows_real_answers(
    guide: Path, loaded: Path, tmp_path: Path
) -> None:
    blocks = blocks_of(guide)
    if not blocks:
        assert "curl" not in guide.read_text()
        return
    told = json.loads((loaded / "run.json").read_text())

    answers = paste(
        [command_of(block, tmp_path / f"example-{place}.py") for place, block in enumerate(blocks)],
        tmp_path,
        loaded,
        URL=told["url"],
        KEY=told["api_key"],
    )

    for block, answer in zip(blocks, answers, strict=True):
        assert '"status":4' not in answer or block.answer, f"{block.text}\nwas refused: {answer}"
        if block.answer is not None:
            assert differences(block.answer, json.loads(answer.splitlines()[-1])) == [], f"{block.text}\n{answer}"


def command_of(block: Block, program: Path) -> str:
    """Return what to paste; a Python program is first saved as a file."""
    if block.language == "bash":
        return block.text
    program.write_text(block.text)
    return f".venv/bin/python {program.name}"
