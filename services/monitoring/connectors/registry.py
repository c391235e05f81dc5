"""All connectors there are, by their kind, and the bodies that name one."""

from typing import Annotated, Any

from pydantic import Field

from services.monitoring.connectors.bluesky import Bluesky, BlueskyConfig
from services.monitoring.connectors.feeds import FeedConfig, Feeds
from services.monitoring.connectors.folders import FolderConfig, Folders
from services.monitoring.connectors.protocol import Connector
from services.monitoring.schemas.sources import SourceConfig, SourceIn, SourcePatch

CONNECTORS: dict[str, Connector[Any]] = {each.kind: each for each in (Bluesky(), Feeds(), Folders())}
CONFIGS: dict[str, type[SourceConfig]] = {"bluesky": BlueskyConfig, "feed": FeedConfig, "folder": FolderConfig}
AnyConfig = Annotated[BlueskyConfig | FeedConfig | FolderConfig, Field(discriminator="kind")]


class NewSource(SourceIn):
    """A source as it is set up; its `config` names the connector."""

    config: AnyConfig


class ChangedSource(SourcePatch):
    """What to change of a source."""

    config: AnyConfig | None = None


def config_of(kind: str, values: dict[str, Any]) -> SourceConfig:
    """Return the configuration of a kind of source, as it was kept."""
    return CONFIGS[kind].model_validate({**values, "kind": kind})
