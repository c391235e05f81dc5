"""The coaching queue: what waits on the left, the finding beside it, and what a coach does about it."""

import asyncio
from typing import Any

from fastapi import status
from fastapi.responses import Response

from services.gateway.portal import coaching, drafts
from services.gateway.portal.api import Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Room, Visit, path_of

TOO_LATE = frozenset({"claimed-by-another", "not-open", "not-in-hand", "stale"})
"""What the API says when somebody else was faster."""
READS, WRITES = "monitoring:read", "monitoring:write"

room = Room()


@room.page("/queue", WRITES)
async def show_queue(visit: Visit) -> Response:
    """Show what waits, and the first of it; or the list alone, where a part of the page was asked for."""
    queue = await coaching.queue_of(visit)
    if visit.piecewise:
        return visit.render("queue/list.html", queue=queue, current=visit.query.get("current"))
    first = queue.after("")
    return await shown(visit, queue, first, alone=True)


@room.page("/queue/{finding:uuid}", WRITES)
async def show_finding(visit: Visit) -> Response:
    """Show a finding, in the page or as the part of it that changes."""
    finding = str(visit.given["finding"])
    if visit.piecewise:
        return visit.render("queue/finding.html", **parts(visit, await coaching.look_at(visit, finding)))
    queue, view = await asyncio.gather(coaching.queue_of(visit), coaching.look_at(visit, finding))
    return await shown(visit, queue, finding, **parts(visit, view))


