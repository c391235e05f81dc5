"""New processes for everything, while people work: nobody notices."""

import asyncio
import os
import signal
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

import httpx

from services import SERVICES
from tests.faults.processes import until
from tests.journeys.running import Running, living, wait_until
from tests.journeys.test_make_run import PERSON
from tests.servers import LOOPBACK, free_port

SHARELOAD = Path(sysconfig.get_path("scripts")) / "shareload"


class Clients:
    """Clients that ask on and on, each over its own connections, and never try anything twice."""

    def __init__(self, run: Running) -> None:
        told = run.told()
        self._url = told["url"]
        self._headers = {"Authorization": f"Bearer {told['api_key']}"}
        self.over = asyncio.Event()
        self.answers: Counter[str] = Counter()
        self.hired: list[str] = []

    async def ask(self, path: str) -> None:
        """Read a page again and again."""
        async with self._client() as client:
            while not self.over.is_set():
                answer = await client.get(path)
                self.answers[f"GET {path} {answer.status_code}"] += 1
                await asyncio.sleep(0.1)

    async def hire(self, client_number: int) -> None:
        """Add people, each by one POST without an Idempotency-Key."""
        async with self._client() as client:
            while not self.over.is_set():
                number = f"R-{client_number}-{len(self.hired)}"
                body = {**PERSON, "employee_number": number, "email": f"{number}@company.example"}
                answer = await client.post("/v1/people", json=body)
                self.answers[f"POST /v1/people {answer.status_code}"] += 1
                self.hired.append(number)
                await asyncio.sleep(0.2)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._url, headers=self._headers, timeout=30, verify=LOOPBACK)


def people_of(run: Running) -> set[str]:
    """Return the employee numbers of everyone."""
    found, cursor = set[str](), ""
    with run.client() as client:
        while cursor is not None:
            page = client.get("/v1/people?limit=200" + (f"&cursor={cursor}" if cursor else "")).json()
            found |= {each["employee_number"] for each in page["items"]}
            cursor = page["next_cursor"]
    return found


async def test_all_services_are_restarted_under_load_without_a_lost_request(tmp_path: Path) -> None:
    with Running(tmp_path / "data", free_port()) as run:
        before = run.told()["pids"]
        clients = Clients(run)
        async with asyncio.TaskGroup() as working:
            for path in ("/v1/people?limit=1", "/v1/policies", "/v1/posts?limit=1", "/v1/api-keys"):
                working.create_task(clients.ask(path))
            for number in range(3):
                working.create_task(clients.hire(number))
            command = await asyncio.create_subprocess_exec(
                *(SHARELOAD, "--data-dir", str(run.data_dir), "restart"),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            said, erred = await command.communicate()
            enough = clients.answers.total() + 50
            await until(lambda: clients.answers.total() >= enough, "the answers of the new processes")
            clients.over.set()

        after = run.told()["pids"]
        assert (command.returncode, said.decode()) == (0, "All services were started anew.\n"), erred.decode()
        assert [name for name in before if before[name] != after[name]] == list(SERVICES)
        assert {answer.rsplit(" ", 1)[1] for answer in clients.answers} <= {"200", "201"}, clients.answers
        assert people_of(run) == set(clients.hired)

        # Once more, and stopped in the middle of it.
        os.kill(run.process.pid, signal.SIGUSR1)
        wait_until(lambda: len(run.pids()) > len(after))
        pids = run.pids()
        assert run.interrupt() == 0
        assert living(pids) == set()
