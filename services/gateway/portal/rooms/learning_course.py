"""A course that somebody is on, and its modules: lessons, readings, quizzes, scenarios, tasks, live sessions."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

QUIZ_WAITS = frozenset({"cooling-down", "no-attempt-left"})
HANDED_IN_WRONG = 422


@room.page("/learning/{enrolment}")
async def show_enrolment(visit: Visit) -> Response:
    """Show a course with its modules: what is done, what is next, and what opens when."""
    enrolment = await read_enrolment(visit)
    return visit.render(
        "learning/enrolment.html", enrolment=enrolment, courses=await locking_courses(visit, enrolment["modules"])
    )


async def read_enrolment(visit: Visit) -> dict[str, Any]:
    """Return the course that somebody is on."""
    path = path_of("enrolments", visit.given["enrolment"])
    found: dict[str, Any] = await visit.api.get(path, locale=visit.words.language)
    return found


async def locking_courses(visit: Visit, modules: list[dict[str, Any]]) -> dict[str, str]:
    """Return the titles of other courses that have to come first, by their keys."""
    keys = sorted({lock["course"] for module in modules for lock in module["locked_by"] if lock["course"]})
    found = await visit.api.together(*(path_of("courses", key) for key in keys))
    return {course["key"]: course["title"] for course in found if course is not None}


@room.page("/learning/{enrolment}/{module}")
async def show_module(visit: Visit) -> Response:
    """Show one module: what it teaches, or how to begin it."""
    return await render_module(visit)


async def render_module(visit: Visit, code: int = 200, **values: Any) -> Response:
    """Show a module, with what was wrong with what was sent."""
    path = path_of("enrolments", visit.given["enrolment"], "modules", visit.given["module"])
    enrolment = await read_enrolment(visit)
    module = await visit.api.get(path, locale=visit.words.language)
    extra: dict[str, Any] = {}
    if module["kind"] == "practical_task" and module["submission"]:
        extra["submission"] = await visit.api.find_or_none(path_of("task-submissions", module["submission"]))
    if module["kind"] == "live_session":
        extra["dates"] = await read_dates(visit, enrolment["course"], module["key"])
    keys = [one["key"] for one in enrolment["modules"]]
    at = keys.index(module["key"]) if module["key"] in keys else -1
    return visit.render(
        "learning/module.html",
        code,
        enrolment=enrolment,
        module=module,
        courses=await locking_courses(visit, [module]),
        following=enrolment["modules"][at + 1] if 0 <= at < len(keys) - 1 else None,
        **extra,
        **values,
    )


async def read_dates(visit: Visit, course: str, module: str) -> list[dict[str, Any]]:
    """Return the dates of a live module, with whether the reader has a place in each."""
    dates = await visit.api.all("/v1/live-sessions", most=50, course=course, module=module, upcoming="true")
    places = await visit.api.together(*(path_of("live-sessions", date["id"], "registrations") for date in dates))
    return [
        date | {"mine": any(one["employee_number"] == visit.number for one in (place or {"items": []})["items"])}
        for date, place in zip(dates, places, strict=True)
    ]


@room.action("/learning/{enrolment}/version")
async def move_to_newer(visit: Visit) -> Response:
    """Move to the version of the course that is in force."""
    enrolment = visit.given["enrolment"]
    await visit.api.post(path_of("enrolments", enrolment, "version-change"), once=visit.once)
    return visit.go(
        f"/learning/{enrolment}", visit.say("You are on the newest version. What did not change stays done.")
    )


@room.action("/learning/{enrolment}/{module}/completion")
async def complete(visit: Visit) -> Response:
    """Note that a lesson, or a part of a policy, was read."""
    enrolment, module = visit.given["enrolment"], visit.given["module"]
    version = visit.form.get("version", "")
    kind = "readings" if version else "lessons"
    body = {"version": int(version)} if version.isdecimal() else None
    path = path_of("enrolments", enrolment, kind, module, "completion")
    try:
        after = await visit.api.post(path, body, once=visit.once)
    except Refused as refused:
        if refused.slug != "policy-changed":
            raise
        said = visit.say("The policy has changed since you opened this page. Please read it once more.")
        return await render_module(visit, refused.status, trouble=said)
    return go_on(visit, after)


def go_on(visit: Visit, enrolment: dict[str, Any]) -> Response:
    """Lead to what comes next in a course, or to the course when it is done."""
    here = f"/learning/{enrolment['id']}"
    if enrolment["completed_at"]:
        return visit.go(here, visit.say("That was the last part. Well done!"))
    if enrolment["next"]:
        return visit.go(f"{here}/{enrolment['next']}", visit.say("Done. Here is what comes next."))
    return visit.go(here, visit.say("Done. The rest opens later."))


@room.action("/learning/{enrolment}/{module}/attempt")
async def begin_quiz(visit: Visit) -> Response:
    """Begin a sitting of a quiz; where one is open, go on with it."""
    enrolment, module = visit.given["enrolment"], visit.given["module"]
    try:
        made = await visit.api.post(path_of("enrolments", enrolment, "attempts"), {"module": module}, once=visit.once)
    except Refused as refused:
        if refused.slug == "attempt-open":
            opened = await open_part(visit, "open_attempt")
            return visit.go(f"/learning/attempts/{opened}")
        if refused.slug in QUIZ_WAITS:
            return await render_module(
                visit, refused.status, waits=refused.slug, again=refused.extra.get("available_at")
            )
        raise
    return visit.go(f"/learning/attempts/{made['id']}")


@room.action("/learning/{enrolment}/{module}/run")
async def begin_scenario(visit: Visit) -> Response:
    """Begin a way through a scenario; where one is open, go on with it."""
    path = path_of("enrolments", visit.given["enrolment"], "scenarios", visit.given["module"], "runs")
    try:
        made = await visit.api.post(f"{path}", once=visit.once)
    except Refused as refused:
        if refused.slug != "run-open":
            raise
        return visit.go(f"/learning/runs/{await open_part(visit, 'open_run')}")
    return visit.go(f"/learning/runs/{made['id']}")


async def open_part(visit: Visit, what: str) -> str:
    """Return the sitting or run of a module that is under way."""
    path = path_of("enrolments", visit.given["enrolment"], "modules", visit.given["module"])
    found: str = (await visit.api.get(path))[what]
    return found


@room.action("/learning/{enrolment}/{module}/submission")
async def hand_in(visit: Visit) -> Response:
    """Hand in what was done for a practical task."""
    enrolment, module = visit.given["enrolment"], visit.given["module"]
    given = {name: visit.form[name].strip() for name in ("text", "link") if visit.form.get(name, "").strip()}
    path = path_of("enrolments", enrolment, "tasks", module, "submissions")
    try:
        await visit.api.post(path, given, once=visit.once)
    except Refused as refused:
        if refused.status != HANDED_IN_WRONG:
            raise
        errors = {
            "text": visit.say("Write something, or give a link.") if not given else refused.errors.get("text", ""),
            "link": visit.say("A link begins with https://") if "link" in refused.errors else "",
        }
        return await render_module(visit, refused.status, errors=errors, given=given)
    here = f"/learning/{enrolment}/{module}"
    return visit.go(here, visit.say("Handed in. A coach reads it, and you hear from them here."))


@room.action("/learning/{enrolment}/{module}/place")
async def take_place(visit: Visit) -> Response:
    """Sign up for a date of a live module, or give the place back."""
    here = f"/learning/{visit.given['enrolment']}/{visit.given['module']}"
    path = path_of("live-sessions", visit.form.get("session", ""), "registrations")
    if visit.form.get("do") == "leave":
        await visit.api.delete(f"{path}/{visit.number}")
        return visit.go(here, visit.say("Your place is free for somebody else now."))
    await visit.api.post(path, once=visit.once)
    return visit.go(here, visit.say("You have a place. See you there!"))
