"""The policy service, put together."""

from pathlib import Path

from fastapi import FastAPI

from services.policy.backtesting import run_backtests
from services.policy.domain import personal
from services.policy.handlers import handlers, snapshots, timers
from services.policy.routes import (
    acknowledgements,
    approvals,
    backtests,
    campaigns,
    checks,
    emergency,
    faq,
    lint,
    nominations,
    policies,
    previews,
    questions,
    search,
    task_team,
    translations,
    versions,
)
from services.policy.settings import PolicySettings
from shared.service import Service


def create_app(settings: PolicySettings | None = None) -> FastAPI:
    """Return the service as an ASGI app."""
    return Service(
        name="policy",
        settings=settings or PolicySettings(),
        migrations=Path(__file__).parent / "migrations" / "versions",
        routers=[
            policies.router,
            versions.router,
            previews.router,
            translations.router,
            backtests.router,
            lint.router,
            acknowledgements.router,
            acknowledgements.receipts,
            campaigns.router,
            checks.router,
            approvals.router,
            emergency.router,
            faq.router,
            nominations.router,
            questions.router,
            search.router,
            task_team.router,
        ],
        handlers=handlers,
        timers=timers,
        snapshots=snapshots,
        personal=personal.personal,
        workers=[run_backtests],
    ).app
