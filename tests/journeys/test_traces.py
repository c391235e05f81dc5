"""One trace from the request through the broker to the handler in another service, seen by a real OTLP receiver."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.journeys.running import Running, wait_until
from tests.servers import free_port

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PERSON = {
    "employee_number": "E-1",
    "name": "Ana Sá",
    "email": "ana@x.example",
    "department": "Care",
    "region": "EMEA",
    "languages": ["pt"],
}


class Collector(ThreadingHTTPServer):
    """Receives spans over OTLP/HTTP and keeps `(service, name)` of those in our trace."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.seen: set[tuple[str, str]] = set()


class Receiver(BaseHTTPRequestHandler):
    """One export request."""

    server: Collector

    def do_POST(self) -> None:
        body = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in body.resource_spans:
            service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            for scope in resource.scope_spans:
                self.server.seen |= {(service, span.name) for span in scope.spans if span.trace_id.hex() == TRACE}
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_trace_goes_from_the_gateway_to_the_handler_in_another_service(tmp_path: Path, collector: Collector) -> None:
    exporter = {
        "SHARELOAD_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with Running(tmp_path / "data", free_port(), **exporter) as platform, platform.client() as client:
        headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        assert client.post("/v1/people", json=PERSON, headers=headers).status_code == 201
        expected = {
            ("shareload-training", "POST /v1/people"),
            ("shareload-policy", "handle training.person.changed.v1"),
            ("shareload-monitoring", "handle training.person.changed.v1"),
        }
        wait_until(lambda: expected <= collector.seen and "shareload-gateway" in {name for name, _ in collector.seen})
