"""Sources: set up, changed, paused and removed."""

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from services.monitoring.domain.sources.safe import Safe
from services.monitoring.schemas.sources import SourceConfig, SourceIn, SourceOut, SourcePatch, SourcePauseIn
from services.monitoring.tables import Source, SourceRun
from shared.conditions import expect
from shared.db import Session
from shared.events.monitoring import SourceChangedV1, SourceRemovedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound
from shared.safe import Safe as SharedSafe


class AnotherKind(Conflict):
    """A source stays of its kind; set up another one."""


def create(session: Session, body: SourceIn, safe: Safe) -> SourceOut:
    """Set up a source; it is read at once."""
    source = Source(
        id=new_id(),
        kind=body.config.kind,
        name=body.name,
        config=body.config.shown(),
        every_seconds=body.every_seconds,
        health="new",
        next_run_at=session.now,
        created_at=session.now,
    )
    source.secrets = safe.seal(source.id, body.config.secrets())
    session.add(source)
    note(session, source, "source.create", body.config)
    return show(source, safe)


def change(session: Session, source_id: str, body: SourcePatch, safe: Safe, stated: int | None) -> SourceOut:
    """Change a source; where it is to read elsewhere, it begins anew."""
    source = get(session, source_id)
    expect(source.revision, stated)
    source.name = body.name or source.name
    if body.every_seconds is not None and body.every_seconds != source.every_seconds:
        source.every_seconds = body.every_seconds
        source.next_run_at = min(source.next_run_at, session.now + timedelta(seconds=body.every_seconds))
    if body.config is not None:
        configure(session, source, body.config, safe)
    note(session, source, "source.change", body.config)
    return show(source, safe)


def configure(session: Session, source: Source, config: SourceConfig, safe: Safe) -> None:
    """Give a source another configuration; raises AnotherKind."""
    if config.kind != source.kind:
        raise AnotherKind(f"This source is of the kind {source.kind}.")
    if config.shown() != source.config:
        source.config, source.cursor = config.shown(), None
    if config.secrets():
        source.secrets = safe.seal(source.id, {**safe.open(source.id, source.secrets), **config.secrets()})
    source.failures, source.last_error = 0, None
    source.health = "paused" if source.paused_at is not None else "new"
    source.next_run_at = session.now


def seal_anew(session: Session, safe: SharedSafe) -> int:
    """Seal the secrets of all sources under the newest key; returns how many were under another."""
    changed = 0
    for source in session.execute(select(Source).where(col(Source.secrets).is_not(None)).with_for_update()).scalars():
        sealed = safe.anew(source.id, source.secrets)
        if sealed is not None:
            source.secrets, changed = sealed, changed + 1
            record(session, "source.secrets_sealed_anew", f"sources/{source.id}")
    return changed


def pause(session: Session, source_id: str, body: SourcePauseIn, safe: Safe, stated: int | None) -> SourceOut:
    """Stop reading a source, also in the middle; pausing a paused one changes its reason."""
    source = get(session, source_id)
    expect(source.revision, stated)
    source.paused_at = source.paused_at or session.now
    source.pause_reason, source.health = body.reason, "paused"
    note(session, source, "source.pause")
    return show(source, safe)


def resume(session: Session, source_id: str) -> None:
    """Read a source again, from where it was left; one that is not paused stays as it is."""
    source = get(session, source_id)
    if source.paused_at is None:
        return
    source.paused_at = source.pause_reason = None
    source.health = "failing" if source.failures else "well" if source.last_success_at else "new"
    source.next_run_at = session.now
    note(session, source, "source.resume")


def remove(session: Session, source_id: str, stated: int | None) -> None:
    """Remove a source; the posts that it brought stay."""
    source = get(session, source_id)
    expect(source.revision, stated)
    session.execute(delete(SourceRun).where(col(SourceRun.source) == source.id))
    session.delete(source)
    tell(session, SourceRemovedV1(id=source.id))
    record(session, "source.remove", f"source/{source.id}")


def note(session: Session, source: Source, deed: str, config: SourceConfig | None = None) -> None:
    """Count a change of what somebody set, tell of it and prove it; secrets are in none of these."""
    if deed != "source.create":
        source.revision += 1
    session.flush()
    tell(session, told(source))
    digest = digest_of(config.model_dump_json(exclude=set(config.secret_names()))) if config is not None else None
    record(session, deed, f"source/{source.id}", digest)


def told(source: Source) -> SourceChangedV1:
    """Return what is told of a source."""
    return SourceChangedV1(
        id=source.id, kind=source.kind, name=source.name, health=source.health, last_error=source.last_error
    )


def get(session: Session, source_id: str) -> Source:
    """Return a source, locked for change; raises NotFound."""
    statement = select(Source).where(col(Source.id) == source_id).with_for_update()
    source: Source | None = session.execute(statement).scalar()
    if source is None:
        raise NotFound(f"There is no source {source_id}.")
    return source


def read(session: Session, source_id: str, safe: Safe) -> SourceOut:
    """Return one source; raises NotFound."""
    source = session.get(Source, source_id)
    if source is None:
        raise NotFound(f"There is no source {source_id}.")
    return show(source, safe)


def listed(session: Session, paging: PageQuery, safe: Safe) -> Page[SourceOut]:
    """List all sources, the oldest first."""
    return page(session, select(Source), paging, key=Source.id, to=lambda row: show(row, safe))


def show(source: Source, safe: Safe) -> SourceOut:
    """Show a source without its secrets; a paused one has no next run."""
    names = sorted(safe.open(source.id, source.secrets)) if source.secrets is not None else []
    next_run = source.next_run_at if source.paused_at is None else None
    return SourceOut.model_validate({**source.model_dump(), "secrets": names, "next_run_at": next_run})