@room.action("/queue/{finding:uuid}/claim", WRITES)
async def claim_finding(visit: Visit) -> Response:
    """Take a finding on; who comes second is told so."""
    finding = str(visit.given["finding"])
    try:
        await visit.api.post(path_of("findings", finding, "claim"), once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        if refused.slug not in TOO_LATE:
            raise
        return visit.go(back(visit, finding), visit.say("Somebody was a moment faster with this one. No harm done."))
    return visit.go(back(visit, finding), visit.say("It is yours now."))


@room.action("/queue/{finding:uuid}/release", WRITES)
async def release_finding(visit: Visit) -> Response:
    """Give a finding back."""
    finding = str(visit.given["finding"])
    await visit.api.post(path_of("findings", finding, "release"), once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(back(visit, None), visit.say("Given back. A colleague takes it from here."))


@room.action("/queue/{finding:uuid}/opening", WRITES)
async def open_text(visit: Visit) -> Response:
    """Show a text that is hard to read, to who chose to see it."""
    finding = str(visit.given["finding"])
    opened = await visit.api.post(path_of("findings", finding, "opening"), once=visit.once)
    left = opened["left_today"]
    said = visit.words.count(
        "%(num)s more like this today, at most.", "%(num)s more like this today, at most.", left or 0
    )
    return visit.go(back(visit, finding), said if left is not None else None)


@room.action("/queue/{finding:uuid}/dismissal", WRITES)
async def dismiss_finding(visit: Visit) -> Response:
    """Say that a finding needs nothing, and go on to the next."""
    finding = str(visit.given["finding"])
    reason = " ".join(filter(None, (visit.form.get("why", "").strip(), visit.form.get("reason", "").strip())))
    path = path_of("findings", finding, "dismissal")
    try:
        await visit.api.post(path, {"reason": reason}, once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        return await again(visit, refused, "dismiss")
    return visit.go(back(visit, visit.form.get("next")), visit.say("Done: it needs nothing. Here is what comes next."))


@room.action("/queue/{finding:uuid}/draft", WRITES)
async def draft_guidance(visit: Visit) -> Response:
    """Put the words of a template into guidance, or show how it will be read; nothing is sent."""
    view = await coaching.look_at(visit, str(visit.given["finding"]))
    form = dict(visit.form)
    chosen = next((one for one in view.templates if one["id"] == form.get("template")), None)
    if chosen is not None:
        form["message"] = begun(chosen["message"], form.get("message", ""), view.templates, "message")
        form["better_wording"] = form.get("better_wording", "").strip() or chosen["better_wording"] or ""
    values = parts(visit, view, form=form, read=await judged(visit, view, form), open_part="guide")
    if visit.piecewise:
        return visit.render("queue/words.html" if chosen else "queue/preview.html", **values)
    return await shown(visit, await coaching.queue_of(visit), view.finding["id"], **values)


@room.action("/queue/{finding:uuid}/guidance", WRITES)
async def give_guidance(visit: Visit) -> Response:
    """Send guidance, and go on to the next finding."""
    finding = str(visit.given["finding"])
    body = {"message": visit.form.get("message", "").strip() or None}
    body["better_wording"] = visit.form.get("better_wording", "").strip() or None
    path = path_of("findings", finding, "guidance")
    try:
        await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        return await again(visit, refused, "guide")
    return visit.go(back(visit, visit.form.get("next")), visit.say("Sent. Here is what comes next."))


@room.action("/queue/{finding:uuid}/praise", WRITES)
async def give_praise(visit: Visit) -> Response:
    """Tell the author of the post that something was done well; the finding stays where it is."""
    finding = str(visit.given["finding"])
    body = {"post": visit.form.get("post", ""), "message": visit.form.get("message", "").strip()}
    try:
        await visit.api.post("/v1/guidance", body, once=visit.once)
    except Refused as refused:
        return await again(visit, refused, "praise")
    return visit.go(back(visit, finding), visit.say("Your kind word is on its way."))


@room.action("/queue/{finding:uuid}/suspension", WRITES)
async def propose_suspension(visit: Visit) -> Response:
    """Propose that a certificate should rest; somebody else decides."""
    finding = str(visit.given["finding"])
    body = {"certification": visit.form.get("certification", ""), "reason": visit.form.get("reason", "").strip()}
    path = path_of("findings", finding, "suspension-proposals")
    try:
        await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    except Refused as refused:
        return await again(visit, refused, "suspend")
    return visit.go(back(visit, finding), visit.say("Proposed. A lead decides, not you alone."))


@room.page("/queue/praise/{post:uuid}", WRITES)
async def show_praise(visit: Visit) -> Response:
    """Show a post that deserves a kind word."""
    post = await visit.api.get(path_of("posts", str(visit.given["post"])))
    return visit.render("queue/praise.html", post=post, names=await names_of(visit, post["person"]), form={}, errors={})


@room.action("/queue/praise/{post:uuid}", WRITES)
async def praise_post(visit: Visit) -> Response:
    """Praise a post that no rule found anything in."""
    post = await visit.api.get(path_of("posts", str(visit.given["post"])))
    body = {"post": post["id"], "message": visit.form.get("message", "").strip()}
    try:
        await visit.api.post("/v1/guidance", body, once=visit.once)
    except Refused as refused:
        if refused.status != status.HTTP_422_UNPROCESSABLE_CONTENT:
            raise
        names, form = await names_of(visit, post["person"]), visit.form
        return visit.render("queue/praise.html", 422, post=post, names=names, form=form, errors=refused.errors)
    return visit.go("/queue", visit.say("Your kind word is on its way."))


async def again(visit: Visit, refused: Refused, part: str) -> Response:
    """Show a finding once more with what was written, and why it did not go out."""
    if refused.status not in {409, 412, 422}:
        raise refused
    view = await coaching.look_at(visit, str(visit.given["finding"]))
    form = dict(visit.form)
    values = parts(visit, view, form=form, read=await judged(visit, view, form), open_part=part, refused=refused)
    return await shown(visit, await coaching.queue_of(visit), view.finding["id"], code=refused.status, **values)


async def judged(visit: Visit, view: coaching.View, form: dict[str, str]) -> drafts.Read | None:
    """Return what the rules make of the better wording that a form has."""
    return await coaching.judge(visit, view, form.get("better_wording", "").strip())


def begun(words: str, written: str, templates: list[coaching.Json], part: str) -> str:
    """Return a template's words before what a coach wrote; another template's words give way to them."""
    own = written.strip()
    for one in templates:
        own = own.removeprefix(one[part]).strip()
    return f"{words}\n\n{own}" if own else words


def parts(visit: Visit, view: coaching.View, **values: Any) -> dict[str, Any]:
    """Return what the part of the page about one finding shows."""
    shown_values: dict[str, Any] = {"form": {}, "read": None, "open_part": "", "refused": None, "view": view}
    return {**shown_values, "query": query_of(visit), "following": visit.query.get("next"), **values}


async def shown(
    visit: Visit, queue: coaching.Queue, finding: str | None, *, alone: bool = False, code: int = 200, **values: Any
) -> Response:
    """Show the page: the list, and a finding beside it. `alone` says that on a phone the list is shown alone."""
    if finding is not None and "view" not in values:
        values = parts(visit, await coaching.look_at(visit, finding))
    values["following"] = queue.after(finding) if finding else None
    return visit.render("queue/page.html", code, queue=queue, current=finding, alone=alone, **values)


def query_of(visit: Visit) -> str:
    """Return how the list was narrowed."""
    kept = "&".join(part for part in visit.request.url.query.split("&") if part.partition("=")[0] in coaching.FILTERS)
    return f"?{kept}" if kept else ""


def back(visit: Visit, finding: str | None) -> str:
    """Return where to go on: to a finding, or the list, narrowed as before."""
    return f"/queue{'/' + finding if finding else ''}{query_of(visit)}"
