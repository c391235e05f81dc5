"""The headers of answers, as the API's document says them: what each is, and which answer of which operation has it."""

from typing import Any

Document = dict[str, Any]

WRITES = frozenset({"post", "put", "patch", "delete"})
LONGEST_WAIT = 30 * 24 * 3600
"""Seconds until it may be worth asking again at most: a quiz may ask for a pause of 30 days."""
NAMED = 50
"""Events that an answer names at most."""


def text(description: str, pattern: str, example: str, most: int) -> Document:
    """Return a header that holds text."""
    schema = {"type": "string", "pattern": pattern, "maxLength": most}
    return {"description": description, "schema": schema, "example": example}


def seconds(description: str, most: int, example: int) -> Document:
    """Return a header that holds a number of seconds."""
    schema = {"type": "integer", "format": "int32", "minimum": 0, "maximum": most}
    return {"description": description, "schema": schema, "example": example}


HEADERS = {
    "RateLimit": text(
        "How many requests are left (`r`), and for how many seconds (`t`).",
        '^"[a-z]+";r=[0-9]+;t=[0-9]+$',
        '"default";r=599;t=42',
        100,
    ),
    "RateLimit-Policy": text(
        "How many requests (`q`) this caller may make within how many seconds (`w`).",
        '^"[a-z]+";q=[0-9]+;w=[0-9]+$',
        '"default";q=600;w=60',
        100,
    ),
    "X-Request-ID": text(
        "The id that the request came with, or got; it stands in our logs.",
        "^[A-Za-z0-9._:-]{1,100}$",
        "my-request-7",
        100,
    ),
    "Access-Control-Allow-Origin": text(
        "The page's origin, if it is on the allow-list of this installation; any, where an answer is for anyone.",
        r"^(\*|https?://[^\s/]+)$",
        "https://intranet.example",
        300,
    ),
    "Retry-After": seconds("In how many seconds it is worth asking again.", LONGEST_WAIT, 1),
    "WWW-Authenticate": text("How to say who you are.", '^Bearer realm="[a-z]+".*$', 'Bearer realm="shareload"', 300),
    "Age": seconds(
        "How many seconds ago this was known to be so, where the gateway answers from memory and cannot tell that it is "
        "fresh; absent while it is.",
        2**31 - 1,
        14,
    ),
    "ETag": text(
        "Names what this answer says: send it as `If-None-Match` to be told 304 while nothing changed, and where a change "
        "takes `If-Match`, as that.",
        '^(W/)?"[!#-~]+"$',
        '"3"',
        200,
    ),
    "Shareload-Events": text(
        "The last events that this write told, as `id:type`, comma-separated; absent where it told none.",
        "^[0-9a-f-]{36}:[a-z0-9_.]+(,[0-9a-f-]{36}:[a-z0-9_.]+)*$",
        "01980000-0000-7000-8000-000000000001:training.person.changed.v1",
        NAMED * 128,
    ),
    "Preference-Applied": text(
        "`wait=N`, if all that a request with `Prefer: wait=N` caused was applied when it was answered.",
        "^wait=[0-9]+$",
        "wait=5",
        20,
    ),
    "Idempotency-Replayed": text(
        "`true`, if this is the answer that the first request with this `Idempotency-Key` got.", "^true$", "true", 4
    ),
    "Content-Language": text(
        "The languages of what is answered, comma-separated.",
        r"^[A-Za-z]{2,8}(-[A-Za-z0-9]+)*(, [A-Za-z]{2,8}(-[A-Za-z0-9]+)*)*$",
        "en, de",
        2000,
    ),
    "Content-Disposition": text(
        "The name under which to keep the file.",
        '^(attachment|inline); filename="[^"]+"$',
        'attachment; filename="person.zip"',
        500,
    ),
    "Location": text("Where what was made is to be read.", r"^\S+$", "/v1/load/simulations/1", 2000),
    "Content-Location": text("Where this is to be read.", r"^\S+$", "/scim/v2/Users/1", 2000),
    "Next-Cursor": text("The cursor after the last event of an NDJSON page.", r"^\S+$", "MTIz", 200),
}
EVERYWHERE = ("RateLimit", "RateLimit-Policy", "X-Request-ID", "Access-Control-Allow-Origin")
BESIDE = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
"""Headers of some answers, by their status."""
FROM_MEMORY = ("Age",)
OF_OPERATION: dict[str, tuple[str, ...]] = {
    "find_certificate_statuses": FROM_MEMORY,
    "list_certificates_of_person": FROM_MEMORY,
    "get_policy": (*FROM_MEMORY, "Content-Language"),
    "get_backtest": ("Preference-Applied",),
    "stream_events": ("Next-Cursor",),
    "import_people": ("Location",),
    "request_simulation": ("Location",),
    "request_policy_backtest": ("Location",),
    "export_evidence_chain": ("Content-Disposition",),
    "get_course_asset": ("Content-Disposition",),
    "export_certificates": ("Content-Disposition",),
    "export_questions_as_aiken": ("Content-Disposition",),
    "export_questions_as_gift": ("Content-Disposition",),
    "export_questions_as_moodle_xml": ("Content-Disposition",),
    "read_policy_feed": ("ETag",),
    "get_did_document": ("ETag",),
    "get_status_list": ("ETag",),
    "get_badge": ("ETag",),
    "get_badge_as_png": ("ETag",),
    "get_badge_as_svg": ("ETag",),
}
"""Headers of the good answers of one operation; `tests/gateway/test_headers.py` compares what comes with what is said."""


def of_status(status: str) -> Document:
    """Return the headers that an answer of this status has whatever was asked, by reference."""
    return references(*EVERYWHERE, *BESIDE.get(status, ()))


def of_good_answer(path: str, method: str, operation: Document, answer: Document, schemas: Document) -> Document:
    """Return the headers that a good answer of an operation has beside those of all, by reference."""
    names = list(OF_OPERATION.get(operation["operationId"], ()))
    if path.startswith("/scim/v2/"):
        names += of_scim(path, method)
    elif is_tagged(path, method, answer, schemas):
        names.append("ETag")
    if method in WRITES:
        names += ["Shareload-Events", "Preference-Applied"]
    if method == "post" and not path.startswith("/scim/"):
        names.append("Idempotency-Replayed")
    return references(*dict.fromkeys(names))


def of_scim(path: str, method: str) -> list[str]:
    """Return the headers of an answer that shows one user or group, as SCIM has them."""
    if not path.startswith(("/scim/v2/Users", "/scim/v2/Groups")) or method == "delete" or "search" in path:
        return []
    if path.endswith("}"):
        return ["ETag", "Content-Location"]
    return ["ETag", "Content-Location", "Location"] if method == "post" else []


def is_tagged(path: str, method: str, answer: Document, schemas: Document) -> bool:
    """Say whether an answer carries an ETag: a single resource does, and whatever states its revision."""
    if method == "get" and path.startswith("/v1/") and path.endswith("}"):
        return True
    shown = answer.get("content", {}).get("application/json", {}).get("schema", {})
    name = shown.get("$ref", "").removeprefix("#/components/schemas/")
    return "revision" in schemas.get(name, {}).get("properties", {})


def references(*names: str) -> Document:
    """Return headers by reference."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
