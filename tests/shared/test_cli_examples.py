"""Whoever asks a command for help sees how it is called, and can call it so."""

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from services.cli import app
from services.cli_examples import EXAMPLES


def commands(command: Any, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return all commands by their words."""
    if not hasattr(command, "commands"):
        return {" ".join(path): command}
    return {name: each for word, sub in command.commands.items() for name, each in commands(sub, (*path, word)).items()}


def test_every_command_has_an_example_and_every_example_its_command() -> None:
    assert sorted(EXAMPLES) == sorted(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_is_shown_and_is_what_the_command_takes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = commands(typer.main.get_command(app))[name]
    assert command.epilog == f"Example: shareload {EXAMPLES[name]}"
    _, _, given = EXAMPLES[name].partition(name)
    for word in shlex.split(given):
        if "." in word and "://" not in word:
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
        elif word == "kettle":
            Path(word).mkdir()
    command.make_context(name, shlex.split(given))
