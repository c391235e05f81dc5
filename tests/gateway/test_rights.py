"""The page about rights says what the table of rights says."""

import re
from pathlib import Path

from services.gateway.rights import AREAS, FRESH, ROLE_SCOPES, SELF, Role

PAGE = (Path(__file__).parents[2] / "docs" / "rights.md").read_text()


def test_the_page_about_rights_has_each_role_with_its_scopes() -> None:
    rows = re.findall(r"^\| `([a-z:]+)` \|(.*)\|$", PAGE, re.MULTILINE)
    written = {scope: [cell.strip() == "yes" for cell in cells.split("|")] for scope, cells in rows}
    roles = [Role(name) for name in ("employee", "coach", "lead", "admin")]
    scopes = [SELF, *(f"{area}:{right}" for area in AREAS for right in ("read", "write"))]
    assert written == {scope: [scope in ROLE_SCOPES[role] for role in roles] for scope in scopes}


def test_the_page_about_rights_has_all_that_asks_for_a_fresh_sign_in() -> None:
    written = re.findall(r"^\| `([A-Z]+)` \| `(\S+)` \|$", PAGE, re.MULTILINE)
    assert written == [(method, path.replace(":path", "")) for method, path in FRESH]
