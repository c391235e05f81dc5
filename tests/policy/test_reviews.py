"""Who approves a version, and what an edit does to it."""

from typing import Any

from shared.context import Principal
from tests.policy.checking import seat
from tests.policy.conftest import ALL, POLICY, PolicyService


def slug(answer: Any) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[1]


async def test_nobody_approves_what_they_wrote(service: PolicyService) -> None:
    version = await service.write(author="E-1")
    await service.client.post(f"{version}/review", json={})
    own = await service.as_person("E-1", "policies:write").post(f"{version}/approvals", json={"decision": "approve"})
    assert (own.status_code, slug(own)) == (409, "own-version")
    outsider = await service.as_person("E-3").post(f"{version}/approvals", json={"decision": "approve"})
    assert outsider.status_code == 404  # a draft is not for everyone
    assert (await service.client.get(version)).json()["state"] == "in_review"


async def test_a_key_that_wrote_in_somebodys_name_approves_in_nobodys(service: PolicyService) -> None:
    version = await service.write(author="E-1")
    await service.client.post(f"{version}/review", json={})
    answer = await service.client.post(f"{version}/approvals", json={"decision": "approve"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/employee_number")
    assert (await service.client.get(version)).json()["state"] == "in_review"


async def test_nobody_approves_what_they_wrote_before_someone_else_edited_it(service: PolicyService) -> None:
    version = await service.write()
    edited = {"source": POLICY.replace("Nobody was", "No one was"), "change_note": "clearer", "employee_number": "E-2"}
    await service.client.put(version, json=edited)
    await service.client.post(f"{version}/review", json={})

    for writer in ("E-1", "E-2"):
        approval = {"decision": "approve", "employee_number": writer}
        own = await service.client.post(f"{version}/approvals", json=approval)
        assert (own.status_code, slug(own)) == (409, "own-version")
    approval = {"decision": "approve", "employee_number": "E-3"}
    assert (await service.client.post(f"{version}/approvals", json=approval)).status_code == 201


async def test_a_version_is_approved_by_its_quorum_of_different_reviewers(service: PolicyService) -> None:
    await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours", "quorum": 2})
    version = await service.write()
    await service.client.post(f"{version}/review", json={})

    async def approve(number: str) -> Any:
        return await service.client.post(
            f"{version}/approvals", json={"decision": "approve", "employee_number": number}
        )

    assert (await approve("E-2")).json()["state"] == "in_review"
    assert slug(await approve("E-2")) == "already-decided"
    early = await service.client.post(f"{version}/publication", json={})
    assert (early.status_code, slug(early)) == (409, "not-approved")
    assert (await approve("E-3")).json()["state"] == "approved"

    # The key spoke for two people; evidence names them, and what they approved.
    content = (await service.client.get(version)).json()["content_hash"]
    subject = "policies/social-media/versions/1"
    assert await service.evidence("policy.version.written") == [(subject, content, service.people["E-1"])]
    assert await service.evidence("policy.version.approved") == [
        (subject, content, service.people["E-2"]),
        (subject, content, service.people["E-3"]),
    ]


async def test_a_rejected_version_is_edited_and_approved_anew(service: PolicyService) -> None:
    version = await service.write()
    await service.client.post(f"{version}/review", json={})
    body = {"source": POLICY.replace("Nobody", "No one"), "change_note": "Friendlier."}
    assert slug(await service.client.put(version, json=body)) == "not-a-draft"

    rejection = {"decision": "reject", "comment": "Friendlier, please.", "employee_number": "E-2"}
    assert (await service.client.post(f"{version}/approvals", json=rejection)).json()["state"] == "draft"
    draft = await service.client.get(version)
    stale = await service.client.put(version, json=body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    edited = await service.client.put(version, json=body, headers={"If-Match": draft.headers["ETag"]})
    assert edited.json()["content_hash"] != draft.json()["content_hash"]
    assert edited.json()["approvals"] == []
    await service.approve(version)


async def approve_as(service: PolicyService, version: str, number: str) -> Any:
    return await service.client.post(f"{version}/approvals", json={"decision": "approve", "employee_number": number})


async def test_of_two_editors_the_second_is_given_both_texts(service: PolicyService) -> None:
    version = await service.write()
    etag = (await service.client.get(version)).headers["ETag"]
    theirs = {"source": POLICY.replace("Nobody was", "No one was"), "change_note": "Theirs."}
    mine = {"source": POLICY.replace("Nobody was", "No colleague was"), "change_note": "Mine."}
    assert (await service.client.put(version, json=theirs, headers={"If-Match": etag})).status_code == 200

    stale = await service.client.put(version, json=mine, headers={"If-Match": etag})
    assert (stale.status_code, slug(stale)) == (412, "stale")
    assert stale.json()["stored"] == {"revision": 2, "material": True, **theirs}
    assert stale.json()["sent"] == {"revision": 1, "material": True, **mine}
    assert (await service.client.get(version)).json()["source"] == theirs["source"]


async def test_an_edit_clears_the_approvals_given_so_far(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours", "quorum": 2})
    version = await service.write()
    await service.client.post(f"{version}/review", json={})
    await approve_as(service, version, "E-2")
    assert (await approve_as(service, version, "E-3")).json()["state"] == "approved"

    recalled = await service.client.post(f"{version}/recall", json={})
    assert (recalled.json()["state"], recalled.json()["approvals"]) == ("draft", [])
    edited = {"source": POLICY.replace("Nobody was", "No one was"), "change_note": "clearer", "employee_number": "E-1"}
    assert (await service.client.put(version, json=edited)).status_code == 200
    assert slug(await service.client.post(f"{version}/publication", json={})) == "not-approved"

    again = (await service.client.post(f"{version}/review", json={})).json()
    assert again["lacking"] == {"reviewers": 2, "departments": {}}
    assert (await approve_as(service, version, "E-2")).json()["state"] == "in_review"
    assert (await approve_as(service, version, "E-4")).json()["state"] == "approved"


async def test_a_quorum_names_departments_whose_approval_is_needed(service: PolicyService) -> None:
    quorum = {"reviewers": 2, "departments": {"Communications": 1}}
    made = await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours", "quorum": quorum})
    assert made.json()["quorum"] == quorum
    await service.hear_of("E-5", "Support")
    version = await service.write()
    await service.client.post(f"{version}/review", json={})

    await approve_as(service, version, "E-3")
    second = (await approve_as(service, version, "E-5")).json()
    assert (second["state"], second["lacking"]) == ("in_review", {"reviewers": 0, "departments": {"Communications": 1}})
    # A move to the department afterwards does not change in whose name somebody approved.
    await service.hear_of("E-5", "Communications")
    assert (await service.client.get(version)).json()["lacking"]["departments"] == {"Communications": 1}
    assert (await approve_as(service, version, "E-4")).json()["state"] == "approved"


async def test_another_quorum_counts_also_for_what_is_under_review(service_on_both: PolicyService) -> None:
    service = service_on_both
    version = await service.write()
    await service.approve(version)
    path = "/v1/policies/social-media/quorum"
    quorum = await service.client.get(path)
    more = {"reviewers": 2, "departments": {"Support": 1}}
    answer = await service.client.put(path, json=more, headers={"If-Match": quorum.headers["ETag"]})
    assert answer.json() == {**more, "revision": 2}
    stale = await service.client.put(path, json={"reviewers": 1}, headers={"If-Match": quorum.headers["ETag"]})
    assert stale.status_code == 412

    assert (await service.client.get(version)).json()["state"] == "in_review"
    assert slug(await service.client.post(f"{version}/publication", json={})) == "not-approved"
    assert (await approve_as(service, version, "E-3")).json()["state"] == "approved"
    assert (await service.as_person("E-3").put(path, json={"reviewers": 1})).status_code == 403


async def test_once_there_is_a_team_a_key_names_only_its_reviewers_and_the_departments_of_the_quorum(
    service: PolicyService,
) -> None:
    quorum = {"reviewers": 2, "departments": {"Communications": 1}}
    await service.client.post("/v1/policies", json={"key": "social-media", "title": "Ours", "quorum": quorum})
    version = await service.write(author="E-2")
    await seat(service, "E-1", "reviewer")
    await service.client.post(f"{version}/review", json={})

    async def approve(number: str) -> Any:
        body = {"decision": "approve", "employee_number": number}
        return await service.client.post(f"{version}/approvals", json=body)

    outsider = await approve("E-3")
    assert (outsider.status_code, slug(outsider)) == (403, "not-a-reviewer")
    assert (await approve("E-1")).status_code == 201
    assert (await approve("E-4")).json()["state"] == "approved"


async def test_a_key_that_is_limited_to_departments_decides_nothing_for_all(service: PolicyService) -> None:
    version = await service.write()
    await service.approve(version)
    limited = service.ask_as(Principal(id="key:support", scopes=ALL, departments=frozenset({"Support"})))
    for answer in (
        await limited.post(f"{version}/publication", json={}),
        await limited.post(f"{version}/withdrawal", json={"reason": "No."}),
        await limited.put("/v1/policies/social-media/quorum", json={"reviewers": 1}),
    ):
        assert (answer.status_code, slug(answer)) == (403, "needs-all-departments")
    policy = "/v1/policies/social-media"
    for method, path, body in (
        ("POST", "/v1/policies", {"key": "other", "title": "Other"}),
        ("POST", f"{policy}/versions", {"source": "# One\nA.", "change_note": "x", "material": False}),
        ("POST", f"{version}/review", {}),
        ("PUT", f"{version}/translations/de", {"source": "# Eins {#one}\nA."}),
        ("POST", f"{policy}/faq", {"question": "Why?", "answer": "So.", "section": "speak-as-yourself"}),
        ("POST", "/v1/emergency-rules", {"policy": "social-media", "section": "a", "rule": "id: x", "reason": "x", "days": 1}),
    ):  # fmt: skip
        refused = await limited.request(method, path, json=body)
        assert (refused.status_code, "limited to some" in refused.text) == (403, True), (path, refused.text)
    assert (await service.client.get(version)).json()["state"] == "approved"
