"""Approvals: held drafts, colleagues' answers to customers, and rules of an emergency, each with a yes or no and a word."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal import drafts
from services.gateway.portal.api import Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Room, Visit, path_of

AT_ONCE = 20

room = Room()


@room.page("/approvals")
async def list_approvals(visit: Visit) -> Response:
    """Show the held drafts that somebody asks the person to decide, or those that are decided."""
    return await show(visit)


@room.action("/approvals/{request}/decision")
async def decide(visit: Visit) -> Response:
    """Approve or decline a held draft, with a word to its author."""
    decision = "approve" if visit.form.get("decision") == "approve" else "reject"
    comment = visit.form.get("comment", "").strip()
    if decision == "reject" and not comment:
        problem = {"errors": [{"pointer": "/comment", "detail": visit.say("Say why, so that they can mend it.")}]}
        return await show(visit, Refused(422, problem))
    body = {"decision": decision, "comment": comment or None}
    path = path_of("approval-requests", visit.given["request"], "decision")
    try:
        await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        if refused.slug == "approval-decided-already" or refused.status == 412:
            return visit.go("/approvals", visit.say("A colleague has decided it meanwhile."))
        if refused.status != 422:
            raise
        return await show(visit, refused)
    yes = decision == "approve"
    return visit.go("/approvals", visit.say("Approved. They know.") if yes else visit.say("Declined. They read why."))


async def show(visit: Visit, refused: Refused | None = None) -> Response:
    """Show the list; after a decision that did not go through, with what is wrong."""
    decided = visit.query.get("view") == "decided"
    state = None if decided else "open"
    asked = {"role": "approver", "state": state, "limit": AT_ONCE, "cursor": visit.query.get("cursor")}
    found = await visit.api.get("/v1/approval-requests", **asked)
    requests = [one for one in found["items"] if (one["state"] != "open") == decided]
    people = [number for one in requests for number in (one["author"], one["decided_by"])]
    return visit.render(
        "approvals/list.html",
        refused.status if refused else 200,
        requests=[(one, await drafts.explain(visit, one["check"]["text"], one["check"])) for one in requests],
        decided=decided,
        cursor=found["next_cursor"],
        names=await names_of(visit, *people),
        errors=refused.errors if refused else {},
        form=visit.form,
    )


@room.page("/approvals/answers")
async def list_answers(visit: Visit) -> Response:
    """Show colleagues' answers to customers that wait for somebody who is trusted."""
    return await show_answers(visit)


@room.action("/approvals/answers/{reply}")
async def decide_answer(visit: Visit) -> Response:
    """Let a colleague's answer out, in its own words or better ones, or give it back with the reason."""
    reply, etag = visit.given["reply"], visit.form.get("etag")
    back = visit.form.get("decision") == "return"
    text, reason = visit.form.get("text", "").strip(), visit.form.get("reason", "").strip()
    path = path_of("replies", reply, "return" if back else "approval")
    changed = text if text and text != visit.form.get("before", "").strip() else None
    try:
        await visit.api.post(path, {"reason": reason} if back else {"text": changed}, once=visit.once, if_match=etag)
    except Refused as refused:
        if refused.status not in {403, 409, 412, 422}:
            raise
        return await show_answers(visit, refused)
    return visit.go(
        "/approvals/answers", visit.say("Given back, with your words.") if back else visit.say("It goes out now.")
    )


async def show_answers(visit: Visit, refused: Refused | None = None) -> Response:
    """Show the answers that wait, each with what the customer wrote."""
    waiting: list[dict[str, Any]] = await visit.api.all("/v1/replies", most=AT_ONCE, status="drafted")
    waiting = [one for one in waiting if one["person"] != visit.number]
    talks = await visit.api.together(*(path_of("conversations", one["conversation"]) for one in waiting))
    return visit.render(
        "approvals/answers.html",
        refused.status if refused else 200,
        answers=list(zip(waiting, talks, strict=True)),
        names=await names_of(visit, *(one["person"] for one in waiting)),
        refused=refused,
        form=visit.form,
        asked=visit.given.get("reply"),
    )


@room.page("/approvals/emergencies", "policies:read")
async def list_emergencies(visit: Visit) -> Response:
    """Show rules of an emergency: those that wait for a second person, and those in force."""
    return await show_emergencies(visit)


@room.action("/approvals/emergencies/{rule}", "policies:read")
async def settle_emergency(visit: Visit) -> Response:
    """Put a proposed rule in force, or end one."""
    path, etag = path_of("emergency-rules", visit.given["rule"]), visit.form.get("etag")
    if visit.form.get("decision") == "confirm":
        await visit.api.post(f"{path}/confirmation", {}, once=visit.once, if_match=etag)
        return visit.go("/approvals/emergencies", visit.say("The rule is in force. It ends by itself."))
    await visit.api.delete(path, if_match=etag)
    return visit.go("/approvals/emergencies", visit.say("The rule has ended."))


async def show_emergencies(visit: Visit) -> Response:
    """Show the rules that wait and those in force, and the last that ended."""
    found = await visit.api.get("/v1/emergency-rules", limit=50)
    rules = found["items"]
    people = [number for one in rules for number in (one["proposed_by"], one["confirmed_by"])]
    order = ("proposed", "in_force", "ended")
    rules.sort(key=lambda one: order.index(one["state"]))
    return visit.render("approvals/emergencies.html", rules=rules[:AT_ONCE], names=await names_of(visit, *people))
