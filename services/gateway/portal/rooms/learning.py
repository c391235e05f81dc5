"""Learning: what is mine to learn, what there is to choose from, and a course before one is on it."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit, path_of

room = Room()


@room.page("/learning")
async def show_learning(visit: Visit) -> Response:
    """Show what a person is to learn, how far they are, and what they have done lately."""
    number = visit.number
    if not number:
        return visit.render("learning/overview.html", items=[], paths=[], done=[])
    plan, paths, policies = await visit.api.together(
        f"{path_of('people', number, 'plan')}?locale={visit.words.language}",
        path_of("people", number, "learning-paths"),
        "/v1/policies",
    )
    planned: list[dict[str, Any]] = plan["items"] if plan else []
    courses = await enrolments_of(visit, planned)
    titles = {policy["key"]: policy["title"] for policy in (policies or {"items": []})["items"]}
    return visit.render(
        "learning/overview.html",
        items=[
            item | {"place": place_of(item), "progress": courses.get(item["enrolment"]), "title": title(item, titles)}
            for item in planned
        ],
        paths=paths["items"] if paths else [],
        done=[each | {"title": title(each, titles)} for each in plan["done"]] if plan else [],
    )


async def enrolments_of(visit: Visit, planned: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return by enrolment how many of how many modules are done."""
    ids = [item["enrolment"] for item in planned if item["enrolment"]]
    found = await visit.api.together(*(path_of("enrolments", one) for one in ids))
    return {
        one["id"]: (sum(module["done"] for module in one["modules"]), len(one["modules"]))
        for one in found
        if one is not None
    }


def title(planned: dict[str, Any], policies: dict[str, str]) -> str:
    """Return what a part of a plan is called; training knows only the keys of policies."""
    known: str = planned["title"]
    return policies.get(planned["key"], known) if planned["kind"] == "acknowledgement" else known


def place_of(item: dict[str, Any]) -> str:
    """Return the page on which a part of a plan is done."""
    step = (item["next"] or {"url": ""})["url"].removeprefix("/v1/").split("/")
    if item["kind"] == "acknowledgement":
        return f"/policies/{item['key']}"
    if item["enrolment"]:
        return f"/learning/{item['enrolment']}"
    if step[0] == "enrolments" and len(step) > 1:
        return f"/learning/{step[1]}"
    if step[0] == "deltas":
        return f"/learning/deltas/{step[1]}"
    if item["kind"] == "renewal":
        return f"/learning/certificates/{item['why'][0]['key']}"
    return f"/learning/courses/{item['key']}"


@room.page("/learning/catalogue")
async def show_catalogue(visit: Visit) -> Response:
    """Show the courses that a person may take of their own will."""
    locale = visit.words.language
    offers = await visit.api.all("/v1/catalogue", employee_number=visit.number, locale=locale) if visit.number else []
    return visit.render("learning/catalogue.html", offers=offers)


@room.page("/learning/courses/{key}")
async def show_course(visit: Visit) -> Response:
    """Show what a course is about, and the way into it."""
    key = visit.given["key"]
    locale = visit.words.language
    course = await visit.api.get(path_of("courses", key), locale=locale)
    mine, offers = [], []
    if visit.number:
        mine = await visit.api.all("/v1/enrolments", employee_number=visit.number, course=key)
        offers = await visit.api.all("/v1/catalogue", employee_number=visit.number, locale=locale)
    first = await visit.api.together(*(path_of("courses", one) for one in course["prerequisites"]))
    return visit.render(
        "learning/course.html",
        course=course,
        open=next((one for one in mine if not one["completed_at"] and not one["withdrawn_at"]), None),
        completed=max((one["completed_at"] for one in mine if one["completed_at"]), default=None),
        offered=any(offer["course"] == key for offer in offers),
        first=[one for one in first if one is not None],
    )


@room.action("/learning/courses/{key}/enrolment")
async def enrol(visit: Visit) -> Response:
    """Begin a course."""
    made = await visit.api.post("/v1/enrolments", {"course": visit.given["key"]}, once=visit.once)
    return visit.go(f"/learning/{made['id']}", visit.say("You are on the course. Take it at your own pace."))
