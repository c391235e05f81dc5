"""What the guides and decisions name is there: files, headings, events."""

import re
from pathlib import Path

import pytest

from shared import asyncapi

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs").glob("*.md"))
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *GUIDES, *DECISIONS]
PLACES = ("", "shared", *(f"services/{name}" for name in ("policy", "training", "monitoring", "gateway")))
PARTS = ["Context", "Decision", "Consequences", "Alternatives", "Kept by"]
MADE = frozenset({"deploy/.env", "deploy/secrets"})
"""What the guides tell readers to make, so that it is not there yet."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"`([a-z_][\w/-]*(?:/|\.(?:py|md|yaml|yml|sql|toml)))`", page.read_text())
    folders = [page.parent, *[ROOT / place for place in PLACES]]
    assert {path for path in named if not any((folder / path).exists() for folder in folders)} - MADE == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), anchor


def test_the_readme_leads_to_every_guide() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [guide.name for guide in GUIDES if f"](docs/{guide.name})" not in readme] == []


def test_decisions_are_numbered_without_a_gap_and_each_says_what_else_there_was_and_what_keeps_it() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    for path in DECISIONS:
        text = path.read_text()
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert [part for part in PARTS if f"\n**{part}" not in text] == [], path.name


def test_the_dashboard_guide_says_when_each_event_is_told() -> None:
    guide = (ROOT / "docs" / "dashboard-builder.md").read_text()
    table = guide.split("| types | told when |", 1)[1].split("\n\n", 1)[0]
    written = set()
    for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE):
        resource = ""
        for name in re.findall(r"`([\w.]+)`", row):
            resource = name.rpartition(".")[0] or resource
            written.add(f"{resource}.{name.rpartition('.')[2]}.v1")
    known = set(asyncapi.catalogue())
    assert known - written == set()
    assert written - known == set()
