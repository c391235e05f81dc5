"""What holds for people of all departments is not for a key of some to say, and nobody decides in another's name."""

from typing import Any

from shared.context import Principal
from tests.training.conftest import ALL, MODULES, TrainingService
from tests.training.courses import LIVE, TASK, enrol, slug, write
from tests.training.quizzing import single

DATE = {"course": "talk", "module": "meet", "capacity": 2, "place": "Room 4", "host": "E-9"} | {
    "starts_at": "2099-01-01T10:00:00Z",
    "ends_at": "2099-01-01T11:00:00Z",
}
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/courses", {"key": "new", "title": "New"}),
    ("POST", "/v1/courses/answering/versions", {"modules": MODULES}),
    ("POST", "/v1/courses/answering/questions", single(1)),
    ("POST", "/v1/courses/answering/question-imports?format=gift", "What comes first? {=Listening ~Selling}"),
    ("POST", "/v1/courses/answering/assets?name=note.txt", "Listen."),
    ("POST", "/v1/certifications", {"key": "new", "title": "New", "courses": ["answering"]}),
    ("PATCH", "/v1/certifications/responder", {"validity_days": 1}),
    ("PUT", "/v1/external-courses/LMS-7", {"course": "answering"}),
    ("PUT", "/v1/catalogue/answering", {"self_service": False, "audience": {}}),
    ("POST", "/v1/live-sessions", DATE),
    ("POST", "/v1/learning-paths", {"key": "new", "title": "New", "steps": [{"course": "answering"}]}),
    ("POST", "/v1/enrolment-rules", {"key": "new", "title": "New", "course": "answering"}),
    ("PUT", "/v1/attribute-authority/region", {"sources": ["api"]}),
    ("PUT", "/v1/import-mappings/nightly", {"columns": {"Abteilung": "department"}}),
    ("DELETE", "/v1/import-mappings/nightly", None),
    ("POST", "/v1/certifications/responder/preview", {"validity_days": 1}),
    ("POST", "/v1/enrolment-rules/previews", {"departments": ["Support"]}),
]


async def send(service: TrainingService, caller: Principal, write: tuple[str, str, Any]) -> tuple[int, str]:
    method, path, body = write
    given = {"content": body.encode()} if isinstance(body, str) else {"json": body}
    async with service.ask_as(caller) as client:
        answer = await client.request(method, path, **given)
    return answer.status_code, str(answer.json().get("detail", "")) if answer.content else ""


async def test_a_key_of_some_departments_changes_nothing_that_holds_for_all(service: TrainingService) -> None:
    await write(service, "talk", [LIVE])
    await service.add_person("E-9")
    limited = Principal(id="key:press", scopes=ALL, departments=frozenset({"Support"}))
    for one in WRITES:
        code, why = await send(service, limited, one)
        assert (code, "limited to some" in why) == (403, True), (one[:2], code, why)
    free = Principal(id="key:all", scopes=ALL)
    for one in WRITES:
        code, why = await send(service, free, one)
        assert code in {200, 201, 204}, (one[:2], code, why)


async def test_who_signed_in_reviews_and_decides_in_nobody_elses_name(service: TrainingService) -> None:
    await write(service, "talk", [TASK])
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number)
    learner = await service.as_person("E-1")
    enrolment = await enrol(learner, "talk")
    handed_in = await learner.post(
        f"/v1/enrolments/{enrolment}/tasks/{TASK['key']}/submissions", json={"text": "Done."}
    )
    review = f"/v1/task-submissions/{handed_in.json()['id']}/review"
    coach = await service.as_person("E-2", "training:read", "training:write")
    verdict = {"decision": "accept", "words": "Well done."}
    assert slug(await coach.post(review, json=verdict | {"employee_number": "E-3"})) == (403, "decision-for-another")
    mine = await coach.post(review, json=verdict | {"employee_number": "E-2"})
    assert (mine.status_code, mine.json()["reviewed_by"]) == (200, "E-2")

    certificate = await service.certify("E-1")
    made = await service.post(f"/v1/certificates/{certificate}/suspension-proposals", {"reason": "Looked into."})
    path = f"/v1/suspension-proposals/{made['id']}/decision"
    lead = await service.as_person("E-2", "certificates:read", "certificates:write")
    declined = {"decision": "decline", "reason": "It was a quote."}
    assert slug(await lead.post(path, json=declined | {"employee_number": "E-3"})) == (403, "decision-for-another")
    assert (await lead.post(path, json=declined)).json()["decided_by"] == "E-2"


