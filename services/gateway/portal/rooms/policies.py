"""Reading policies: the list, one of them with its contents, what changed for the reader, and accepting it."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit, path_of

room = Room()


@room.page("/policies", "policies:read")
async def list_policies(visit: Visit) -> Response:
    """Show the policies in force, and how the reader stands with each; or what a search finds in them."""
    asked = visit.query.get("q", "").strip()
    found = await visit.api.all("/v1/search", most=50, q=asked[:200]) if asked else []
    policies = [each for each in await visit.api.all("/v1/policies") if each["version"] is not None]
    standing = await visit.api.together(*(standing_path(each["key"], visit.number) for each in policies))
    return visit.render(
        "policies/list.html",
        policies=[(policy, first(mine)) for policy, mine in zip(policies, standing, strict=True)],
        asked=asked,
        found=found,
    )


@room.page("/policies/{key}", "policies:read")
async def read_policy(visit: Visit) -> Response:
    """Show a policy in force, in the reader's language where there is one."""
    key = visit.given["key"]
    policy, mine = await visit.api.together(
        f"{path_of('policies', key)}?locale={visit.words.language}", standing_path(key, visit.number)
    )
    if policy is None:
        policy = await visit.api.get(path_of("policies", key))
    return visit.render("policies/read.html", policy=policy, mine=first(mine))


@room.page("/policies/{key}/changes", "policies:read")
async def show_changes(visit: Visit) -> Response:
    """Show what changed since the version that the reader accepted."""
    key = visit.given["key"]
    policy = await visit.api.get(path_of("policies", key))
    mine = first(await visit.api.get(standing_path(key, visit.number)))
    accepted = mine["accepted_version"] if mine else None
    diff = None
    if accepted is not None and accepted != policy["version"]:
        path = path_of("policies", key, "versions", str(policy["version"]), "diff")
        diff = await visit.api.find_or_none(path, against=accepted)
    return visit.render("policies/changes.html", policy=policy, accepted=accepted, diff=diff)


@room.action("/policies/{key}/acknowledgement", "policies:read")
async def accept_policy(visit: Visit) -> Response:
    """Accept the version that was shown."""
    key = visit.given["key"]
    version = visit.form.get("version", "0")
    await visit.api.post(path_of("policies", key, "versions", version, "acknowledgements"), once=visit.once)
    return visit.go(f"/policies/{key}", visit.say("Thank you. Your acceptance is kept, with a receipt."))


def standing_path(key: str, number: str) -> str:
    """Return where it is said how a person stands with a policy."""
    return f"{path_of('policies', key, 'acknowledgements')}?employee_number={number or '-'}"


def first(found: Any) -> dict[str, Any] | None:
    """Return the first of a list, if there is one."""
    return next(iter(found["items"]), None) if found else None
