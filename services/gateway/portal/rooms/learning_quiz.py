"""A sitting of a quiz: the questions on one page, answers saved as they are given, and the result."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi.responses import PlainTextResponse, Response

from services.gateway.portal.answering import Answered, answered, read_answer
from services.gateway.portal.api import Refused
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.portal.words import moment

room = Room()

OVER = frozenset({"attempt-closed", "time-is-up"})


@room.page("/learning/attempts/{attempt}")
async def show_attempt(visit: Visit) -> Response:
    """Show the questions of a sitting or, once it is handed in, how it went."""
    return await render_attempt(visit)


async def render_attempt(visit: Visit, code: int = 200, **values: Any) -> Response:
    """Show a sitting, with what is wrong with the answers sent or missing."""
    attempt = await visit.api.get(path_of("attempts", visit.given["attempt"]))
    path = path_of("enrolments", attempt["enrolment"], "modules", attempt["module"])
    module = await visit.api.get(path, locale=visit.words.language)
    facts = {"attempt": attempt, "module": module, "here": f"/learning/{attempt['enrolment']}"}
    if attempt["result"] is None:
        deadline = attempt["deadline"]
        over = deadline is not None and moment(deadline) <= visit.now
        return visit.render("learning/attempt.html", code, over=over, **facts, **values)
    return visit.render("learning/result.html", outcome=outcome_of(visit, attempt, module), **facts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sitting went: by question, and from when it can be sat again."""

    right: int
    results: dict[str, dict[str, Any]]
    again_at: str | None
    may_again: bool


def outcome_of(visit: Visit, attempt: dict[str, Any], module: dict[str, Any]) -> Outcome:
    """Return how a sitting went, and whether there may be another one."""
    result = attempt["result"]
    waits = timedelta(minutes=module["cool_down_minutes"] or 0)
    again = moment(result["submitted_at"]) + waits
    return Outcome(
        right=sum(one["correct"] for one in result["items"]),
        results={one["id"]: one for one in result["items"]},
        again_at=again.isoformat() if again > visit.now else None,
        may_again=not module["done"] and attempt["attempts_left"] != 0,
    )


@room.action("/learning/attempts/{attempt}")
async def take_answers(visit: Visit) -> Response:
    """Save the answers and, if asked to, hand the sitting in."""
    attempt = await visit.api.get(path_of("attempts", visit.given["attempt"]))
    here = f"/learning/attempts/{attempt['id']}"
    if attempt["result"] is not None:
        return visit.go(here)
    errors = await save(visit, attempt)
    if visit.form.get("do") == "later":
        said = visit.say("Your answers are saved. Come back to them whenever you like.")
        return visit.go(f"/learning/{attempt['enrolment']}/{attempt['module']}", None if errors else said)
    if errors:
        return await render_attempt(visit, 422, errors=errors)
    if visit.form.get("sure") != "yes":
        attempt = await visit.api.get(path_of("attempts", attempt["id"]))
        missing = [item["id"] for item in attempt["items"] if not answered(item)]
        if missing and not is_over(visit, attempt):
            return await render_attempt(visit, missing=missing)
    await visit.api.post(path_of("attempts", attempt["id"], "submission"), once=visit.once)
    return visit.go(here)


@room.action("/learning/attempts/{attempt}/answers/{item}")
async def save_one(visit: Visit) -> Response:
    """Save one answer as soon as it is given; the page sends it by itself, and shows what is wrong with it."""
    attempt = await visit.api.get(path_of("attempts", visit.given["attempt"]))
    attempt["items"] = [item for item in attempt["items"] if item["id"] == visit.given["item"]]
    errors = await save(visit, attempt)
    wrong = errors.get(visit.given["item"])
    return PlainTextResponse(wrong) if wrong else Response(status_code=204)


def is_over(visit: Visit, attempt: dict[str, Any]) -> bool:
    """Tell whether the time for a sitting has run out."""
    return attempt["deadline"] is not None and moment(attempt["deadline"]) <= visit.now


async def save(visit: Visit, attempt: dict[str, Any]) -> dict[str, str]:
    """Save the answers that changed; returns what is wrong, by question. What comes too late is left out."""
    errors: dict[str, str] = {}
    for item in attempt["items"]:
        read = read_answer(item, visit.lists, visit.words.language)
        if not isinstance(read, Answered):
            errors[item["id"]] = visit.say("Please write a number, for example 24.")
            continue
        if not read.changes(item):
            continue
        try:
            await visit.api.put(path_of("attempts", attempt["id"], "answers", item["id"]), read.body)
        except Refused as refused:
            if refused.slug in OVER:
                break
            raise
    return errors
