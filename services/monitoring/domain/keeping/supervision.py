"""Exports for supervision: what was said to customers in a period, by whom, when, and who approved it.

An export is written a part at a time, in the order of ids, so that a long one keeps nobody waiting and goes on after a
restart; a line is a reply or a version of static content as it stands when its part is written. The manifest names each
part with its hash, and the evidence log holds the manifest's hash.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.keeping.retention import first_id_of
from services.monitoring.schemas.keeping import ManifestOut, PartOut, SupervisionExportIn, SupervisionExportOut
from services.monitoring.tables import (
    ApprovalDecision,
    Conversation,
    Reply,
    ReplyReview,
    StaticContent,
    StaticVersion,
    SupervisionExport,
    SupervisionPart,
)
from shared.context import Principal
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.pages import Page, PageQuery, page
from shared.problems import Forbidden, NotFound

A_PART = 500
"""Lines of one part."""
SETTLES = timedelta(seconds=10)
"""What got its id before an export was asked for has been committed by then, or never will be."""


class WholeOrganisation(Forbidden):
    """An export is of the whole organisation: a key that is limited to departments gets none."""


def begin(session: Session, body: SupervisionExportIn, caller: Principal) -> SupervisionExportOut:
    """Ask for an export; what is written from now on is in none. Raises WholeOrganisation."""
    refuse_limited(caller)
    row = SupervisionExport(
        id=new_id(),
        since=body.since,
        until=min(body.until, session.now),
        network=body.network,
        state="running",
        requested_by=caller.person or caller.id,
        requested_at=session.now,
    )
    session.add(row)
    session.flush()
    record(session, "supervision.request", f"supervision_export/{row.id}", digest_of(body))
    return shown(session, [row])[0]


def refuse_limited(caller: Principal) -> None:
    """Raise WholeOrganisation for a key that may see some departments only."""
    if caller.departments is not None:
        raise WholeOrganisation


def write_next(session: Session) -> None:
    """Write the next part of each export that is running, or finish it."""
    running = select(SupervisionExport).where(
        col(SupervisionExport.state) == "running", col(SupervisionExport.requested_at) <= session.now - SETTLES
    )
    for row in session.execute(running.order_by(col(SupervisionExport.id)).with_for_update(skip_locked=True)).scalars():
        found = next_rows(session, row)
        if found:
            write_part(session, row, found)
        else:
            finish(session, row)


def next_rows(session: Session, export: SupervisionExport) -> list[Reply | StaticVersion]:
    """Return what comes next, by id: replies and versions of static content alike."""
    found: list[Reply | StaticVersion] = []
    for table, parent, key in (
        (Reply, Conversation, Reply.conversation),
        (StaticVersion, StaticContent, StaticVersion.content),
    ):
        statement = select(table).where(
            col(table.id) >= first_id_of(export.since),
            col(table.id) < first_id_of(export.until),
            col(table.id) > (export.cursor or ""),
        )
        if export.network is not None:
            of_network = select(col(parent.id)).where(col(parent.network) == export.network)
            statement = statement.where(col(key).in_(of_network))
        found += session.execute(statement.order_by(col(table.id)).limit(A_PART)).scalars()
    return sorted(found, key=lambda row: row.id)[:A_PART]


def write_part(session: Session, export: SupervisionExport, rows: Sequence[Reply | StaticVersion]) -> None:
    """Write a part."""
    replies, versions = (
        [row for row in rows if isinstance(row, Reply)],
        [row for row in rows if not isinstance(row, Reply)],
    )
    lines = {**lines_of_replies(session, replies), **lines_of_versions(session, versions)}
    content = "".join(orjson.dumps(lines[row.id], option=orjson.OPT_UTC_Z).decode() + "\n" for row in rows)
    number = session.execute(
        select(SupervisionPart.number)
        .where(col(SupervisionPart.export) == export.id)
        .order_by(col(SupervisionPart.number).desc())
        .limit(1)
    ).scalar()
    digest = hashlib.sha256(content.encode()).hexdigest()
    session.add(
        SupervisionPart(export=export.id, number=(number or 0) + 1, content=content, sha256=digest, lines=len(rows))
    )
    export.cursor, export.lines = rows[-1].id, export.lines + len(rows)
    export.revision += 1
    session.flush()


def lines_of_replies(session: Session, replies: Sequence[Reply]) -> dict[str, dict[str, Any]]:
    """Return what is written of replies, by id."""
    conversations = {one.conversation for one in replies}
    rows = session.execute(select(Conversation).where(col(Conversation.id).in_(conversations))).scalars()
    threads = {row.id: row for row in rows}
    ids = [one.id for one in replies]
    reviewed: defaultdict[str, list[ReplyReview]] = defaultdict(list)
    for review in session.execute(
        select(ReplyReview).where(col(ReplyReview.reply).in_(ids)).order_by(col(ReplyReview.id))
    ).scalars():
        reviewed[review.reply].append(review)
    asked = {one.approval_request for one in replies if one.approval_request}
    decisions = session.execute(select(ApprovalDecision).where(col(ApprovalDecision.id).in_(asked))).scalars()
    decided = {one.id: one.decision for one in decisions}
    reviewers = {review.reviewer for each in reviewed.values() for review in each}
    numbers = people.numbers(session, {one.person for one in replies} | reviewers)
    return {
        one.id: {
            "kind": "reply",
            "id": one.id,
            "conversation": one.conversation,
            "network": threads[one.conversation].network,
            "customer": threads[one.conversation].customer,
            "employee_number": numbers.get(one.person, one.person),
            "text": one.text,
            "text_sha256": digest_of(one.text),
            "status": one.status,
            "approved_at": one.approved_at,
            "changed_at": one.changed_at,
            "network_id": one.network_id,
            "saved_answer": one.saved_answer,
            "approval_request": one.approval_request,
            "approval": decided.get(one.approval_request or ""),
            "reviews": [
                {
                    "employee_number": numbers.get(review.reviewer, review.reviewer),
                    "outcome": review.outcome,
                    "reason": review.reason,
                    "text_sha256": review.text_hash,
                    "decided_at": review.decided_at,
                }
                for review in reviewed[one.id]
            ],
        }
        for one in replies
    }


def lines_of_versions(session: Session, versions: Sequence[StaticVersion]) -> dict[str, dict[str, Any]]:
    """Return what is written of versions of static content, by id."""
    contents = {one.content for one in versions}
    rows = session.execute(select(StaticContent).where(col(StaticContent.id).in_(contents))).scalars()
    of = {row.id: row for row in rows}
    numbers = people.numbers(session, {one.author for one in versions} | {one.approver for one in versions})
    return {
        one.id: {
            "kind": "static_content",
            "id": one.id,
            "content": one.content,
            "version": one.number,
            "network": of[one.content].network,
            "title": of[one.content].title,
            "employee_number": numbers.get(one.author, one.author),
            "text": one.text,
            "text_sha256": digest_of(one.text),
            "status": one.state,
            "written_at": one.written_at,
            "approver": numbers.get(one.approver, one.approver) if one.approver else None,
            "decided_at": one.decided_at,
            "reason": one.reason,
            "used_from": one.used_from,
            "used_until": one.used_until,
        }
        for one in versions
    }


def finish(session: Session, export: SupervisionExport) -> None:
    """Write the manifest and enter its hash in the evidence log."""
    parts = session.execute(
        select(SupervisionPart).where(col(SupervisionPart.export) == export.id).order_by(col(SupervisionPart.number))
    ).scalars()
    manifest = ManifestOut(
        export=export.id,
        since=export.since,
        until=export.until,
        network=export.network,
        written_at=session.now,
        lines=export.lines,
        files=[
            PartOut(name=name_of(one), lines=one.lines, bytes=len(one.content.encode()), sha256=one.sha256)
            for one in parts
        ],
    )
    export.manifest = manifest.model_dump(mode="json")
    export.state, export.finished_at = "ready", session.now
    export.revision += 1
    receipt = record(session, "supervision.export", f"supervision_export/{export.id}", digest_of(canonical(manifest)))
    export.evidence = receipt.entry
    session.flush()


def canonical(manifest: ManifestOut) -> str:
    """Return the text whose hash the evidence log has: JSON with sorted keys and no spaces."""
    return orjson.dumps(manifest.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS).decode()


def name_of(part: SupervisionPart) -> str:
    """Return the name of a part's file."""
    return f"{part.number:05d}.ndjson"


