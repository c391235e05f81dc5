"""The parameters of operations as clients write them, each with a description."""

from typing import Any

Document = dict[str, Any]

KEY = "Idempotency-Key"
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer that the client has: 304, without a body, while nothing changed.",
    "schema": {"type": "string", "maxLength": 2_000},
}
SAID = {
    "If-Match": "The ETag of the revision that this changes; 412 when there is a later one.",
    "number": "Which one, by its number.",
    "employee_number": "The person's number, as HR has it.",
    "resource_id": "Which one, by its id.",
    "code": "The code on the badge, or the certificate's id.",
    "by": "What to count by.",
    "week": "The week of the ISO calendar; without it, the last one that is over.",
    "format": "The format of the answer; there is JSON only.",
    "maxwidth": "How wide the frame may be, in pixels.",
    "maxheight": "How high the frame may be, in pixels.",
    "since": "Only what is not older than this.",
    "cursor": "`next_cursor` of the page before.",
    "limit": "Items per page.",
    "active": "Only those who work here (`true`), or who left (`false`).",
    "completed": "Only those that are completed (`true`), or not yet (`false`).",
    "reviewed": "Only those that were looked at (`true`), or not yet (`false`).",
    "conversation": "By a conversation's id.",
    "finding": "By a finding's id.",
    "language": "The language, as in `de`.",
    "service": "Which service.",
}
"""What parameters are for that mean the same wherever they occur."""


def with_own_parameters(path: str, method: str, operation: Document) -> Document:
    """Return an operation that names Idempotency-Key as clients write it, and only where it counts: on a POST.

    The dependency that reads the header is that of the database, which every operation has.
    """
    if "parameters" not in operation:
        return operation
    given = [{**one, "name": KEY} if one["name"] == KEY.lower() else one for one in operation["parameters"]]
    kept = [described(path, without_null(one)) for one in given if one["name"] != KEY or method == "post"]
    return {**operation, "parameters": kept}


def without_null(parameter: Document) -> Document:
    """Return a parameter that may be left out, but not be null: no address can say that."""
    schema = {**parameter["schema"]}
    choices = [choice for choice in schema.pop("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema = choices[0] | schema
    elif choices:
        schema["anyOf"] = choices
    schema.pop("title", None)
    own = schema.pop("description", None)
    return {**({"description": own} if own else {}), **parameter, "schema": schema}


def described(path: str, parameter: Document) -> Document:
    """Return a parameter with a description; one of its own goes before what its name says."""
    return {"description": said_of(path, parameter["name"], parameter["in"]), **parameter}


def said_of(path: str, name: str, where: str) -> str:
    """Say what a parameter is for by its name and its place: a part of a path chooses, one of a query filters."""
    if name in SAID:
        return SAID[name]
    if where != "path":
        return f"Only those with this {name.replace('_', ' ')}."
    if name in {"key", "name"}:
        return f"Which {singular(segment_before(path, name))}, by its {name}."
    return f"Which {name.removesuffix('_id').replace('_', ' ')}, by its id."


def segment_before(path: str, name: str) -> str:
    """Return the part of a path that says what the parameter after it chooses from."""
    return path.split(f"/{{{name}}}", maxsplit=1)[0].rsplit("/", 1)[1].replace("-", " ")


def singular(noun: str) -> str:
    """Return the name of one of several."""
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")
