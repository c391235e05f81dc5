"""How long, how many and how large: the bounds that hold for the whole API, written into its document.

Bounds of requests are those of the fields themselves, and that of the whole request; here they are only said in every
way that readers know. In answers a page has as many items as one may ask for, and a text that came with a request is no
longer than that. Nothing bounds other lists, and files and streams, but what there is: the document then says the
largest number that is exact in every language. It runs when the document is made, never while it is served.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from services.gateway.settings import GatewaySettings

Schema = dict[str, Any]

# The standard library's own parser is the one that knows how long what a pattern describes can be. Named as text,
# because some runs of mypy know it and some don't.
_parser: Any = import_module("re._parser")

NO_NUL = "^[^\\u0000]*$"
"""Text of any kind holds no NUL: no request may bring one, and what we keep could not hold it."""
EXACT = 2**53 - 1
"""Whole numbers in answers are exact in every language (RFC 7493)."""
INT32 = 2**31 - 1
LONGEST: int = GatewaySettings.model_fields["max_body"].default
"""Characters of one text in a request, and so in an answer: a request has no more bytes."""
UNBOUNDED = EXACT
"""Where nothing is bounded by us."""
TIME_OF_DAY = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?$"
"""Hours and minutes by the clock of a place; JSON Schema's own format of times asks for an offset."""
OF_FORMAT = {"date-time": 64, "date": 10, "uuid": 36, "email": 320, "uri": 8192}
"""Characters of what has a format."""
PAGE = "Page_"
"""How the schemas of pages are named."""
VALUES = frozenset({"examples", "example", "default", "const", "enum"})
NAMED = frozenset({"properties", "$defs", "patternProperties"})


def write_bounds(schema: Any, *, answer: bool, names: bool = False) -> None:
    """Write bounds into a part of a document; `answer` says that it describes only what we send.

    `names` says that the keys are names of fields.
    """
    if isinstance(schema, list):
        for item in schema:
            write_bounds(item, answer=answer)
    elif isinstance(schema, dict):
        if not names:
            bound(schema, answer=answer)
        for key, value in schema.items():
            if names or key not in VALUES:
                write_bounds(value, answer=answer, names=not names and key in NAMED)


def bound_pages(operations: Iterable[Schema], schemas: Schema) -> None:
    """Say of each page that it has as many items as one may ask for at once; of one that is always whole, nothing."""
    most: dict[str, list[int | None]] = {}
    for operation in operations:
        limits = [each["schema"]["maximum"] for each in operation.get("parameters", ()) if each["name"] == "limit"]
        shown = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        name = shown.get("$ref", "").removeprefix("#/components/schemas/")
        most.setdefault(name, []).append(limits[0] if limits else None)
    for name, limits in most.items():
        known = [limit for limit in limits if limit is not None]
        if name.startswith(PAGE) and len(known) == len(limits):
            schemas[name]["properties"]["items"]["maxItems"] = max(known)


def bound_texts(operations: Iterable[Schema]) -> None:
    """Say of bodies that are text how long they are at most: sent to us, what a request may have; by us, what there is."""
    for operation in operations:
        for part in contents(operation.get("requestBody", {})):
            part["maxLength"] = min(part.get("maxLength", LONGEST), LONGEST)
        for answer in operation["responses"].values():
            for part in contents(answer):
                part.setdefault("maxLength", UNBOUNDED)


def contents(body: Schema) -> list[Schema]:
    """Return the schemas of what a body is where it is one text, or a file."""
    schemas = [content.get("schema", {}) for content in body.get("content", {}).values()]
    return [schema for schema in schemas if schema.get("type") == "string"]


def bound(schema: Schema, *, answer: bool) -> None:
    """Write the bounds of one schema, those of its parts left out."""
    kind = schema.get("type")
    if {"enum", "const"} & schema.keys():
        return
    if kind == "string":
        bound_text(schema, answer=answer)
    elif kind == "integer":
        bound_number(schema, answer=answer)
    elif kind == "array" and answer:
        schema.setdefault("maxItems", UNBOUNDED)


def bound_text(schema: Schema, *, answer: bool) -> None:
    """Say how long a text may be, and of what it consists."""
    if schema.get("format") == "time":
        del schema["format"]
        schema["pattern"] = TIME_OF_DAY
    if "maxLength" not in schema:
        most = OF_FORMAT.get(schema.get("format", "")) or longest(schema.get("pattern", ".*"))
        if most is not None or answer:
            schema["maxLength"] = LONGEST if most is None else most
    if "pattern" not in schema and "format" not in schema:
        schema["pattern"] = NO_NUL


def bound_number(schema: Schema, *, answer: bool) -> None:
    """Say between what a number lies, and how wide it is."""
    if answer:
        if "exclusiveMinimum" not in schema:
            schema.setdefault("minimum", -EXACT)
        if "exclusiveMaximum" not in schema:
            schema.setdefault("maximum", EXACT)
    narrow = schema.get("maximum", EXACT) <= INT32 and schema.get("minimum", 0) >= -INT32
    schema.setdefault("format", "int32" if narrow else "int64")


def longest(pattern: str) -> int | None:
    """Return how long a text can be that a pattern describes from its beginning to its end; None for any length."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return None
    most: int = _parser.parse(pattern).getwidth()[1]
    return most if most < INT32 else None
