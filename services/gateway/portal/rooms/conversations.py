"""My conversations: those that are offered, those that one has, and the answers; checked as one writes."""

import asyncio
from functools import wraps
from typing import Any

from fastapi.responses import Response

from services.gateway.portal import drafts
from services.gateway.portal.api import Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.rooms.check import ask_approval, kept
from services.gateway.portal.visit import Room, Shown, Visit, path_of
from services.gateway.portal.words import NETWORKS, moment

OPEN = ("assigned", "accepted", "reopened", "waiting")
DONE = frozenset({"answered", "resolved"})
MOST = 400
REFUSED_REPLY = frozenset({"reply-blocked", "reply-held", "paused", "assignee-not-certified"})
"""What keeps a reply from going out, so that its words are shown again."""
MEANWHILE = 412
"""The status by which the API says that somebody wrote, noted or moved something since the page was opened."""
NOT_THEIRS = frozenset({"not-found", "not-your-conversation", "not-assigned"})
"""What the API says of a conversation that is with somebody else, or with nobody any more."""
WITH_OTHERS = frozenset({"drafted", "held"})
"""Replies on which somebody else has to decide: until then a conversation does not go from whom it is with."""

room = Room()


class Gone(Refused):
    """A conversation is not, or not any more, with whoever would do something about it."""

    def __init__(self, visit: Visit) -> None:
        why = visit.say("It went to a colleague because the time was up, or it was closed.")
        lost = visit.say("What you wrote has not gone out.") if visit.form.get("text") else ""
        title = visit.say("This conversation is not with you any more")
        super().__init__(
            409 if visit.form else 404, {"type": "/gone", "title": title, "detail": f"{why} {lost}".strip()}
        )


def unless_gone(shown: Shown) -> Shown:
    """Say what happened where a conversation went to somebody else while its page was open."""

    @wraps(shown)
    async def answered(visit: Visit) -> Response:
        try:
            return await shown(visit)
        except Refused as refused:
            if refused.slug in NOT_THEIRS:
                return visit.refuse(Gone(visit), back="/conversations")
            raise

    return answered


@room.page("/conversations")
async def list_conversations(visit: Visit) -> Response:
    """Show what is with the person who is signed in."""
    if not visit.number:
        return visit.render("conversations/list.html", groups={}, done=[], availability=None, pauses=[], view="open")
    view = "done" if visit.query.get("view") == "done" else "open"
    found, (availability, pauses) = await asyncio.gather(
        visit.api.all("/v1/conversations", most=MOST, employee_number=visit.number),
        visit.api.together(path_of("availability", visit.number), "/v1/pauses?in_force=true&limit=20"),
    )
    return visit.render(
        "conversations/mine.html" if visit.piecewise else "conversations/list.html",
        groups={state: soonest([each for each in found if each["state"] == state]) for state in OPEN},
        done=[each for each in found if each["state"] in DONE],
        availability=availability,
        pauses=pauses["items"] if pauses else [],
        view=view,
        networks=NETWORKS,
    )


