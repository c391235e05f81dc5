"""Writing policy: the policies, their versions, and one version from its draft until it is in force."""

import asyncio
import re
from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Found, Refused
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

WRITES = "policies:write"
FIRST_SOURCE = """---
title: {title}
locale: en
---
# Speak as yourself {{#speak-as-yourself}}

Say who you work for when you talk about our work.
"""


@room.page("/editor", WRITES)
async def list_edited(visit: Visit) -> Response:
    """Show the policies with what is in force and what is being written."""
    policies = await visit.api.all("/v1/policies")
    newest = await visit.api.together(*(f"{path_of('policies', each['key'], 'versions')}?limit=5" for each in policies))
    rows = [(policy, found["items"] if found else []) for policy, found in zip(policies, newest, strict=True)]
    return visit.render("editor/list.html", rows=rows, errors={}, form={})


@room.action("/editor", WRITES)
async def open_policy(visit: Visit) -> Response:
    """Open a policy, with a first draft to write on."""
    title = visit.form.get("title", "").strip()
    key = slug(visit.form.get("key", "") or title)
    try:
        await visit.api.post("/v1/policies", {"key": key, "title": title}, once=visit.once)
    except Refused as refused:
        if refused.status not in {409, 422}:
            raise
        errors = refused.errors or {"key": visit.say("There is already a policy with this short name.")}
        return visit.render("editor/list.html", refused.status, rows=[], errors=errors, form=visit.form)
    body = {
        "source": FIRST_SOURCE.format(title=title),
        "change_note": visit.say("The first version."),
        "material": True,
    }
    version = await visit.api.post(path_of("policies", key, "versions"), body, once=f"{visit.once}-1")
    return visit.go(f"/editor/{key}/versions/{version['number']}", visit.say("Your draft is ready to be written."))


@room.page("/editor/{key}", WRITES)
async def show_policy(visit: Visit) -> Response:
    """Show a policy's versions, languages and emergency rules, and who must approve."""
    path = policy_path(visit)
    quorum = await visit.api.find(f"{path}/quorum")
    versions = await visit.api.all(f"{path}/versions", most=200)
    in_force = next((each for each in versions if each["state"] == "published"), None)
    translations, emergency = await visit.api.together(
        f"{path}/versions/{in_force['number']}/translations" if in_force else f"{path}/versions/1/translations",
        f"/v1/emergency-rules?policy={visit.given['key']}",
    )
    policies = await visit.api.all("/v1/policies")
    return visit.render(
        "editor/policy.html",
        policy=next(each for each in policies if each["key"] == visit.given["key"]),
        versions=versions,
        names=await names_of(visit, *(each["written_by"] for each in versions)),
        in_force=in_force,
        translations=translations["items"] if translations and in_force else [],
        emergency=emergency["items"] if emergency else [],
        quorum=quorum,
    )


@room.action("/editor/{key}/quorum", WRITES)
async def change_quorum(visit: Visit) -> Response:
    """Say anew who must approve."""
    departments = {name.strip(): 1 for name in visit.form.get("departments", "").split(",") if name.strip()}
    body = {"reviewers": whole(visit.form.get("reviewers"), 1), "departments": departments}
    await visit.api.put(f"{policy_path(visit)}/quorum", body, if_match=visit.form.get("etag"))
    return visit.go(f"/editor/{visit.given['key']}", visit.say("From now on versions need these approvals."))


@room.action("/editor/{key}/versions", WRITES)
async def begin_version(visit: Visit) -> Response:
    """Begin the next version with the words of the newest one."""
    path = f"{policy_path(visit)}/versions"
    newest = (await visit.api.get(path, limit=1))["items"]
    source = FIRST_SOURCE.format(title=visit.given["key"])
    if newest:
        source = (await visit.api.get(f"{path}/{newest[0]['number']}"))["source"]
    note = visit.form.get("change_note", "").strip() or visit.say("Not said yet.")
    version = await visit.api.post(path, {"source": source, "change_note": note, "material": False}, once=visit.once)
    return visit.go(f"/editor/{visit.given['key']}/versions/{version['number']}", visit.say("Your draft is ready."))


@room.page("/editor/{key}/versions/{number}", WRITES)
async def show_version(visit: Visit) -> Response:
    """Show a version: a draft to write on, else its words with what may come next."""
    found, seen = await asyncio.gather(visit.api.find(version_path(visit)), kept_look(visit))
    return await render_version(visit, found, seen=seen)


async def render_version(visit: Visit, found: Found, code: int = 200, **values: Any) -> Response:
    """Show a version with what a look at its source says."""
    version = found.body
    draft = version["state"] == "draft"
    source = values.get("source", version["source"])
    kept = source == version["source"]
    if "seen" not in values:
        values["seen"] = await kept_look(visit) if kept else await look_at(visit, source)
    template = "editor/draft.html" if draft else "editor/version.html"
    return visit.render(
        template,
        code,
        **{
            "version": version,
            "etag": found.etag,
            "source": source,
            "change_note": version["change_note"],
            "material": version["material"],
            "stale": None,
            "steps": steps_of(visit, version),
            "mine": visit.number,
            "names": await names_of(
                visit, version["written_by"], *(each["decided_by"] for each in version["approvals"])
            ),
        }
        | values,
    )


@room.action("/editor/{key}/preview", WRITES)
async def preview_source(visit: Visit) -> Response:
    """Show what is written as it would be read."""
    template = "editor/preview.html" if visit.piecewise else "editor/preview_page.html"
    return visit.render(template, seen=await look_at(visit, visit.form.get("source", "")))


