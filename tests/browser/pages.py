"""Every page of the portal: who looks at it, and where it is. Screenshots are taken of these, and axe judges them.

A page of one thing has a place for it in its path, `/guidance/{id}`, and says in `among` where the API lists such
things: the first that this person may see is shown. A thing within that, `{inner}`, is the first of the list `within`, or of a `kind`. `tests/browser/story.py` tells a platform enough for each page
to have something to show; the demonstration has it all by itself.
"""

from dataclasses import dataclass

from playwright.async_api import BrowserContext

NOBODY = ""
"""Who has not signed in."""
MODULES = "/v1/enrolments/{id}"
CHANGED = "/v1/people/{employee_number}/deltas"


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as somebody sees it; `ready` is what stands on it once it is whole, where a script fills it."""

    name: str
    path: str
    role: str = "employee"
    among: str | None = None
    within: str | None = None
    kind: str | None = None
    ready: str = "main h1"


PAGES = (
    Shown("sign-in", "/sign-in", NOBODY),
    Shown("signed-out", "/signed-out", NOBODY),
    Shown("docs", "/docs", NOBODY),
    Shown("docs-part", "/docs/certification", NOBODY),
    Shown("docs-events", "/docs/events", NOBODY),
    Shown("home", "/"),
    Shown("policies", "/policies"),
    Shown("policies-search", "/policies?q=customer"),
    Shown("policy", "/policies/social-media"),
    Shown("policy-changes", "/policies/social-media/changes"),
    Shown("learning", "/learning"),
    Shown("learning-catalogue", "/learning/catalogue"),
    Shown("learning-certificates", "/learning/certificates"),
    Shown("learning-certificate", "/learning/certificates/{id}", among="/v1/certificates"),
    Shown("learning-led", "/learning/dates", "coach"),
    Shown("learning-outline", "/learning/courses/{key}", among="/v1/courses"),
    Shown("learning-changed", "/learning/deltas/{inner}", among="/v1/certificates", within=CHANGED),
    Shown("learning-course", "/learning/{id}", among="/v1/enrolments"),
    Shown("learning-lesson", "/learning/{id}/{key}", among="/v1/enrolments", within=MODULES, kind="lesson"),
    Shown("learning-reading", "/learning/{id}/{key}", among="/v1/enrolments", within=MODULES, kind="policy_reading"),
    Shown("learning-task", "/learning/{id}/{key}", among="/v1/enrolments", within=MODULES, kind="practical_task"),
    Shown("learning-dates", "/learning/{id}/{key}", among="/v1/enrolments", within=MODULES, kind="live_session"),
    Shown("learning-quiz", "/learning/{id}/{key}", among="/v1/enrolments", within=MODULES, kind="quiz"),
    Shown("learning-talk", "/learning/{id}/{key}", among="/v1/enrolments", within=MODULES, kind="scenario"),
    Shown("learning-sitting", "/learning/attempts/{open_attempt}", among="/v1/enrolments", within=MODULES, kind="quiz"),
    Shown("learning-talking", "/learning/runs/{open_run}", among="/v1/enrolments", within=MODULES, kind="scenario"),
    Shown("check", "/check"),
    Shown("check-requests", "/check/requests"),
    Shown("check-kept", "/check/kept/{check[id]}", among="/v1/approval-requests?role=author"),
    Shown("conversations", "/conversations"),
    Shown("conversation", "/conversations/{id}", among="/v1/conversations"),
    Shown("availability", "/availability"),
    Shown("guidance", "/guidance"),
    Shown("letter", "/guidance/{id}", among="/v1/guidance"),
    Shown("accounts", "/accounts"),
    Shown("account", "/accounts/{id}", among="/v1/accounts"),
    Shown("privacy", "/privacy"),
    Shown("notices", "/notices"),
    Shown("queue", "/queue", "coach", ready="main[data-loaded]"),
    Shown("queue-finding", "/queue/{id}", "coach", among="/v1/coaching-queue", ready="main[data-loaded]"),
    Shown("queue-praise", "/queue/praise/{id}", "coach", among="/v1/posts?kind=staff"),
    Shown("queue-answers", "/queue/answers", "coach"),
    Shown("queue-trust", "/queue/trust", "coach"),
    Shown("queue-courses", "/queue/courses", "coach"),
    Shown("queue-week", "/queue/week", "coach"),
    Shown("approvals", "/approvals", "coach"),
    Shown("approvals-answers", "/approvals/answers", "coach"),
    Shown("approvals-emergencies", "/approvals/emergencies", "coach"),
    Shown("questions", "/questions?view=all", "lead"),
    Shown("question", "/questions/{id}", "lead", among="/v1/task-team/questions"),
    Shown("dashboard", "/dashboard", "coach", ready="main[data-loaded]"),
    Shown("editor", "/editor", "lead"),
    Shown("editor-policy", "/editor/social-media", "lead"),
    Shown("editor-version", "/editor/social-media/versions/1", "lead"),
    Shown(
        "editor-newest", "/editor/social-media/versions/{number}", "lead", among="/v1/policies/social-media/versions"
    ),
    Shown("editor-publication", "/editor/social-media/versions/1/publication", "lead"),
    Shown(
        "editor-diff", "/editor/social-media/versions/{number}/diff", "lead", among="/v1/policies/social-media/versions"
    ),
    Shown("editor-tries", "/editor/social-media/versions/1/backtests", "lead"),
    Shown(
        "editor-try",
        "/editor/social-media/versions/{number}/backtests/{inner}",
        "lead",
        among="/v1/policies/social-media/versions",
        within="/v1/policies/social-media/versions/{number}/backtests",
    ),
    Shown("editor-language", "/editor/social-media/versions/1/languages/de", "lead"),
    Shown("editor-emergency", "/editor/social-media/emergency", "lead"),
    Shown("editor-emergency-again", "/editor/social-media/emergency/x/confirmation", "lead"),
    Shown("campaigns", "/campaigns", "lead"),
    Shown("campaign-new", "/campaigns/new", "lead"),
    Shown("campaign", "/campaigns/{id}", "lead", among="/v1/acknowledgement-campaigns"),
    Shown("team", "/team", "lead"),
    Shown("team-seats", "/team/seats", "lead"),
    Shown("team-seat", "/team/seats/{key}", "lead", among="/v1/task-team/seats"),
    Shown("team-nominations", "/team/nominations", "lead"),
    Shown("team-nomination", "/team/nominations/{id}", "lead", among="/v1/task-team/nominations"),
    Shown("load", "/load", "lead"),
    Shown("load-simulator", "/load/simulations", "lead"),
    Shown("embed", "/embed", "lead"),
    Shown("admin-keys", "/admin/keys", "admin"),
    Shown("admin-key-new", "/admin/keys/new", "admin"),
    Shown("admin-key", "/admin/keys/{id}", "admin", among="/v1/api-keys"),
    Shown("admin-webhooks", "/admin/webhooks", "admin"),
    Shown("admin-webhook-new", "/admin/webhooks/new", "admin"),
    Shown("admin-webhook", "/admin/webhooks/{id}", "admin", among="/v1/webhooks"),
    Shown(
        "admin-delivery",
        "/admin/webhooks/{id}/deliveries/{inner}",
        "admin",
        among="/v1/webhooks",
        within="/v1/webhooks/{id}/deliveries",
    ),
    Shown("admin-sources", "/admin/sources", "admin"),
    Shown("admin-source-new", "/admin/sources/new", "admin"),
    Shown("admin-source", "/admin/sources/{id}", "admin", among="/v1/sources"),
    Shown("admin-sign-in", "/admin/sign-in", "admin"),
    Shown("admin-audit", "/admin/audit", "admin"),
    Shown("admin-audit-seals", "/admin/audit/heads", "admin"),
    Shown("admin-health", "/admin/health", "admin"),
    Shown("admin-people", "/admin/people", "admin"),
    Shown("admin-person", "/admin/people/{employee_number}", "admin", among="/v1/people"),
    Shown("admin-works-council", "/admin/works-council", "admin"),
    Shown("styleguide", "/styleguide"),
)


class NothingToShow(LookupError):  # noqa: N818  an answer, not a fault
    """There is no such thing that this person may see."""


async def path_of(shown: Shown, context: BrowserContext) -> str:
    """Return where a page is for who is signed in, of a thing that has all the parts named; raises NothingToShow."""
    if shown.among is None:
        return shown.path
    for found in await all_of(shown.among, context):
        if shown.within is None:
            return shown.path.format_map(found)
        for inner in await all_of(shown.within.format_map(found), context):
            path = shown.path.format_map({**inner, **found, "inner": inner.get("id")})
            if shown.kind in {None, inner.get("kind")} and "None" not in path:
                return path
    raise NothingToShow(f"{shown.name}: there is none")


async def all_of(path: str, context: BrowserContext) -> list[dict[str, object]]:
    """Return the things of a list, or the modules of a course."""
    body = await (await context.request.get(path)).json()
    found: list[dict[str, object]] = body.get("items") or body.get("modules") or []
    return found
