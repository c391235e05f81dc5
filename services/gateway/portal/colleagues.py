"""Colleagues by their names, as far as the person who is signed in may know them."""

from services.gateway.portal.visit import Visit, path_of

SHOWN = 30
"""People who are looked up one by one for one page, at most."""


async def names_of(visit: Visit, *numbers: str | None) -> dict[str, str]:
    """Return the names of these employee numbers: the task team's, one's own, and others' to who may read people."""
    names = {visit.number: visit.me.name or visit.number}
    wanted = {number for number in numbers if number} - names.keys()
    if wanted:
        names |= {member["employee_number"]: member["name"] for member in await visit.api.all("/v1/task-team/members")}
    lacking = sorted(wanted - names.keys())[:SHOWN]
    if lacking and visit.may("people:read"):
        found = await visit.api.together(*(path_of("people", number) for number in lacking))
        names |= {person["employee_number"]: person["name"] for person in found if person}
    return {number: names.get(number, number) for number in wanted | {visit.number}}
