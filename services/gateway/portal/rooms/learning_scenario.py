"""A way through a scenario: one post at a time, with the replies to choose from."""

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

MOVED_ON = frozenset({"elsewhere-in-the-run", "run-over"})


@room.page("/learning/runs/{run}")
async def show_run(visit: Visit) -> Response:
    """Show the conversation so far, and what can be said next."""
    run = await visit.api.get(path_of("scenario-runs", visit.given["run"]), locale=visit.words.language)
    path = path_of("enrolments", run["enrolment"], "modules", run["module"])
    module = await visit.api.get(path, locale=visit.words.language)
    return visit.render("learning/run.html", run=run, module=module, here=f"/learning/{run['enrolment']}")


@room.action("/learning/runs/{run}/choices")
async def choose(visit: Visit) -> Response:
    """Choose a reply; where the page was an old one, show how it stands."""
    run = visit.given["run"]
    reply = visit.form.get("reply")
    if reply:
        body = {"node": visit.form.get("node", ""), "reply": reply}
        try:
            await visit.api.post(path_of("scenario-runs", run, "choices"), body, once=visit.once)
        except Refused as refused:
            if refused.slug not in MOVED_ON:
                raise
    return visit.go(f"/learning/runs/{run}#now")
