"""The demonstration's content as it stands in the services' `demo/` folders."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict

import yaml

SERVICES = Path(__file__).parents[1]
POLICY = "social-media"


class PostText(TypedDict):
    """A post as it was written for the demonstration."""

    network: str
    kind: Literal["staff", "mention"]
    author: str
    lang: str
    text: str
    topic: str


def file(service: str, name: str) -> Path:
    """Return the path of one of a service's demonstration files."""
    return SERVICES / service / "demo" / name


def people_csv() -> bytes:
    """Return the people as the CSV that HR would send."""
    return file("training", "people.csv").read_bytes()


def people() -> list[dict[str, str]]:
    """Return the people's rows."""
    return list(csv.DictReader(people_csv().decode().splitlines()))


def policy_source(locale: str | None = None) -> str:
    """Return the social media policy in the source format, or its translation."""
    return file("policy", f"social-media.{locale}.md" if locale else "social-media.md").read_text()


@cache
def yaml_of(service: str, name: str) -> Any:
    """Return what a YAML file says."""
    return yaml.load(file(service, name).read_text(), yaml.CSafeLoader)


@cache
def lines_of(service: str, name: str) -> list[Any]:
    """Return the values of a JSON Lines file."""
    return [json.loads(line) for line in file(service, name).read_text().splitlines() if line.strip()]


def posts() -> list[PostText]:
    """Return the distinct posts."""
    return lines_of("monitoring", "posts.jsonl")


def guidance() -> dict[str, list[dict[str, Any]]]:
    """Return the words of coaches by the rule that they are about."""
    texts: dict[str, list[dict[str, Any]]] = {}
    for text in lines_of("monitoring", "guidance.jsonl"):
        texts.setdefault(text["rule"], []).append(text)
    return texts


def coaches() -> list[str]:
    """Return who coaches: members of the task team, whose names everybody may know."""
    seated = {
        one["employee_number"]
        for one in yaml_of("policy", "task_team.yaml")["nominations"]
        if one["decision"] == "appoint"
    }
    certified = [
        one["employee_number"] for one in lines_of("training", "certified.jsonl") if one["certification"] == "coach"
    ]
    return [number for number in certified if number in seated]


def line_of(number: str) -> set[str]:
    """Return somebody and all those whom they report to, up to the top."""
    managers = {person["employee_number"]: person["manager"] for person in people()}
    line = set()
    while number:
        line.add(number)
        number = managers[number]
    return line
