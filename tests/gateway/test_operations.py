"""What an operator sees and does about events, through the gateway."""

from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nats.aio.client import Client

from shared import set_aside
from shared.evidence import EvidenceProof, verify_proof
from shared.evidence_chain import Chain, SealedBatch
from tests.evidence import evidence_of
from tests.gateway.story import add_people, client_with, person, publish
from tests.platform import Platform


async def test_an_event_that_cannot_be_read_is_listed_with_its_reason_and_a_replay_says_why_it_fails(
    platform: Platform,
) -> None:
    broker = Client()
    await broker.connect(platform.nats_url)
    await broker.request("training.person.changed.v1.somebody", b"not an event", timeout=10)
    await broker.close()
    await platform.settle()

    for service in ("policy", "monitoring", "gateway"):
        dead = (await platform.client.get(f"/v1/operations/{service}/dead-letters")).json()
        [letter] = dead["items"]
        assert letter["body"] == "not an event"
        assert "cannot be read" in letter["reason"]
        again = await platform.client.post(f"/v1/operations/{service}/dead-letters/{letter['event_id']}/replay")
        assert again.status_code in {409, 422}, again.text
        assert again.headers["Content-Type"] == "application/problem+json"
    assert (await platform.client.get("/v1/operations/training/dead-letters")).json() == {
        "items": [],
        "next_cursor": None,
    }
    unknown = await platform.client.post("/v1/operations/policy/dead-letters/nobody%2Fhere/replay")
    assert unknown.status_code == 404


async def test_what_a_service_told_is_published_again_and_changes_nothing(platform: Platform) -> None:
    await add_people(platform, 3)
    await platform.settle()
    before = (await platform.client.get("/v1/events?after=start", headers={"Accept": "application/x-ndjson"})).text

    again = await platform.client.post("/v1/operations/training/events/replay", json={})
    await platform.settle()

    assert again.status_code == 202
    assert again.json() == {"events": 3}
    assert await evidence_of(platform.running["training"].app.state.db, "events.replay") == [("events/all", None, None)]
    assert (
        await platform.client.get("/v1/events?after=start", headers={"Accept": "application/x-ndjson"})
    ).text == before


async def test_a_receipt_is_proved_to_whoever_has_the_service_s_public_key(platform: Platform) -> None:
    await add_people(platform, 2)
    await platform.settle()
    await publish(platform)
    path = "/v1/policies/social-media/versions/1/acknowledgements"
    receipt = (await platform.client.post(path, json={"employee_number": "E-1"})).json()["evidence"]
    await platform.advance(timedelta(seconds=1))

    answer = await platform.client.get(f"/v1/operations/policy/evidence/{receipt['entry']}")
    proof = EvidenceProof.model_validate(answer.json())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(answer.json()["public_key"]))
    assert (proof.body, proof.leaf) == (receipt["body"], receipt["leaf"])
    assert verify_proof(proof, key)
    assert key == platform.running["policy"].app.state.sealer.public_key()
    assert not verify_proof(proof.model_copy(update={"body": proof.body.replace("acknowledged", "read")}), key)
    for service in ("policy", "gateway"):
        assert (await platform.client.get(f"/v1/operations/{service}/evidence/unknown")).status_code == 404


async def test_an_evidence_log_is_read_page_by_page_and_verifies_with_the_key_alone(platform: Platform) -> None:
    training = platform.running["training"].app.state
    for number in range(5):
        assert (await platform.client.post("/v1/people", json=person(number))).status_code == 201
        await training.db.write(training.sealer.seal)
    path = "/v1/operations/training/evidence"
    cursor: dict[str, str] = {}
    chain: Chain | None = None
    page: dict[str, Any] = {"next_cursor": "first"}
    while page["next_cursor"]:
        page = (await platform.client.get(path, params={"limit": 2, **cursor})).json()
        cursor = {"cursor": page["next_cursor"]}
        chain = chain or Chain("training", Ed25519PublicKey.from_public_bytes(bytes.fromhex(page["public_key"])))
        assert len(page["items"]) in {1, 2}
        for item in page["items"]:
            assert chain.add(SealedBatch.model_validate(item)) is None
            assert "E-1" not in str(item)
    assert chain is not None
    assert (chain.entries, page["waiting"], page["astray"]) == (5, 0, [])

    assert (await platform.client.get(path, params={"cursor": "nonsense"})).status_code == 422
    first = (await platform.client.get(path, params={"limit": 2})).json()
    lost = Chain("training", training.sealer.public_key())
    bad = lost.add(SealedBatch.model_validate(first["items"][1]))
    assert str(bad) == "head 1: the head was changed, or one before it is missing"
    assert (await platform.client.get("/v1/operations/gateway/evidence")).status_code == 200


async def test_operations_need_the_rights_of_an_administrator(platform: Platform) -> None:
    reader = await client_with(platform, "admin:read", "people:read")
    assert (await reader.get("/v1/operations/policy/dead-letters")).status_code == 200
    assert (await reader.post("/v1/operations/policy/events/replay", json={})).status_code == 403
    people = await client_with(platform, "people:read")
    assert (await people.get("/v1/operations/gateway/dead-letters")).status_code == 403
    assert (await people.get("/v1/operations/policy/evidence/any")).status_code == 403


async def test_what_a_service_set_aside_is_listed_and_tried_again(platform: Platform) -> None:
    for service in ("monitoring", "gateway"):
        db = platform.running[service].app.state.db
        await db.write(set_aside.put_aside, "queue", "a/b", 1, KeyError("words of a person"))
        path = f"/v1/operations/{service}/set-aside"
        [row] = (await platform.client.get(path)).json()["items"]
        assert (row["sweep"], row["key"], row["error"], row["tries"]) == ("queue", "a/b", "KeyError", 1)
        later = row["again_at"]
        again = await platform.client.post(f"{path}/retries", json={"sweep": "queue", "key": "a/b"})
        assert (again.status_code, again.json()) == (202, {"rows": 1})
        [row] = (await platform.client.get(path)).json()["items"]
        assert row["again_at"] < later
        unknown = await platform.client.post(f"{path}/retries", json={"sweep": "queue", "key": "c"})
        assert unknown.status_code == 404
        assert (await platform.client.get(path, params={"cursor": "nonsense"})).status_code == 422


async def test_a_key_of_some_departments_has_no_say_in_what_concerns_all(platform: Platform) -> None:
    await add_people(platform, 1)
    some = await client_with(platform, "admin:read", "admin:write", departments=["Care"])
    for service in ("training", "gateway"):
        for path in ("dead-letters", "set-aside", "evidence"):
            assert (await some.get(f"/v1/operations/{service}/{path}")).status_code == 403
        assert (await some.post(f"/v1/operations/{service}/events/replay", json={})).status_code == 403
        refused = await some.post(f"/v1/operations/{service}/set-aside/retries", json={"sweep": "queue"})
        assert refused.status_code == 403
