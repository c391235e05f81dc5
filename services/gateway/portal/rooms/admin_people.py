"""People as administrators look after them: found, their certificates stopped or given back, and works-council modes."""

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

SHOWN = 100
LONGEST = 200
DONE = ("suspension", "reinstatement", "revocation")


@room.page("/admin/people", "people:read")
async def list_people(visit: Visit) -> Response:
    """Show people whose name, number, address or department has what was asked for."""
    asked = visit.query.get("q", "").strip()
    searched = {"q": asked[:LONGEST]} if asked else {}
    people = await visit.api.all("/v1/people", most=SHOWN + 1, **searched)
    return visit.render("admin/people.html", people=people[:SHOWN], more=len(people) > SHOWN, asked=asked)


@room.page("/admin/people/{number}", "people:read")
async def show_person(visit: Visit) -> Response:
    """Show a person with their certificates."""
    path = path_of("people", visit.given["number"])
    person = await visit.api.get(path)
    certificates = await visit.api.find_or_none(f"{path}/certificates")
    held = [(each, await tag_of(visit, each["id"])) for each in certificates["items"]] if certificates else []
    return visit.render("admin/person.html", person=person, certificates=held)


async def tag_of(visit: Visit, certificate: str) -> str:
    """Return what a change of a certificate names."""
    return (await visit.api.find(path_of("certificates", certificate))).etag or ""


@room.action("/admin/people/{number}", "certificates:write")
async def change_certificate(visit: Visit) -> Response:
    """Suspend a certificate, give it back, or withdraw it."""
    asked = visit.form.get("do")
    if asked in DONE:
        path = path_of("certificates", visit.form.get("certificate", "-"), asked)
        body = {"reason": visit.form.get("reason", "")}
        await visit.api.post(path, body, once=visit.once, if_match=visit.form.get("etag"))
    return visit.go(f"/admin/people/{visit.given['number']}", visit.say("Done, and noted in the evidence log."))


@room.page("/admin/works-council", "admin:read")
async def list_modes(visit: Visit) -> Response:
    """Show for which legal entities figures about single people are hidden."""
    modes = await visit.api.get("/v1/works-council-modes")
    return visit.render("admin/works_council.html", modes=modes["items"])


@room.action("/admin/works-council", "admin:write")
async def change_mode(visit: Visit) -> Response:
    """Propose a change, or confirm somebody else's."""
    path = path_of("works-council-modes", visit.form.get("entity", "-"), "changes")
    if visit.form.get("change"):
        await visit.api.post(f"{path}/{visit.form['change']}/confirmation", once=visit.once)
        return visit.go("/admin/works-council", visit.say("Confirmed. It holds from now on."))
    body = {"on": visit.form.get("on") == "yes", "reason": visit.form.get("reason", "")}
    await visit.api.post(path, body, once=visit.once)
    return visit.go("/admin/works-council", visit.say("Proposed. A second person has to confirm it."))
