"""How people come in: the provider or the logins file, what each group may, and where one is signed in."""

from fastapi.responses import Response

from services.gateway.portal.pages import settings_of
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.rights import ROLE_SCOPES

room = Room()


@room.page("/admin/sign-in", "admin:read")
async def show_sign_in(visit: Visit) -> Response:
    """Show what is configured, and one's own sessions."""
    settings = settings_of(visit.request)
    return visit.render(
        "admin/sign_in.html",
        settings=settings,
        roles=[(role.value, len(scopes)) for role, scopes in ROLE_SCOPES.items()],
        sessions=await visit.api.all("/v1/sessions"),
    )


@room.action("/admin/sign-in", "admin:read")
async def end_session(visit: Visit) -> Response:
    """End one of one's own sessions."""
    await visit.api.delete(path_of("sessions", visit.form.get("session", "-")))
    return visit.go("/admin/sign-in", visit.say("Signed out there."))
