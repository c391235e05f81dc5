"""How the organisation works with what comes in: its promises, words to begin with, praise, and what stands for long."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from services.client import Api
from services.demo import content

STORES = "stores"
"""The folder into which the stores' own tool puts what it posted."""
RECENT = 2000
"""Among how many posts of staff those to praise are looked for."""


class Practice:
    """What the organisation has agreed on; each part can be loaded again without changing anything."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def promises(self) -> Iterator[object]:
        """State what customers are promised, and who answers when somebody may be hurt."""
        stated = {row["kind"] for row in self.api.get("/v1/service-promises")["items"]}
        for promise in texts("service_promises.yaml"):
            if promise["kind"] not in stated:
                yield self.api.put(f"/v1/service-promises/{promise['kind']}", without(promise, "kind"))
        if not self.api.get("/v1/routing-requirements")["items"]:
            yield self.api.put("/v1/routing-requirements", {"items": texts("routing_requirements.yaml")})

    def words(self) -> Iterator[object]:
        """Write down the words with which coaches and responders begin."""
        yield from self.missing(
            "/v1/guidance-templates",
            [{"policy": content.POLICY, **template} for template in texts("guidance_templates.yaml")],
            ("rule", "language", "title"),
        )
        yield from self.missing("/v1/saved-answers", texts("saved_answers.yaml"), ("language", "title"))

    def missing(self, path: str, wanted: list[dict[str, Any]], names: tuple[str, ...]) -> Iterator[object]:
        """Create what is not there yet, known by some of its fields."""
        there = {tuple(row[name] for name in names) for row in self.api.all(path, limit=200)}
        for one in wanted:
            if tuple(one[name] for name in names) not in there:
                yield self.api.post(path, one)

    def profiles(self) -> Iterator[object]:
        """Write what stands for long, have it approved by somebody else, and use it."""
        path = "/v1/static-content"
        there = {(row["network"], row["title"]) for row in self.api.all(path)}
        for one in texts("static_content.yaml"):
            if (one["network"], one["title"]) in there:
                continue
            body = without(one, "author", "approver") | {"employee_number": one["author"]}
            version = f"{path}/{self.api.post(path, body)['id']}/versions/1"
            if one["approver"]:
                self.api.post(f"{version}/decision", {"decision": "approve", "employee_number": one["approver"]})
                self.api.post(f"{version}/use", {})
            yield one

    def praise(self) -> Iterator[object]:
        """Let coaches say what was done well: good posts get notes, too."""
        praised = {row["post"] for row in self.api.all("/v1/guidance", kind="praise", limit=200)}
        posts = list(islice(self.api.all("/v1/posts", kind="staff", limit=200), RECENT))
        for one in texts("praise.yaml"):
            meant = [
                post["id"]
                for post in posts
                if post["author"] == one["author"] and post["text"].startswith(one["begins"])
            ]
            if meant and praised.isdisjoint(meant):
                body = {"post": meant[0], "message": one["message"], "employee_number": one["coach"]}
                yield self.api.post("/v1/guidance", body)

    def source(self, inbox: Path) -> None:
        """Let the stores' own tool put what it posted into its folder, which is read from then on."""
        folder = inbox / STORES
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        today = datetime.now(UTC).replace(hour=7, minute=40, second=0, microsecond=0)
        with (folder / "posts.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["network", "network_id", "kind", "author", "text", "lang", "posted_at"])
            for post in content.lines_of("monitoring", "stores.jsonl"):
                at = (today - timedelta(days=post["days_ago"])).isoformat()
                table.writerow(
                    [post["network"], post["network_id"], "staff", post["author"], post["text"], post["lang"], at]
                )
        if not self.api.get("/v1/sources")["items"]:
            config = {"kind": "folder", "folder": STORES}
            self.api.post("/v1/sources", {"name": "Posts from the stores", "config": config})


def texts(name: str) -> list[dict[str, Any]]:
    """Return what one of the monitoring service's files says."""
    found: list[dict[str, Any]] = content.yaml_of("monitoring", name)
    return found


def without(one: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a row without some of its fields."""
    return {name: value for name, value in one.items() if name not in names}
