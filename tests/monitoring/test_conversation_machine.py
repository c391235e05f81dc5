"""Whatever customers, colleagues and tools do, in whichever order: a conversation is never lost nor in two hands."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared.clock import ShiftedClock
from tests.conftest import Templates
from tests.monitoring.organisation import hire
from tests.monitoring.serving import MonitoringService, serve
from tests.servers import NatsServer

SERIAL = count(1)
WITH_SOMEONE = {"assigned", "accepted"}
QUEUED = {"queued", "reopened"}
MOVES = {
    None: {"assigned", "queued"},
    "queued": {"assigned", "resolved"},
    "reopened": {"assigned", "resolved"},
    "assigned": {"accepted", "answered", "waiting", "queued", "resolved"},
    "accepted": {"answered", "waiting", "queued", "assigned", "resolved"},
    "answered": {"accepted", "waiting", "queued", "assigned", "resolved"},
    "waiting": {"accepted", "answered", "queued", "assigned", "resolved"},
    "resolved": {"reopened", "assigned"},
}
"""What may follow what; a hand-off or a deadline may give a conversation to the next person at once."""


class Inbox(RuleBasedStateMachine):
    """One customer's conversation, and two colleagues with room for one each."""

    runner: asyncio.Runner
    service: MonitoringService

    def __init__(self) -> None:
        super().__init__()
        self.thread = f"t-{next(SERIAL)}"
        self.said = 0
        self.state: str | None = None
        self.id = ""
        self.write()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Ask as a key; what the state does not allow is refused in order."""
        call = self.service.client.request(method, path, json=body)
        answer = self.runner.run(call)
        assert answer.status_code < 500, answer.text
        return answer

    def act(self, what: str, body: dict[str, Any]) -> None:
        """Do something with the conversation."""
        answer = self.ask("POST", f"/v1/conversations/{self.id}/{what}", body)
        assert answer.status_code in {200, 201, 409}, answer.text

    @rule()
    def write(self) -> None:
        """The customer writes."""
        self.said += 1
        message = {"network_id": f"{self.thread}-{self.said}", "text": "Hello?"}
        body = {"network": "email", "thread": self.thread, "customer": self.thread, "messages": [message]}
        self.id = self.ask("POST", "/v1/conversations", body).json()["id"]

    @rule()
    def accept(self) -> None:
        """Whoever has it takes it on."""
        self.act("acceptance", {})

    @rule(asks=st.booleans(), draft=st.booleans())
    def answer(self, *, asks: bool, draft: bool) -> None:
        """Whoever has it answers, or drafts an answer."""
        self.act("reply", {"text": "Soon.", "awaits_customer": asks, "draft": draft})

    @rule(number=st.sampled_from([1, 2]))
    def let_out(self, number: int) -> None:
        """A colleague lets a draft out, if there is one that is not their own."""
        for one in self.ask("GET", "/v1/replies?status=drafted").json()["items"]:
            if one["conversation"] == self.id:
                self.ask("POST", f"/v1/replies/{one['id']}/approval", {"employee_number": f"E-{number}"})

    @rule()
    def hand_off(self) -> None:
        """Whoever has it gives it back."""
        self.act("handoff", {"reason": "I am off."})

    @rule()
    def resolve(self) -> None:
        """Somebody says that it is done."""
        self.act("resolution", {})

    @rule(number=st.sampled_from([1, 2]), online=st.booleans())
    def come_and_go(self, number: int, *, online: bool) -> None:
        """A colleague comes or goes."""
        body = {"languages": ["en"], "capacity": 1, "weekly_minutes": 10_080, "online": online}
        if not online:
            body["away"] = {}
        assert self.ask("PUT", f"/v1/availability/E-{number}", body).is_success

    @rule(minutes=st.sampled_from([1, 16, 90, 241]))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.runner.run(self.service.advance(timedelta(minutes=minutes)))

    @invariant()
    def it_is_with_one_who_may_have_it_or_in_the_queue(self) -> None:
        """Look at the conversation and at who has how much."""
        one = self.ask("GET", f"/v1/conversations/{self.id}").json()
        state = one["state"]
        assert state == self.state or state in MOVES[self.state], (self.state, state)
        self.state = state
        assert (one["assignee"] is None) == (state in QUEUED) or state == "resolved"
        assert (one["missing"] is not None) <= (state in QUEUED | {"resolved"})
        listed = self.ask("GET", "/v1/conversations?limit=200").json()["items"]
        open_ones = Counter(found["assignee"] for found in listed if found["state"] in WITH_SOMEONE)
        for number in (1, 2):
            assert self.ask("GET", f"/v1/availability/E-{number}").json()["open"] == open_ones[f"E-{number}"]

    def teardown(self) -> None:
        """End the conversation, so that the next one finds room."""
        self.act("resolution", {})


@pytest.fixture
def inbox(tmp_path: Path, nats: NatsServer, templates: Templates) -> Iterator[type[Inbox]]:
    """Serve monitoring in a loop that stands still between the steps."""
    with asyncio.Runner() as runner:
        running = serve(tmp_path, nats.url, templates.copy("sqlite", "monitoring", tmp_path), ShiftedClock())
        Inbox.runner, Inbox.service = runner, runner.run(running.__aenter__())
        runner.run(hire(Inbox.service.db, 1, 2, capacity=1, weekly_minutes=10_080))
        yield Inbox
        runner.run(running.__aexit__(None, None, None))


def test_a_conversation_is_always_with_one_who_may_have_it_or_in_the_queue(inbox: type[Inbox]) -> None:
    run_state_machine_as_test(
        inbox,
        settings=settings(
            max_examples=8,
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
