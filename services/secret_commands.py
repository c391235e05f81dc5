"""`shareload secrets`: the files with the keys under which secrets are kept."""

from pathlib import Path
from typing import Annotated

import typer

from services.terminal import out

secrets = typer.Typer(help="Files with the keys under which secrets are kept.", no_args_is_help=True)
KeyFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, writable=True, help="SOURCE_KEY, WEBHOOK_KEY or BADGE_KEY.")
]


@secrets.command("rotate")
def rotate_file(file: KeyFile) -> None:
    """Put a new key into a file, in front of those before: services seal with it, and seal anew what the others sealed."""
    from shared.safe import rotate

    rotate(file)
    out.print("The new key is in front. Services seal all anew within seconds, and say so in their log.")


@secrets.command("forget-former")
def forget_former_keys(file: KeyFile) -> None:
    """Leave only the newest key in a file, once the service's log says that all is sealed under it."""
    from shared.safe import forget_former

    out.print(f"Former keys removed: {forget_former(file)}. Keep them with the backups that were made under them.")
