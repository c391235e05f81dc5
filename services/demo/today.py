"""What waits for somebody on the day of the visit: so that whoever signs in has something to do, as on any other day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from services.client import Api, RefusedError
from services.demo import content
from services.demo.content import POLICY

WRITERS = "draft_only"
DRAFTS = 3
"""How many answers of those who write drafts wait to be read; the others come in while it lives."""


class Today:
    """The parts of the loading that leave work undone; each can be taken again without changing anything."""

    def __init__(self, api: Api, today: datetime) -> None:
        self.api = api
        self.today = today
        self.learning: dict[str, list[dict[str, Any]]] = content.yaml_of("training", "underway.yaml")
        self.policy: dict[str, Any] = content.yaml_of("policy", "today.yaml")
        self.trust: dict[str, list[Any]] = content.yaml_of("monitoring", "autonomy.yaml")

    def courses(self) -> Iterator[object]:
        """Give what is learnt together its dates, and take some colleagues half through a course."""
        if not self.api.get("/v1/live-sessions")["items"]:
            for one in self.learning["sessions"]:
                starts = self.today + timedelta(days=one["in_days"], hours=one["hour"])
                times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat()}
                told = {name: value for name, value in one.items() if name not in {"in_days", "hour"}}
                yield self.api.post("/v1/live-sessions", told | times)
        for one in self.learning["enrolments"]:
            person, course = one["employee_number"], one["course"]
            if not self.api.get("/v1/enrolments", employee_number=person, course=course)["items"]:
                yield self.learn(one)

    def learn(self, one: dict[str, Any]) -> str:
        """Put somebody on a course and let them begin: what they read, a quiz or talk under way, what they handed in."""
        asked = {"employee_number": one["employee_number"], "course": one["course"]}
        path = f"/v1/enrolments/{self.api.post('/v1/enrolments', asked)['id']}"
        for lesson in one["lessons"]:
            self.api.post(f"{path}/lessons/{lesson}/completion", {})
        if "talk" in one:
            self.api.post(f"{path}/scenarios/{one['talk']}/runs", {})
        if "quiz" in one:
            self.api.post(f"{path}/attempts", {"module": one["quiz"]})
        if "task" in one:
            self.api.post(f"{path}/tasks/{one['task']}/submissions", {"text": one["words"]})
        return path

    def next_version(self) -> Iterator[object]:
        """Write the next version of the policy, try it on a year of posts, and ask for the lead's eyes."""
        versions, planned = f"/v1/policies/{POLICY}/versions", self.policy["next_version"]
        if len(self.api.get(versions)["items"]) == 1:
            source = content.policy_source()
            for change in planned["changes"]:
                source = source.replace(change["from"], change["to"])
            told = {name: planned[name] for name in ("material", "change_note")}
            yield self.api.post(versions, told | {"source": source, "employee_number": planned["author"]})
        if not self.api.get(f"{versions}/2/backtests")["items"]:
            yield self.api.post(f"{versions}/2/backtests", {})
        if self.api.get(f"{versions}/2")["state"] == "draft":
            yield self.api.post(f"{versions}/2/review", {})

    def drafts(self) -> Iterator[object]:
        """Let colleagues ask for a second pair of eyes; to some, somebody has answered."""
        asked = {one["note"] for one in self.api.all("/v1/approval-requests")}
        for one in self.policy["approval_requests"]:
            if one["note"] not in asked:
                yield self.ask(one)

    def ask(self, one: dict[str, Any]) -> str:
        """Have a draft checked and kept, ask for approval, and decide where somebody has."""
        author = {"employee_number": one["author"]}
        draft = {"text": one["text"], "network": one["network"], "kind": "post", "keep": True}
        kept = self.api.post("/v1/checks", draft | author)
        request = {"check": kept["receipt"]["id"], "note": one["note"]}
        path = f"/v1/approval-requests/{self.api.post('/v1/approval-requests', request | author)['id']}"
        if "decision" in one:
            decision = {name: one[name] for name in ("decision", "comment")}
            self.api.post(f"{path}/decision", decision | {"employee_number": one["approver"]})
        return path

    def levels(self) -> Iterator[object]:
        """Say who writes drafts for a while, and whose answers are looked at now and then."""
        for one in self.trust["levels"]:
            path = f"/v1/autonomy/{one['employee_number']}"
            if any(network["since"] for network in self.api.get(path)["networks"]):
                continue
            for network in self.trust["networks"]:
                told = {"network": network, "level": one["level"], "reason": one["reason"]}
                yield self.api.post(f"{path}/changes", told | {"employee_number": one["coach"]})

    def answers(self) -> Iterator[object]:
        """Let those who write drafts write some, which a coach reads before they go out."""
        replies = content.yaml_of("monitoring", "replies.yaml")
        if self.api.get("/v1/replies", status="drafted")["items"]:
            return
        for number in writers():
            theirs = self.api.get("/v1/conversations", employee_number=number, limit=20)["items"]
            offered = (one for one in theirs if one["state"] == "assigned" and one["language"] in replies)
            for turn, one in enumerate(islice(offered, DRAFTS)):
                words = {"text": replies[one["language"]][turn], "employee_number": number}
                try:
                    yield self.api.post(f"/v1/conversations/{one['id']}/reply", words)
                except RefusedError as refused:
                    if refused.status != 409:  # the rules hold it, or it is with somebody else by now
                        raise

    def machines(self) -> Iterator[object]:
        """Give HR's system and the intranet their keys; let a chat be told, which does not answer."""
        if len(self.api.get("/v1/api-keys")["items"]) == 1:
            soon = (self.today + timedelta(days=12)).isoformat()
            hr = {"name": "HR system", "scopes": ["certificates:read", "people:read", "people:write"]}
            yield self.api.post("/v1/api-keys", hr | {"expires_at": soon})
            yield self.api.post("/v1/api-keys", {"name": "Intranet", "scopes": ["policies:read"]})
        if not self.api.get("/v1/webhooks")["items"]:
            chat = {"name": "Chat of the task team", "url": "https://chat.alderfjord.example/hooks/policy"}
            made = self.api.post("/v1/webhooks", chat | {"types": ["policy.version.*"]})
            yield self.api.post(f"/v1/webhooks/{made['id']}/test", {})


def writers() -> list[str]:
    """Return those whose answers somebody reads before they go out."""
    levels = content.yaml_of("monitoring", "autonomy.yaml")["levels"]
    return [one["employee_number"] for one in levels if one["level"] == WRITERS]
