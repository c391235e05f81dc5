"""`shareload keys`: what machines call the API with."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from services.terminal import api_of, out

keys = typer.Typer(help="API keys.", no_args_is_help=True)
ID_WIDTH = 36
"""Letters of an id, which other commands ask for whole: it is never cut."""
Id = Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")]


@keys.command("list")
def list_keys(context: typer.Context) -> None:
    """Show all keys without their secrets, and which of them nobody uses."""
    table = Table(Column("key", min_width=ID_WIDTH, overflow="fold"), "may", "state", show_lines=True)
    with api_of(context) as api:
        for each in api.all("/v1/api-keys"):
            where = f"\nonly in {', '.join(each['departments'])}" if each["departments"] is not None else ""
            used = f"last used {each['last_used_at'] or 'never'}"
            key, may = f"{each['name']}\n{each['id']}", f"{', '.join(each['scopes'])}{where}"
            table.add_row(escape(key), escape(may), f"{state_of(each)}\n{used}")
    out.print(table)


@keys.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help="For example certificates:read; may be repeated.")],
    department: Annotated[
        list[str] | None, typer.Option(help="Limit the key to a department; may be repeated.")
    ] = None,
    expires_at: Annotated[datetime | None, typer.Option(help="When the key ends, in UTC.")] = None,
) -> None:
    """Make an API key; it is shown this once."""
    body = {"name": name, "scopes": scope, "departments": department or None}
    if expires_at is not None:
        body["expires_at"] = expires_at.replace(tzinfo=UTC).isoformat()
    with api_of(context) as api:
        typer.echo(api.post("/v1/api-keys", body)["key"])


@keys.command("rotate")
def rotate_key(
    context: typer.Context,
    key: Id,
    overlap_hours: Annotated[int, typer.Option(min=0, max=168, help="How long the secret of now works on.")] = 24,
) -> None:
    """Give a key a new secret, which is shown this once; the one before works on for a while."""
    with api_of(context) as api:
        typer.echo(api.post(f"/v1/api-keys/{key}/rotation", {"overlap_hours": overlap_hours})["key"])


@keys.command("revoke")
def revoke_key(context: typer.Context, key: Id) -> None:
    """End a key at once; whoever still uses it is refused."""
    with api_of(context) as api:
        api.delete(f"/v1/api-keys/{key}")
    out.print(f"{key} is revoked", markup=False)


def state_of(key: dict[str, Any]) -> str:
    """Say in words whether a key works, and until when."""
    if key["revoked_at"] is not None:
        return f"revoked {key['revoked_at']}"
    if key["expires_at"] is None:
        return "works"
    ended = datetime.fromisoformat(key["expires_at"]) <= datetime.now(UTC)
    return f"{'ended' if ended else 'works until'} {key['expires_at']}"
