"""What people wrote is forgotten: on their erasure, and kept drafts after their time; what was decided stays."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from services.policy.domain import privacy
from services.policy.tables import metadata
from shared.db import Session
from tests.policy.checking import created, held, seat
from tests.policy.conftest import PolicyService

MARK = "Zanzibar-7"


def kept(session: Session) -> str:
    """Return all that this service's own tables hold, as one text."""
    return "\n".join(str(row) for table in metadata.sorted_tables for row in session.execute(select(table)))


async def asked_to_approve(service: PolicyService) -> dict[str, Any]:
    """Let E-3 keep a held draft and ask E-2 for approval."""
    await service.publish()
    await seat(service, "E-2", "reviewer")
    answer = await held(service, text=f"The AcmePhone is brilliant! {MARK}")
    body = {"check": answer["receipt"]["id"], "note": f"Please. {MARK}"}
    request: dict[str, Any] = await created(await service.as_person("E-3").post("/v1/approval-requests", json=body))
    return request


async def test_an_erased_person_leaves_no_word_and_no_name_but_what_was_decided(service_on_both: PolicyService) -> None:
    service = service_on_both
    request = await asked_to_approve(service)
    decision = {"decision": "approve", "comment": f"Dear {MARK}"}
    decided = await service.as_person("E-2").post(f"/v1/approval-requests/{request['id']}/decision", json=decision)
    assert decided.is_success, decided.text
    nominee = {"employee_number": "E-3", "experience": MARK, "why": MARK, "networks": [MARK], "languages": ["de"]}
    nomination = await created(await service.client.post("/v1/task-team/nominations", json=nominee))
    words = {"words": f"I know {MARK}", "employee_number": "E-1"}
    endorsed = await service.client.post(f"/v1/task-team/nominations/{nomination['id']}/endorsements", json=words)
    assert endorsed.is_success, endorsed.text
    question = {"text": f"May I say {MARK}?"}
    await created(await service.as_person("E-3").post("/v1/task-team/questions", json=question))
    assert (await service.app.state.db.read(kept)).count(MARK) >= 6

    for _ in range(2):
        await service.app.state.db.write(privacy.forget_person, service.people["E-3"])
    left = await service.app.state.db.read(kept)
    assert MARK not in left
    assert "Person E-3" not in left
    assert "'E-3'" not in left

    shown = (await service.as_person("E-2").get(f"/v1/approval-requests/{request['id']}")).json()
    assert (shown["state"], shown["check"]["text"], shown["comment"]) == ("approved", privacy.GONE, None)
    assert shown["check"]["verdict"] == "hold"
    assert [subject for subject, *_ in await service.evidence("policy.approval.approved")] == [
        f"approval-requests/{request['id']}"
    ]


async def test_a_kept_draft_is_forgotten_after_its_time_unless_its_approval_is_awaited(service: PolicyService) -> None:
    request = await asked_to_approve(service)
    other = await held(service, author="E-1", text=f"AcmePhone! {MARK}")
    await service.advance(timedelta(days=729))
    path = f"/v1/checks/{other['receipt']['id']}"
    assert MARK in (await service.as_person("E-1").get(path)).text
    await service.advance(timedelta(days=2))
    assert (await service.as_person("E-1").get(path)).json()["text"] == privacy.GONE
    waiting = await service.as_person("E-3").get(f"/v1/checks/{request['check']['id']}")
    assert MARK in waiting.text
