"""Each process killed in turn: what still answers, how old that says it is, and what refuses.

The table in `docs/operator.md` is what is compared, cell by cell; an arrow in it stands between what is said at once and
what is said when a minute has passed.
"""

import asyncio
import re
import time
from typing import Any

import httpx

from tests.faults.load import CERTIFICATION, POLICY, Load
from tests.faults.processes import ROOT, Fleet, until

AWAY = ("policy", "training", "monitoring", "nats-server")
READS: dict[str, tuple[str, str, Any]] = {
    "a policy in force": ("GET", f"/v1/policies/{POLICY}", None),
    "its embed": ("GET", f"/embed/policies/{POLICY}", None),
    "certificate statuses": (
        "POST", "/v1/certificate-statuses", {"employee_numbers": ["S-0"], "certification": CERTIFICATION},
    ),
    "certificates of a person": ("GET", "/v1/people/S-0/certificates", None),
    "events": ("GET", "/v1/events?limit=1", None),
    "API keys": ("GET", "/v1/api-keys", None),
    "what else policy answers": ("GET", "/v1/policies", None),
    "what else training answers": ("GET", "/v1/people", None),
    "what else monitoring answers": ("GET", "/v1/posts", None),
}  # fmt: skip
ROW = re.compile(r"^\| ([^|]+?) \|" + r" ([^|]+?) \|" * len(AWAY) + "$", re.MULTILINE)
REMEMBERED = ("/v1/policies/{key}", "/v1/certificate-statuses", "/v1/people/{employee_number}/certificates")
COUNTED = "http_requests_total"
OLD = 60
FRESH_WITHIN = 20.0
LOOK = 0.5


def written() -> dict[str, dict[str, str]]:
    """Return the operator's table: what each request is answered while a process is away."""
    text = (ROOT / "docs" / "operator.md").read_text()
    rows = {row[1]: row.groups()[1:] for row in ROW.finditer(text)}
    return {away: {name: rows[name][column] for name in READS} for column, away in enumerate(AWAY)}


async def answers(client: httpx.AsyncClient) -> dict[str, str]:
    """Ask for everything once; return what came, in the table's words."""
    said = {}
    for name, (method, path, body) in READS.items():
        headers = {"Accept": "application/x-ndjson"} if name == "events" else {}
        answer = await client.request(method, path, json=body, headers=headers)
        if answer.status_code == 503:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.elapsed.total_seconds() < 2
        aged = int(answer.headers.get("Age", 0)) >= OLD
        said[name] = f"{answer.status_code}{' with `Age`' if aged else ''}"
    return said


def both(at_once: dict[str, str], later: dict[str, str]) -> dict[str, str]:
    """Say what was answered at once, and later where that is something else."""
    return {each: said if said == later[each] else f"{said} → {later[each]}" for each, said in at_once.items()}


class Outages:
    """A platform of which one process after the other is killed, and the clock that all of it goes by."""

    def __init__(self, fleet: Fleet, client: httpx.AsyncClient) -> None:
        self._fleet = fleet
        self._client = client
        self._passed = 0

    async def of(self, name: str, told: dict[str, str]) -> dict[str, str]:
        """Kill a process, ask for everything at once and after a minute, and start it again."""
        await until(self.all_is_fresh, "answers as fresh as they can be")
        if name == "nats-server":
            self._fleet.broker.kill()
        else:
            self._fleet.kill(name)
            await self._fleet.gone(name)
        at_once = await answers(self._client)
        self._passed += OLD + 1
        (self._fleet.folder / "clock").write_text(str(self._passed))
        found = both(at_once, await answers(self._client))
        end = time.monotonic() + FRESH_WITHIN
        while found != told and time.monotonic() < end:
            # The clock jumped, and what is not away is known to be fresh only when it was looked at again.
            await asyncio.sleep(LOOK)
            found = both(at_once, await answers(self._client))
        if name == "nats-server":
            self._fleet.broker.start()
        else:
            self._fleet.start(name)
        await self._fleet.ready()
        return found

    async def all_is_fresh(self) -> bool:
        """Say whether everything answers, nothing is old, and what may come from the gateway's memory does."""
        before = await self.from_memory()
        answered = set((await answers(self._client)).values()) == {"200"}
        return answered and all(now > then for now, then in zip(await self.from_memory(), before, strict=True))

    async def from_memory(self) -> list[float]:
        """Return how often the gateway has answered from its memory, for each route that it can answer so."""
        told = (await self._client.get("/metrics")).text
        return [
            sum(
                float(line.rpartition(" ")[2])
                for line in told.splitlines()
                if f'route="{route}"' in line and COUNTED in line
            )
            for route in REMEMBERED
        ]


async def test_while_a_process_is_away_everything_answers_as_the_operator_was_told(fleet: Fleet) -> None:
    load = Load(fleet)
    await load.prepare(2)
    async with fleet.client() as client:
        outages = Outages(fleet, client)
        told = written()
        seen = {away: await outages.of(away, told[away]) for away in AWAY}
    await load.finish()

    assert seen == told
