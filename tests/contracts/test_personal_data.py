"""Every table of every service either is part of what a person takes along, or says why it is about nobody."""

import importlib

import pytest

from shared.events.base import CATALOGUE
from shared.personal import PersonalData

SERVICES = ("policy", "training", "monitoring", "gateway")


def personal_of(service: str) -> PersonalData:
    found: PersonalData = importlib.import_module(f"services.{service}.domain.personal").personal
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_table_is_read_for_a_person_or_named_as_nobodys_with_the_reason(service: str) -> None:
    personal = personal_of(service)
    read = {table.name for query in personal.kept("x").values() for table in query.get_final_froms()}  # type: ignore[attr-defined]
    tables = set(personal.metadata.tables)
    assert tables - read == set(personal.nobody), (
        "say in domain/personal.py what is kept there of a person, or why nothing"
    )
    assert all(len(reason) > 5 for reason in personal.nobody.values())


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_by_an_event_of_its_own_that_it_has_erased_somebody(service: str) -> None:
    told = personal_of(service).erased
    assert told.teller() == service
    assert CATALOGUE[told.type] is told
