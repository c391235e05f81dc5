"""An event as readers get it: redacted for what they may see, encoded once for all who may see the same."""

import fnmatch
import re
from functools import lru_cache

import orjson

from services.gateway.domain.event_log import Cursor, Logged
from shared.auth import Principal
from shared.events.base import Privacy, redact

View = frozenset[Privacy]
BASE: View = frozenset({Privacy.PUBLIC, Privacy.OPERATIONAL})


def view_of(principal: Principal) -> View:
    """Return the privacy classes that a reader of events may see.

    What posts say is for programs only: nobody who signed in comes upon a disturbing text without having chosen to.
    """
    reads_posts = principal.has("monitoring:read") and not principal.signed_in
    more = {Privacy.PERSONAL} if principal.has("people:read") else set()
    return BASE | more | ({Privacy.CONTENT} if reads_posts else set())


class Types:
    """Which event types a reader wants: names, dotted prefixes or globs, comma-separated; empty for all."""

    def __init__(self, text: str) -> None:
        patterns = [part.strip() for part in text.split(",") if part.strip()]
        expressions = [
            fnmatch.translate(part) if "*" in part else f"{re.escape(part.rstrip('.'))}(\\..*)?\\Z" for part in patterns
        ]
        self._wanted = re.compile("|".join(f"(?:{expression})" for expression in expressions)) if patterns else None
        self._known: dict[str, bool] = {}

    def want(self, event_type: str) -> bool:
        """Say whether this type is wanted."""
        if self._wanted is None:
            return True
        known = self._known.get(event_type)
        if known is None:
            known = self._known[event_type] = self._wanted.match(event_type) is not None
        return known


@lru_cache(maxsize=256)
def types_of(text: str) -> Types:
    """Return the same filter for the same text, so that readers of the same can share what is encoded."""
    return Types(text)


class Frame:
    """One event of the log, encoded on demand and once a view."""

    __slots__ = ("_lines", "_sse", "epoch", "logged", "position", "type")

    def __init__(self, epoch: str, logged: Logged) -> None:
        self.epoch = epoch
        self.logged = logged
        self.position = logged.position
        self.type = logged.type
        self._lines: dict[View, bytes] = {}
        self._sse: dict[View, bytes] = {}

    def line(self, view: View) -> bytes:
        """Return the CloudEvents JSON on one line, without what the view does not show."""
        line = self._lines.get(view)
        if line is None:
            event = orjson.loads(self.logged.body)
            event["data"] = redact(self.type, event["data"], view)
            line = self._lines[view] = orjson.dumps(event)
        return line

    def sse(self, view: View) -> bytes:
        """Return the Server-Sent Event."""
        sse = self._sse.get(view)
        if sse is None:
            cursor = str(Cursor(self.epoch, self.position))
            sse = self._sse[view] = b"id: %b\nevent: %b\ndata: %b\n\n" % (
                cursor.encode(),
                self.type.encode(),
                self.line(view),
            )
        return sse
