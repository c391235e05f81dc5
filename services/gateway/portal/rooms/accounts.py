"""My accounts: which ones I registered of my own will, the proof that they are mine, and what is watched."""

from typing import Any

from fastapi.responses import Response

from services.gateway.portal.api import Refused
from services.gateway.portal.visit import Room, Visit, path_of
from services.gateway.portal.words import NETWORKS

SHOWN_AGAIN = frozenset({409, 422})

room = Room()


@room.page("/accounts")
async def list_accounts(visit: Visit) -> Response:
    """Show one's own accounts."""
    return await show(visit)


@room.action("/accounts")
async def register_account(visit: Visit) -> Response:
    """Register an account of one's own, and go on to its proof."""
    form = visit.form
    body = {
        "network": form.get("network", ""),
        "handle": form.get("handle", "").strip(),
        "kind": "staff",
        "employee_number": visit.number or None,
    }
    try:
        made = await visit.api.post("/v1/accounts", body, once=visit.once)
    except Refused as refused:
        if refused.status not in SHOWN_AGAIN:
            raise
        error = visit.say("Write the name as the network shows it, for example @ana.")
        return await show(visit, form, refused.detail if refused.status == 409 else error, refused.status)
    if made["state"] == "proven":
        return visit.go("/accounts", visit.say("Added."))
    return visit.go(f"/accounts/{made['id']}")


@room.page("/accounts/{account}")
async def show_account(visit: Visit) -> Response:
    """Show one account, and how to prove that it is one's own."""
    account = await visit.api.get(path_of("accounts", visit.given["account"]))
    return visit.render("accounts/one.html", account=account, proof=None, networks=NETWORKS)


@room.action("/accounts/{account}/proof")
async def begin_proof(visit: Visit) -> Response:
    """Give a code to put into a post or the profile; it is shown on the answer alone."""
    account = await visit.api.get(path_of("accounts", visit.given["account"]))
    proof = await visit.api.post(path_of("accounts", visit.given["account"], "proof"), once=visit.once)
    return visit.render("accounts/one.html", account=account, proof=proof, networks=NETWORKS)


@room.way("/accounts/{account}/proof")
async def show_proof(visit: Visit) -> Response:
    """Lead whom the address of the code was left in back to the account."""
    return visit.go(f"/accounts/{visit.given['account']}")


@room.action("/accounts/{account}/removal")
async def remove_account(visit: Visit) -> Response:
    """End a registration."""
    await visit.api.delete(path_of("accounts", visit.given["account"]))
    return visit.go("/accounts", visit.say("Removed. What you post there is linked to you no more."))


async def show(visit: Visit, form: dict[str, str] | None = None, error: str = "", code: int = 200) -> Response:
    """Show one's accounts, and a form for another."""
    found: list[dict[str, Any]] = await visit.api.all("/v1/accounts") if visit.number else []
    mine = [each for each in found if each["kind"] == "staff" and each["employee_number"] == visit.number]
    return visit.render("accounts/list.html", code, accounts=mine, form=form or {}, error=error, networks=NETWORKS)
