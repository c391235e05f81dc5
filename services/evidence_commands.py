"""`shareload evidence`: the services' evidence logs, verified here and not by those who keep them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from services.terminal import SERVICES, api_of, bars, err, out

evidence = typer.Typer(help="Who did what, sealed so that nothing is changed unseen.", no_args_is_help=True)


@evidence.command("verify")
def verify_evidence(
    context: typer.Context,
    service: Annotated[
        list[str] | None, typer.Argument(help="Whose log; those of all services if none is named.")
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="A file with the last heads and the keys, kept where the platform cannot write: the logs must still "
            "have those heads. It is made or brought up to date when all is sound.",
        ),
    ] = None,
) -> None:
    """Read evidence logs from the first head to the last and verify every entry, root, link and signature."""
    # What it stands on takes a second to import, which no other command should take.
    from services.evidence_verification import read_kept, verify

    known = read_kept(kept)
    with api_of(context) as api, bars() as progress:
        verdicts = {name: verify(api, name, known.get(name), progress) for name in service or SERVICES}
    for name, verdict in verdicts.items():
        if verdict.bad is not None:
            err.print(f"{name}: {verdict.bad}", style="red", markup=False, soft_wrap=True)
            continue
        counted = f"{verdict.last.number} heads, {verdict.entries} entries, {verdict.waiting} not sealed yet"
        out.print(f"{name}: sound; {counted}; head {verdict.last.hash}, key {verdict.last.public_key}", soft_wrap=True)
    if any(verdict.bad for verdict in verdicts.values()):
        raise typer.Exit(1)
    if kept is not None:
        heads = known | {name: verdict.last for name, verdict in verdicts.items()}
        kept.write_text(json.dumps({name: asdict(head) for name, head in heads.items()}, indent=2) + "\n")
