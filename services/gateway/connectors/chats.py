"""Chats that people are told in: what is posted to an incoming webhook of Slack, or of Teams."""

import orjson

from services.gateway.connectors.post import Line
from services.gateway.domain.notices import phrases
from services.gateway.domain.notices.outgoing import Outgoing
from services.gateway.domain.notices.preferences import Terms
from shared.clock import Clock

GONE = frozenset({403, 404, 410})
"""How a chat answers where its webhook was removed; nothing else is wrong for good."""


class ChatRefusedError(Exception):
    """The chat did not take a message; `for_good` where trying again would change nothing."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


async def post(one: Outgoing, portal: str, terms: Terms, clock: Clock) -> None:
    """Post a message in a person's chat; raises ChatRefusedError, and AddressRefused or KeyFileLost for its address."""
    url = terms.safe.open(one.person, one.chat_url).decode()
    line = Line(url, terms.allowed, clock)
    try:
        attempt = await line.post(orjson.dumps(said(one, portal)), [])
    finally:
        line.close()
    if not attempt.arrived:
        answered = f"the chat answered {attempt.status}" if attempt.status else "the chat did not answer"
        raise ChatRefusedError(answered, for_good=attempt.status in GONE)


def said(one: Outgoing, portal: str) -> dict[str, object]:
    """Return a message in the form of its chat."""
    return card(one, portal) if one.chat_kind == "teams" else {"text": "\n".join(slack_lines(one, portal))}


def slack_lines(one: Outgoing, portal: str) -> list[str]:
    """Return the lines of a message in Slack's own markup, which Mattermost reads, too."""
    return [
        f"{escaped(phrases.line_of(each, one.language, one.zone))}: <{portal}{each.link}|Shareload>"
        for each in one.said
    ]


def escaped(text: str) -> str:
    """Return a text in which Slack sees no markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def card(one: Outgoing, portal: str) -> dict[str, object]:
    """Return a message as an adaptive card, as a workflow of Teams takes it."""
    body: list[dict[str, object]] = [
        {"type": "TextBlock", "text": phrases.line_of(each, one.language, one.zone), "wrap": True} for each in one.said
    ]
    actions = [{"type": "Action.OpenUrl", "title": "Shareload", "url": f"{portal}{each.link}"} for each in one.said[:6]]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": content}]}
