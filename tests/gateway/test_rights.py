"""The page about rights says what the table of rights says."""

import re
from pathlib import Path

import pytest

from services.gateway.rights import AREAS, FRESH, ROLE_SCOPES, SELF, Role
from tests.gateway.story import add_people
from tests.platform import Platform

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


@pytest.mark.parametrize(("role", "may"), [("coach", False), ("lead", True)])
async def test_what_is_looked_at_is_set_up_by_leads_and_only_used_by_coaches(
    platform: Platform, role: str, *, may: bool
) -> None:
    await add_people(platform, 1)
    await platform.settle()
    person = await platform.as_person("E-1", role)
    terms = {"names": ["Harbour"], "handles": [], "tags": []}
    source = {"name": "Files", "config": {"kind": "folder", "folder": "posts"}}

    made = await person.post("/v1/sources", json=source)
    put = await person.put("/v1/brand-terms", json=terms)
    page = await person.get("/admin/sources/new")

    assert [answer.status_code for answer in (made, put, page)] == ([201, 200, 200] if may else [403, 403, 403])
    assert (await person.get("/v1/sources")).status_code == 200
    assert ("/admin/sources/new" in (await person.get("/admin/sources")).text) == may
    assert (await platform.client.put("/v1/brand-terms", json=terms)).status_code == 200
