"""What was done, by whom and when, as the sealed logs have it; and how to check that nobody changed them."""

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit

room = Room()

SERVICES = ("gateway", "policy", "training", "monitoring")
ASKED = ("service", "actor", "action", "subject", "person")
NAMED = 400
"""So many people are looked up for one page; others are shown by their ids, as the log has them."""
DAYS = {"from": "T00:00:00Z", "to": "T23:59:59Z"}


@room.page("/admin/audit", "admin:read")
async def show_audit(visit: Visit) -> Response:
    """Show the newest entries, as far as they were asked for."""
    asked = {name: visit.query[name].strip() for name in (*ASKED, *DAYS) if visit.query.get(name, "").strip()}
    query = {name: value + DAYS.get(name, "") for name, value in asked.items()}
    found = await visit.api.get("/v1/audit", limit=50, cursor=visit.query.get("cursor"), **query)
    names = await names_of_actors(visit)
    return visit.render("admin/audit.html", found=found, asked=asked, services=SERVICES, names=names)


async def names_of_actors(visit: Visit) -> dict[str, str]:
    """Return what entries name by id: keys, and people as far as they are on the first pages of their list."""
    keys, people = await visit.api.all("/v1/api-keys"), await visit.api.all("/v1/people", most=NAMED)
    known = {f"key:{key['id']}": key["name"] for key in keys}
    for person in people:
        known[person["id"]] = known[f"person:{person['id']}"] = person["name"]
    return known


@room.page("/admin/audit/heads", "admin:read")
async def show_heads(visit: Visit) -> Response:
    """Show the newest signed head of each log, and how to check them."""
    heads = await newest_heads(visit)
    return visit.render("admin/heads.html", heads=heads)


async def newest_heads(visit: Visit) -> list[dict[str, object]]:
    """Return the last head of each service, of as many pages as there are."""
    newest: dict[str, dict[str, object]] = {}
    cursor: str | None = None
    while True:
        found = await visit.api.get("/v1/audit/heads", limit=200, cursor=cursor)
        newest |= {head["service"]: head for head in found["items"]}
        if not found["items"] or found["next_cursor"] == cursor:
            return sorted(newest.values(), key=lambda head: str(head["service"]))
        cursor = found["next_cursor"]
