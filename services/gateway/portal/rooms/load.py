"""The load: who carries what, how even that is, where it hangs on one person, and what would change it."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.rooms.editor import whole
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

LEADS = "team:write"
SIMULATIONS = "/v1/load/simulations"
SPANS = (1, 7, 30, 90)
SHOWN = 25
"""People in the chart of shares; the table has all."""


@room.page("/load", LEADS)
async def show_load(visit: Visit) -> Response:
    """Show how the load is shared."""
    days = whole(visit.query.get("days"), 7)
    days = days if days in SPANS else 7
    load, gaps, promises = await visit.api.together(f"/v1/load?days={days}", "/v1/routing-gaps", "/v1/service-figures")
    load = load or await visit.api.get("/v1/load", days=days)
    names = await names_of(
        visit,
        *(each["employee_number"] for each in load["single_person"]),
        *(each["employee_number"] for each in load["people"][:SHOWN]),
    )
    return visit.render(
        "load/overview.html", load=load, gaps=gaps, promises=promises, days=days, spans=SPANS, names=names, shown=SHOWN
    )


@room.page("/load/simulations", LEADS)
async def ask_what_if(visit: Visit) -> Response:
    """Show the form of the simulator, or what it played through."""
    played = visit.query.get("played")
    return await render_played(visit, played) if played else await render_form(visit)


async def render_form(visit: Visit, code: int = 200, errors: dict[str, str] | None = None, said: str = "") -> Response:
    """Show the form, and what was wrong in it."""
    load = await visit.api.get("/v1/load", days=30)
    spoken = sorted({pool["language"] for pool in load["pools"] if pool["language"]})
    topics = sorted({pool["topic"] for pool in load["pools"] if pool["topic"]})
    return visit.render(
        "load/simulator.html",
        code,
        spoken=spoken,
        topics=topics,
        errors=errors or {},
        refusal=said,
        form=visit.form,
    )


@room.action("/load/simulations", LEADS)
async def start_simulation(visit: Visit) -> Response:
    """Start a simulation."""
    try:
        started = await visit.api.post(SIMULATIONS, asked_of(visit.form), once=visit.once)
    except Refused as refused:
        if refused.status not in {404, 409, 422}:
            raise
        return await render_form(visit, refused.status, refused.errors, refused.detail)
    return visit.go(f"/load/simulations?played={started['id']}")


def asked_of(form: dict[str, str]) -> dict[str, Any]:
    """Return what a form asks of the simulator."""
    what_if: dict[str, Any] = {
        "certify": [],
        "without": [part.strip() for part in form.get("without", "").split(",") if part.strip()],
    }
    if (count := whole(form.get("count"), 0)) > 0:
        new = {name: [form[name]] for name in ("languages", "topics") if form.get(name)}
        what_if["certify"] = [{"count": count, **new}]
    if form.get("capacity", "").strip():
        what_if["capacity"] = whole(form["capacity"], 0)
    asked: dict[str, Any] = {"what_if": what_if, "seed": 1}
    if form.get("customers") == "generated":
        pool = {"language": form.get("pool_language") or None, "topic": form.get("pool_topic") or None}
        asked["generated"] = {
            "days": whole(form.get("generated_days"), 7),
            "conversations_per_day": whole(form.get("per_day"), 100),
            "pools": [pool],
        }
    else:
        asked["days"] = whole(form.get("days"), 30)
    return asked


async def render_played(visit: Visit, played: str) -> Response:
    """Show how far a simulation is, and what came of it."""
    simulation = await visit.api.get(path_of("load", "simulations", played))
    return visit.render("load/result.html", simulation=simulation)
