"""Colleagues by their names, as far as the person who is signed in may know them."""

from services.gateway.portal.visit import Visit

SHOWN = 200
"""People whose names are looked up for one page, at most."""


async def names_of(visit: Visit, *numbers: str | None) -> dict[str, str]:
    """Return the names of these employee numbers: the task team's, one's own, and others' to who may read people."""
    names = {visit.number: visit.me.name or visit.number}
    wanted = {number for number in numbers if number} - names.keys()
    if wanted:
        if visit.may("people:read"):
            asked = sorted(wanted)[:SHOWN]
            found = (await visit.api.get("/v1/people", limit=SHOWN, employee_number=asked))["items"]
        else:
            found = await visit.api.all("/v1/task-team/members")
        names |= {person["employee_number"]: person["name"] for person in found}
    return {number: names.get(number, number) for number in wanted | {visit.number}}
