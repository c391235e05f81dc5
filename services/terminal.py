"""What the commands of `shareload` share: where the platform is, and where to write."""

from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.client import Api, Place

out = Console()
err = Console(stderr=True)


@dataclass
class Options:
    """Where to find the platform, as given before the command."""

    url: str | None
    api_key: str | None
    data_dir: Path

    def open(self) -> Api:
        """Connect to the platform."""
        return Api(Place.find(self.url, self.api_key, self.data_dir))


def api_of(context: typer.Context) -> Api:
    """Connect as the options before the command say."""
    options: Options = context.obj
    return options.open()


def bars() -> Progress:
    """Return progress bars for what takes long, shown only where somebody looks."""
    return Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
    )
