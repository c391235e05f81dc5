"""The public REST API as our own commands use it: one connection, problems as exceptions, pages as iterators."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx


class RefusedError(Exception):
    """The platform did not do what was asked; the message is the problem's title and detail."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        faults = "".join(f"\n  {fault['pointer']}: {fault['detail']}" for fault in problem.get("errors") or [])
        super().__init__(f"{status} {problem.get('title', '')} {problem.get('detail') or ''}{faults}".strip())


class NowhereError(Exception):
    """There is no platform to talk to: no address or key was given, and none is found in the data folder."""


@dataclass(frozen=True)
class Place:
    """Where the platform is, and the key that opens it."""

    url: str
    api_key: str

    @classmethod
    def find(cls, url: str | None, api_key: str | None, data_dir: Path) -> "Place":
        """Take what is given, and the rest from the run.json of a platform that runs on `data_dir`.

        Raises NowhereError when something is still missing.
        """
        run_file = data_dir / "run.json"
        found = json.loads(run_file.read_text()) if (url is None or api_key is None) and run_file.exists() else {}
        url, api_key = url or found.get("url"), api_key or found.get("api_key")
        if url is None or api_key is None:
            raise NowhereError(
                f"No platform runs on {data_dir} (there is no {run_file}). "
                "Start it with `make run`, or set SHARELOAD_URL and SHARELOAD_API_KEY."
            )
        return cls(url.rstrip("/"), api_key)


class Api:
    """A connection to the gateway. All methods raise RefusedError for an answer that is not 2xx."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.http = httpx.Client(
            base_url=place.url,
            headers={"Authorization": f"Bearer {place.api_key}"},
            timeout=httpx.Timeout(60.0, connect=5.0),
            transport=httpx.HTTPTransport(retries=2),
        )

    def __enter__(self) -> Self:
        """Open the connection."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Read a resource."""
        return answer(self.http.get(path, params=query))

    def post(self, path: str, body: object, *, key: str | None = None, wait: int | None = None, **query: str) -> Any:
        """Write; with the Idempotency-Key `key` only once, and with `wait` answered when all that follows has happened."""
        headers = {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if wait is not None:
            headers["Prefer"] = f"wait={wait}"
        return answer(self.http.post(path, json=body, headers=headers, params=query))

    def put(self, path: str, body: object) -> Any:
        """Replace a resource."""
        return answer(self.http.put(path, json=body))

    def upload(self, path: str, content: bytes, kind: str, **query: str) -> httpx.Response:
        """Send a file's content and return the whole response, for answers that are not one JSON value."""
        response = self.http.post(
            path, content=content, headers={"Content-Type": kind, "Prefer": "wait=10"}, params=query
        )
        answer_status(response)
        return response

    def all(self, path: str, **query: str | int) -> Iterator[Any]:
        """Read a list to its end, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return


def answer(response: httpx.Response) -> Any:
    """Return the JSON of a good answer; raises RefusedError for any other."""
    answer_status(response)
    return response.json() if response.content else None


def answer_status(response: httpx.Response) -> None:
    """Raise RefusedError unless the answer is good."""
    if response.is_success:
        return
    response.read()
    is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
    raise RefusedError(
        response.status_code,
        response.json() if is_problem else {"title": os.linesep.join(response.text.splitlines()[:1])},
    )
