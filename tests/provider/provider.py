"""Starts and ends an OpenID provider, tells it what to say, and the platform that signs people in by it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.bluesky.install import node
from tests.provider.install import FOLDER, PROVIDER

CLIENT, SECRET = "shareload", "a-secret-that-only-the-two-of-us-know"
MACHINE = "hr-machine"
AUDIENCE = "urn:shareload:api"
ACCOUNTS = {
    "ana": {"employee_number": "e-1", "groups": ["comms", "lunch"], "email": "who@else.example"},
    "ben": {"preferred_username": "E2@harbour.example", "groups": []},
    "cleo": {"email": "e3@harbour.example", "email_verified": True},
    "dan": {"email": "e4@harbour.example", "email_verified": False},
    "eve": {"employee_number": "E-404"},
}
"""Who has an account: found by number, by user name, by a verified address; one by nothing that is proved, one unknown."""


@dataclass
class Provider:
    """A provider on loopback; every account takes any password."""

    process: subprocess.Popen[str]
    issuer: str

    def tell(self, **line: Any) -> dict[str, Any]:
        """Tell the provider something and return what it says to it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def listen_for(self, gateway: str) -> None:
        """Let the gateway's clients be known, and begin to listen."""
        shareload = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [f"{gateway}/sign-in/callback"],
            "post_logout_redirect_uris": [f"{gateway}/signed-out"],
            "backchannel_logout_uri": f"{gateway}/sign-in/back-channel-logout",
            "backchannel_logout_session_required": True,
        }
        machine = {
            "client_id": MACHINE,
            "client_secret": SECRET,
            "grant_types": ["client_credentials"],
            "redirect_uris": [],
            "response_types": [],
        }
        other = {**machine, "client_id": "stranger"}
        scopes = "people:read people:write certificates:read"
        self.tell(accounts=ACCOUNTS, clients=[shareload, machine, other], audience=AUDIENCE, scopes=scopes)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return a token that the provider signed."""
        return str(self.tell(sign=claims, header=header)["token"])


@contextmanager
def running() -> Iterator[Provider]:
    """Run a provider; it keeps nothing."""
    if not PROVIDER.exists() and "CI" not in os.environ:
        pytest.skip("`make setup` installs the OpenID provider")
    process = subprocess.Popen(
        [node(), "provider.mjs"],
        cwd=FOLDER,
        env=os.environ | {"NO_PROXY": "*"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Provider(process, json.loads(process.stdout.readline())["issuer"])
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def configure(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> None:
    """Let a gateway that starts from now on sign people in by this provider."""
    settings = {
        "ISSUER": provider.issuer,
        "CLIENT_ID": CLIENT,
        "CLIENT_SECRET": SECRET,
        "AUDIENCE": AUDIENCE,
        "ROLES": json.dumps({"comms": "lead"}),
        "CLIENTS": json.dumps({MACHINE: ["people:read", "events:read"]}),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"SHARELOAD_GATEWAY_OIDC_{name}", value)
