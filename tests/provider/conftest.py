"""A platform whose people sign in by a real OpenID provider, and a browser to do it with."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import browser
from tests.conftest import Templates
from tests.gateway.story import add_people
from tests.platform import run_platform
from tests.provider import provider as providers
from tests.provider.browsing import Provided
from tests.servers import NatsServer

__all__ = ["browser"]


@pytest.fixture
def provider() -> Iterator[providers.Provider]:
    """A provider that waits to be told its clients."""
    with providers.running() as running:
        yield running


@pytest.fixture
async def provided(
    provider: providers.Provider,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    nats: NatsServer,
    templates: Templates,
) -> AsyncIterator[Provided]:
    """The platform with four people and a provider."""
    providers.configure(monkeypatch, provider)
    folder = tmp_path / "platform"
    folder.mkdir()
    async with run_platform(folder, nats.url, lambda service: templates.copy("sqlite", service, folder)) as platform:
        provider.listen_for(platform.running["gateway"].url)
        await add_people(platform, 4)
        await platform.settle()
        yield Provided(platform, provider)
