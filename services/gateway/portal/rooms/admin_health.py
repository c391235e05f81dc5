"""How the platform is doing: its services, what they could not handle, and what waits to be tried again."""

from typing import Any

from fastapi import status
from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()


@room.page("/admin/health", "admin:read")
async def show_health(visit: Visit) -> Response:
    """Show each service with its dead letters and rows that were set aside."""
    services = [
        (each["service"], each["health"], *await stuck_in(visit, each["service"]))
        for each in (await visit.api.get("/v1/operations"))["items"]
    ]
    return visit.render("admin/health.html", services=services)


async def stuck_in(visit: Visit, service: str) -> tuple[Any, Any]:
    """Return a service's dead letters and rows that were set aside; None where it does not answer."""
    path = path_of("operations", service)
    try:
        return await visit.api.get(f"{path}/dead-letters", limit=50), await visit.api.get(f"{path}/set-aside", limit=50)
    except Refused as refused:
        if refused.status != status.HTTP_503_SERVICE_UNAVAILABLE:
            raise
        return None, None


@room.action("/admin/health", "admin:write")
async def try_again(visit: Visit) -> Response:
    """Handle an event again, or a row that was set aside."""
    service, event = visit.form.get("service", "-"), visit.form.get("event")
    if event:
        await visit.api.post(path_of("operations", service, "dead-letters", event, "replay"))
        return visit.go("/admin/health", visit.say("Handled. It is no dead letter any more."))
    body = {"sweep": visit.form.get("sweep", ""), "key": visit.form.get("key") or None}
    await visit.api.post(f"{path_of('operations', service)}/set-aside/retries", body)
    return visit.go("/admin/health", visit.say("It is tried again with the next round."))
