"""Says what is wrong with a badge that somebody was shown, by comparing it with what we signed.

Nothing of it is canonised: there are small documents whose canonical form takes for ever, and whoever asks is unknown.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson
from sqlmodel import select

from services.training.domain.badges import sharing
from services.training.domain.badges.credentials import Issuer
from services.training.schemas.badges import CheckedOut, VerificationOut
from services.training.tables import Badge
from shared.db import Session
from shared.problems import NotFound

NAMED = 20
CODE = re.compile(r"[A-Za-z0-9_-]{22}")
NEVER = "No badge of ours has this address: it was not issued here."
EARLIER = "If it is an earlier copy, its key or its date has changed since, and its holder can fetch it anew."


def check(session: Session, shown: dict[str, Any], issuer: Issuer) -> CheckedOut:
    """Return what is wrong with a credential, and how the badge that it claims to be stands."""
    address, start = str(shown.get("id", "")), issuer.page("")
    code = address.removeprefix(start)
    standing = find(session, code, issuer) if address.startswith(start) and CODE.fullmatch(code) else None
    if standing is None:
        return CheckedOut(genuine=False, valid=False, faults=[NEVER], badge=None)
    signed = orjson.loads(session.exec(select(Badge.credential).where(Badge.code == code)).one())
    faults = [f"{where} was changed." for where, _ in zip(differences(signed, shown, ""), range(NAMED), strict=False)]
    if "proof.proofValue was changed." in faults:
        faults.append(EARLIER)
    genuine = not faults
    return CheckedOut(
        genuine=genuine,
        valid=genuine and standing.valid,
        faults=faults if faults or standing.valid else [standing.why],
        badge=standing,
    )


def find(session: Session, code: str, issuer: Issuer) -> VerificationOut | None:
    """Return how the badge at an address stands, None if there is none."""
    try:
        return sharing.verify(session, code, issuer)
    except NotFound:
        return None


def differences(signed: Any, shown: Any, where: str) -> Iterator[str]:
    """Yield where two documents differ, as a path; whether an entry is missing, added or changed is all the same."""
    if isinstance(signed, dict) and isinstance(shown, dict):
        for name in sorted({*signed, *map(str, shown)}):
            yield from differences(signed.get(name), shown.get(name), f"{where}.{name}" if where else name)
    elif isinstance(signed, list) and isinstance(shown, list) and len(signed) == len(shown):
        for place, (one, other) in enumerate(zip(signed, shown, strict=True)):
            yield from differences(one, other, f"{where}[{place}]")
    elif signed != shown or isinstance(signed, bool) != isinstance(shown, bool):
        yield where or "everything"
