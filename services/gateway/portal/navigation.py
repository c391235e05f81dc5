"""Where one can go: the portal's pages, by whose work they are, each for those whose rights let them in."""

from dataclasses import dataclass

from services.gateway.rights import SELF


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the menu: its name, its address, and the right that it needs."""

    name: str
    path: str
    scope: str = SELF
    icon: str = "dot"


@dataclass(frozen=True, slots=True)
class Group:
    """Places that belong together."""

    name: str
    places: tuple[Place, ...]


def _(text: str) -> str:
    """Mark a text to be translated where it is shown."""
    return text


MENU = (
    Group(
        _("Me"),
        (
            Place(_("Home"), "/", icon="home"),
            Place(_("Policy"), "/policies", "policies:read", icon="book"),
            Place(_("Learning"), "/learning", icon="cap"),
            Place(_("Can I post this?"), "/check", icon="check"),
            Place(_("My conversations"), "/conversations", icon="talk"),
            Place(_("My guidance"), "/guidance", icon="letter"),
            Place(_("My accounts"), "/accounts", icon="at"),
            Place(_("Privacy"), "/privacy", icon="eye"),
        ),
    ),
    Group(
        _("Coaching"),
        (
            Place(_("Queue"), "/queue", "monitoring:write", icon="queue"),
            Place(_("Approvals"), "/approvals", "team:read", icon="stamp"),
            Place(_("Questions"), "/questions", "team:read", icon="question"),
            Place(_("Dashboard"), "/dashboard", "events:read", icon="pulse"),
        ),
    ),
    Group(
        _("Leading"),
        (
            Place(_("Policy editor"), "/editor", "policies:write", icon="pen"),
            Place(_("Campaigns"), "/campaigns", "policies:write", icon="flag"),
            Place(_("Task team"), "/team", "team:write", icon="team"),
            Place(_("Load"), "/load", "team:write", icon="scale"),
            Place(_("On your intranet"), "/embed", "policies:write", icon="link"),
        ),
    ),
    Group(
        _("Administration"),
        (
            Place(_("Keys"), "/admin/keys", "admin:read", icon="key"),
            Place(_("Webhooks"), "/admin/webhooks", "admin:read", icon="hook"),
            Place(_("Sources"), "/admin/sources", "admin:read", icon="inbox"),
            Place(_("Sign-in"), "/admin/sign-in", "admin:read", icon="door"),
            Place(_("Audit"), "/admin/audit", "admin:read", icon="seal"),
            Place(_("Health"), "/admin/health", "admin:read", icon="heart"),
            Place(_("People"), "/admin/people", "admin:read", icon="team"),
            Place(_("Works council"), "/admin/works-council", "admin:read", icon="scale"),
            Place(_("API"), "/docs", "admin:read", icon="code"),
        ),
    ),
)


def menu_for(scopes: frozenset[str], built: frozenset[str]) -> list[Group]:
    """Return the menu of those with these rights, of the pages that there are."""
    groups = [
        Group(group.name, tuple(place for place in group.places if place.scope in scopes and place.path in built))
        for group in MENU
    ]
    return [group for group in groups if group.places]


def is_here(place: Place, path: str) -> bool:
    """Tell whether a path is this place's, or one below it."""
    return path == place.path or (place.path != "/" and path.startswith(f"{place.path}/"))
