"""Social accounts: only what is registered here, and known to be theirs, is ever linked to a person."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.schemas.accounts import AccountIn, AccountOut, Proof
from services.monitoring.tables import Account, Person
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import AccountClaimedV1, AccountRegisteredV1, AccountRemovedV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, Invalid, NotFound


class AlreadyRegistered(Conflict):
    """The account is registered already."""


class OwnerMissing(Invalid):
    """A staff account belongs to a person, a brand account to nobody."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, as far as their registration tells."""

    person: str | None = None
    department: str | None = None
    certifications: frozenset[str] = frozenset()


NOBODY = Author()


def handle_key(handle: str) -> str:
    """Return what makes two spellings of a handle the same."""
    return handle.removeprefix("@").casefold()[:200]


def register(session: Session, body: AccountIn, caller: Principal) -> AccountOut:
    """Register an account; a person registers their own, the brand's are a matter of the communications team.

    What somebody registers for themselves counts once they have proved that it is theirs (`account_proofs`). Several may
    wait to prove the same: nobody loses a handle to whoever merely named it first. Who registers in the organisation's
    name vouches for it.
    """
    if body.kind == "brand" and (not caller.has("monitoring:write") or caller.departments is not None):
        raise NotFound("Brand accounts are registered by the communications team.")
    actor = people.acting(session, caller, body.employee_number)
    if (body.kind == "staff") != (actor.person is not None) and not (
        body.kind == "brand" and body.employee_number is None
    ):
        raise OwnerMissing
    vouched = body.kind == "brand" or not caller.signed_in
    account = Account(
        id=new_id(),
        network=body.network,
        handle=body.handle,
        handle_key=handle_key(body.handle),
        kind=body.kind,
        person=actor.person if body.kind == "staff" else None,
        created_at=session.now,
    )
    for other in rivals(session, account):
        if other.claim_key is not None or (other.person == account.person and not vouched):
            raise AlreadyRegistered(f"{body.handle} on {body.network} is registered already.")
    session.add(account)
    session.flush()
    record(session, "account.register", f"account/{account.id}", person=account.person)
    if vouched:
        count(session, account, "vouched")
    else:
        tell(session, AccountClaimedV1(**told_of(account)))
    return show(account, {actor.person: actor.name} if actor.person else {})


def rivals(session: Session, account: Account) -> list[Account]:
    """Return the other registrations of the same handle; see `claims`."""
    return [other for other in claims(session, account) if other.id != account.id]


def claims(session: Session, account: Account) -> list[Account]:
    """Return all registrations of a handle, as they are now; whoever else decides about them waits for this unit."""
    same = select(Account).where(Account.network == account.network, Account.handle_key == account.handle_key)
    locked = same.order_by(col(Account.id)).with_for_update().execution_options(populate_existing=True)
    return list(session.execute(locked).scalars())


def count(session: Session, account: Account, proof: Proof) -> None:
    """Let an account count from now on, and end what others registered of the same handle, which is not theirs."""
    for other in rivals(session, account):
        end(session, other)
    session.flush()
    account.claim_key = f"{account.network}:{account.handle_key}"
    account.proof, account.proven_at = proof, session.now
    account.code = account.code_until = None
    account.revision += 1
    session.flush()
    tell(session, told(account))


def read(session: Session, account_id: str, caller: Principal) -> AccountOut:
    """Return an account; somebody else's is not found."""
    account = session.get(Account, account_id)
    theirs = account is not None and caller.person is not None and caller.person == account.person
    if account is None or not (theirs or (caller.has("monitoring:read") and visible(session, account))):
        raise NotFound(f"There is no account {account_id}.")
    return show(account, people.numbers(session, {account.person}))


def visible(session: Session, account: Account) -> bool:
    """Say whether a caller who reads all accounts reaches this one: the brand's everybody does."""
    return account.person is None or people.reaches(session, account.person)