async def kept_look(visit: Visit) -> dict[str, Any]:
    """Return a preview of a version as it is kept."""
    seen: dict[str, Any] = await visit.api.get(f"{version_path(visit)}/preview")
    return seen | {"errors": []}


async def look_at(visit: Visit, source: str) -> dict[str, Any]:
    """Return a preview of a source, or what is wrong with it, each with its line."""
    try:
        seen: dict[str, Any] = await visit.api.post(f"{policy_path(visit)}/previews", {"source": source})
    except Refused as refused:
        if refused.status != 422:
            raise
        details = [error["detail"] for error in refused.extra.get("errors") or ()] or [refused.detail]
        return {"errors": [placed(detail) for detail in details]}
    return seen | {"errors": []}


def placed(detail: str) -> tuple[int | None, str]:
    """Return the line that a fault names, and what is wrong there."""
    found = re.match(r"Line (\d+): (.*)", detail, re.DOTALL)
    return (int(found[1]), found[2]) if found else (None, detail)


@room.action("/editor/{key}/versions/{number}", WRITES)
async def save_version(visit: Visit) -> Response:
    """Keep what was written; what a colleague kept meanwhile is shown beside it."""
    path = version_path(visit)
    written: dict[str, Any] = {
        "source": visit.form.get("source", ""),
        "change_note": visit.form.get("change_note", "").strip() or "–",
        "material": visit.form.get("material") == "yes",
    }
    try:
        await visit.api.put(path, written, if_match=visit.form.get("etag"))
    except Refused as refused:
        if refused.status not in {412, 422}:
            raise
        stale = refused.extra.get("stored") if refused.status == 412 else None
        return await render_version(visit, await visit.api.find(path), refused.status, stale=stale, **written)
    said = visit.say("Kept.")
    if visit.form.get("then") == "review":
        kept = await visit.api.find(path)
        await visit.api.post(f"{path}/review", {}, once=visit.once, if_match=kept.etag)
        said = visit.say("Your version is with the reviewers now.")
    return visit.go(page_of(visit), said)


@room.action("/editor/{key}/versions/{number}/approval", WRITES)
async def decide_version(visit: Visit) -> Response:
    """Approve a version, or send it back."""
    approve = visit.form.get("decision") == "approve"
    body = {"decision": "approve" if approve else "reject", "comment": visit.form.get("comment", "").strip() or None}
    await visit.api.post(f"{version_path(visit)}/approvals", body, once=visit.once, if_match=visit.form.get("etag"))
    said = visit.say("Thank you for reading so closely. Your approval counts.")
    return visit.go(page_of(visit), said if approve else visit.say("It goes back to its author, with your words."))


@room.action("/editor/{key}/versions/{number}/recall", WRITES)
async def recall_version(visit: Visit) -> Response:
    """Take a version back to edit it."""
    await visit.api.post(f"{version_path(visit)}/recall", {}, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(page_of(visit), visit.say("It is a draft again. Approvals given so far no longer count."))


@room.page("/editor/{key}/versions/{number}/publication", WRITES)
async def ask_to_publish(visit: Visit) -> Response:
    """Show where a version is brought into force; who signs in again for it comes back to here."""
    return await show_version(visit)


@room.action("/editor/{key}/versions/{number}/publication", WRITES)
async def publish_version(visit: Visit) -> Response:
    """Bring a version into force, now or at a time."""
    at = visit.form.get("effective_at", "").strip() if visit.form.get("when") == "later" else ""
    body = {"effective_at": f"{at}:00Z" if at else None}
    await visit.api.post(f"{version_path(visit)}/publication", body, once=visit.once, if_match=visit.form.get("etag"))
    said = visit.say("It comes into force at the time you chose.") if at else visit.say("It is in force now.")
    return visit.go(page_of(visit), said)


@room.action("/editor/{key}/versions/{number}/withdrawal", WRITES)
async def withdraw_version(visit: Visit) -> Response:
    """Give a version up."""
    body = {"reason": visit.form.get("reason", "").strip()}
    await visit.api.post(f"{version_path(visit)}/withdrawal", body, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(f"/editor/{visit.given['key']}", visit.say("The version was withdrawn. It stays on record."))


def steps_of(visit: Visit, version: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the way of a version, and where it is."""
    order = ("draft", "in_review", "approved", "published")
    names = (visit.say("Draft"), visit.say("Review"), visit.say("Approved"), visit.say("In force"))
    state = {"scheduled": "approved", "superseded": "published"}.get(version["state"], version["state"])
    now = order.index(state) if state in order else -1
    return [(name, "done" if place < now else "now" if place == now else "ahead") for place, name in enumerate(names)]


def policy_path(visit: Visit) -> str:
    """Return where the policy is in the API."""
    return path_of("policies", visit.given["key"])


def version_path(visit: Visit) -> str:
    """Return where the version is in the API."""
    return path_of("policies", visit.given["key"], "versions", visit.given["number"])


def page_of(visit: Visit) -> str:
    """Return the version's page."""
    return f"/editor/{visit.given['key']}/versions/{visit.given['number']}"


def slug(text: str) -> str:
    """Return a short name made from a title."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:64].rstrip("-")


def whole(text: str | None, otherwise: int) -> int:
    """Return the number of a field."""
    return int(text) if text and text.strip().lstrip("-").isdigit() else otherwise
