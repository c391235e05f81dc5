"""The organisation at work: posts come in at a pace that can be watched, and colleagues answer them."""

import random
import time
from datetime import UTC, datetime
from typing import Any

from services.client import Api, RefusedError, UnreachableError
from services.demo import content, history, today
from services.demo.coaching import Coaching

LIVELY_SECONDS = 900
LEFT_FOR_THE_VISITOR = 12
LIVELY, CALM = (1.0, 3.0), (4.0, 12.0)
STATUSES_OF_A_RACE = {404, 409, 412, 422, 429, 503}
"""Somebody else was faster, or a service is being started again: the next turn is another one."""


class Life:
    """One turn after the other: a post, and perhaps what colleagues do meanwhile."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.chance = random.Random()  # noqa: S311 -- for show
        self.posts = history.live(content.posts(), self.chance)
        self.replies: dict[str, list[str]] = content.yaml_of("monitoring", "replies.yaml")
        self.coaching = Coaching(api)
        self.writers = frozenset(today.writers())

    def go_on(self) -> None:
        """Live until the process is ended; after a quarter of an hour a little more calmly."""
        began = time.monotonic()
        while True:
            self.turn()
            time.sleep(self.chance.uniform(*(LIVELY if time.monotonic() - began < LIVELY_SECONDS else CALM)))

    def turn(self) -> None:
        """Let one post come in, and colleagues take a step each."""
        for step, likelihood in (
            (self.post, 1.0),
            (self.accept, 0.8),
            (self.answer, 0.8),
            (self.resolve, 0.7),
            (self.coach, 0.25),
        ):
            if self.chance.random() < likelihood:
                try:
                    step()
                except UnreachableError:
                    time.sleep(1)
                except RefusedError as refused:
                    if refused.status not in STATUSES_OF_A_RACE:
                        raise

    def post(self) -> None:
        """Let the next post come in."""
        self.api.post("/v1/posts", next(self.posts))

    def accept(self) -> None:
        """Let an assignee accept; now and then somebody stays silent, and their conversation goes to another."""
        waiting = [one for one in self.conversations("assigned") if self.minds(one)]
        if waiting:
            chosen = self.chance.choice(waiting)
            self.api.post(f"/v1/conversations/{chosen['id']}/acceptance", {"employee_number": chosen["assignee"]})

    def answer(self) -> None:
        """Let somebody who accepted a conversation answer it in its language; drafts wait for a reader, not for us."""
        accepted = [
            one
            for one in self.conversations("accepted")
            if one["language"] in self.replies and one["assignee"] not in self.writers
        ]
        if accepted:
            chosen = self.chance.choice(accepted)
            text = self.chance.choice(self.replies[chosen["language"]])
            self.api.post(
                f"/v1/conversations/{chosen['id']}/reply", {"text": text, "employee_number": chosen["assignee"]}
            )

    def resolve(self) -> None:
        """Close a conversation that was answered."""
        answered = self.conversations("answered")
        if answered:
            self.api.post(f"/v1/conversations/{self.chance.choice(answered)['id']}/resolution", {})

    def coach(self) -> None:
        """Let a coach look after one of the newest findings for which there are words; some always wait for the visitor."""
        findings = self.api.get("/v1/findings", state="open", limit=50)["items"]
        fitting = [one for one in findings if self.coaching.can_speak_to(one)][:-LEFT_FOR_THE_VISITOR]
        if fitting:
            self.coaching.look_after(self.chance.choice(fitting), self.chance.randrange(100))

    def conversations(self, state: str) -> list[dict[str, Any]]:
        """Return some conversations in a state."""
        items: list[dict[str, Any]] = self.api.get("/v1/conversations", state=state, limit=50)["items"]
        return items

    def minds(self, conversation: dict[str, Any]) -> bool:
        """Tell whether the assignee has seen it: after some seconds, and one in twelve never does."""
        age = (datetime.now(UTC) - datetime.fromisoformat(conversation["queued_at"])).total_seconds()
        return age > 4 and hash(conversation["id"]) % 12 != 0
