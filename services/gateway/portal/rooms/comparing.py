"""Before a version is in force: how it differs, what past posts say of it, its other languages, and emergency rules."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.rooms.editor import WRITES, page_of, policy_path, version_path
from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

KINDS = ("staff", "reply", "mention")
MINIMAL_RULE = """id: no-word-on-the-recall
severity: hold
detect:
  words: [recall]
message: The press office answers this one.
examples:
  match: [Is there a recall?]
  pass: [We will find out.]
"""


@room.page("/editor/{key}/versions/{number}/diff", WRITES)
async def show_diff(visit: Visit) -> Response:
    """Show a version against another, word by word."""
    versions = await visit.api.all(f"{policy_path(visit)}/versions", most=100)
    asked = visit.query.get("against") or None
    diff = await visit.api.find_or_none(f"{version_path(visit)}/diff", against=asked)
    return visit.render(
        "editor/diff.html", key=visit.given["key"], number=int(visit.given["number"]), versions=versions, diff=diff
    )


@room.page("/editor/{key}/versions/{number}/backtests", WRITES)
async def list_backtests(visit: Visit) -> Response:
    """Show a version's back-tests, and the form that starts one."""
    return await render_backtests(visit)


async def render_backtests(visit: Visit, code: int = 200, errors: dict[str, str] | None = None) -> Response:
    """Show back-tests with a form, and what was wrong in it."""
    tests = await visit.api.get(f"{version_path(visit)}/backtests")
    return visit.render(
        "editor/backtests.html",
        code,
        key=visit.given["key"],
        number=visit.given["number"],
        tests=tests["items"],
        errors=errors or {},
        form=visit.form,
        kinds=visit.lists.get("kinds", list(KINDS[:2])),
    )


@room.action("/editor/{key}/versions/{number}/backtests", WRITES)
async def start_backtest(visit: Visit) -> Response:
    """Try a version's rules on past posts."""
    body: dict[str, Any] = {"kinds": [kind for kind in visit.lists.get("kinds", []) if kind in KINDS]}
    for name in ("from", "to"):
        if visit.form.get(name):
            body[name] = f"{visit.form[name]}T00:00:00Z"
    try:
        started = await visit.api.post(f"{version_path(visit)}/backtests", body, once=visit.once)
    except Refused as refused:
        if refused.status != 422:
            raise
        return await render_backtests(visit, 422, refused.errors)
    return visit.go(f"{page_of(visit)}/backtests/{started['id']}")


@room.page("/editor/{key}/versions/{number}/backtests/{backtest}", WRITES)
async def show_backtest(visit: Visit) -> Response:
    """Show how far a back-test is, and what came of it."""
    test = await visit.api.get(path_of("backtests", visit.given["backtest"]))
    return visit.render(
        "editor/backtest.html",
        test=test,
        charts=charts_of(visit, test["figures"]) if test["figures"] else {},
        key=visit.given["key"],
        number=visit.given["number"],
    )


def charts_of(visit: Visit, figures: dict[str, Any]) -> dict[str, list[tuple[str, int, int]]]:
    """Return what is newly flagged and newly cleared, by rule, department and week, with names to show."""
    names = {None: visit.say("authors who are not registered"), "other": visit.say("smaller departments together")}

    def row(name: str, each: dict[str, Any]) -> tuple[str, int, int]:
        return name, each["newly_flagged"], each["newly_cleared"]

    return {
        "rules": [row(each["rule"], each) for each in figures["rules"]],
        "departments": [row(names.get(each["key"], each["key"]), each) for each in figures["departments"]],
        "weeks": [row(each["key"], each) for each in figures["weeks"]],
    }


@room.action("/editor/{key}/versions/{number}/backtests/{backtest}/cancellation", WRITES)
async def stop_backtest(visit: Visit) -> Response:
    """Stop a back-test."""
    await visit.api.post(path_of("backtests", visit.given["backtest"], "cancellation"), {}, once=visit.once)
    return visit.go(
        f"{page_of(visit)}/backtests/{visit.given['backtest']}", visit.say("Stopped. What it has counted stays.")
    )


@room.page("/editor/{key}/versions/{number}/languages/{locale}", WRITES)
async def show_translation(visit: Visit) -> Response:
    """Show a version in another language, section beside section."""
    return await render_translation(visit)


