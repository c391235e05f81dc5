"""Traces and metrics: W3C trace context carried from request to event to handler, Prometheus counters by route.

Spans go through the OpenTelemetry API and cost next to nothing until `otlp_endpoint` names an exporter.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from random import getrandbits
from threading import Event
from typing import Self

from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry, Counter, Histogram

TRACEPARENT = re.compile(r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")
PROPAGATOR = TraceContextTextMapPropagator()

exporting = Event()
"""Set once spans go anywhere; asking OpenTelemetry itself reads the environment each time."""
EXPORTERS: list[str] = []
"""The services of this process whose spans go somewhere."""


def configure(service: str, otlp_endpoint: str | None) -> None:
    """Export spans to an OTLP collector, if one is named."""
    if otlp_endpoint is None:
        return
    # Few set it, and the exporter takes a good part of a start.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"shareload-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    exporting.set()
    EXPORTERS.append(service)


class Step:
    """One piece of work in a trace, and the trace context by which what follows joins it."""

    __slots__ = ("span", "traceparent")

    def __init__(self, traceparent: str | None, span: Span = INVALID_SPAN) -> None:
        self.traceparent = traceparent
        self.span = span

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None


def step(name: str, traceparent: str | None, kind: SpanKind) -> AbstractContextManager[Step]:
    """Make a span of some work, under the trace that it came with; without an exporter, only hand the trace on."""
    return spanned(name, traceparent, kind) if exporting.is_set() else Step(traceparent)


@contextmanager
def spanned(name: str, traceparent: str | None, kind: SpanKind) -> Iterator[Step]:
    """Make a span that is exported."""
    parent = PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {})
    with trace.get_tracer("shareload").start_as_current_span(name, context=parent, kind=kind) as span:
        carrier: dict[str, str] = {}
        PROPAGATOR.inject(carrier)
        yield Step(carrier.get("traceparent"), span)


def join_trace(given: str | None) -> str | None:
    """Return the trace context to go on with (W3C Trace Context): as it came in, or a new one.

    A new one is unsampled where nothing is exported, and left to the exporter's sampler elsewhere.
    """
    if given is not None and TRACEPARENT.match(given):
        return given
    if exporting.is_set():
        return None
    # Made per request and no secret: the system's generator costs a hot read a twentieth of its speed.
    return f"00-{getrandbits(128) | 1:032x}-{getrandbits(64) | 1:016x}-00"


class HttpMetrics:
    """Requests by method, route and status, and how long they took; labels are looked up once and kept."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "shareload_http_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "shareload_http_request_seconds",
            "Seconds until the answer was sent.",
            ["route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=registry,
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._counters[method, route, status] = self._requests.labels(method, route, str(status))
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self._seconds.labels(route)
        counter.inc()
        timer.observe(seconds)
