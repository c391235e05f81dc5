"""/v1/accounts: social accounts, registered of one's own will, and the brand's."""

from fastapi import status

from services.monitoring.domain import account_proofs, accounts
from services.monitoring.domain.people import UnknownPerson
from services.monitoring.schemas.accounts import AccountIn, AccountOut, ProofOut
from services.monitoring.schemas.names import Id, Network
from shared.areas import Router
from shared.auth import Caller, needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1/accounts", tags=["accounts"])


@router.get("", dependencies=[needs("monitoring:read", "self")])
async def list_accounts(paging: Paging, db: Db, caller: Caller, network: Network | None = None) -> Page[AccountOut]:
    """List registered accounts."""
    return await db.read(accounts.listed, paging, caller, network)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write", "self")],
    responses=problems(UnknownPerson, accounts.AlreadyRegistered, accounts.OwnerMissing),
)
async def register_account(body: AccountIn, db: Db, caller: Caller) -> AccountOut:
    """Register an account: a person their own, which counts once it is proven, the communications team the brand's."""
    return await db.write(accounts.register, body, caller)


@router.get("/{account_id}", dependencies=[needs("monitoring:read", "self")], responses=problems(NotFound))
async def get_account(account_id: Id, db: Db, caller: Caller) -> AccountOut:
    """Return one registered account, and whether it counts yet."""
    return await db.read(accounts.read, account_id, caller)


@router.post(
    "/{account_id}/proof",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write", "self")],
    responses=problems(NotFound, account_proofs.AlreadyProven),
)
async def prove_account(account_id: Id, db: Db, caller: Caller) -> ProofOut:
    """Get a code to put into a post or the profile of the account: once it is seen there, the account counts."""
    return await db.write(account_proofs.begin, account_id, caller)


@router.delete(
    "/{account_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("monitoring:write", "self")],
    responses=problems(NotFound),
)
async def remove_account(account_id: Id, db: Db, caller: Caller) -> None:
    """End a registration: what the account posts from now on is linked to nobody."""
    await db.write(accounts.remove, account_id, caller)
