"""Statements are compiled once for all databases of a run: every test opens its own, and compiled anew what it asked.

SQLAlchemy keeps what it compiled by engine and dialect. Measured, to compile was a seventh of the processor time of
ordinary tests; how a statement reads depends on neither the file nor the name of a database.
"""

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.util import LRUCache

ROOM = 5_000
"""Statements that are kept; all services together have some two thousand."""


def compile_once() -> None:
    """Let the engines that are opened from now on share the dialect of the first of their kind, and what is compiled."""
    compiled: LRUCache[Any, Any] = LRUCache(ROOM)
    dialects: dict[tuple[object, ...], Dialect] = {}

    # Once an engine is connected, its dialect knows the server; how to connect it knows from before.
    @event.listens_for(Engine, "engine_connect")
    def share(connection: Connection) -> None:
        engine = connection.engine
        if "compiled_cache" in engine.get_execution_options():
            return
        own = engine.dialect
        kind = (type(own), own.server_version_info, own.default_schema_name, own.paramstyle, isolation_of(own))
        connection.dialect = engine.dialect = dialects.setdefault(kind, own)
        engine.update_execution_options(compiled_cache=compiled)
        connection.execution_options(compiled_cache=compiled)


def isolation_of(dialect: Any) -> object:
    """Return what `create_engine` was told of isolation: connections are set back to it."""
    return dialect._on_connect_isolation_level
