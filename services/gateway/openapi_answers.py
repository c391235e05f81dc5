"""What all answers of the API have in common, as its document says it: headers, and the problems of every operation."""

from typing import Any

from services.gateway.openapi_headers import of_good_answer, of_status, references
from services.gateway.openapi_parameters import IF_NONE_MATCH

Document = dict[str, Any]

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
SCIM_PROBLEM = {"application/scim+json": {"schema": {"$ref": "#/components/schemas/ScimErrorOut"}}}


NOT_MODIFIED = {
    "description": "The client has this already: its `If-None-Match` names what would be answered.",
    "headers": of_status("304") | references("ETag"),
}


def shared(description: str, content: Document, status: str = "") -> Document:
    """Return an answer that many operations have."""
    return {"description": description, "headers": of_status(status), "content": content}


RESPONSES = {
    "NotModified": NOT_MODIFIED,
    "Problem": shared("What stood in the way, as a problem.", PROBLEM),
    "ProblemLater": shared("What stands in the way for a while, as a problem.", PROBLEM, "429"),
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


def describe_answers(path: str, method: str, operation: Document, schemas: Document) -> None:
    """Write into an operation what holds for the answers of all: their headers, faults of ours, bodies too long."""
    kind, content = ("ScimError", SCIM_PROBLEM) if path.startswith("/scim/") else ("Problem", PROBLEM)
    answers = operation["responses"]
    answers.setdefault("500", {"description": RESPONSES[f"{kind}500"]["description"], "content": content})
    if "requestBody" in operation:
        answers.setdefault("413", {"description": "The request is longer than it may be.", "content": content})
    for status, answer in answers.items():
        if status.startswith("2"):
            answer["headers"] = of_good_answer(path, method, operation, answer, schemas) | answer.get("headers", {})
    if method == "get" and "ETag" in answers.get("200", {}).get("headers", ()):
        operation["parameters"] = [*operation.get("parameters", ()), IF_NONE_MATCH]
        answers["304"] = {"$ref": "#/components/responses/NotModified", "description": NOT_MODIFIED["description"]}
    operation["responses"] = {status: described(status, answer, kind) for status, answer in sorted(answers.items())}


def described(status: str, answer: Document, kind: str) -> Document:
    """Return an answer with its headers; a problem by reference, so that 400 operations do not repeat it."""
    if "$ref" in answer:
        return answer
    if answer.get("content") == RESPONSES[kind]["content"]:
        name = f"{kind}{status}" if f"{kind}{status}" in RESPONSES else kind
        name = "ProblemLater" if name == "Problem" and "headers" in answer else name
        return {"$ref": f"#/components/responses/{name}", "description": answer["description"]}
    return {**answer, "headers": of_status(status) | answer.get("headers", {})}


def write_scopes(document: Document, scopes: dict[str, list[list[str]]]) -> None:
    """Write into each operation which scopes its caller needs, for readers and, as `x-scopes`, for programs.

    `x-scopes` holds lists of scopes; of each list the caller needs one.
    """
    for item in document["paths"].values():
        for operation in item.values():
            asked = scopes.get(operation["operationId"], [])
            if asked:
                operation["x-scopes"] = asked
                said = ", and ".join(" or ".join(f"`{scope}`" for scope in one_of) for one_of in asked)
                operation["description"] = f"{operation['description']}\n\nA key needs the scope {said}."
