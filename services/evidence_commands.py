"""`shareload audit`: the services' evidence, listed, verified here and not by those who keep it, and taken along."""

import json
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode
from zipfile import ZipFile

import typer

from services import SERVICES
from services.terminal import api_of, bars, err, out

audit = typer.Typer(help="Who did what, sealed so that nothing is changed unseen.", no_args_is_help=True)


@audit.command("list")
def list_entries(
    context: typer.Context,
    *,
    service: Annotated[str | None, typer.Option(help="Only what one service did.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who did it, for example key:<id> or person:<id>.")] = None,
    action: Annotated[str | None, typer.Option(help="For example policy.acknowledged.")] = None,
    subject: Annotated[str | None, typer.Option(help="To what, for example finding/<id>.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="From this second on, in UTC.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Before this second, in UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """List what was done, newest first, a line each: when, where, what, to what, by whom, about whom, and its entry."""
    given = {"service": service, "actor": actor, "action": action, "subject": subject}
    times = {"from": since, "to": until}
    query: dict[str, str | int] = {name: value for name, value in given.items() if value is not None}
    query |= {name: f"{value.isoformat()}Z" for name, value in times.items() if value is not None}
    away: set[str] = set()
    with api_of(context) as api:
        for entry in islice(api.all("/v1/audit", limit=min(limit, 200), **query), limit):
            names = ("service", "action", "subject", "actor", "person", "entry")
            said = (entry["at"][:19], *(entry[name] or "-" for name in names))
            out.print(" ".join(said), soft_wrap=True, markup=False, highlight=False)
        away.update(api.get("/v1/audit/heads", limit=1)["incomplete"])
    if away:
        err.print(f"Without what is kept by: {', '.join(sorted(away))}.", style="red")
        raise typer.Exit(1)


@audit.command("verify")
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
    heads: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="What a witness was sent, a JSON line for each message: the logs must still have all of it.",
        ),
    ] = None,
) -> None:
    """Read evidence logs from the first head to the last and verify every entry, root, link and signature."""
    # What it stands on takes a second to import, which no other command should take.
    from services.evidence_verification import read_kept, read_witnessed, verify

    known, witnessed = read_kept(kept), read_witnessed(heads)
    with api_of(context) as api, bars() as progress:
        verdicts = {
            name: verify(api, name, known.get(name), witnessed.get(name), progress) for name in service or SERVICES
        }
    for name, verdict in verdicts.items():
        if verdict.bad is not None:
            err.print(f"{name}: {verdict.bad}", style="red", markup=False, soft_wrap=True)
            continue
        counted = f"{verdict.last.number} heads, {verdict.entries} entries, {verdict.waiting} not sealed yet"
        seen = f"; {verdict.witnessed} of the heads are a witness's" if heads is not None else ""
        out.print(
            f"{name}: sound; {counted}; head {verdict.last.hash}, key {verdict.last.public_key}{seen}", soft_wrap=True
        )
    if any(verdict.bad for verdict in verdicts.values()):
        raise typer.Exit(1)
    if kept is not None:
        last = known | {name: verdict.last for name, verdict in verdicts.items()}
        kept.write_text(json.dumps({name: asdict(head) for name, head in last.items()}, indent=2) + "\n")


@audit.command("chain")
def take_chain(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--out", file_okay=False, help="The folder to write; it must not exist yet.")],
    *,
    person: Annotated[str | None, typer.Option(help="Of whom, by employee number.")] = None,
    finding: Annotated[str | None, typer.Option(help="Of which finding, by its id.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Of which conversation, by its id.")] = None,
) -> None:
    """Take along what is proved of a person, a finding or a conversation, as a folder that verifies without the platform."""
    given = {"person": person, "finding": finding, "conversation": conversation}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    with api_of(context) as api, err.status("Gathering"):
        content = api.download(f"/v1/audit/chains?{query}")
    folder.mkdir(mode=0o700, parents=True)
    with ZipFile(BytesIO(content)) as packed:
        packed.extractall(folder)
        count = sum(name.startswith("links/") for name in packed.namelist())
    out.print(f"{folder}: {count} links; verify them with docs/verify_chain.py.", soft_wrap=True)
