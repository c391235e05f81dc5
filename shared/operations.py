"""Internal routes of every service: dead letters, telling again, proofs, and what followed from an event."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from shared import dead_letters, evidence, evidence_audit, evidence_chain, evidence_heads, set_aside
from shared.areas import Router
from shared.auth import INTERNAL, for_all_departments, needs
from shared.backbone import Backbone
from shared.conditions import fingerprint
from shared.consequences import Consequences, EventName, consequences
from shared.evidence_audit import AuditQuery, AuditStretch
from shared.evidence_export import ProvedEntries, ProvedQuery, read_proved
from shared.evidence_heads import HeadsPage, HeadsQuery
from shared.pages import Page, Paging, encode_cursor, not_ours
from shared.problems import NotFound, problems
from shared.schemas import Moment, Text

router = Router(prefix="/internal", include_in_schema=False, dependencies=[for_all_departments])

PAGE = 200


class DeadLetterPage(BaseModel):
    """Dead letters by event id; `next_cursor` asks for those after the last."""

    items: list[dead_letters.DeadLetter]
    next_cursor: str | None


class EventsIn(BaseModel):
    """Events to ask after."""

    model_config = ConfigDict(extra="forbid")

    events: list[EventName] = Field(max_length=1000)


class ReplayIn(BaseModel):
    """From when on to tell again; without a time, all that is kept."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = None


class ReplayOut(BaseModel):
    """How many events will be published again."""

    events: int


class RetryIn(BaseModel):
    """What is to be tried again: one row that a sweep set aside, or without a `key` all of that sweep."""

    model_config = ConfigDict(extra="forbid")

    sweep: Annotated[Text, Field(min_length=1, max_length=60, examples=["reminders"])]
    key: Annotated[Text, Field(min_length=1, max_length=200)] | None = None


class RetryOut(BaseModel):
    """How many rows will be tried again, each by the next run of its sweep."""

    rows: int


class ProofOut(evidence.EvidenceProof):
    """The proof of an entry; `public_key` (Ed25519, hex) verifies its head, once one knows that it is the service's."""

    public_key: str


class EvidencePage(BaseModel):
    """A stretch of a service's evidence log: signed heads in their order, each with all its entries.

    A page may hold fewer heads than asked for, where they have many entries. The last one also counts the entries that
    wait for their head, and names those whose head is gone from the end of the log.
    """

    items: list[evidence_chain.SealedBatch]
    next_cursor: str | None
    public_key: str = Field(description="Ed25519, hex; verifies the heads, once one knows that it is the service's.")
    waiting: int
    astray: list[str]


def backbone_of(request: Request) -> Backbone:
    """Return the service's event backbone."""
    return cast(Backbone, request.app.state.backbone)


@router.get("/dead-letters", dependencies=[needs("admin:read")])
async def list_dead_letters(request: Request, cursor: Text | None = None, limit: int = PAGE) -> DeadLetterPage:
    """Events that this service gave up."""
    page = min(max(limit, 1), PAGE)
    items = await backbone_of(request).db.read(dead_letters.list_dead, cursor, page)
    return DeadLetterPage(items=items, next_cursor=items[-1].event_id if len(items) == page else None)


@router.post(
    "/dead-letters/{event_id}/replay",
    dependencies=[needs("admin:write")],
    status_code=204,
    responses=problems(NotFound, dead_letters.StillFails),
)
async def replay_dead_letter(request: Request, event_id: Text) -> None:
    """Handle a dead letter again, after what made it fail was put right."""
    await backbone_of(request).replay(event_id)


@router.get("/set-aside", dependencies=[needs("admin:read")])
async def list_set_aside(request: Request, paging: Paging) -> Page[set_aside.SetAside]:
    """Rows that this service's sweeps could not bring on."""
    return await backbone_of(request).db.read(set_aside.find, paging)


@router.post("/set-aside/retries", dependencies=[needs("admin:write")], status_code=202, responses=problems(NotFound))
async def retry_set_aside(request: Request, body: RetryIn) -> RetryOut:
    """Have rows tried again at once, after what made them fail was put right."""
    return RetryOut(rows=await backbone_of(request).db.write(set_aside.try_again, body.sweep, body.key))


@router.post("/events/replay", dependencies=[needs("admin:write")], status_code=202)
async def replay_events(request: Request, body: ReplayIn) -> ReplayOut:
    """Publish kept events again; every consumer knows the ones it has handled."""
    since: datetime | None = body.since
    return ReplayOut(events=await backbone_of(request).publish_again(since))


@router.get("/evidence/{entry}", dependencies=[needs("admin:read")], responses=problems(evidence.NotSealedYet))
async def read_proof(request: Request, response: Response, entry: Text) -> ProofOut:
    """The proof of one entry of this service's evidence log."""
    backbone = backbone_of(request)
    sealer: evidence.Sealer = request.app.state.sealer
    proof = await backbone.db.read(evidence.proof, backbone.name, entry)
    found = ProofOut(**proof.model_dump(), public_key=sealer.public_key().public_bytes_raw().hex())
    response.headers["ETag"] = fingerprint(found)
    return found


@router.get("/evidence", dependencies=[needs("admin:read")])
async def read_evidence(request: Request, paging: Paging) -> EvidencePage:
    """Sealed heads with their entries, from the first on."""
    backbone = backbone_of(request)
    sealer: evidence.Sealer = request.app.state.sealer
    after = paging.after or "0"
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise not_ours()
    stretch = await backbone.db.read(evidence_chain.read_stretch, backbone.name, int(after), paging.limit)
    return EvidencePage(
        items=stretch.batches,
        next_cursor=None if stretch.last else encode_cursor(str(stretch.batches[-1].number)),
        public_key=sealer.public_key().public_bytes_raw().hex(),
        waiting=stretch.waiting,
        astray=stretch.astray,
    )


@router.post("/audit", dependencies=[needs("admin:read")])
async def read_audit(request: Request, body: AuditQuery) -> AuditStretch:
    """The newest entries that fit."""
    backbone = backbone_of(request)
    return await backbone.db.read(evidence_audit.read_audit, backbone.name, body)


@router.post("/evidence-heads", dependencies=[needs("admin:read")])
async def read_evidence_heads(request: Request, body: HeadsQuery) -> HeadsPage:
    """Signed heads without their entries."""
    backbone = backbone_of(request)
    sealer: evidence.Sealer = request.app.state.sealer
    heads = await backbone.db.read(evidence_heads.read_heads, backbone.name, body.after, body.limit)
    return HeadsPage(items=heads, public_key=sealer.public_key().public_bytes_raw().hex())


@router.post("/evidence-proofs", dependencies=[needs("admin:read")])
async def read_evidence_proofs(request: Request, body: ProvedQuery) -> ProvedEntries:
    """Entries with their proofs and salts, for those who take a chain of evidence along."""
    backbone = backbone_of(request)
    return await backbone.db.read(read_proved, backbone.name, body)


@router.post("/consequences", dependencies=[needs(INTERNAL)])
async def read_consequences(request: Request, body: EventsIn) -> Consequences:
    """What this service did about events, and what it told because of them."""
    backbone = backbone_of(request)
    return await backbone.db.read(consequences, backbone.handlers, body.events)
