"""A policy that was written for another tool, imported from a terminal."""

from pathlib import Path

from tests.journeys.test_commands import run
from tests.platform import Platform

JEKYLL = """---
layout: page
title: Social media
questions:
  - outreach
redirect_from:
  - /social-media/
---

_How we use social media._

Ask in {% slack_channel "outreach" %} or read [the rest](/handbook).
"""


async def test_a_policy_written_for_another_tool_is_imported_and_what_was_passed_over_is_said(
    platform: Platform, tmp_path: Path
) -> None:
    file = tmp_path / "outreach.md"
    file.write_text(JEKYLL)
    status, said = await run(platform, "policies", "import", file)
    assert status == 0, said
    assert "outreach version 1: 1 sections, 0 rules, draft" in said
    for warning in (
        'line 1: front matter: passed over, as it means nothing here: "layout", "questions", "redirect_from".',
        'line 12: the link to "/handbook" is shown as its words',
        'line 12: the template tag {% slack_channel "outreach" %} stays as it is written',
    ):
        assert warning in said

    version = (await platform.client.get("/v1/policies/outreach/versions/1")).json()
    assert version["title"] == "Social media"
    assert version["sections"][0]["html"].startswith("<p><em>How we use social media.</em></p>")


async def test_a_source_that_is_too_large_is_refused_at_once_and_leaves_nothing(platform: Platform) -> None:
    await platform.client.post("/v1/policies", json={"key": "huge", "title": "Huge"})
    path = "/v1/policies/huge/versions"
    for size in (300_000, 5_000_000):
        answer = await platform.client.post(path, json={"source": "# A\n" + "x" * size, "change_note": "x"})
        assert answer.status_code in {413, 422}, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert len(answer.content) < 5_000
    assert (await platform.client.get(path)).json()["items"] == []
