"""What changed under somebody's certificate: the section as it was and is, and a few questions about it."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.answering import Answered, read_answer
from services.gateway.portal.api import Refused
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

READ_AGAIN = frozenset({"text-changed", "stale"})


@room.page("/learning/deltas/{delta}")
async def show_delta(visit: Visit) -> Response:
    """Show what changed, word by word."""
    return await render_delta(visit)


async def render_delta(visit: Visit, code: int = 200, **values: Any) -> Response:
    """Show a delta, with how the answers were."""
    found = await visit.api.find(path_of("deltas", visit.given["delta"]))
    delta = found.body
    diff = await visit.api.find_or_none(delta["diff"]) if delta["diff"] else None
    sections = diff["sections"] if diff else []
    changed = next((one for one in sections if one["id"] == delta["section"]), None)
    course = await visit.api.find_or_none(path_of("courses", delta["course"])) if delta["course"] else None
    return visit.render(
        "learning/delta.html", code, delta=delta, etag=found.etag, changed=changed, course=course, **values
    )


@room.action("/learning/deltas/{delta}/completion")
async def complete_delta(visit: Visit) -> Response:
    """Note that the change was read, with the answers."""
    path = path_of("deltas", visit.given["delta"])
    delta = await visit.api.get(path)
    read = {item["id"]: read_answer(item, visit.lists, visit.words.language) for item in delta["items"]}
    answers = {key: one.body for key, one in read.items() if isinstance(one, Answered) and one.given}
    body = {"hash": visit.form.get("hash", ""), "answers": answers}
    try:
        done = await visit.api.post(f"{path}/completion", body, once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        if refused.slug not in READ_AGAIN:
            raise
        said = visit.say("The text has changed once more since you opened this page. Please read it again.")
        return await render_delta(visit, refused.status, trouble=said)
    if done["passed"]:
        return visit.go("/learning", visit.say("Thank you. Your certificate covers the new wording now."))
    kept = {key: one.body for key, one in read.items() if isinstance(one, Answered)}
    return await render_delta(visit, results={one["id"]: one for one in done["results"]}, kept=kept)


@room.action("/learning/deltas/{delta}/enrolment")
async def begin_course(visit: Visit) -> Response:
    """Begin the modules of a course that changed."""
    path = path_of("deltas", visit.given["delta"], "enrolment")
    try:
        made = await visit.api.post(path, once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        if refused.slug != "already-enrolled":
            raise
        return visit.go("/learning")
    return visit.go(f"/learning/{made['id']}", visit.say("Only what changed is asked of you; the rest stays done."))
