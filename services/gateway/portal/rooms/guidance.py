"""What coaches wrote to the person who is signed in: as letters, with an answer, and a second look."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.colleagues import names_of
from services.gateway.portal.sections import policies_of, section_of
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.portal.words import NETWORKS

UNREAD = "given"

room = Room()


@room.page("/guidance")
async def list_guidance(visit: Visit) -> Response:
    """Show one's letters, the newest first."""
    if not visit.number:
        return visit.render("guidance/list.html", letters=[], cursor=None, names={})
    found = await visit.api.get("/v1/guidance", employee_number=visit.number, cursor=visit.query.get("cursor"))
    names = await names_of(visit, *(each["coach"] for each in found["items"]))
    return visit.render("guidance/list.html", letters=found["items"], cursor=found["next_cursor"], names=names)


@room.page("/guidance/{guidance}")
async def read_guidance(visit: Visit) -> Response:
    """Show a letter; that it was opened is noted."""
    return await show(visit)


@room.action("/guidance/{guidance}/messages")
async def answer_guidance(visit: Visit) -> Response:
    """Say something to the coach."""
    text = visit.form.get("text", "").strip()
    if not text:
        return await show(visit, 422, message_error=visit.say("Write a word or two first."))
    await visit.api.post(api_path(visit, "messages"), {"text": text}, once=visit.once)
    return visit.go(page_of(visit) + "#talk", visit.say("Sent."))


@room.action("/guidance/{guidance}/acknowledgement")
async def accept_guidance(visit: Visit) -> Response:
    """Accept what the coach wrote."""
    await visit.api.post(api_path(visit, "acknowledgement"), once=visit.once, if_match=visit.form.get("etag"))
    return visit.go("/guidance", visit.say("Thank you for taking it."))


@room.action("/guidance/{guidance}/appeal")
async def appeal_guidance(visit: Visit) -> Response:
    """Ask another coach to look again."""
    reason = visit.form.get("reason", "").strip()
    if not reason:
        return await show(visit, 422, appeal_error=visit.say("Say in a sentence what was missed."))
    await visit.api.post(
        api_path(visit, "appeal"), {"reason": reason}, once=visit.once, if_match=visit.form.get("etag")
    )
    return visit.go(page_of(visit), visit.say("Another coach looks at it now. You hear from them here."))


async def show(visit: Visit, code: int = 200, message_error: str = "", appeal_error: str = "") -> Response:
    """Show a letter with what it is about and what was said to it."""
    found = await visit.api.find(api_path(visit))
    letter = found.body
    mine = letter["person"] == visit.number
    if mine and letter["read_at"] is None:
        await visit.api.post(api_path(visit, "reading"))
        found = await visit.api.find(api_path(visit))
    post, talk = await visit.api.together(
        path_of("posts", letter["post"] or "-"), f"{api_path(visit, 'messages')}?limit=200"
    )
    section = await cited(visit, letter["cites"])
    said = talk["items"] if talk else []
    return visit.render(
        "guidance/letter.html",
        code,
        letter=letter,
        etag=found.etag,
        mine=mine,
        post=post,
        section=section,
        talk=said,
        names=await names_of(visit, letter["coach"], letter["person"], *(each["author"] for each in said)),
        networks=NETWORKS,
        message_error=message_error,
        appeal_error=appeal_error,
    )


async def cited(visit: Visit, cites: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the section that a letter rests on, as it stands in force."""
    if cites is None or not visit.may("policies:read"):
        return None
    policies = await policies_of(visit, cites["policy"])
    return section_of(policies.get(cites["policy"]), cites["section"])


def page_of(visit: Visit) -> str:
    """Return the page of the letter."""
    return f"/guidance/{visit.given['guidance']}"


def api_path(visit: Visit, *rest: str) -> str:
    """Return where the API has the letter."""
    return path_of("guidance", visit.given["guidance"], *rest)
