"""A suspension may be proposed by monitoring or a coach; only a person whom it does not concern makes it hold."""

import asyncio

from shared.context import Principal
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService

WHY = {"reason": "Three findings within a week.", "finding": "0192-finding"}


async def propose(service: TrainingService, certificate: str) -> str:
    """Let monitoring propose to suspend a certificate."""
    return str((await service.post(f"/v1/certificates/{certificate}/suspension-proposals", WHY))["id"])


async def test_a_proposal_changes_nothing_until_a_person_confirms_it(service: TrainingService) -> None:
    for number in ("E-1", "E-2"):
        await service.add_person(number)
    certificate = await service.certify("E-1")
    proposal = await propose(service, certificate)
    lead = await service.as_person("E-2", "certificates:read", "certificates:write")

    assert (await service.status("E-1"))["status"] == "valid"
    (listed,) = (await lead.get("/v1/suspension-proposals", params={"state": "open"})).json()["items"]
    assert (listed["id"], listed["employee_number"], listed["proposed_by"]) == (proposal, "E-1", "key:test")
    again = await service.client.post(f"/v1/certificates/{certificate}/suspension-proposals", json=WHY)
    assert (again.status_code, again.json()["type"].rsplit("/", 1)[1]) == (409, "proposal-open")

    decided = await lead.post(
        f"/v1/suspension-proposals/{proposal}/decision", json={"decision": "confirm", "reason": "Seen."}
    )
    assert decided.status_code == 200, decided.text
    assert (decided.json()["state"], decided.json()["decided_by"]) == ("confirmed", "E-2")
    assert (await service.status("E-1"))["status"] == "suspended"
    history = (await service.get(f"/v1/certificates/{certificate}/history"))["items"]
    assert [(one["change"], one["by"], one["reason"]) for one in history] == [
        ("issued", "service", None),
        ("suspended", "E-2", "Seen."),
    ]
    twice = await lead.post(
        f"/v1/suspension-proposals/{proposal}/decision", json={"decision": "decline", "reason": "No."}
    )
    assert (twice.status_code, twice.json()["type"].rsplit("/", 1)[1]) == (409, "proposal-decided")
    (asked,) = await service.told("training.suspension.proposed.v1")
    (answered,) = await service.told("training.suspension.decided.v1")
    assert (asked["finding"], answered["decision"], answered["id"]) == ("0192-finding", "confirmed", proposal)
    assert [len(await evidence_of(service.db, f"suspension.{what}")) for what in ("proposed", "confirmed")] == [1, 1]


async def test_neither_the_holder_nor_the_proposer_decides_and_a_key_says_who_does(service: TrainingService) -> None:
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number)
    certificate = await service.certify("E-1")
    scopes = ("certificates:read", "certificates:write", "monitoring:write")
    holder, coach = await service.as_person("E-1", *scopes), await service.as_person("E-2", *scopes)
    own = await holder.post(f"/v1/certificates/{certificate}/suspension-proposals", json=WHY)
    made = await coach.post(f"/v1/certificates/{certificate}/suspension-proposals", json=WHY)
    path = f"/v1/suspension-proposals/{made.json()['id']}/decision"
    verdict = {"decision": "decline", "reason": "One of them was a quote."}

    refusals = [
        own,
        await holder.post(path, json=verdict),
        await coach.post(path, json=verdict),
        await coach.post(path, json=verdict | {"employee_number": "E-3"}),
        await service.client.post(path, json=verdict | {"employee_number": "E-1"}),
        await service.client.post(path, json=verdict | {"employee_number": "E-2"}),
        await service.client.post(path, json=verdict),
    ]
    slugs = [refused.json()["type"].rsplit("/", 1)[1] for refused in refusals]
    assert slugs == [
        "own-matter",
        "own-matter",
        "own-suspension-proposal",
        "own-suspension-proposal",
        "own-matter",
        "own-suspension-proposal",
        "invalid",
    ]

    declined = await service.client.post(path, json=verdict | {"employee_number": "E-3"}, headers={"If-Match": '"1"'})
    stale = await service.client.post(path, json=verdict | {"employee_number": "E-3"}, headers={"If-Match": '"1"'})
    assert (declined.json()["state"], declined.json()["answer"], stale.status_code) == (
        "declined",
        verdict["reason"],
        412,
    )
    assert (await service.status("E-1"))["status"] == "valid"
    assert await propose(service, certificate), "another may be proposed once the first is decided"


async def test_of_two_who_decide_at_once_one_does(service: TrainingService) -> None:
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number)
    proposal = await propose(service, await service.certify("E-1"))
    path = f"/v1/suspension-proposals/{proposal}/decision"
    answers = await asyncio.gather(
        *(
            service.client.post(path, json={"decision": what, "reason": "R", "employee_number": number})
            for what, number in (("confirm", "E-2"), ("decline", "E-3"))
        )
    )

    assert sorted(one.status_code for one in answers) == [200, 409]
    state = (await service.get(f"/v1/suspension-proposals/{proposal}"))["state"]
    assert (await service.status("E-1"))["status"] == {"confirmed": "suspended", "declined": "valid"}[state]


async def test_what_is_revoked_meanwhile_can_only_be_declined_and_strangers_see_no_proposal(
    service: TrainingService,
) -> None:
    await service.add_person("E-1", department="Legal")
    await service.add_person("E-2")
    certificate = await service.certify("E-1")
    proposal = await propose(service, certificate)
    await service.post(f"/v1/certificates/{certificate}/revocation", {"reason": "Proved."})
    path = f"/v1/suspension-proposals/{proposal}"
    body = {"reason": "R", "employee_number": "E-2"}
    few = service.ask_as(
        Principal(id="key:few", scopes=frozenset({"certificates:read"}), departments=frozenset({"Support"}))
    )

    confirmed = await service.client.post(f"{path}/decision", json=body | {"decision": "confirm"})
    assert (confirmed.status_code, confirmed.json()["type"].rsplit("/", 1)[1]) == (409, "certificate-not-in-force")
    assert (await few.get(path)).status_code == 404
    assert (await few.get("/v1/suspension-proposals")).json()["items"] == []
    declined = await service.client.post(f"{path}/decision", json=body | {"decision": "decline"})
    assert declined.json()["state"] == "declined"
    refused = await service.client.post(f"/v1/certificates/{certificate}/suspension-proposals", json=WHY)
    assert refused.status_code == 409
