"""The gateway as an app: its parts opened in order, its layers in front of its routes."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.types import Scope

from services.gateway.bearer import AccessTokens
from services.gateway.callers import address_of
from services.gateway.connectors.notices import Notices
from services.gateway.connectors.provider import Provider, open_provider
from services.gateway.connectors.sender import Sender
from services.gateway.connectors.witnesses import Witnesses
from services.gateway.cors import Cors
from services.gateway.domain import api_keys, event_log, personal
from services.gateway.domain.notices import addressees, preferences
from services.gateway.domain.webhooks import endpoints
from services.gateway.doors import Doors
from services.gateway.embed_tokens import EmbedTokens
from services.gateway.embeds.policies import Embeds
from services.gateway.express import Express
from services.gateway.forward import Forwarder
from services.gateway.front import Front
from services.gateway.guesses import Guesses
from services.gateway.handlers import handlers, snapshots, timers
from services.gateway.headers import security_for
from services.gateway.keyring import Keyring, secret_of
from services.gateway.limiter import Limiter
from services.gateway.portal import documents, embedding, pages, sign_in, unfinished, unsubscribing
from services.gateway.portal.rooms import ROOMS
from services.gateway.read_model.age import PoliciesAge
from services.gateway.read_model.certificates import Certificates
from services.gateway.read_model.policies import Policies
from services.gateway.routes import api_keys as api_key_routes
from services.gateway.routes import (
    audit,
    embed_tokens,
    events,
    feeds,
    notices,
    oembed,
    operations,
    sessions,
    webhook_deliveries,
    webhooks,
)
from services.gateway.settings import GatewaySettings
from services.gateway.stream.hub import Hub
from services.gateway.stream.tail import Tail
from services.gateway.uncompressed import Uncompressed
from services.gateway.waiting import Waiting
from shared.auth import Principal, TokenSigner
from shared.db import Database
from shared.problems import Unauthorized
from shared.resealing import Resealing
from shared.service import Service
from shared.tasks import AGAIN, DATABASE_AWAY, end

log = structlog.get_logger()

SIGN_INS = "20/minute"
"""Passwords of one user name that are looked at."""
USE_WRITTEN = 30.0
"""Seconds between writes of when keys were last used."""


def create_app(settings: GatewaySettings | None = None) -> FastAPI:
    """Put the gateway together."""
    settings = settings or GatewaySettings()
    app: FastAPI

    async def authenticate(scope: Scope) -> Principal | None:
        doors: Doors = app.state.doors
        try:
            return await doors.keyring.authenticate(scope)
        except Unauthorized as problem:
            address = address_of(scope, doors.settings.proxies)
            raise doors.guesses.refuse(problem, address, secret_of(scope)) from problem.__cause__

    sender, told, always = Sender(settings), Notices(settings), security_for(settings.public_url)
    app = Service(
        name="gateway",
        settings=settings,
        migrations=Path(__file__).parent / "migrations" / "versions",
        routers=[
            api_key_routes.router,
            audit.router,
            embed_tokens.router,
            embedding.router,
            events.router,
            feeds.router,
            notices.router,
            oembed.router,
            webhooks.router,
            webhook_deliveries.router,
            documents.router,
            operations.router,
            operations.services,
            *ROOMS,
            sign_in.router,
            unfinished.router,
            unsubscribing.router,
            sessions.router,
        ],
        handlers=handlers,
        timers=timers,
        snapshots=snapshots,
        workers=[
            sender.run,
            told.run,
            Witnesses(settings).run,
            Resealing(sender.terms.safe, endpoints.seal_anew).run,
            Resealing(told.terms.safe, preferences.seal_anew).run,
        ],
        personal=personal.personal,
        authenticate=authenticate,
        always=always,
        front=Front,
        while_running=open_doors,
    ).app
    app.state.webhooks, app.state.notices = sender, told
    app.state.sign_ins = Limiter(SIGN_INS, "sign-in")
    pages.serve_files(app)
    app.state.places = frozenset(place for room in ROOMS for place in room.places) | {"/docs", "/embed"}
    app.add_middleware(Uncompressed)
    # In front of all: a script is told that its token has ended only if it may read that.
    app.add_middleware(Cors, origins=settings.cors_origins, always=always)
    app.state.at_once = Express(app, always)
    return app


@contextlib.asynccontextmanager
async def open_doors(app: FastAPI) -> AsyncIterator[None]:
    """Open what lives as long as the process: credentials, the log's reader, the fan-out, the read model."""
    settings: GatewaySettings = app.state.settings
    db: Database = app.state.db
    await make_ready(db, settings)
    signer = TokenSigner(settings.signing_key)
    async with (
        Forwarder(settings.services, signer, settings.answer_timeout, settings.max_body) as forwarder,
        open_provider(settings, app.state.clock) as provider,
    ):
        doors = app.state.doors = make_doors(app, forwarder, provider)
        keyring, certificates, hub, tail = doors.keyring, doors.certificates, doors.hub, doors.tail
        # First the position, then what is read: an event in between is followed, though it may be known already.
        extent = await tail.open()
        await keyring.load()
        await doors.policies.load()
        certificates.begin(extent.newest)
        hub.open(extent.epoch, extent.newest)
        db.on_commit(tail.wake)
        app.state.webhooks.open(db, app.state.clock, hub, app.state.registry)
        for listener in (
            keyring.follow,
            doors.policies.follow,
            certificates.follow,
            hub.publish,
            app.state.webhooks.hear,
        ):
            tail.listen(listener)
        followers = (tail.run, doors.policies.run, certificates.run, certificates.confirm, certificates.reads.run)
        async with running(*followers, doors.policies_age.run, hub.beat, partial(write_use, keyring)):
            yield
        await keyring.write_use()
        await certificates.reads.tell()


