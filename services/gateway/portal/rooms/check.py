"""Can I post this? A draft, what the rules say of it as one types, and asking for approval."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal import drafts
from services.gateway.portal.api import Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.portal.words import NETWORKS

FIRST = "mastodon"

room = Room()


@room.page("/check", "policies:read")
async def show_check(visit: Visit) -> Response:
    """Show an empty page to write on."""
    return visit.render("check/write.html", **await told(visit, {}, None))


@room.action("/check", "policies:read")
async def check_draft(visit: Visit) -> Response:
    """Say what the rules make of a draft; nothing of it is kept."""
    form = dict(visit.form)
    read = await drafts.look_at(visit, draft_of(form))
    chosen = form.get("use")
    if read is not None and chosen:
        form["text"] = drafts.use(read.text, read.found, chosen)
        read = await drafts.look_at(visit, draft_of(form))
    template = ("check/drafting.html" if chosen else "check/verdict.html") if visit.piecewise else "check/write.html"
    return visit.render(template, **await told(visit, form, read))


@room.action("/check/kept", "policies:read")
async def keep_draft(visit: Visit) -> Response:
    """Keep a draft and its answer: for a receipt, or to ask for an approval."""
    check = await kept(visit, draft_of(visit.form))
    if visit.form.get("ask") is None or check["verdict"] != "hold":
        return visit.go(f"/check/kept/{check['receipt']['id']}", visit.say("Kept, with a receipt."))
    await ask_approval(visit, check["receipt"]["id"])
    return visit.go(f"/check/kept/{check['receipt']['id']}", visit.say("Asked. You find the decision here."))


@room.page("/check/requests", "policies:read")
async def list_requests(visit: Visit) -> Response:
    """Show what one asked to have approved, and what was decided."""
    found = await visit.api.get("/v1/approval-requests", role="author", cursor=visit.query.get("cursor"))
    deciders = [number for each in found["items"] for number in (each["decided_by"], *each["approvers"])]
    return visit.render(
        "check/requests.html",
        requests=found["items"],
        cursor=found["next_cursor"],
        names=await names_of(visit, *deciders),
        networks=NETWORKS,
    )


@room.page("/check/kept/{check}", "policies:read")
async def show_kept(visit: Visit) -> Response:
    """Show a draft that was kept, what was said of it, and the approval if one was asked for."""
    check = await visit.api.get(path_of("checks", visit.given["check"]))
    request = None
    if check["approval_request"]:
        request = await visit.api.find_or_none(path_of("approval-requests", check["approval_request"]))
    asked_of = request["approvers"] if request else check["approvers"]
    names = await names_of(visit, *asked_of, request and request["decided_by"])
    return visit.render(
        "check/kept.html",
        check=check,
        asked=request,
        read=await drafts.explain(visit, check["text"], check),
        names=names,
        approvers=drafts.known(names, asked_of),
        networks=NETWORKS,
        form={},
        check_path=None,
        keep_path=None,
    )


@room.action("/check/kept/{check}/request", "policies:read")
async def request_approval(visit: Visit) -> Response:
    """Ask for approval of a draft that was kept."""
    await ask_approval(visit, visit.given["check"])
    return visit.go(f"/check/kept/{visit.given['check']}", visit.say("Asked. You find the decision here."))


async def told(visit: Visit, form: dict[str, str], read: drafts.Read | None) -> dict[str, Any]:
    """Return what the page about a draft shows."""
    approvers = read.found["approvers"] if read else ()
    return {
        "form": {"network": FIRST, "kind": "post", **form},
        "read": read,
        "approvers": drafts.known(await names_of(visit, *approvers), approvers),
        "networks": NETWORKS,
        "check_path": "/check",
        "keep_path": "/check/kept",
    }


def draft_of(form: dict[str, str]) -> dict[str, Any]:
    """Return a draft as the API takes it."""
    media = [{"kind": "image", "alt_text": form.get("alt_text") or None}] if form.get("picture") else []
    return {
        "text": form.get("text", "")[: drafts.LONGEST],
        "network": form.get("network", FIRST),
        "kind": "reply" if form.get("kind") == "reply" else "post",
        "first_contact": True if form.get("first_contact") else None,
        "media": media,
    }


async def kept(visit: Visit, draft: dict[str, Any]) -> dict[str, Any]:
    """Check a draft and keep it."""
    check: dict[str, Any] = await visit.api.post("/v1/checks", draft | {"keep": True}, once=visit.once)
    return check


async def ask_approval(visit: Visit, check: str) -> str:
    """Ask for approval of a check that was kept and return the request's id; one that was asked for already stands."""
    body = {"check": check, "note": visit.form.get("note") or None, "approver": visit.form.get("approver") or None}
    try:
        asked = await visit.api.post("/v1/approval-requests", body, once=visit.once)
    except Refused as refused:
        if refused.slug != "approval-requested-already":
            raise
        return str((await visit.api.get(path_of("checks", check)))["approval_request"])
    return str(asked["id"])
