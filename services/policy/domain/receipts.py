"""Receipts of checks: what was asked and answered, kept on the author's wish and signed, so that it verifies offline."""

import hashlib

import orjson
from sqlmodel import col, select

from services.policy.domain import approvers, people
from services.policy.domain.authors import Author
from services.policy.schemas.checks import CheckIn, CheckOut, KeptCheckOut, SignedReceiptOut
from services.policy.tables import ApprovalRequest, KeptCheck, Person
from shared.db import Session
from shared.evidence import Sealer, digest_of, record
from shared.problems import NotFound

KIND = "shareload.check.v1"


def keep(session: Session, draft: CheckIn, answer: CheckOut, author: Author | None, sealer: Sealer) -> CheckOut:
    """Keep a draft with its answer and sign a receipt; the draft's text is in it as a hash only."""
    caller = session.context.caller
    kept = KeptCheck(
        author=author.id if author else None,
        asked_by=caller.id if caller else "service",
        draft=draft.model_dump(mode="json", exclude={"employee_number", "keep"}),
        answer=answer.model_dump(mode="json", exclude={"receipt"}),
        receipt={},
        checked_at=session.now,
    )
    issue(session, kept, author.employee_number if author else None, sealer)
    session.add(kept)
    return answer.model_copy(update={"receipt": SignedReceiptOut.model_validate(kept.receipt)})


def issue(
    session: Session, kept: KeptCheck, author: str | None, sealer: Sealer, approval: dict[str, object] | None = None
) -> None:
    """Sign a receipt of a kept check; one that tells of an approval names the one before by its hash.

    `author` is an employee number.
    """
    answer, before = kept.answer, kept.receipt
    body = orjson.dumps(
        {
            "kind": KIND,
            "id": kept.id,
            "issued_at": session.now.isoformat(),
            "checked_at": kept.checked_at.isoformat(),
            "author": author,
            "text_sha256": hashlib.sha256(kept.draft["text"].encode()).hexdigest(),
            "network": kept.draft["network"],
            "post_or_reply": kept.draft["kind"],
            "verdict": answer["verdict"],
            "reasons": [
                {name: each[name] for name in ("rule", "severity", "policy", "version", "section", "span")}
                for each in answer["reasons"]
            ],
            "protected": answer["protected"]["version"] if answer["protected"] else None,
            "previous": digest_of(before["body"]) if before else None,
            "approval": approval,
        },
        option=orjson.OPT_SORT_KEYS,
    ).decode()
    kept.receipt = SignedReceiptOut(
        id=kept.id,
        body=body,
        signature=sealer.sign(body),
        key_id=sealer.key_id,
        public_key=sealer.public_key().public_bytes_raw().hex(),
    ).model_dump()
    deed = "policy.check.approval_noted" if before else "policy.check.kept"
    record(session, deed, f"checks/{kept.id}", content_hash=digest_of(body), person=kept.author)


def show(session: Session, check_id: str, employee_number: str | None) -> KeptCheckOut:
    """Show a kept check to its author, to the key that kept it, or to who may decide on it; raises NotFound."""
    kept = session.get(KeptCheck, check_id)
    if kept is None:
        raise unknown(check_id)
    request = session.exec(select(ApprovalRequest).where(ApprovalRequest.check_id == kept.id)).first()
    if not (owns(session, kept, employee_number) or (request and may_see(session, request, employee_number))):
        raise unknown(check_id)
    return shown(session, kept, request)


def unknown(check_id: str) -> NotFound:
    """Return what is said of a check that was not kept, and of somebody else's."""
    return NotFound(f"No check {check_id} was kept, or it is somebody else's.")


def acts_as(session: Session, employee_number: str | None) -> Person | None:
    """Return the person for whom the caller may read private drafts: themselves, or whom a writing key names."""
    caller = session.context.caller
    if caller is not None and not caller.signed_in and not caller.has("policies:write"):
        return None
    return people.acting(session, employee_number)


def owns(session: Session, kept: KeptCheck, employee_number: str | None) -> bool:
    """Tell whether the caller is the draft's author, or the key that had it kept."""
    caller = session.context.caller
    person = acts_as(session, employee_number)
    if person is not None:
        return person.id == kept.author
    return caller is not None and not caller.signed_in and caller.id == kept.asked_by and employee_number is None


def may_see(session: Session, request: ApprovalRequest, employee_number: str | None) -> bool:
    """Tell whether the caller is somebody whom this request asks, or who decided on it."""
    person = acts_as(session, employee_number)
    return person is not None and asked(session, request, person)


def asked(session: Session, request: ApprovalRequest, person: Person) -> bool:
    """Tell whether a request asks this person, who may still approve, or was decided by them."""
    if request.state != "open":
        return request.decided_by == person.id
    able = person.id in {each.id for each in approvers.may_approve(session, request.author)}
    return able and request.approver in {None, person.id}


def shown(session: Session, kept: KeptCheck, request: ApprovalRequest | None) -> KeptCheckOut:
    """Show a kept check with its draft."""
    author = session.get(Person, kept.author) if kept.author else None
    return KeptCheckOut.model_validate(
        {
            **kept.answer,
            **{name: kept.draft[name] for name in ("text", "network", "kind")},
            "id": kept.id,
            "author": author.employee_number if author else None,
            "receipt": kept.receipt,
            "checked_at": kept.checked_at,
            "approval_request": request.id if request else None,
            "revision": kept.revision,
        }
    )


def many(session: Session, ids: list[str]) -> dict[str, KeptCheck]:
    """Return kept checks by id."""
    return {kept.id: kept for kept in session.exec(select(KeptCheck).where(col(KeptCheck.id).in_(ids)))} if ids else {}