async def render_translation(visit: Visit, code: int = 200, **values: Any) -> Response:
    """Show a translation with the source that it is kept as."""
    locale = visit.given["locale"]
    version = await visit.api.get(version_path(visit))
    try:
        found = await visit.api.find(f"{version_path(visit)}/translations/{locale}")
        translation, etag = found.body, found.etag
    except Refused as refused:
        if refused.status != 404:
            raise
        translation, etag = None, '"0"'
    source = joined(translation) if translation else ""
    given = {"version": version, "locale": locale, "translation": translation, "etag": etag, "source": source}
    return visit.render("editor/translation.html", code, **{**given, "errors": {}, "stale": None, **values})


def joined(translation: dict[str, Any]) -> str:
    """Return a translation as its writer sends it: each heading with the id of the section that it translates."""
    parts = [f"---\ntitle: {translation['title']}\n---"] if translation["title"] else []
    parts += [
        f"# {section['heading']} {{#{section['id']}}}\n\n{section['markdown']}"
        for section in translation["sections"]
        if section["heading"]
    ]
    return "\n\n".join(parts) + "\n"


@room.action("/editor/{key}/versions/{number}/languages", WRITES)
async def choose_language(visit: Visit) -> Response:
    """Go to a language to write in."""
    return visit.go(f"{page_of(visit)}/languages/{visit.form.get('locale', '').strip() or 'de'}")


@room.action("/editor/{key}/versions/{number}/languages/{locale}", WRITES)
async def save_translation(visit: Visit) -> Response:
    """Keep a translation."""
    source = visit.form.get("source", "")
    path = f"{version_path(visit)}/translations/{visit.given['locale']}"
    try:
        await visit.api.put(path, {"source": source}, if_match=visit.form.get("etag"))
    except Refused as refused:
        if refused.status not in {412, 422}:
            raise
        stale = refused.extra.get("stored") if refused.status == 412 else None
        details = [error["detail"] for error in refused.extra.get("errors") or ()]
        return await render_translation(visit, refused.status, source=source, stale=stale, errors=details)
    return visit.go(f"{page_of(visit)}/languages/{visit.given['locale']}", visit.say("Kept."))


@room.page("/editor/{key}/emergency", WRITES)
async def show_emergency(visit: Visit) -> Response:
    """Show rules that cannot wait, and the form that proposes one."""
    return await render_emergency(visit)


async def render_emergency(visit: Visit, code: int = 200, errors: Any = None) -> Response:
    """Show emergency rules with a form, and what was wrong in it."""
    key = visit.given["key"]
    policy, rules = await visit.api.together(policy_path(visit), f"/v1/emergency-rules?policy={key}")
    return visit.render(
        "editor/emergency.html",
        code,
        key=key,
        policy=policy,
        rules=rules["items"] if rules else [],
        errors=errors or [],
        form=visit.form or {"rule": MINIMAL_RULE},
    )


@room.action("/editor/{key}/emergency", WRITES)
async def propose_rule(visit: Visit) -> Response:
    """Propose a rule that cannot wait."""
    body = {name: visit.form.get(name, "") for name in ("section", "rule", "reason")}
    ends = visit.form.get("ends_at")
    body |= {"policy": visit.given["key"], **({"ends_at": f"{ends}:00Z"} if ends else {})}
    try:
        await visit.api.post("/v1/emergency-rules", body, once=visit.once)
    except Refused as refused:
        if refused.status not in {409, 422}:
            raise
        details = [error["detail"] for error in refused.extra.get("errors") or ()] or [refused.detail]
        return await render_emergency(visit, refused.status, details)
    said = visit.say("Proposed. It counts as soon as a second person confirms it.")
    return visit.go(f"/editor/{visit.given['key']}/emergency", said)


@room.action("/editor/{key}/emergency/{rule}/confirmation", WRITES)
async def confirm_rule(visit: Visit) -> Response:
    """Put a rule in force as the second person."""
    path = path_of("emergency-rules", visit.given["rule"], "confirmation")
    await visit.api.post(path, {}, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(
        f"/editor/{visit.given['key']}/emergency", visit.say("The rule is in force now. It ends by itself.")
    )


@room.page("/editor/{key}/emergency/{rule}/confirmation", WRITES)
async def return_to_rules(visit: Visit) -> Response:
    """Show the rules to who signed in again to confirm one."""
    return await render_emergency(visit)


@room.action("/editor/{key}/emergency/{rule}/end", WRITES)
async def end_rule(visit: Visit) -> Response:
    """End a rule before its time, or take a proposal back."""
    await visit.api.delete(path_of("emergency-rules", visit.given["rule"]), if_match=visit.form.get("etag"))
    return visit.go(f"/editor/{visit.given['key']}/emergency", visit.say("The rule has ended."))