async def test_nothing_is_added_to_the_entry_of_somebody_who_was_erased(service: TrainingService) -> None:
    person = await service.add_person("E-1")
    left = await service.client.patch("/v1/people/E-1", json={"active": False})
    assert left.is_success, left.text
    admin = service.ask_as(Principal(id="key:admin", scopes=ALL | {"admin:write"}))
    gone = await admin.post("/v1/people/E-1/erasure", json={"employee_number": "E-1", "reason": "Asked for."})
    assert gone.is_success, gone.text
    at = service.clock.now().isoformat()
    learnt = {"course": "answering", "completed_at": at, "source": "lms"}
    for number in ("E-1", f"erased-{person}"):
        answer = await service.client.post("/v1/completions", json=learnt | {"employee_number": number})
        assert answer.status_code == 404, answer.text
        rows = f"employee_number,course,completed_at,source\n{number},answering,{at},lms\n"
        sent = await service.client.post("/v1/completions/imports", content=rows, headers={"Content-Type": "text/csv"})
        assert (sent.json()["created"], sent.json()["rejected"]) == (0, 1)
        put_on = await service.client.post("/v1/enrolments", json={"course": "answering", "employee_number": number})
        assert put_on.status_code == 404, put_on.text


async def test_the_order_of_sources_is_changed_only_as_it_was_seen(service: TrainingService) -> None:
    path = "/v1/attribute-authority/region"
    seen = next(one for one in (await service.get("/v1/attribute-authority"))["items"] if one["attribute"] == "region")
    as_seen = {"If-Match": f'"{seen["revision"]}"'}
    first = await service.client.put(path, json={"sources": ["api", "scim"]}, headers=as_seen)
    assert (first.status_code, first.headers["etag"]) == (200, f'"{first.json()["revision"]}"')
    late = await service.client.put(path, json={"sources": ["csv"]}, headers=as_seen)
    assert late.status_code == 412
    again = await service.client.put(path, json={"sources": ["csv"]}, headers={"If-Match": first.headers["etag"]})
    assert again.json()["sources"] == ["csv"]


async def test_a_long_list_is_worked_off_whole_and_answered_alike_when_it_is_repeated(
    service: TrainingService,
) -> None:
    numbers = [f"E-{number}" for number in range(60)]
    await write(service, "talk", [LIVE])
    await service.add_person("E-99")
    for number in numbers:
        await service.add_person(number)
    batch = {"course": "talk", "employee_numbers": [*numbers, "E-404"]}
    key = {"Idempotency-Key": "once"}
    answers = [await service.client.post("/v1/enrolments/batches", json=batch, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    outcomes = [item["outcome"] for item in answers[0].json()["items"]]
    assert outcomes == ["enrolled"] * 60 + ["unknown"]
    now = service.clock.now()
    times = {"starts_at": now.isoformat(), "ends_at": now.replace(year=now.year + 1).isoformat()}
    live = await service.post("/v1/live-sessions", {**DATE, **times, "host": "E-99"})
    path = f"/v1/live-sessions/{live['id']}/attendance"
    wrong = await service.client.post(path, json={"present": [*numbers, "E-404"]})
    assert slug(wrong) == (422, "not-attending")
    assert not (await service.get(f"/v1/live-sessions/{live['id']}/registrations"))["items"]
    taken = [await service.client.post(path, json={"present": numbers}, headers=key) for _ in range(2)]
    assert taken[0].json() == taken[1].json()
    assert [item["attended"] for item in taken[0].json()["items"]] == [True] * 60
    assert len(await service.told("training.course.completed.v1")) == 60
