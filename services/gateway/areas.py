"""Which service answers which path: the only place that says so."""

PREFIXES: dict[str, tuple[str, ...]] = {
    "policy": (
        "/v1/policies",
        "/v1/checks",
        "/v1/backtests",
        "/v1/approval-requests",
        "/v1/acknowledgements",
        "/v1/acknowledgement-campaigns",
        "/v1/emergency-rules",
        "/v1/task-team",
        "/v1/search",
    ),
    "training": (
        "/scim",
        "/v1/people",
        "/v1/attribute-authority",
        "/v1/imports",
        "/v1/import-mappings",
        "/v1/erasures",
        "/v1/retention",
        "/v1/courses",
        "/v1/completions",
        "/v1/external-courses",
        "/v1/certifications",
        "/v1/enrolments",
        "/v1/enrolment-rules",
        "/v1/learning-paths",
        "/v1/learning-statistics",
        "/v1/catalogue",
        "/v1/attempts",
        "/v1/scenario-runs",
        "/v1/task-submissions",
        "/v1/live-sessions",
        "/v1/certificates",
        "/v1/certificates.csv",
        "/v1/certificate-statuses",
        "/v1/certificate-changes",
        "/v1/certificate-coverage",
        "/v1/certificate-operations",
        "/v1/deltas",
        "/v1/export-schedules",
        "/v1/badge-keys",
        "/v1/suspension-proposals",
        "/v1/refresher-proposals",
        "/v1/works-council-modes",
    ),
    "monitoring": (
        "/v1/accounts",
        "/v1/sources",
        "/v1/brand-terms",
        "/v1/dropped-posts",
        "/v1/posts",
        "/v1/triage-cues",
        "/v1/triage-trials",
        "/v1/findings",
        "/v1/coaching-queue",
        "/v1/section-findings",
        "/v1/shadow-rules",
        "/v1/guidance",
        "/v1/guidance-templates",
        "/v1/guidance-figures",
        "/v1/conversations",
        "/v1/replies",
        "/v1/reply-reviews",
        "/v1/autonomy",
        "/v1/refreshers",
        "/v1/digests",
        "/v1/department-digests",
        "/v1/availability",
        "/v1/pauses",
        "/v1/routing-queue",
        "/v1/routing-gaps",
        "/v1/routing-requirements",
        "/v1/saved-answers",
        "/v1/service-promises",
        "/v1/service-figures",
        "/v1/static-content",
        "/v1/load",
        "/v1/summary",
        "/v1/legal-holds",
        "/v1/supervision-exports",
    ),
}
SERVICES = tuple(PREFIXES)

PUBLIC_PREFIXES: dict[str, str] = {"/verify": "training", "/.well-known": "training", "/status-lists": "training"}
"""Paths of services that anyone may read: what a badge's verifier needs."""

_FIRST = {prefix: service for service, prefixes in PREFIXES.items() for prefix in prefixes}


def owner(path: str) -> str | None:
    """Return the service that answers a path for those with credentials; None when the gateway itself does."""
    end = path.find("/", 4) if path.startswith("/v1/") else path.find("/", 1)
    return _FIRST.get(path if end < 0 else path[:end])


def public_owner(path: str) -> str | None:
    """Return the service that answers a path for anyone; None when there is none."""
    end = path.find("/", 1)
    return PUBLIC_PREFIXES.get(path if end < 0 else path[:end])
