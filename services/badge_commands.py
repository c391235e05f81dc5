"""`shareload badges`: the keys that sign badges."""

from typing import Annotated

import typer
from rich.table import Table

from services.terminal import api_of, out

badges = typer.Typer(help="The keys that sign badges.", no_args_is_help=True)


@badges.command("keys")
def list_keys(context: typer.Context) -> None:
    """List the keys that sign badges, or did."""
    table = Table("key", "created", "state")
    with api_of(context) as api:
        for key in api.get("/v1/badge-keys")["items"]:
            retired = "verifies what it signed" if key["retired_at"] else "signs"
            table.add_row(key["id"], key["created_at"], "revoked" if key["revoked_at"] else retired)
    out.print(table)


@badges.command("rotate")
def rotate_key(context: typer.Context) -> None:
    """Sign with a new key from now on; badges that were signed before stay valid."""
    with api_of(context) as api:
        made = api.post("/v1/badge-keys", {})
    out.print(made["id"])


@badges.command("revoke")
def revoke_key(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="A key that signs no more, which others may have.")],
) -> None:
    """Let a key verify nothing any more; what it signed is signed anew when it is next asked for."""
    with api_of(context) as api:
        api.post(f"/v1/badge-keys/{key}/revocation", {})
    out.print(f"{key} verifies nothing any more")
