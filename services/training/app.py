"""The training service, put together."""

from pathlib import Path

from fastapi import FastAPI

from services.training.handlers import handlers, snapshots, timers
from services.training.routes import (
    attempts,
    certificate_changes,
    certificate_statuses,
    certificates,
    certifications,
    completions,
    courses,
    enrolments,
    people,
    scim,
    suspension_proposals,
)
from services.training.settings import TrainingSettings
from shared.service import Service

RESOURCES = (
    suspension_proposals,
    people,
    scim,
    courses,
    certifications,
    enrolments,
    attempts,
    completions,
    certificates,
    certificate_statuses,
    certificate_changes,
)


def create_app(settings: TrainingSettings | None = None) -> FastAPI:
    """Make the app; its lifespan opens the database and joins the event backbone."""
    return Service(
        name="training",
        settings=settings or TrainingSettings(),
        migrations=Path(__file__).parent / "migrations" / "versions",
        routers=[resource.router for resource in RESOURCES],
        handlers=handlers,
        timers=timers,
        snapshots=snapshots,
    ).app