def remove(session: Session, account_id: str, caller: Principal) -> None:
    """End a registration; what the account posts from now on is linked to nobody."""
    end(session, changeable(session, account_id, caller))


def changeable(session: Session, account_id: str, caller: Principal) -> Account:
    """Return an account that the caller may change: their own, or any that the communications team reaches."""
    account = session.get(Account, account_id)
    theirs = account is not None and caller.person is not None and caller.person == account.person
    if account is None or not (theirs or (caller.has("monitoring:write") and people.reaches(session, account.person))):
        raise NotFound(f"There is no account {account_id}.")
    return account


def told_of(account: Account) -> dict[str, Any]:
    """Return what is told of an account: whose it is and where, not its name there."""
    return {
        "id": account.id,
        "network": account.network,
        "kind": account.kind,
        "person": account.person,
        "registered_at": account.created_at,
    }


def told(account: Account) -> AccountRegisteredV1 | AccountClaimedV1:
    """Return the event of an account as it stands: it counts, or waits to be proved."""
    return (AccountClaimedV1 if account.claim_key is None else AccountRegisteredV1)(**told_of(account))


def end(session: Session, account: Account) -> None:
    """Forget an account, tell of it and prove it."""
    session.delete(account)
    tell(session, AccountRemovedV1(id=account.id))
    record(session, "account.remove", f"account/{account.id}", person=account.person)


def forget_leaver(session: Session, person: str) -> None:
    """Remove the accounts of somebody who left: what they write is no longer our concern."""
    for account in session.execute(select(Account).where(col(Account.person) == person)).scalars():
        end(session, account)


def snapshot(session: Session, after: str | None, limit: int) -> list[AccountRegisteredV1 | AccountClaimedV1]:
    """Return what is told of the accounts with an id after `after`."""
    rows = select(Account).where(col(Account.id) > (after or "")).order_by(col(Account.id)).limit(limit)
    return [told(account) for account in session.execute(rows).scalars()]


def show(account: Account, numbers: dict[str, str]) -> AccountOut:
    """Show an account with its owner's employee number."""
    number = numbers.get(account.person, account.person) if account.person else None
    state = "unproven" if account.claim_key is None else "proven"
    return AccountOut.model_validate({**account.model_dump(), "employee_number": number, "state": state})


def listed(session: Session, paging: PageQuery, caller: Principal, network: str | None) -> Page[AccountOut]:
    """List accounts; without the right to read all, only one's own."""
    statement = select(Account)
    for limit in people.reach(session, col(Account.person)):
        statement = statement.where(limit | col(Account.person).is_(None))
    if network is not None:
        statement = statement.where(col(Account.network) == network)
    if not caller.has("monitoring:read"):
        statement = statement.where(col(Account.person) == (caller.person or ""))
    rows: Page[Account] = page(session, statement, paging, key=Account.id, to=lambda row: row)
    numbers = people.numbers(session, {row.person for row in rows.items})
    return Page(items=[show(row, numbers) for row in rows.items], next_cursor=rows.next_cursor)


def authors(session: Session, handles: Collection[tuple[str, str]]) -> dict[tuple[str, str], Author]:
    """Return who is behind these (network, handle key) pairs, for those that a person registered and that are theirs."""
    if not handles:
        return {}
    networks, keys = {network for network, _ in handles}, {key for _, key in handles}
    rows = session.execute(
        select(Account.network, Account.handle_key, Person.id, Person.department)
        .join(Person, col(Person.id) == col(Account.person))
        .where(
            col(Account.claim_key).is_not(None),
            col(Account.network).in_(networks),
            col(Account.handle_key).in_(keys),
        )
    ).all()
    found = [row for row in rows if (row[0], row[1]) in handles]
    held = people.certifications(session, {row[2] for row in found}, session.now)
    return {
        (network, key): Author(person, department, held.get(person, frozenset()))
        for network, key, person, department in found
    }
