"""The `type` of a problem is what clients decide by, so over all services one stands for one thing."""

import importlib
from collections.abc import Iterator

from services import SERVICES
from shared.problems import Problem


def all_below(cls: type[Problem]) -> Iterator[type[Problem]]:
    for below in cls.__subclasses__():
        yield below
        yield from all_below(below)


def test_a_problem_type_has_one_status_and_one_title_over_all_services() -> None:
    for service in SERVICES:
        importlib.import_module(f"services.{service}.app")
    meanings: dict[str, set[tuple[int, str]]] = {}
    for cls in all_below(Problem):
        meanings.setdefault(cls.slug(), set()).add((cls.status, cls.title()))
    assert len(meanings) > 100
    assert {slug: meant for slug, meant in meanings.items() if len(meant) > 1} == {}
