"""The cues that come with Shareload, a file per language."""

from functools import cache
from pathlib import Path

import yaml

from services.monitoring.schemas.triage import TriageCuesIn

FOLDER = Path(__file__).parent / "data"


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that cues come for."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


@cache
def cues(language: str) -> TriageCuesIn:
    """Return the cues that come for one of them."""
    # libyaml's reader, in a tenth of the time: a list is read when the first post of its language comes in.
    return TriageCuesIn.model_validate(yaml.load((FOLDER / f"{language}.yaml").read_bytes(), yaml.CSafeLoader))
