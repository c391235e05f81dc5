"""Coaching beyond single findings: answers that were drawn, how far people are trusted, what repeats itself, the week."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.coaching import WITHHELD, items
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Room, Visit, path_of

AT_ONCE = 20
READS, WRITES = "monitoring:read", "monitoring:write"

room = Room()


@room.page("/queue/answers", "conversations:read")
async def list_answers(visit: Visit) -> Response:
    """Show replies that were drawn after they went out, to say what one thinks of them."""
    drawn: list[dict[str, Any]] = await visit.api.all("/v1/reply-reviews", most=AT_ONCE)
    drawn = [one for one in drawn if one["reply"]["person"] != visit.number]
    talks = await visit.api.together(*(path_of("conversations", one["reply"]["conversation"]) for one in drawn))
    names = await names_of(visit, *(shown(one["reply"]["person"]) for one in drawn))
    return visit.render("queue/answers.html", drawn=list(zip(drawn, talks, strict=True)), names=names)


@room.action("/queue/answers/{reply}", "conversations:write")
async def review_answer(visit: Visit) -> Response:
    """Say what one thinks of a reply that was drawn."""
    body = {"reply": visit.given["reply"], "outcome": visit.form.get("outcome", "fine")}
    reason = visit.form.get("reason", "").strip()
    try:
        await visit.api.post("/v1/reply-reviews", {**body, "reason": reason or None}, once=visit.once)
    except Refused as refused:
        if refused.slug != "reply-reviewed":
            raise
        return visit.go("/queue/answers", visit.say("A colleague has looked at that one meanwhile."))
    return visit.go("/queue/answers", visit.say("Thank you. It counts for how far they are trusted."))


@room.page("/queue/trust", READS)
async def list_trust(visit: Visit) -> Response:
    """Show where somebody should decide how far a person is trusted."""
    found = await visit.api.get("/v1/autonomy", limit=50, cursor=visit.query.get("cursor"))
    names = await names_of(visit, *(one["employee_number"] for one in found["items"]))
    cursor = found["next_cursor"]
    return visit.render("queue/trust.html", waiting=found["items"], names=names, cursor=cursor)


@room.action("/queue/trust/{person}", WRITES)
async def decide_trust(visit: Visit) -> Response:
    """Say how far a person is trusted on a network, and why."""
    body = {name: visit.form.get(name, "").strip() for name in ("network", "level", "reason")}
    await visit.api.post(path_of("autonomy", visit.given["person"], "changes"), body, once=visit.once)
    return visit.go("/queue/trust", visit.say("Decided. They read it with your words."))


@room.page("/queue/courses", READS)
async def list_courses(visit: Visit) -> Response:
    """Show courses that are proposed because findings repeat themselves, and sections that may be unclear."""
    proposals, sections, refreshers = await visit.api.together(
        "/v1/refresher-proposals?state=open", "/v1/section-findings", "/v1/refreshers"
    )
    open_ones = items(proposals)
    return visit.render(
        "queue/courses.html",
        proposals=open_ones,
        sections=items(sections)[:AT_ONCE],
        refreshers=refreshers,
        names=await names_of(visit, *(shown(one["employee_number"]) for one in open_ones)),
    )


@room.action("/queue/courses/{proposal}", "training:write")
async def decide_course(visit: Visit) -> Response:
    """Confirm a course, which puts the person or the department on it, or decline it."""
    yes = visit.form.get("decision") == "confirm"
    reason = visit.form.get("reason", "").strip()
    body = {"decision": "confirm" if yes else "decline", "reason": reason}
    path = path_of("refresher-proposals", visit.given["proposal"], "decision")
    await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    said = visit.say("They are on the course.") if yes else visit.say("Declined, with your reason.")
    return visit.go("/queue/courses", said)


@room.page("/queue/week", READS)
async def show_week(visit: Visit) -> Response:
    """Show a week by department: how much was praised, corrected, found and answered."""
    week = visit.query.get("week")
    found = await visit.api.get("/v1/department-digests", week=week)
    figures = await visit.api.find_or_none("/v1/guidance-figures", by="all")
    return visit.render("queue/week.html", week=found, overall=next(iter(items(figures)), None))


def shown(number: str | None) -> str | None:
    """Return a number to look the name up by, None where the API keeps it back."""
    return None if number == WITHHELD else number
