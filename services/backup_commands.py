"""`shareload backup`, `restore` and `erasures`: what an operator does on the machine where the data is."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from services.terminal import Options, api_of, err, out

erasures = typer.Typer(help="People who were erased.", no_args_is_help=True)


def back_up(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write; it must not exist yet.")],
) -> None:
    """Back up all services at one moment, while they work: databases, keys and files, in one file full of secrets."""
    # What it stands on takes a second to import, which no other command should take.
    from services.backup import back_up, databases_of
    from services.backup_databases import BackupError

    options: Options = context.obj
    try:
        with err.status("Backing up"):
            manifest = back_up(databases_of(options.data_dir), options.data_dir, file)
    except BackupError as problem:
        raise failed(problem) from None
    out.print(f"{file}: all services as of {manifest.taken_at:%Y-%m-%d %H:%M:%S.%f} UTC", soft_wrap=True)
    for name, kept in manifest.databases.items():
        out.print(f"  {name}: {kept.kind}, evidence up to head {kept.last_head} {kept.last_head_hash}", soft_wrap=True)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `shareload backup` wrote.")],
    erased: Annotated[
        Path | None,
        typer.Option(
            "--erasures",
            exists=True,
            dir_okay=False,
            help="The newest list of `shareload erasures export`: who was erased since the backup is erased again.",
        ),
    ] = None,
) -> None:
    """Put a backup back into an empty data folder and empty databases, with no platform running on them."""
    from services.backup import databases_of
    from services.backup_broker import refuse_old_events
    from services.backup_databases import BackupError
    from services.backup_restoring import restore

    options: Options = context.obj
    try:
        ids = read_erased(erased)
        asyncio.run(refuse_old_events())
        with err.status("Restoring"):
            came = restore(file, databases_of(options.data_dir), options.data_dir, ids)
    except BackupError as problem:
        raise failed(problem) from None
    out.print(f"Restored as of {came.manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC; all logs of evidence are sound.")
    if erased is None:
        err.print(
            "Whoever was erased since then is back. `shareload erasures export` of the old platform, or the list that "
            "was kept of it, belongs to --erasures.",
            style="yellow",
            soft_wrap=True,
        )
    else:
        out.print(f"{came.erased} people were erased again; the other services follow when they run.")


@erasures.command("export")
def export_erasures(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write, a JSON line for each.")],
) -> None:
    """List by their ids all people who were ever erased, for a restore to erase them again; keep it outside the platform."""
    with api_of(context) as api:
        entries: list[dict[str, Any]] = list(
            api.all("/v1/audit", service="training", action="person.erased", limit=200)
        )
    lines = [json.dumps({"person": each["subject"].partition("/")[2], "at": each["at"]}) + "\n" for each in entries]
    part = file.with_name(f"{file.name}.part")
    part.write_text("".join(lines))
    part.replace(file)
    out.print(f"{len(lines)} people")


def read_erased(file: Path | None) -> list[str]:
    """Return the ids in a list of erasures; raises BackupError where it is none."""
    from services.backup_databases import BackupError

    if file is None:
        return []
    try:
        return [str(json.loads(line)["person"]) for line in file.read_text().splitlines()]
    except (ValueError, KeyError, TypeError):
        raise BackupError(f"{file} is not a list of `shareload erasures export`.") from None


def failed(problem: Exception) -> typer.Exit:
    """Say what went wrong in one line."""
    err.print(str(problem), style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)
