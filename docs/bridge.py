"""A bridge between Shareload and an inbox tool: customers' messages go in, approved replies come out.

python docs/bridge.py [--once]

URL and KEY name Shareload and an API key with `conversations:read`, `conversations:write` and `events:read`; TOOL is
the address of the inbox tool, NETWORK what its conversations are called here, and STATE a file of the bridge's own.
`Inbox` is all that knows the tool: put your tool's API in its place. Whatever breaks off, run it again: a message that
is pushed twice is taken in once, and the tool knows a reply that it has sent by its key.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

WORTH_A_LOOK = "monitoring.reply.approved.v1,monitoring.pause.ended.v1"


class Inbox:
    """An inbox tool: it lists messages of customers, and sends messages into a thread."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def messages(self, after: str | None) -> list[dict[str, Any]]:
        """Return what customers wrote after a message: `id`, `thread`, `customer`, `text` and `sent_at` each."""
        answer = self._http.get("/messages", params={"after": after} if after else {})
        answer.raise_for_status()
        return list(answer.json())

    def send(self, thread: str, key: str, text: str) -> str:
        """Send a message and return its id; the same key again sends nothing and returns the same id."""
        answer = self._http.post(f"/threads/{thread}/messages", json={"key": key, "text": text})
        answer.raise_for_status()
        return str(answer.json()["id"])


class Bridge:
    """Carries messages in and replies out; `state` holds the last message that Shareload has."""

    def __init__(self, inbox: Inbox, shareload: httpx.Client, network: str, state: Path) -> None:
        self._inbox = inbox
        self._shareload = shareload
        self._network = network
        self._state = state

    def carry(self) -> None:
        """Bring both sides up to date."""
        self.push_messages()
        for reply in list(self.approved()):
            self.send(reply["id"])

    def push_messages(self) -> None:
        """Push what customers wrote; each message is kept in mind once Shareload has it."""
        after = self._state.read_text() if self._state.exists() else None
        for message in self._inbox.messages(after):
            one = {"network_id": message["id"], "text": message["text"], "sent_at": message["sent_at"]}
            thread = {"network": self._network, "thread": message["thread"], "customer": message["customer"]}
            self.ask("POST", "/v1/conversations", json={**thread, "messages": [one]})
            self._state.write_text(message["id"])

    def approved(self) -> Iterator[dict[str, Any]]:
        """Yield the replies on this network that may be sent and are not confirmed."""
        query: dict[str, str] = {"status": "approved", "network": self._network}
        while True:
            page = self.ask("GET", "/v1/replies", params=query)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def send(self, reply_id: str) -> None:
        """Send a reply, unless a pause holds it back, and report what became of it; a tool that is away is asked again."""
        reply = self.ask("GET", f"/v1/replies/{reply_id}")
        if reply["status"] != "approved" or reply["paused"]:
            return
        try:
            sent = self._inbox.send(reply["thread"], reply["id"], reply["text"])
            report = {"status": "delivered", "network_id": sent}
        except httpx.HTTPStatusError as error:
            if error.response.is_server_error:
                raise
            report = {"status": "failed", "error": f"The inbox tool answered {error.response.status_code}."}
        self.ask("POST", f"/v1/replies/{reply['id']}/delivery", json=report)

    def follow(self) -> None:
        """Carry now, whenever something may be sent, and at every heartbeat; returns when the stream ends."""
        query = {"types": WORTH_A_LOOK}
        with self._shareload.stream("GET", "/v1/events", params=query, headers={"Accept": "text/event-stream"}) as news:
            news.raise_for_status()
            self.carry()
            for line in news.iter_lines():
                if not line:
                    self.carry()

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Ask Shareload."""
        answer = self._shareload.request(method, path, **more)
        answer.raise_for_status()
        return dict(answer.json())


def main() -> None:
    """Carry once, or for good; whatever is away is tried again."""
    key = {"Authorization": f"Bearer {os.environ['KEY']}"}
    shareload = httpx.Client(base_url=os.environ["URL"], headers=key, timeout=60)
    state = Path(os.environ.get("STATE", "bridge.state"))
    inbox = Inbox(httpx.Client(base_url=os.environ["TOOL"], timeout=30))
    bridge = Bridge(inbox, shareload, os.environ.get("NETWORK", "inbox"), state)
    if "--once" in sys.argv:
        bridge.carry()
        return
    while True:
        try:
            bridge.follow()
        except httpx.HTTPError as error:
            print(f"away: {error}", file=sys.stderr)
        time.sleep(1)


if __name__ == "__main__":
    main()
