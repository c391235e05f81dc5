"""`python -m services.demo`: load the demonstration organisation once, then let it live.

The supervisor starts it as a program of its own: it needs nothing of what the services import, and stays small.
"""

import json
import os
import sys
import time
from pathlib import Path

from services.client import Api, Place
from services.demo.life import Life
from services.demo.practice import Practice
from services.demo.seed import Seed


def play(place: Place, data_dir: Path) -> None:
    """Load the organisation where nothing is yet, or else let it live; leave a store that others filled alone.

    A mark in the data folder tells an interrupted loading, which is taken up again, from somebody's own data.
    After the loading the program begins anew: what that took of memory is not needed to live.
    """
    mark = data_dir / "demo.json"
    with Api(place) as api:
        if not mark.exists() and api.get("/v1/people", limit=1)["items"]:
            return
        if not mark.exists() or not json.loads(mark.read_text())["loaded"]:
            mark.write_text('{"loaded": false}\n')
            load(api, data_dir)
            mark.write_text('{"loaded": true}\n')
            os.execv(sys.executable, [sys.executable, "-m", "services.demo"])  # noqa: S606 -- this very program
        Life(api).go_on()


def load(api: Api, data_dir: Path) -> None:
    """Load the organisation and say so on the terminal of the supervisor."""
    say("Loading the demonstration organisation; the pages fill meanwhile.")
    began = time.monotonic()
    for step in Seed(api).steps():
        for _ in step.work():
            pass
    Practice(api).source(data_dir / "inbox")
    say(
        f"The demonstration organisation is loaded ({time.monotonic() - began:.0f} s). Posts now come in every few seconds."
    )


def say(line: str) -> None:
    """Write a line to the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    play(Place(os.environ["SHARELOAD_URL"], os.environ["SHARELOAD_API_KEY"]), Path(os.environ["DATA_DIR"]))
