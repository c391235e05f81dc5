"""The training service, put together."""

from pathlib import Path

from fastapi import FastAPI

from services.training.domain import personal
from services.training.domain.badges import keys
from services.training.export_files import ExportFiles
from services.training.handlers import handlers, snapshots, timers
from services.training.importing import run_imports
from services.training.operating import run_operations
from services.training.routes import (
    accommodations,
    attempts,
    badges,
    catalogue,
    certificate_changes,
    certificate_coverage,
    certificate_exports,
    certificate_operations,
    certificate_statuses,
    certificates,
    certifications,
    completions,
    course_assets,
    course_versions,
    courses,
    deltas,
    enrolment_rules,
    enrolments,
    export_schedules,
    imports,
    item_analysis,
    learning_paths,
    live_sessions,
    modules,
    people,
    plans,
    privacy,
    question_files,
    questions,
    refresher_proposals,
    scenario_runs,
    scim,
    suspension_proposals,
    task_submissions,
    verify,
    works_council,
)
from services.training.settings import TrainingSettings
from services.training.watching import Watch
from shared.resealing import Resealing
from shared.service import Service

RESOURCES = (
    accommodations,
    imports,
    people,
    privacy,
    scim,
    questions,
    question_files,
    item_analysis,
    courses,
    course_versions,
    course_assets,
    certifications,
    enrolments,
    enrolment_rules,
    learning_paths,
    catalogue,
    plans,
    modules,
    scenario_runs,
    task_submissions,
    live_sessions,
    attempts,
    completions,
    certificates,
    certificate_statuses,
    certificate_changes,
    certificate_coverage,
    certificate_exports,
    certificate_operations,
    deltas,
    export_schedules,
    suspension_proposals,
    refresher_proposals,
    badges,
    verify,
    works_council,
)


def create_app(settings: TrainingSettings | None = None) -> FastAPI:
    """Make the app; its lifespan opens the database and joins the event backbone."""
    settings = settings or TrainingSettings()
    return Service(
        name="training",
        settings=settings,
        migrations=Path(__file__).parent / "migrations" / "versions",
        routers=[resource.router for resource in RESOURCES],
        handlers=handlers,
        timers=timers,
        snapshots=snapshots,
        personal=personal.personal,
        front=Watch,
        workers=[
            run_imports,
            run_operations,
            ExportFiles(settings.exports).run,
            Resealing(keys.Vault(settings.badge_key_file).kept, keys.seal_anew).run,
        ],
    ).app
