"""Each threat that we name has a test that shows what stands against it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"


def rows() -> list[list[str]]:
    """Return the cells of the table of threats."""
    table = PAGE.read_text().split("\n## Threats\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_each_threat_names_a_test_that_exists() -> None:
    threats = rows()
    assert len(threats) > 30
    for threat, against, shown in threats:
        assert against, threat
        named = re.findall(r"`(tests/[\w/]+\.py)::([\w*]+)`", shown)
        assert named, threat
        for file, test in named:
            source = (ROOT / file).read_text()
            assert test == "*" or f"def {test}(" in source, f"{threat}: {file}::{test}"
