"""Webhooks: who is told of events elsewhere, what arrived, what did not and why."""

from fastapi import status
from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.rooms.admin_keys import area_names, lines_of, number_of
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

STATES = ("waiting", "delivered", "dead")


@room.page("/admin/webhooks", "admin:read")
async def list_webhooks(visit: Visit) -> Response:
    """Show all endpoints."""
    return visit.render("admin/webhooks.html", webhooks=await visit.api.all("/v1/webhooks"))


@room.page("/admin/webhooks/new", "admin:write")
async def ask_for_webhook(visit: Visit) -> Response:
    """Ask where events shall go, and which."""
    return show_form(visit, {})


@room.action("/admin/webhooks/new", "admin:write")
async def make_webhook(visit: Visit) -> Response:
    """Add an endpoint and show its secret, this once."""
    form = visit.form
    body = {
        "name": form.get("name", ""),
        "url": form.get("url", ""),
        "types": lines_of(form.get("types", "")),
        "scopes": visit.lists.get("scopes", []),
        "ordering": form.get("ordering", "none"),
    }
    try:
        made = await visit.api.post("/v1/webhooks", body)
    except Refused as refused:
        if refused.status != status.HTTP_422_UNPROCESSABLE_CONTENT:
            raise
        return show_form(visit, refused.errors or {"url": refused.detail})
    return visit.render("admin/webhook_shown.html", webhook=made, fresh=True)


@room.page("/admin/webhooks/{webhook}", "admin:read")
async def show_webhook(visit: Visit) -> Response:
    """Show an endpoint with its deliveries."""
    path = path_of("webhooks", visit.given["webhook"])
    asked = visit.query.get("state")
    state = asked if asked in STATES else None
    found = await visit.api.find(path)
    deliveries = await visit.api.get(f"{path}/deliveries", state=state, cursor=visit.query.get("cursor"), limit=30)
    return visit.render(
        "admin/webhook.html", webhook=found.body, etag=found.etag, deliveries=deliveries, state=state, states=STATES
    )


@room.action("/admin/webhooks/{webhook}", "admin:write")
async def change_webhook(visit: Visit) -> Response:
    """Test, pause, resume, replay, give a new secret, or remove."""
    number = visit.given["webhook"]
    path, here, asked = path_of("webhooks", number), f"/admin/webhooks/{number}", visit.form.get("do")
    if asked == "secret":
        hours = number_of(visit.form.get("overlap_hours"), 24)
        made = await visit.api.post(f"{path}/secret-rotation", {"overlap_hours": hours})
        return visit.render("admin/webhook_shown.html", webhook=made, fresh=False)
    if asked == "remove":
        await visit.api.delete(path, if_match=visit.form.get("etag"))
        return visit.go("/admin/webhooks", visit.say("The webhook is removed. Nothing more is sent there."))
    return visit.go(here, await carry_out(visit, path, asked or ""))


async def carry_out(visit: Visit, path: str, asked: str) -> str:
    """Do what was asked with an endpoint; return what to say of it."""
    if asked == "test":
        said = await visit.api.post(f"{path}/test", once=visit.once)
        attempt = said["attempt"]
        if said["delivered"]:
            return visit.say("The test arrived, after %(ms)s ms.", ms=attempt["took_ms"])
        return visit.say("The test did not arrive: %(why)s", why=attempt["error"] or attempt["status"])
    if asked == "pause":
        await visit.api.post(f"{path}/pause", once=visit.once)
        return visit.say("Paused. Events wait until you resume.")
    if asked == "resume":
        await visit.api.post(f"{path}/resumption", once=visit.once)
        return visit.say("Resumed. What waited is being sent.")
    await visit.api.post(f"{path}/replay", {"from": f"{visit.form.get('since', '')}T00:00:00Z"}, once=visit.once)
    return visit.say("Events since then are being sent again.")


@room.page("/admin/webhooks/{webhook}/deliveries/{delivery}", "admin:read")
async def show_delivery(visit: Visit) -> Response:
    """Show one delivery with what was sent and each attempt."""
    path = path_of("webhooks", visit.given["webhook"])
    webhook = await visit.api.get(path)
    delivery = await visit.api.get(f"{path}/deliveries/{visit.given['delivery']}")
    return visit.render("admin/delivery.html", webhook=webhook, delivery=delivery)


@room.action("/admin/webhooks/{webhook}/deliveries/{delivery}", "admin:write")
async def retry_delivery(visit: Visit) -> Response:
    """Send one again."""
    webhook, delivery = visit.given["webhook"], visit.given["delivery"]
    await visit.api.post(f"{path_of('webhooks', webhook, 'deliveries', delivery)}/retry", once=visit.once)
    said = visit.say("It is being sent again.")
    return visit.go(f"/admin/webhooks/{webhook}/deliveries/{delivery}", said)


def show_form(visit: Visit, errors: dict[str, str]) -> Response:
    """Show the form of a new endpoint, with what was wrong with it."""
    wrong = {name.partition("/")[0]: detail for name, detail in errors.items()}
    return visit.render("admin/webhook_new.html", 422 if wrong else 200, areas=area_names(visit), wrong=wrong)
