"""A store from before the feed of changes tells in it what is in force."""

import json
import shutil
from pathlib import Path

from sqlalchemy import create_engine, text

from services.gateway.domain import embeds
from shared import migrate
from shared.clock import ShiftedClock
from shared.db import Database
from tests.conftest import SERVICES, Templates

VERSIONS = SERVICES / "gateway" / "migrations" / "versions"
SAID = {"key": "conduct", "title": "Conduct", "version": 3, "effective_at": "2026-01-02T03:04:05Z"}


async def test_a_store_of_before_tells_what_is_in_force(
    database_kind: str, templates: Templates, tmp_path: Path, clock: ShiftedClock
) -> None:
    url = templates.copy(database_kind, "backbone", tmp_path)
    engine = create_engine(url)
    before = tmp_path / "before"
    before.mkdir()
    for file in VERSIONS.glob("*_gateway.py"):
        if file.name < "0008":
            shutil.copy(file, before)
    migrate.upgrade(engine, before)
    rows = [
        {"policy": "conduct", "version": 3, "body": json.dumps(SAID).encode()},
        {"policy": "new", "version": 1, "body": None},
    ]
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO policy_answers (policy, version, body) VALUES (:policy, :version, :body)"), rows
        )
    migrate.upgrade(engine, VERSIONS)
    engine.dispose()

    db = Database(url, clock)
    try:
        (known,) = await db.read(embeds.find_changes, None)
        assert (known.policy, known.version, known.title) == ("conduct", 3, "Conduct")
        assert known.effective_at.isoformat() == "2026-01-02T03:04:05+00:00"
        assert await db.read(embeds.find_changes, frozenset({"other"})) == []
    finally:
        db.stop()