def soonest(conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort conversations by when something is due."""
    return sorted(conversations, key=lambda each: each["accept_by"] or each["due_at"] or "9")


@room.page("/conversations/{conversation}")
@unless_gone
async def show_conversation(visit: Visit) -> Response:
    """Show a conversation, with a place to answer."""
    return await show(visit, {})


@room.way("/conversations/{conversation}/check")
async def show_again(visit: Visit) -> Response:
    """Show a conversation to whom the address of its check was left in."""
    return visit.go(page_of(visit))


@room.action("/conversations/{conversation}/acceptance")
@unless_gone
async def accept(visit: Visit) -> Response:
    """Take on a conversation that was offered."""
    await visit.api.post(api_path(visit, "acceptance"), once=visit.once, if_match=stated(visit))
    return visit.go(page_of(visit), visit.say("It is yours. Take the time you need."))


@room.action("/conversations/{conversation}/handoff")
@unless_gone
async def hand_off(visit: Visit) -> Response:
    """Give a conversation to somebody else."""
    body = {"reason": visit.form.get("reason", "")}
    try:
        await visit.api.post(api_path(visit, "handoff"), body, once=visit.once, if_match=stated(visit))
    except Refused as refused:
        if refused.status != 422:
            raise
        return await show(visit, {}, code=422, handoff_error=visit.say("A few words help whoever takes it."))
    return visit.go("/conversations", visit.say("Handed on. Whoever has room takes it from here."))


@room.action("/conversations/{conversation}/notes")
@unless_gone
async def add_note(visit: Visit) -> Response:
    """Leave a note for colleagues."""
    text = visit.form.get("text", "").strip()
    if text:
        await visit.api.post(api_path(visit, "notes"), {"text": text}, once=visit.once)
    return visit.go(page_of(visit) + "#notes", visit.say("Noted.") if text else None)


@room.action("/conversations/{conversation}/resolution")
@unless_gone
async def resolve(visit: Visit) -> Response:
    """Say that nothing more is to be done."""
    await visit.api.post(api_path(visit, "resolution"), once=visit.once, if_match=stated(visit))
    return visit.go("/conversations", visit.say("Done. Thank you."))


@room.action("/conversations/{conversation}/check")
@unless_gone
async def check_reply(visit: Visit) -> Response:
    """Say what the rules make of an answer; nothing of it is kept."""
    form = dict(visit.form)
    chosen = form.get("use")
    conversation = await visit.api.get(api_path(visit))
    if chosen == "saved" and form.get("saved"):
        saved = await visit.api.find_or_none(path_of("saved-answers", form["saved"]))
        form["text"] = saved["text"] if saved else form.get("text", "")
    read = await drafts.look_at(visit, draft_of(form, conversation))
    if read is not None and chosen and chosen != "saved":
        form["text"] = drafts.use(read.text, read.found, chosen)
        read = await drafts.look_at(visit, draft_of(form, conversation))
    if not visit.piecewise:
        return await show(visit, form, read)
    template = "check/drafting.html" if chosen else "check/verdict.html"
    return visit.render(template, **await writing(visit, form, read))


@room.action("/conversations/{conversation}/reply")
@unless_gone
async def reply(visit: Visit) -> Response:
    """Answer the customer."""
    return await send(visit, None)


@room.action("/conversations/{conversation}/approval")
@unless_gone
async def reply_once_approved(visit: Visit) -> Response:
    """Ask for approval of an answer, which goes out by itself once it is given."""
    conversation = await visit.api.get(api_path(visit))
    check = await kept(visit, draft_of(visit.form, conversation))
    request = await ask_approval(visit, check["receipt"]["id"]) if check["verdict"] == "hold" else None
    return await send(visit, request)


async def send(visit: Visit, request: str | None) -> Response:
    """Send an answer, or keep it until the approval; shows it again with the reason where neither is possible."""
    form = visit.form
    body: dict[str, Any] = {
        "text": form.get("text", ""),
        "awaits_customer": bool(form.get("awaits_customer")),
        "draft": bool(form.get("draft")),
        "approval_request": request,
        "saved_answer": form.get("saved") or None,
    }
    try:
        sent = await visit.api.post(api_path(visit, "reply"), body, once=visit.once, if_match=stated(visit))
    except Refused as refused:
        if refused.slug not in REFUSED_REPLY and refused.status not in {422, MEANWHILE}:
            raise
        conversation = await visit.api.get(api_path(visit))
        if conversation["assignee"] != visit.number or conversation["state"] in DONE:
            return visit.refuse(Gone(visit), back="/conversations")
        read = await drafts.look_at(visit, draft_of(form, conversation))
        return await show(visit, form, read, code=refused.status, refused=refused)
    said = {
        "approved": visit.say("Your answer is on its way."),
        "drafted": visit.say("A colleague reads it first; then it goes out."),
        "held": visit.say("It goes out by itself as soon as somebody approves it."),
    }
    return visit.go(page_of(visit), said.get(sent["status"], visit.say("Your answer is on its way.")))


async def show(
    visit: Visit, form: dict[str, str], read: drafts.Read | None = None, code: int = 200, **more: Any
) -> Response:
    """Show a conversation with an answer as far as it is written."""
    found = await visit.api.find(api_path(visit))
    conversation = found.body
    answers, earlier, pauses = await visit.api.together(
        f"/v1/saved-answers?limit=200&network={conversation['network']}",
        api_path(visit, "earlier"),
        "/v1/pauses?in_force=true&limit=20",
    )
    people = [each["person"] for each in (*conversation["replies"], *conversation["notes"])]
    values = {
        "conversation": conversation,
        "etag": found.etag,
        "spoken": thread(conversation),
        "mine": conversation["assignee"] == visit.number,
        "until": theirs_until(visit, conversation),
        "answers": fitting(answers["items"] if answers else [], conversation),
        "earlier": earlier["items"] if earlier else [],
        "pauses": [each for each in pauses["items"] if covers(each["scope"], conversation)] if pauses else [],
        "refused": None,
        "handoff_error": "",
        **await writing(visit, form, read),
        **more,
    }
    values["names"] = await names_of(visit, conversation["assignee"], *people)
    return visit.render("conversations/one.html", code, **values)


def theirs_until(visit: Visit, conversation: dict[str, Any]) -> str | None:
    """Return until when a conversation stays with whom it is with, while that time runs."""
    until: str | None = conversation["theirs_until"]
    if until is None or conversation["state"] != "accepted" or moment(until) <= visit.now:
        return None
    return None if any(reply["status"] in WITH_OTHERS for reply in conversation["replies"]) else until


async def writing(visit: Visit, form: dict[str, str], read: drafts.Read | None) -> dict[str, Any]:
    """Return what the place to write an answer shows."""
    approvers = read.found["approvers"] if read else ()
    return {
        "form": form,
        "read": read,
        "approvers": drafts.known(await names_of(visit, *approvers), approvers),
        "networks": NETWORKS,
        "check_path": f"{page_of(visit)}/check",
        "keep_path": f"{page_of(visit)}/approval",
        "writing": visit.say("Your answer"),
        "ask_words": visit.say("Ask, and send it once approved"),
    }


def thread(conversation: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what both sides said, in the order of time: (when, whose, what)."""
    theirs = [(each["sent_at"], "customer", each) for each in conversation["messages"]]
    ours = [(each["approved_at"], "us", each) for each in conversation["replies"]]
    return sorted([*theirs, *ours], key=lambda said: said[0])


def fitting(answers: list[dict[str, Any]], conversation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the saved answers in the customer's language that the rules let out, those of the topic first."""
    usable = [
        each
        for each in answers
        if each["verdict"] in {"clear", "advise"} and conversation["language"] in {None, each["language"]}
    ]
    return sorted(usable, key=lambda each: (each["topic"] != conversation["topic"], each["title"]))


def covers(scope: str, conversation: dict[str, Any]) -> bool:
    """Tell whether a pause stops answers here."""
    what, _, which = scope.partition(":")
    return what == "all" or conversation.get(what) == which


def draft_of(form: dict[str, str], conversation: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as a draft to check."""
    return {
        "text": form.get("text", "")[: drafts.LONGEST],
        "network": conversation["network"],
        "kind": "reply",
        "language": conversation["language"],
        "first_contact": None if conversation["replies"] else True,
    }


def page_of(visit: Visit) -> str:
    """Return the page of the conversation."""
    return f"/conversations/{visit.given['conversation']}"


def api_path(visit: Visit, *rest: str) -> str:
    """Return where the API has the conversation."""
    return path_of("conversations", visit.given["conversation"], *rest)


def stated(visit: Visit) -> str | None:
    """Return the version of the conversation that the form was made for."""
    return visit.form.get("etag") or None