def make_doors(app: FastAPI, forwarder: Forwarder, provider: Provider | None) -> Doors:
    """Make what lives as long as the process, none of it begun yet."""
    settings, db, clock = app.state.settings, app.state.db, app.state.clock
    embed_tokens = EmbedTokens(settings.signing_key, clock, settings.public_url)
    tokens = AccessTokens(provider, db) if provider else None
    tail = Tail(db)
    policies = Policies(db, forwarder)
    age = PoliciesAge(db, forwarder, app.state.bus, clock, tail, policies)
    certificates = Certificates(db, forwarder, app.state.bus, clock)
    return Doors(
        settings,
        db,
        Keyring(db, clock, settings.public_url, embed_tokens, tokens),
        Limiter(settings.rate_limit),
        Guesses(settings.guess_limit),
        forwarder,
        tail,
        Hub(app.state.registry),
        policies,
        age,
        certificates,
        Embeds(policies, age, embed_tokens, settings),
        Waiting(forwarder, db, tail, policies, certificates),
        provider,
    )


async def make_ready(db: Database, settings: GatewaySettings) -> None:
    """Give a new store its log and its first key."""
    await db.write(event_log.open_log)
    await db.write(addressees.name_administrators, settings.administrators)
    if settings.bootstrap_key:
        await db.write(api_keys.ensure_bootstrap, settings.bootstrap_key.get_secret_value())


async def write_use(keyring: Keyring) -> None:
    """Write behind when keys were last used."""
    while True:
        await asyncio.sleep(USE_WRITTEN)
        await keyring.write_use()


async def lasting(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do endless work, again after a database that was away; anything else ends the process, not just the work."""
    while True:
        try:
            await work()
        except DATABASE_AWAY as error:
            log.warning("the database is away", error=str(error))
            await asyncio.sleep(AGAIN)
        except Exception:
            # Half alive is worse than restarted: what follows the log would stand still unnoticed.
            log.exception("the gateway cannot go on")
            signal.raise_signal(signal.SIGTERM)
            raise


@contextlib.asynccontextmanager
async def running(*works: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Do endless work beside the app."""
    tasks = [asyncio.create_task(lasting(work)) for work in works]
    try:
        yield
    finally:
        await end(*tasks)
