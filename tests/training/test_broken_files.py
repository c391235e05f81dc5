"""Whatever is wrong with a file of people, the answer is a clear problem or a report, and nothing is half-written."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.clock import ShiftedClock
from tests.conftest import Templates
from tests.servers import NatsServer
from tests.training.conftest import TrainingService, serve

HEADER = "employee_number,name,email,department,region,manager,languages\n"
ROW = "E-{0},Person {0},e{0}@x.example,Support,EMEA,,en\n"
GOOD = HEADER + "".join(ROW.format(number) for number in range(120))
CSV = {"Content-Type": "text/csv"}

BROKEN: dict[str, Callable[[int], bytes]] = {
    "empty": lambda _: b"",
    "only blanks": lambda n: b" \n" * (n % 50),
    "no header": lambda _: GOOD.removeprefix(HEADER).encode(),
    "header cut": lambda n: GOOD[: n % (len(HEADER) - 30)].encode(),
    "a column missing": lambda _: GOOD.replace("email,", "", 1).encode(),
    "a column twice": lambda _: GOOD.replace("region", "department", 1).encode(),
    "a quote that never ends": lambda n: (
        (GOOD + ROW.format(500).replace("Person", '"Person')).encode() + b"x" * (n % 99)
    ),
    "text after a quote": lambda _: (GOOD + 'E-9,"A"B,a@x.example,S,R,,\n').encode(),
    "a cell without end": lambda _: GOOD.encode() + b"E-9," + b"x" * 140_000 + b",a@x.example,S,R,,\n",
    "NUL": lambda _: GOOD.replace("Person 7,", "Per\x00son,").encode(),
    "NUL in the header": lambda _: GOOD.replace("languages", "lang\x00").encode(),
    "a spreadsheet": lambda n: b"PK\x03\x04" + bytes([n % 256]) * 500,
    "an old spreadsheet": lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "a picture": lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    "HTML": lambda _: b"<!doctype html><title>Sign in</title>",
    "JSON": lambda _: b'{"people": []}',
    "half UTF-16": lambda n: GOOD.encode("utf-16")[: 1 + 2 * (n % 40)],
    "a mark only": lambda _: b"\xff\xfe",
    "UTF-8 said, Latin sent": lambda _: GOOD.replace("Person", "Pérson").encode("latin-1"),
    "semicolons said to be tabs": lambda _: GOOD.replace(",", ";").encode(),
    "a lone surrogate": lambda _: GOOD.encode().replace(b"Person 7", b"\xed\xa0\x80"),
}
QUERY = {
    "UTF-8 said, Latin sent": {"encoding": "utf-8"},
    "semicolons said to be tabs": {"delimiter": "tab"},
    "a lone surrogate": {"encoding": "utf-8"},
}


async def send(service: TrainingService, body: bytes, query: dict[str, str]) -> httpx.Response:
    return await service.client.post("/v1/people/imports", content=body, headers=CSV, params=query)


async def test_a_broken_file_is_a_clear_problem_and_nothing_of_it_is_kept(service: TrainingService) -> None:
    for kind, make in BROKEN.items():
        for seed in (1, 17, 250):
            answer = await send(service, make(seed), QUERY.get(kind, {}))
            assert answer.status_code == 422, (kind, answer.text)
            assert answer.json()["type"].endswith("/not-a-csv"), kind
    assert (await service.get("/v1/people"))["items"] == []
    assert (await service.get("/v1/people/imports"))["items"] == []


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_any_bytes_changed_is_refused_or_reported_row_by_row(files: "Files", data: st.DataObject) -> None:
    body = bytearray(GOOD.encode(data.draw(st.sampled_from(["utf-8", "utf-16", "windows-1252"]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        cut = data.draw(st.integers(0, 30))
        body[at : at + cut] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b'"', b",", b"\n", b"\r", b";", b"\x00"])
        )

    answer = files.send(bytes(body), {"dry_run": "true"})

    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 200:
        report = answer.json()
        assert len(report["rows"]) == sum(report[name] for name in ("created", "updated", "unchanged", "rejected"))
        assert all(row["detail"] for row in report["rows"] if row["outcome"] == "rejected")


class Files:
    """Sends files from tests that are not asynchronous."""

    def __init__(self, service: TrainingService, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._loop = loop

    def send(self, body: bytes, query: dict[str, str]) -> httpx.Response:
        """Send a file and return the answer."""
        return asyncio.run_coroutine_threadsafe(send(self._service, body, query), self._loop).result(30)


@pytest.fixture
def files(tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock) -> Iterator[Files]:
    """The service in a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = serve(tmp_path, nats.url, templates.copy("sqlite", "training", tmp_path), clock)
    try:
        service = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(30)
        yield Files(service, loop)
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
