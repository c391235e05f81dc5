"""Campaigns: whom to ask to accept a policy, by when, and how far they are."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.rooms.editor import WRITES, whole
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

CAMPAIGNS = "/v1/acknowledgement-campaigns"
STANDINGS = ("missing", "overdue", "done", "exempt")


@room.page("/campaigns", WRITES)
async def list_campaigns(visit: Visit) -> Response:
    """Show the campaigns that go on, or those that are over."""
    state = "closed" if visit.query.get("state") == "closed" else "open"
    found = await visit.api.get(CAMPAIGNS, state=state, cursor=visit.query.get("cursor"))
    return visit.render("campaigns/list.html", state=state, campaigns=found["items"], cursor=found["next_cursor"])


@room.page("/campaigns/new", WRITES)
async def plan_campaign(visit: Visit) -> Response:
    """Show the form of a new campaign."""
    return await render_plan(visit)


async def render_plan(visit: Visit, code: int = 200, errors: dict[str, str] | None = None) -> Response:
    """Show the form, and what was wrong in it."""
    policies = [each for each in await visit.api.all("/v1/policies") if each["version"] is not None]
    dimensions, certifications = await visit.api.together("/v1/task-team/coverage", "/v1/certifications?limit=100")
    return visit.render(
        "campaigns/new.html",
        code,
        policies=policies,
        departments=dimensions["dimensions"]["departments"] if dimensions else [],
        regions=dimensions["dimensions"]["regions"] if dimensions else [],
        certifications=certifications["items"] if certifications else [],
        errors=errors or {},
        form=visit.form,
        lists=visit.lists,
    )


@room.action("/campaigns/new", WRITES)
async def begin_campaign(visit: Visit) -> Response:
    """Begin a campaign."""
    form = visit.form
    body = {
        "policy": form.get("policy", ""),
        "title": form.get("title", "").strip(),
        "audience": {name: visit.lists.get(name, []) for name in ("departments", "regions", "certifications")},
        "due_at": f"{form.get('due', '')}T16:00:00Z",
        "days": whole(form.get("days"), 14),
        "reminders": [whole(day, 0) for day in form.get("reminders", "").split(",") if day.strip()],
        "escalate_after": whole(form["escalate_after"], 7) if form.get("escalate_after", "").strip() else None,
    }
    try:
        campaign = await visit.api.post(CAMPAIGNS, body, once=visit.once)
    except Refused as refused:
        if refused.status != 422:
            raise
        return await render_plan(visit, 422, refused.errors)
    return visit.go(
        f"/campaigns/{campaign['id']}", visit.say("It has begun. Everybody it asks finds it on their page.")
    )


@room.page("/campaigns/{campaign}", WRITES)
async def show_campaign(visit: Visit) -> Response:
    """Show how far a campaign is, by department or region, and who is missing."""
    by = "region" if visit.query.get("by") == "region" else "department"
    standing = visit.query.get("status", "missing")
    standing = standing if standing in STANDINGS else "missing"
    path = path_of("acknowledgement-campaigns", visit.given["campaign"])
    found = await visit.api.find(path)
    page = f"&cursor={visit.query['cursor']}" if visit.query.get("cursor") else ""
    statistics, people = await visit.api.together(
        f"{path}/statistics?by={by}", f"{path}/people?status={standing}&limit=20{page}"
    )
    return visit.render(
        "campaigns/one.html",
        campaign=found.body,
        etag=found.etag,
        statistics=statistics,
        by=by,
        standing=standing,
        people=people,
    )


@room.action("/campaigns/{campaign}", WRITES)
async def change_campaign(visit: Visit) -> Response:
    """Give a campaign another title or date."""
    body: dict[str, Any] = {"title": visit.form.get("title", "").strip() or None}
    if visit.form.get("due"):
        body["due_at"] = f"{visit.form['due']}T16:00:00Z"
    await visit.api.patch(
        path_of("acknowledgement-campaigns", visit.given["campaign"]), body, if_match=visit.form.get("etag")
    )
    return visit.go(f"/campaigns/{visit.given['campaign']}", visit.say("Changed."))


@room.action("/campaigns/{campaign}/closure", WRITES)
async def close_campaign(visit: Visit) -> Response:
    """Ask nobody any more."""
    path = path_of("acknowledgement-campaigns", visit.given["campaign"], "closure")
    await visit.api.post(path, {}, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(f"/campaigns/{visit.given['campaign']}", visit.say("Closed. What was accepted stays on record."))


@room.action("/campaigns/{campaign}/exemptions", WRITES)
async def exempt_person(visit: Visit) -> Response:
    """Say that somebody need not accept."""
    body = {name: visit.form.get(name, "").strip() for name in ("employee_number", "reason")}
    path = path_of("acknowledgement-campaigns", visit.given["campaign"], "exemptions")
    person = await visit.api.post(path, body, once=visit.once)
    said = visit.say("%(name)s need not accept it. They can read why.", name=person["name"])
    return visit.go(f"/campaigns/{visit.given['campaign']}?status=exempt", said)


@room.action("/campaigns/{campaign}/exemptions/{number}/end", WRITES)
async def end_exemption(visit: Visit) -> Response:
    """Ask somebody after all."""
    number = visit.given["number"]
    await visit.api.delete(path_of("acknowledgement-campaigns", visit.given["campaign"], "exemptions", number))
    return visit.go(f"/campaigns/{visit.given['campaign']}?status=exempt", visit.say("They are asked again."))
