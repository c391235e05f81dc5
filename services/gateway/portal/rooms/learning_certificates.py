"""One's own certificates: how they stand, their badges to take along, and who may see whose they are."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.visit import Room, Visit, path_of

room = Room()

IN_FORCE = frozenset({"valid", "expiring"})
SHOWS = frozenset({"nothing", "name", "name_and_department"})


@room.page("/learning/certificates")
async def list_certificates(visit: Visit) -> Response:
    """Show the certificates that somebody has or had, and those that can be earned."""
    mine: list[dict[str, Any]] = []
    tiers = await visit.api.all("/v1/certifications")
    if visit.number:
        mine = await visit.api.all("/v1/certificates", employee_number=visit.number, archived="true")
    current = [one for one in mine if one["archived_at"] is None]
    have = {one["certification"] for one in current if one["status"] in IN_FORCE}
    return visit.render(
        "learning/certificates.html",
        tiers={tier["key"]: tier for tier in tiers},
        held=current,
        before=[one for one in mine if one["archived_at"] is not None],
        ahead=[tier for tier in tiers if tier["key"] not in have] if visit.number else [],
    )


@room.page("/learning/certificates/{certificate}")
async def show_certificate(visit: Visit) -> Response:
    """Show one certificate: its badge, what it stands for, what happened to it, and what others see."""
    path = path_of("certificates", visit.given["certificate"])
    certificate = await visit.api.get(path)
    tier = await visit.api.get(path_of("certifications", certificate["certification"]))
    in_force = certificate["status"] in IN_FORCE
    if in_force:
        # Asked for once, the badge is signed and has its address.
        await visit.api.find_or_none(f"{path}/badge.json")
    history = await visit.api.all(f"{path}/history", most=100)
    own = certificate["employee_number"] == visit.number
    sharing = await visit.api.find(f"{path}/sharing") if own else None
    courses = await visit.api.together(*(path_of("courses", key) for key in tier["courses"]))
    return visit.render(
        "learning/certificate.html",
        certificate=certificate,
        tier=tier,
        in_force=in_force,
        history=history,
        sharing=sharing.body if sharing else None,
        courses=[course for course in courses if course is not None],
        renewable=certificate["archived_at"] is None and certificate["renewable_from"] <= visit.now.isoformat(),
    )


@room.action("/learning/certificates/{certificate}/sharing")
async def share(visit: Visit) -> Response:
    """Say what everyone with the badge's address sees."""
    certificate = visit.given["certificate"]
    show = visit.form.get("show", "")
    path = path_of("certificates", certificate, "sharing")
    await visit.api.put(
        path, {"show": show if show in SHOWS else "nothing"}, if_match=f'"{visit.form.get("revision", "0")}"'
    )
    return visit.go(f"/learning/certificates/{certificate}", visit.say("Saved. That is what others see now."))
