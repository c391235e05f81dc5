"""`shareload webhooks`: endpoints that are told of events."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from services.terminal import api_of, err, out

webhooks = typer.Typer(help="Endpoints that are told of events.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="The webhook's id.")]


@webhooks.command("list")
def list_webhooks(context: typer.Context) -> None:
    """Show all endpoints, and how they are."""
    table = Table("id", "name", "url", "types", "state", "failing since", "behind")
    with api_of(context) as api:
        for each in api.all("/v1/webhooks"):
            state = each["state"] if each["paused_because"] is None else f"paused ({each['paused_because']})"
            types = ", ".join(each["types"]) or "all"
            since = each["failing_since"] or ""
            table.add_row(each["id"], each["name"], each["url"], types, state, since, str(each["behind"]))
    out.print(table)


@webhooks.command("create")
def create_webhook(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    url: Annotated[str, typer.Argument(help="Where events are posted to.")],
    event_type: Annotated[
        list[str] | None, typer.Option("--type", help="For example training.certificate.*; may be repeated.")
    ] = None,
    scope: Annotated[list[str] | None, typer.Option(help="What it may read, for example people:read.")] = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="Let later events of a subject wait for earlier.")] = False,
) -> None:
    """Set up an endpoint; prints its id and its secret, which is shown this once."""
    body = {"name": name, "url": url, "types": event_type or [], "scopes": scope or []}
    with api_of(context) as api:
        made = api.post("/v1/webhooks", {**body, "ordering": "subject" if ordered else "none"})
    typer.echo(f"{made['id']} {made['secret']}")


@webhooks.command("test")
def test_webhook(context: typer.Context, webhook: Id) -> None:
    """Send an endpoint a test event and show what it said."""
    with api_of(context) as api:
        said = api.post(f"/v1/webhooks/{webhook}/test", {})
    attempt = said["attempt"]
    words = f"{attempt['status'] or 'no answer'} after {attempt['took_ms']} ms {attempt['error'] or attempt['answer'] or ''}"
    (out if said["delivered"] else err).print(words.strip(), markup=False, soft_wrap=True)
    if not said["delivered"]:
        raise typer.Exit(1)


@webhooks.command("replay")
def replay_webhook(
    context: typer.Context,
    webhook: Id,
    since: Annotated[datetime, typer.Argument(help="From when on, in UTC; the log keeps 30 days.")],
    event_type: Annotated[list[str] | None, typer.Option("--type", help="Only these; may be repeated.")] = None,
) -> None:
    """Send an endpoint events again; they keep their ids, so that it knows those that it has."""
    body = {"from": since.replace(tzinfo=UTC).isoformat(), "types": event_type}
    with api_of(context) as api:
        replay = api.post(f"/v1/webhooks/{webhook}/replay", body)["replay"]
    out.print(f"{replay['left'] if replay else 0} events of the log are looked at again")
