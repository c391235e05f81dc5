"""Logs: one line an event, as JSON or for the console, with the request id on each."""

import logging

import structlog

from shared.context import current
from shared.settings import SharedSettings


def with_context(_logger: object, _name: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add the request and the event that the line belongs to."""
    context = current.get()
    if context.request_id:
        line.setdefault("request_id", context.request_id)
    if context.event is not None:
        line.setdefault("event_id", context.event.id)
    return line


def configure(settings: SharedSettings, service: str) -> None:
    """Set up structlog for this process; the standard library's loggers keep to warnings."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            with_context,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, format=f"{service} %(levelname)s %(name)s: %(message)s")
