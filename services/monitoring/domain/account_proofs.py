"""Whose an account is: who can write a code there that only we and they know, controls it."""

import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from sqlmodel import col, select

from services.monitoring.domain import accounts
from services.monitoring.schemas.accounts import ProofOut
from services.monitoring.tables import Account
from shared.context import Principal
from shared.db import Session
from shared.evidence import record
from shared.problems import Conflict

VALID_FOR = timedelta(days=7)
MARK = "shareload-"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for another when they type them."""
LENGTH = 16
_code = re.compile(rf"{MARK}[{ALPHABET}]{{{LENGTH}}}(?![a-z0-9])")


class AlreadyProven(Conflict):
    """The account counts already: nothing more is asked."""


class Shown(Protocol):
    """Words that stand under somebody's name at a network: a post, or the description in a profile."""

    @property
    def network(self) -> str:
        """Where."""

    @property
    def author(self) -> str:
        """Under whose name."""

    @property
    def text(self) -> str:
        """What stands there."""


def begin(session: Session, account_id: str, caller: Principal) -> ProofOut:
    """Give a code that proves the account when it stands there; one that was given before counts no longer."""
    account = accounts.changeable(session, account_id, caller)
    if account.claim_key is not None:
        raise AlreadyProven
    account.code = MARK + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    account.code_until = session.now + VALID_FOR
    account.revision += 1
    session.flush()
    record(session, "account.ask_proof", f"account/{account.id}", person=account.person)
    return ProofOut(account=account.id, code=account.code, expires_at=account.code_until)


def look_for(session: Session, shown: Iterable[Shown]) -> list[str]:
    """Prove the accounts whose code stands under their name, and return their ids.

    The words themselves are not kept for it. A code under another name, or after its time, proves nothing.
    """
    found = [(one, code) for one in shown if MARK in (text := one.text.casefold()) for code in _code.findall(text)]
    if not found:
        return []
    codes = {code for _, code in found}
    waiting = {row.code: row for row in session.execute(select(Account).where(col(Account.code).in_(codes))).scalars()}
    proven = []
    for one, code in found:
        account = waiting.get(code)
        if account is not None and stands_for(account, one) and still_counts(session, account):
            accounts.count(session, account, "code")
            record(session, "account.prove", f"account/{account.id}", person=account.person)
            proven.append(account.id)
    return proven


def stands_for(account: Account, one: Shown) -> bool:
    """Say whether words stand under the name of an account."""
    return (account.network, account.handle_key) == (one.network, accounts.handle_key(one.author))


def still_counts(session: Session, account: Account) -> bool:
    """Say whether an account still waits for its code: neither gone or proven a moment ago, nor too late, nor another's."""
    standing = accounts.claims(session, account)
    if account not in standing or any(one.claim_key is not None for one in standing):
        return False
    return account.code_until is not None and session.now < account.code_until
