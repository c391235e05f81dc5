"""The task team: how far it reaches, its seats and who holds them, and who could join."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.rooms.editor import slug, whole
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

LEADS = "team:write"
TEAM = "/v1/task-team"
DIMENSIONS = ("department", "region", "network", "language")
UNDECIDED = ("open", "waiting", "offered")


@room.page("/team", LEADS)
async def show_team(visit: Visit) -> Response:
    """Show how far the team reaches, and whom it does not."""
    team, coverage = await visit.api.together(TEAM, f"{TEAM}/coverage")
    seats = await visit.api.all(f"{TEAM}/seats")
    names = await names_of(visit, *(each["employee_number"] for each in (*seats, *coverage["dependencies"])))
    return visit.render(
        "team/overview.html",
        team=team,
        coverage=coverage,
        map=map_of(seats, coverage["dimensions"]),
        seats={seat["key"]: seat for seat in seats},
        names=names,
    )


def map_of(seats: list[dict[str, Any]], dimensions: dict[str, list[str]]) -> list[tuple[str, list[list[Any]]]]:
    """Return for each department, and each region in it, the seats that somebody holds and that reach there."""
    held = [seat for seat in seats if seat["state"] != "vacant"]
    return [
        (
            department,
            [
                [seat for seat in held if seat["department"] in {None, department} and seat["region"] in {None, region}]
                for region in dimensions["regions"]
            ],
        )
        for department in dimensions["departments"]
    ]


@room.page("/team/seats", LEADS)
async def list_seats(visit: Visit) -> Response:
    """Show the seats and who holds them."""
    return await render_seats(visit)


async def render_seats(visit: Visit, code: int = 200, errors: dict[str, str] | None = None) -> Response:
    """Show seats with the form of a new one, and what was wrong in it."""
    seats = await visit.api.all(f"{TEAM}/seats")
    (team,) = await visit.api.together(TEAM)
    names = await names_of(visit, *(each["employee_number"] for each in seats))
    return visit.render(
        "team/seats.html", code, team=team, seats=seats, names=names, errors=errors or {}, form=visit.form
    )


def terms_of(visit: Visit) -> dict[str, Any]:
    """Return what a form says a seat stands for; an empty field stands for all."""
    said: dict[str, Any] = {name: visit.form.get(name, "").strip() or None for name in DIMENSIONS}
    days = visit.form.get("term_days", "").strip()
    return said | {"role": visit.form.get("role", "reviewer"), "term_days": whole(days, 365) if days else None}


@room.action("/team/seats", LEADS)
async def open_seat(visit: Visit) -> Response:
    """Open a seat."""
    terms = terms_of(visit)
    key = slug(" ".join(str(terms[name]) for name in ("role", *DIMENSIONS) if terms[name]))
    try:
        await visit.api.post(f"{TEAM}/seats", terms | {"key": key}, once=visit.once)
    except Refused as refused:
        if refused.status != 422:
            raise
        return await render_seats(visit, 422, refused.errors)
    return visit.go(f"/team/seats/{key}", visit.say("The seat is open. Now somebody can be nominated for it."))


@room.page("/team/seats/{seat}", LEADS)
async def show_seat(visit: Visit) -> Response:
    """Show a seat, who holds it, and what holders left to those after them."""
    path = path_of("task-team", "seats", visit.given["seat"])
    found = await visit.api.find(path)
    (handovers,) = await visit.api.together(f"{path}/handovers")
    left = handovers["items"] if handovers else []
    numbers = [found.body["employee_number"], *(each[side] for each in left for side in ("giver", "taker"))]
    names = await names_of(visit, *numbers)
    return visit.render("team/seat.html", seat=found.body, etag=found.etag, handovers=left, names=names)


@room.action("/team/seats/{seat}/handover", LEADS)
async def hand_over(visit: Visit) -> Response:
    """Give a seat to its next holder."""
    body = {name: visit.form.get(name, "").strip() for name in ("employee_number", "notes")}
    path = path_of("task-team", "seats", visit.given["seat"], "handover")
    await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(f"/team/seats/{visit.given['seat']}", visit.say("Handed over, with the notes and open questions."))


@room.action("/team/seats/{seat}/departure", LEADS)
async def leave_seat(visit: Visit) -> Response:
    """End an appointment."""
    path = path_of("task-team", "seats", visit.given["seat"], "departure")
    body = {"reason": visit.form.get("reason", "").strip()}
    await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(f"/team/seats/{visit.given['seat']}", visit.say("The seat is free. Who waits for it is asked."))


@room.action("/team/seats/{seat}/removal", LEADS)
async def remove_seat(visit: Visit) -> Response:
    """Remove a seat that nobody holds."""
    await visit.api.delete(path_of("task-team", "seats", visit.given["seat"]), if_match=visit.form.get("etag"))
    return visit.go("/team/seats", visit.say("The seat is gone."))


@room.page("/team/nominations", LEADS)
async def list_nominations(visit: Visit) -> Response:
    """Show who was put forward, and the form to put somebody forward."""
    return await render_nominations(visit)


async def render_nominations(visit: Visit, code: int = 200, errors: dict[str, str] | None = None) -> Response:
    """Show nominations with a form, and what was wrong in it."""
    nominations = await visit.api.all(f"{TEAM}/nominations")
    seats = await visit.api.all(f"{TEAM}/seats")
    (team,) = await visit.api.together(TEAM)
    nominations.sort(key=lambda each: each["state"] not in UNDECIDED)
    names = await names_of(visit, *(each["employee_number"] for each in nominations))
    return visit.render(
        "team/nominations.html",
        code,
        team=team,
        nominations=nominations,
        undecided=UNDECIDED,
        vacant=[seat for seat in seats if seat["state"] == "vacant"],
        names=names,
        errors=errors or {},
        form=visit.form,
    )


@room.action("/team/nominations", LEADS)
async def nominate(visit: Visit) -> Response:
    """Put somebody forward."""
    body: dict[str, Any] = {name: visit.form.get(name, "").strip() for name in ("employee_number", "experience", "why")}
    body["seat"] = visit.form.get("seat") or None
    for name in ("networks", "languages"):
        body[name] = [part.strip() for part in visit.form.get(name, "").split(",") if part.strip()]
    try:
        made = await visit.api.post(f"{TEAM}/nominations", body, once=visit.once)
    except Refused as refused:
        if refused.status not in {404, 422}:
            raise
        return await render_nominations(visit, refused.status, refused.errors or {"employee_number": refused.detail})
    return visit.go(
        f"/team/nominations/{made['id']}", visit.say("Put forward. Colleagues can say why it is a good idea.")
    )


@room.page("/team/nominations/{nomination}", LEADS)
async def show_nomination(visit: Visit) -> Response:
    """Show a nomination, what colleagues say, and the decision."""
    found = await visit.api.find(path_of("task-team", "nominations", visit.given["nomination"]))
    seats = await visit.api.all(f"{TEAM}/seats")
    names = await names_of(
        visit, found.body["employee_number"], *(each["employee_number"] for each in found.body["endorsements"])
    )
    return visit.render(
        "team/nomination.html",
        nomination=found.body,
        etag=found.etag,
        vacant=[seat for seat in seats if seat["state"] == "vacant"],
        names=names,
        undecided=UNDECIDED,
    )


@room.action("/team/nominations/{nomination}/endorsement", LEADS)
async def endorse(visit: Visit) -> Response:
    """Say why a colleague should be on the team."""
    path = path_of("task-team", "nominations", visit.given["nomination"], "endorsements")
    await visit.api.post(path, {"words": visit.form.get("words", "").strip()}, once=visit.once)
    return visit.go(f"/team/nominations/{visit.given['nomination']}", visit.say("Thank you for speaking up."))


@room.action("/team/nominations/{nomination}/decision", LEADS)
async def decide(visit: Visit) -> Response:
    """Appoint, put on the waiting list, or decline."""
    path = path_of("task-team", "nominations", visit.given["nomination"], "decision")
    body = {
        "decision": visit.form.get("decision", "decline"),
        "seat": visit.form.get("seat") or None,
        "reason": visit.form.get("reason", "").strip(),
    }
    await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(
        f"/team/nominations/{visit.given['nomination']}", visit.say("Decided. They are told, with your reason.")
    )
