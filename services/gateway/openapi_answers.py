"""What all answers of the API have in common, as its document says it: headers, and the problems of every operation."""

from typing import Any

Document = dict[str, Any]

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
SCIM_PROBLEM = {"application/scim+json": {"schema": {"$ref": "#/components/schemas/ScimErrorOut"}}}


def text(description: str, pattern: str, example: str, most: int) -> Document:
    """Return a header that holds text."""
    schema = {"type": "string", "pattern": pattern, "maxLength": most}
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
    "Retry-After": {
        "description": "In how many seconds it is worth asking again.",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400},
        "example": 1,
    },
    "WWW-Authenticate": text("How to say who you are.", '^Bearer realm="[a-z]+".*$', 'Bearer realm="shareload"', 300),
}
EVERYWHERE = ("RateLimit", "RateLimit-Policy", "X-Request-ID", "Access-Control-Allow-Origin")
BESIDE = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
"""Headers of some answers, by their status."""


def headers(status: str) -> Document:
    """Return the headers that an answer of this status has, by reference."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*EVERYWHERE, *BESIDE.get(status, ()))}


def shared(description: str, content: Document, status: str = "") -> Document:
    """Return an answer that many operations have."""
    return {"description": description, "headers": headers(status), "content": content}


RESPONSES = {
    "Problem": shared("What stood in the way, as a problem.", PROBLEM),
    "Problem401": shared("The request carries no valid credentials.", PROBLEM, "401"),
    "Problem429": shared("The rate limit is reached.", PROBLEM, "429"),
    "Problem500": shared("Something went wrong on our side; it is in our logs under the request's id.", PROBLEM),
    "Problem503": shared("This cannot be answered at this moment; try again.", PROBLEM, "503"),
    "ScimError": shared("What stood in the way, as SCIM has it.", SCIM_PROBLEM),
    "ScimError401": shared("The request carries no valid credentials.", SCIM_PROBLEM, "401"),
    "ScimError429": shared("The rate limit is reached.", SCIM_PROBLEM, "429"),
    "ScimError500": shared("Something went wrong on our side; it is in our logs under the request's id.", SCIM_PROBLEM),
    "ScimError503": shared("This cannot be answered at this moment; try again.", SCIM_PROBLEM, "503"),
}
"""Answers that operations refer to, each with its own description."""


def describe_answers(path: str, operation: Document) -> None:
    """Write into an operation what holds for the answers of all: their headers, faults of ours, bodies too long."""
    kind, content = ("ScimError", SCIM_PROBLEM) if path.startswith("/scim/") else ("Problem", PROBLEM)
    answers = operation["responses"]
    answers.setdefault("500", {"description": RESPONSES[f"{kind}500"]["description"], "content": content})
    if "requestBody" in operation:
        answers.setdefault("413", {"description": "The request is longer than it may be.", "content": content})
    operation["responses"] = {status: described(status, answer, kind) for status, answer in sorted(answers.items())}


def described(status: str, answer: Document, kind: str) -> Document:
    """Return an answer with its headers; a problem by reference, so that 400 operations do not repeat it."""
    if answer.get("content") == RESPONSES[kind]["content"]:
        name = f"{kind}{status}" if f"{kind}{status}" in RESPONSES else kind
        return {"$ref": f"#/components/responses/{name}", "description": answer["description"]}
    return {**answer, "headers": headers(status) | answer.get("headers", {})}


def write_scopes(document: Document, scopes: dict[str, list[str]]) -> None:
    """Write into each operation of which scope its caller needs one, for readers and, as `x-scopes`, for programs."""
    for item in document["paths"].values():
        for operation in item.values():
            asked = scopes.get(operation["operationId"], [])
            if asked:
                operation["x-scopes"] = asked
                said = " or ".join(f"`{scope}`" for scope in asked)
                operation["description"] = f"{operation['description']}\n\nA key needs the scope {said}."
