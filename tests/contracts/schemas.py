"""The event schemas that consumers rely on, as files beside this one; `python -m tests.contracts.schemas` adds to them.

It refuses a breaking change: that needs a new class with the next version number.
"""

import json
import sys
from pathlib import Path
from typing import Any

from shared.asyncapi import PRIVACY, catalogue, schema_of
from shared.events.base import Event

FOLDER = Path(__file__).parent / "events"
WORDS_ONLY = {"title", "description", "examples"}


def contract_of(cls: type[Event]) -> dict[str, Any]:
    """Return an event's schema without what is only wording."""
    contract: dict[str, Any] = bare(schema_of(cls))
    return contract


def bare(schema: Any, *, names: bool = False) -> Any:
    """Leave out titles and descriptions, but not fields of that name."""
    if isinstance(schema, dict):
        return {
            key: bare(value, names=not names and key in {"properties", "$defs"})
            for key, value in sorted(schema.items())
            if names or key not in WORDS_ONLY
        }
    return [bare(item) for item in schema] if isinstance(schema, list) else schema


def stored() -> dict[str, dict[str, Any]]:
    """Return the schemas that consumers rely on, by event type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def broken(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return how an event of the new schema would break a reader of the old one, or the other way round."""
    problems = changes(before, after, "")
    for name, definition in before.get("$defs", {}).items():
        if name not in after.get("$defs", {}):
            problems.append(f"{name} is gone")
        else:
            problems += changes(definition, after["$defs"][name], f"{name}.")
    return problems


def changes(before: dict[str, Any], after: dict[str, Any], where: str) -> list[str]:
    """Compare the fields of one object: kept as they were, and new ones optional, so that old events stay readable."""
    old, new = before.get("properties", {}), after.get("properties", {})
    problems = [f"{where}{name} is gone" for name in old if name not in new]
    problems += [
        f"{where}{name} is another: {old[name]} -> {new[name]}"
        for name in old
        if name in new and old[name] != new[name]
    ]
    required = set(after.get("required", ())) - set(before.get("required", ()))
    return problems + [f"{where}{name} is required now" for name in sorted(required)]


def write() -> int:
    """Write schemas that are new or have grown; return 1 when one would break."""
    known = stored()
    FOLDER.mkdir(exist_ok=True)
    failed = 0
    for event_type, cls in catalogue().items():
        contract = contract_of(cls)
        if problems := broken(known.get(event_type, {}), contract) if event_type in known else []:
            sys.stderr.write(f"{event_type}: {'; '.join(problems)}. Make a V2 instead.\n")
            failed = 1
            continue
        (FOLDER / f"{event_type}.json").write_text(json.dumps(contract, indent=1, sort_keys=True) + "\n")
    return failed


__all__ = ["PRIVACY", "broken", "contract_of", "stored", "write"]

if __name__ == "__main__":
    sys.exit(write())
