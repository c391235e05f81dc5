"""Social accounts: only what is registered here is ever linked to a person."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.schemas.accounts import AccountIn, AccountOut
from services.monitoring.tables import Account, Person
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import AccountRegisteredV1, AccountRemovedV1
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
    """Register an account; a person registers their own, the brand's are a matter of the communications team."""
    if body.kind == "brand" and (not caller.has("monitoring:write") or caller.departments is not None):
        raise NotFound("Brand accounts are registered by the communications team.")
    actor = people.acting(session, caller, body.employee_number)
    if (body.kind == "staff") != (actor.person is not None) and not (
        body.kind == "brand" and body.employee_number is None
    ):
        raise OwnerMissing
    known = select(Account).where(
        col(Account.network) == body.network, col(Account.handle_key) == handle_key(body.handle)
    )
    if session.execute(known).scalar() is not None:
        raise AlreadyRegistered(f"{body.handle} on {body.network} is registered already.")
    account = Account(
        id=new_id(),
        network=body.network,
        handle=body.handle,
        handle_key=handle_key(body.handle),
        kind=body.kind,
        person=actor.person if body.kind == "staff" else None,
        created_at=session.now,
        claim_key=f"{body.network}:{handle_key(body.handle)}",
        proof="vouched",
        proven_at=session.now,
    )
    session.add(account)
    tell(session, told(account))
    record(session, "account.register", f"account/{account.id}", person=account.person)
    return show(account, {actor.person: actor.name} if actor.person else {})


def remove(session: Session, account_id: str, caller: Principal) -> None:
    """End a registration; posts of the account are linked to nobody from now on."""
    account = session.get(Account, account_id)
    theirs = account is not None and caller.person is not None and caller.person == account.person
    if account is None or not (theirs or (caller.has("monitoring:write") and people.reaches(session, account.person))):
        raise NotFound(f"There is no account {account_id}.")
    end(session, account)


def told(account: Account) -> AccountRegisteredV1:
    """Return what is told of an account: whose it is and where, not its name there."""
    return AccountRegisteredV1(
        id=account.id,
        network=account.network,
        kind=account.kind,
        person=account.person,
        registered_at=account.created_at,
    )


def end(session: Session, account: Account) -> None:
    """Forget an account, tell of it and prove it."""
    session.delete(account)
    tell(session, AccountRemovedV1(id=account.id))
    record(session, "account.remove", f"account/{account.id}", person=account.person)


def forget_leaver(session: Session, person: str) -> None:
    """Remove the accounts of somebody who left: what they write is no longer our concern."""
    for account in session.execute(select(Account).where(col(Account.person) == person)).scalars():
        end(session, account)


def snapshot(session: Session, after: str | None, limit: int) -> list[AccountRegisteredV1]:
    """Return what is told of the accounts with an id after `after`."""
    rows = select(Account).where(col(Account.id) > (after or "")).order_by(col(Account.id)).limit(limit)
    return [told(account) for account in session.execute(rows).scalars()]


def show(account: Account, numbers: dict[str, str]) -> AccountOut:
    """Show an account with its owner's employee number."""
    number = numbers.get(account.person, account.person) if account.person else None
    return AccountOut.model_validate({**account.model_dump(), "employee_number": number})


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
    """Return who is behind these (network, handle key) pairs, for those registered by a person."""
    if not handles:
        return {}
    networks, keys = {network for network, _ in handles}, {key for _, key in handles}
    rows = session.execute(
        select(Account.network, Account.handle_key, Person.id, Person.department)
        .join(Person, col(Person.id) == col(Account.person))
        .where(col(Account.network).in_(networks), col(Account.handle_key).in_(keys))
    ).all()
    found = [row for row in rows if (row[0], row[1]) in handles]
    held = people.certifications(session, {row[2] for row in found}, session.now)
    return {
        (network, key): Author(person, department, held.get(person, frozenset()))
        for network, key, person, department in found
    }
