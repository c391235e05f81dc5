"""What a colleague reads of others, and a key that is limited to departments of people in none of these."""

import json
import re
from collections.abc import Mapping

from services.gateway.openapi import FILE
from services.gateway.rights import SCOPES
from tests.gateway.rights_table import NAMES_TO_COLLEAGUES, NAMES_TO_LIMITED
from tests.gateway.story import client_with, person
from tests.platform import Platform

PAGES = {"Accept": "application/x-ndjson, application/json"}


async def join_another_department(platform: Platform) -> None:
    """Let a colleague be there, E-5, who has nothing to do with the others."""
    answer = await platform.client.post("/v1/people", json={**person(5), "department": "Press"})
    assert answer.status_code == 201, answer.text


async def nobody_else_reads_of_them(platform: Platform, made: Mapping[str, str], people: list[str]) -> None:
    """Ask all that can be read, lists and one of each resource, as E-5 and as a key for E-5's department.

    Neither is told of E-1 or E-2, but where `rights_table.py` says that names are for all to read.
    """
    named = re.compile("|".join([r'"E-[12]"', r"Person [12]\b", r"\be[12]@harbour", *people]))
    limited = await client_with(platform, *sorted(SCOPES), departments=["Press"])
    colleague = await platform.as_person("E-5")
    to_colleagues: set[str] = set()
    to_limited: set[str] = set()
    asked = 0
    for path, item in json.loads(FILE.read_text())["paths"].items():
        address = made.get(path, path)
        if "get" not in item or "{" in address:
            continue
        asked += 1
        for client, told in ((colleague, to_colleagues), (limited, to_limited)):
            answer = await client.get(address, headers=PAGES)
            assert answer.status_code < 500, (path, answer.text)
            if answer.is_success and named.search(answer.text):
                told.add(item["get"]["operationId"])
    assert (to_colleagues, to_limited) == (set(NAMES_TO_COLLEAGUES.split()), set(NAMES_TO_LIMITED.split()))
    assert asked > 100
