"""Questions to the task team: answered by whom they are with, handed on, and made something that everybody reads."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Room, Visit, path_of

VIEWS = ("open", "all", "answered")
SCOPE = "team:read"

room = Room()


@room.page("/questions", SCOPE)
async def list_questions(visit: Visit) -> Response:
    """Show the questions that are with the person, all that wait, or those that were answered."""
    view = visit.query.get("view", "open")
    asked = {"limit": 50, "cursor": visit.query.get("cursor")}
    asked |= {"part": "assignee"} if view == "open" else {}
    asked |= {"state": "answered"} if view == "answered" else {}
    found = await visit.api.get("/v1/task-team/questions", **asked)
    questions = [one for one in found["items"] if (one["state"] == "answered") == (view == "answered")]
    people = [number for one in questions for number in (one["asker"], one["assignee"], one["answered_by"])]
    return visit.render(
        "questions/list.html",
        questions=questions,
        view=view if view in VIEWS else "open",
        cursor=found["next_cursor"],
        names=await names_of(visit, *people),
    )


@room.page("/questions/{question:uuid}", SCOPE)
async def show_question(visit: Visit) -> Response:
    """Show a question with all that can be done about it."""
    return await show(visit)


@room.action("/questions/{question:uuid}/answer", SCOPE)
async def answer_question(visit: Visit) -> Response:
    """Answer a question."""
    body = {"answer": visit.form.get("answer", "").strip()}
    said = visit.say("Answered. Do others ask the same? Then make it something that everybody can read.")
    return await send(visit, "answer", body, said)


@room.action("/questions/{question:uuid}/reassignment", SCOPE)
async def hand_on(visit: Visit) -> Response:
    """Give a question to another member of the team."""
    body = {"employee_number": visit.form.get("employee_number", "")}
    return await send(visit, "reassignment", body, visit.say("Handed on."), then="/questions")


@room.action("/questions/{question:uuid}/faq", SCOPE)
async def make_entry(visit: Visit) -> Response:
    """Put a question and its answer beside the section that it is about, in words that name nobody."""
    policy, _, section = visit.form.get("place", "").partition("/")
    body = {"policy": policy or None, "section": section or None}
    body |= {name: visit.form.get(name, "").strip() or None for name in ("question", "answer")}
    return await send(visit, "faq", body, visit.say("Everybody can read it now, beside the section."))


async def send(visit: Visit, what: str, body: dict[str, Any], said: str, then: str | None = None) -> Response:
    """Do something about the question; what the API finds wrong stands beside the fields."""
    question = str(visit.given["question"])
    path = path_of("task-team", "questions", question, what)
    try:
        await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        if refused.status not in {409, 412, 422}:
            raise
        return await show(visit, refused, what)
    return visit.go(then or f"/questions/{question}", said)


async def show(visit: Visit, refused: Refused | None = None, what: str = "") -> Response:
    """Show a question; after something that did not go through, with what was written and what is wrong."""
    question = await visit.api.get(path_of("task-team", "questions", str(visit.given["question"])))
    keys = [one["key"] for one in await visit.api.all("/v1/policies") if one["version"] is not None]
    policies = await visit.api.together(*(path_of("policies", key) for key in keys))
    members = await visit.api.all("/v1/task-team/members")
    people = (question["asker"], question["assignee"], question["answered_by"])
    mine = bool(visit.number) and question["assignee"] == visit.number
    return visit.render(
        "questions/one.html",
        refused.status if refused else 200,
        question=question,
        policies=[policy for policy in policies if policy],
        members=sorted({one["employee_number"]: one["name"] for one in members if one["employee_number"]}.items()),
        names=await names_of(visit, *people),
        deciding=mine or visit.may("team:write") or (question["answered_by"] or "") == visit.number,
        refused=refused,
        what=what,
        form=visit.form,
    )
