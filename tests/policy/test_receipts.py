"""Receipts of checks: kept on the author's wish, shown to few, and good without the platform."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from shared.context import Principal
from tests.policy.checking import PRAISE, check, created, held, seat
from tests.policy.conftest import PolicyService

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_check.py"


def verify(folder: Path, receipt: dict[str, Any], text: str, key: str) -> subprocess.CompletedProcess[str]:
    """Run the documented script on a receipt."""
    (folder / "receipt.json").write_text(json.dumps(receipt))
    (folder / "text.txt").write_bytes(text.encode())
    arguments = [sys.executable, str(SCRIPT), str(folder / "receipt.json"), str(folder / "text.txt"), key]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


async def test_a_receipt_verifies_offline_and_only_for_the_text_and_key_it_is_of(
    service: PolicyService, tmp_path: Path
) -> None:
    await service.publish()
    receipt = (await held(service))["receipt"]
    key = receipt["public_key"]
    assert key == service.app.state.sealer.public_key().public_bytes_raw().hex()
    assert PRAISE not in receipt["body"]

    good = verify(tmp_path, receipt, PRAISE, key)
    assert (good.returncode, good.stdout.splitlines()[0].split(" at ")[0]) == (0, "Valid: hold for E-3"), good.stderr
    assert "hold: disclose-employer (social-media 1, speak-as-yourself)" in good.stdout
    for faulty in (
        verify(tmp_path, receipt, PRAISE + " ", key),
        verify(tmp_path, {**receipt, "body": receipt["body"].replace('"hold"', '"clear"')}, PRAISE, key),
        verify(tmp_path, receipt, PRAISE, "ab" * 32),
    ):
        assert faulty.returncode == 1
        assert faulty.stderr.startswith("Not valid")
    assert [subject for subject, _, _ in await service.evidence("policy.check.kept")] == [f"checks/{receipt['id']}"]


async def test_a_kept_check_is_for_its_author_and_whoever_is_asked_to_approve_it(service: PolicyService) -> None:
    await service.publish()
    await seat(service, "E-1", "lead")
    await seat(service, "E-2", "reviewer")
    path = f"/v1/checks/{(await held(service))['receipt']['id']}"
    kept = (await service.as_person("E-3").get(path)).json()
    assert (kept["text"], kept["author"], kept["verdict"]) == (PRAISE, "E-3", "hold")
    reader = service.ask_as(Principal(id="key:reader", scopes=frozenset({"policies:read"})))
    strangers = {
        "a lead who was not asked": await service.as_person("E-1", "policies:write", "team:read").get(path),
        "a colleague": await service.as_person("E-4").get(path),
        "a key": await service.client.get(path),
        "a key that only reads": await reader.get(path, params={"employee_number": "E-3"}),
    }
    assert {name: answer.status_code for name, answer in strangers.items()} == dict.fromkeys(strangers, 404)
    assert (await service.client.get(path, params={"employee_number": "E-3"})).status_code == 200

    body = {"check": path.rpartition("/")[2], "approver": "E-2"}
    await created(await service.as_person("E-3").post("/v1/approval-requests", json=body))
    assert (await service.as_person("E-2").get(path)).status_code == 200
    assert (await service.as_person("E-1").get(path)).status_code == 404


async def test_of_several_drafts_only_those_are_kept_that_ask_for_it(service: PolicyService) -> None:
    await service.publish()
    items = [{"text": "idiot", "keep": True}, {"text": "friend"}]
    first, second = (await service.client.post("/v1/checks", json={"items": items})).json()["items"]
    assert second["receipt"] is None
    kept = await service.client.get(f"/v1/checks/{first['receipt']['id']}")
    assert (kept.json()["text"], kept.json()["author"]) == ("idiot", None)
    assert (await check(service, text="idiot"))["receipt"] is None
