"""What the training service keeps of a person, for themself to read; `erasures` forgets it."""

from typing import Any

from sqlalchemy import Select, or_, select
from sqlmodel import col

from services.training.domain.privacy import retention
from services.training.tables import (
    Answer,
    Attempt,
    Enrolment,
    ExtraAttempts,
    GradedAnswer,
    LiveSession,
    ModuleDone,
    Person,
    ScenarioChoice,
    ScenarioRun,
    SuspensionProposal,
    TaskSubmission,
    WorksCouncilChange,
    metadata,
)
from shared.events.training import TrainingErasureFinishedV1
from shared.personal import PersonalData

NOBODY = {
    "courses": "what can be learnt",
    "learning_paths": "what can be learnt",
    "course_offers": "who may take a course",
    "enrolment_rules": "whom a rule means, by department and the like",
    "course_versions": "what can be learnt",
    "assets": "files of courses",
    "course_assets": "files of courses",
    "external_courses": "what can be learnt",
    "bank_questions": "what is asked",
    "bank_question_versions": "what is asked",
    "bank_question_tags": "what is asked",
    "rules_in_force": "a policy's rules",
    "policy_versions": "what a policy says",
    "policy_sections": "what a policy says",
    "certifications": "what a tier asks for",
    "version_cutoffs": "what a tier asks for",
    "delta_rounds": "what changed",
    "certificate_operations": "what is done to many; to whose certificates is in certificate_operation_items",
    "groups": "who is in them is in group_members",
    "authorities": "what sources may write",
    "column_mappings": "how files are read",
    "people_imports": "files of people; their rows go after a week",
    "people_import_pieces": "pieces of a file of people while it is read",
    "people_import_rows": "rows of files, which go after a week",
    "badge_keys": "keys of the organisation",
    "badge_status_lists": "lists of bits",
    "export_schedules": "which files are written",
    "export_runs": "which files are written",
    "key_names": "what keys are called",
    "erasures": "whoever stands there is nobody any more",
}
"""Tables that say nothing of anyone. Every other one names a person in `person`, or is read by `kept` in its own way."""


def kept(person: str) -> dict[str, Select[Any]]:
    """Return the queries for all that is kept of a person: rows that name them, and what hangs on their enrolments."""
    named = {
        name: select(*columns(name)).where(table.c.person == person).order_by(*table.primary_key)
        for name, table in metadata.tables.items()
        if "person" in table.c and name not in NOBODY
    }
    return {"people": select(*columns("people")).where(col(Person.id) == person), **named, **hanging(person)}


def hanging(person: str) -> dict[str, Select[Any]]:
    """Return the queries for what names a person only through something else, or in another role."""
    enrolments = select(col(Enrolment.id)).where(col(Enrolment.person) == person)
    attempts = select(col(Attempt.id)).where(col(Attempt.enrolment).in_(enrolments))
    runs = select(col(ScenarioRun.id)).where(col(ScenarioRun.enrolment).in_(enrolments))
    proposal = or_(col(SuspensionProposal.person) == person, col(SuspensionProposal.proposer) == person)
    council = or_(col(WorksCouncilChange.proposer) == person, col(WorksCouncilChange.confirmer) == person)
    return {
        "modules_done": select(*columns("modules_done")).where(col(ModuleDone.enrolment).in_(enrolments)),
        "attempts": select(*columns("attempts")).where(col(Attempt.enrolment).in_(enrolments)),
        "answers": select(*columns("answers")).where(col(Answer.attempt).in_(attempts)),
        "graded_answers": select(*columns("graded_answers")).where(col(GradedAnswer.attempt).in_(attempts)),
        "extra_attempts": select(*columns("extra_attempts")).where(col(ExtraAttempts.enrolment).in_(enrolments)),
        "scenario_runs": select(*columns("scenario_runs")).where(col(ScenarioRun.enrolment).in_(enrolments)),
        "scenario_choices": select(*columns("scenario_choices")).where(col(ScenarioChoice.run).in_(runs)),
        "live_sessions": select(*columns("live_sessions")).where(col(LiveSession.host) == person),
        "tasks_reviewed": select(*columns("task_submissions")).where(col(TaskSubmission.reviewer) == person),
        "suspension_proposals": select(*columns("suspension_proposals")).where(proposal),
        "works_council_changes": select(*columns("works_council_changes")).where(council),
    }


def columns(table: str) -> list[Any]:
    """Return the columns of a table, as far as they can be shown as JSON."""
    return list(metadata.tables[table].c)


personal = PersonalData(metadata, kept, NOBODY, TrainingErasureFinishedV1, retention=retention.kept)