def read(session: Session, export: str, caller: Principal) -> SupervisionExportOut:
    """Return an export."""
    refuse_limited(caller)
    row = session.get(SupervisionExport, export)
    if row is None:
        raise NotFound(f"There is no export {export}.")
    return shown(session, [row])[0]


def read_part(session: Session, export: str, name: str, caller: Principal) -> str:
    """Return a part of an export that is ready; who reads it is entered in the evidence log by its request."""
    refuse_limited(caller)
    number = int(name.removesuffix(".ndjson")) if name.endswith(".ndjson") and name[:5].isdecimal() else 0
    row = session.get(SupervisionPart, (export, number))
    if row is None or name_of(row) != name or session.get_one(SupervisionExport, export).state != "ready":
        raise NotFound(f"There is no file {name} of an export {export}, or not any more, or not yet.")
    record(session, "supervision.read", f"supervision_export/{export}", row.sha256)
    return row.content


def listed(session: Session, paging: PageQuery, caller: Principal) -> Page[SupervisionExportOut]:
    """List exports, the newest first."""
    refuse_limited(caller)
    rows: Page[SupervisionExport] = page(
        session, select(SupervisionExport), paging, key=SupervisionExport.id, to=lambda row: row, newest_first=True
    )
    return Page(items=shown(session, rows.items), next_cursor=rows.next_cursor)


def shown(session: Session, rows: Sequence[SupervisionExport]) -> list[SupervisionExportOut]:
    """Show exports with employee numbers in place of ids."""
    numbers = people.numbers(session, {row.requested_by for row in rows})
    return [
        SupervisionExportOut.model_validate(
            {**row.model_dump(), "requested_by": numbers.get(row.requested_by, row.requested_by)}
        )
        for row in rows
    ]
