"""`/livez`, `/readyz` and `/metrics`, the same for each service."""

from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text

from shared.areas import Router
from shared.backbone import Backbone
from shared.db import Database, Session
from shared.tasks import DATABASE_AWAY

router = Router(include_in_schema=False)


class Readiness(BaseModel):
    """Whether a service can do its work, part by part."""

    status: Literal["ready", "unready"]
    database: Literal["up", "down"]
    broker: Literal["up", "down"]
    bootstrapped: bool
    leader: bool
    outbox_waiting: int
    outbox_age_seconds: float
    consumer_lag: int
    dead_letters: int


def ping(session: Session) -> None:
    """Ask the database anything."""
    session.execute(text("SELECT 1"))


async def read_state(db: Database, backbone: Backbone) -> Readiness:
    """Ask each part how it is."""
    try:
        await db.read(ping)
        state = await backbone.state()
    except DATABASE_AWAY:
        return Readiness(
            status="unready", database="down", broker="down", bootstrapped=False, leader=False,
            outbox_waiting=0, outbox_age_seconds=0, consumer_lag=0, dead_letters=0,
        )  # fmt: skip
    return Readiness(
        status="ready" if state.bootstrapped else "unready",
        database="up",
        broker="up" if state.broker_connected else "down",
        bootstrapped=state.bootstrapped,
        leader=state.leader,
        outbox_waiting=state.outbox_waiting,
        outbox_age_seconds=round(state.outbox_age, 3),
        consumer_lag=state.consumer_lag,
        dead_letters=state.dead_letters,
    )


@router.get("/livez")
async def read_liveness() -> JSONResponse:
    """Say that the process lives."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
async def read_readiness(request: Request) -> JSONResponse:
    """Say whether the service can do its work, and how far behind it is."""
    readiness = await read_state(request.app.state.db, request.app.state.backbone)
    if request.app.state.leaving:
        readiness.status = "unready"
    return JSONResponse(readiness.model_dump(), 200 if readiness.status == "ready" else 503)


@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """Metrics in Prometheus' text format; the state is asked now, for nobody else may have asked of late."""
    await read_state(request.app.state.db, request.app.state.backbone)
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
