"""Every single resource carries an ETag, by which a client that has it is told so without its body."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx

from services.gateway.openapi import FILE
from tests.gateway.somebody_else import join_another_department, nobody_else_reads_of_them
from tests.gateway.story import POLICY, add_people, publish
from tests.platform import Platform
from tests.training.courses import LIVE, SCENARIO, TASK

SOURCE = POLICY.replace(
    "# Answering customers",
    """```rule
id: no-secrets
severity: hold
detect:
  words: [prototype]
message: Not before it is announced.
examples: {match: ["Our prototype!"], pass: ["Our shop."]}
```

# Answering customers""",
)
RECALL = """id: no-word-on-the-recall
severity: hold
detect: {words: [recall]}
message: The press office answers about the recall.
examples: {match: ["A recall?"], pass: ["I recalled a song"]}
"""
QUESTION = {
    "key": "first",
    "kind": "single",
    "text": "What comes first?",
    "options": [{"text": "Listening", "correct": True}, {"text": "Selling"}],
}
MODULES = [{"kind": "quiz", "key": "quiz", "title": "Quiz", "draw": 1, "pass_mark": 1, "questions": [QUESTION]}]
AT = "2026-11-20T10:00:00Z"


class Making:
    """Makes one of each resource and keeps where it stands."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.made: dict[str, str] = {}

    async def post(self, path: str, body: Any) -> Any:
        """Make something and wait until all services know it."""
        answer = await self.client.post(path, json=body, headers={"Prefer": "wait=5"})
        assert answer.is_success, answer.text
        return answer.json()

    async def first(self, path: str) -> str:
        """Return the id of the first of a list."""
        items = (await self.client.get(path)).json()["items"]
        assert items, path
        return str(items[0]["id"])

    async def learn(self) -> None:
        """Put a person on a course, and let them hold a certificate."""
        await self.post("/v1/courses", {"key": "answering", "title": "Answering"})
        await self.post("/v1/courses/answering/versions", {"modules": MODULES})
        await self.post("/v1/courses/answering/questions", QUESTION)
        await self.post("/v1/certifications", {"key": "responder", "title": "Responder", "courses": ["answering"]})
        enrolment = (await self.post("/v1/enrolments", {"employee_number": "E-1", "course": "answering"}))["id"]
        attempt = (await self.post(f"/v1/enrolments/{enrolment}/attempts", {}))["id"]
        learnt = {"employee_number": "E-2", "course": "answering", "completed_at": AT, "source": "lms"}
        await self.post("/v1/completions", learnt)
        certificate = await self.first("/v1/certificates")
        proposed = await self.post(f"/v1/certificates/{certificate}/suspension-proposals", {"reason": "Looked into."})
        await self.post("/v1/enrolment-rules", {"key": "all", "title": "All", "course": "answering"})
        path = {"key": "start", "title": "Start", "steps": [{"course": "answering"}]}
        await self.post("/v1/learning-paths", path)
        self.made |= {
            "/v1/enrolment-rules/{key}": "/v1/enrolment-rules/all",
            "/v1/learning-paths/{key}": "/v1/learning-paths/start",
            "/v1/catalogue/{course}": "/v1/catalogue/answering",
            "/v1/suspension-proposals/{proposal}": f"/v1/suspension-proposals/{proposed['id']}",
            "/v1/courses/{key}": "/v1/courses/answering",
            "/v1/courses/{key}/questions/{question}": "/v1/courses/answering/questions/first",
            "/v1/certifications/{key}": "/v1/certifications/responder",
            "/v1/enrolments/{enrolment}": f"/v1/enrolments/{enrolment}",
            "/v1/attempts/{attempt}": f"/v1/attempts/{attempt}",
            "/v1/certificates/{certificate}": f"/v1/certificates/{certificate}",
            "/v1/badge-keys/{key}": f"/v1/badge-keys/{(await self.post('/v1/badge-keys', {}))['id']}",
        }

    async def practise(self) -> None:
        """Let a person be on a course with a scenario, a practical task and a live session."""
        modules = [SCENARIO, TASK, LIVE]
        await self.post("/v1/courses", {"key": "talk", "title": "Talk"})
        note = {"name": "note.txt"}
        asset = (await self.client.post("/v1/courses/talk/assets", params=note, content=b"Listen.")).json()
        version = {"modules": modules, "assets": {"note.txt": asset["hash"]}}
        await self.post("/v1/courses/talk/versions", version)
        enrolment = (
            f"/v1/enrolments/{(await self.post('/v1/enrolments', {'employee_number': 'E-1', 'course': 'talk'}))['id']}"
        )
        run = (await self.post(f"{enrolment}/scenarios/parcel/runs", {}))["id"]
        submission = (await self.post(f"{enrolment}/tasks/reply/submissions", {"text": "Done."}))["id"]
        date = {"course": "talk", "module": "meet", "capacity": 5, "place": "Room 4", "host": "E-2"}
        date |= {"starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-01T11:00:00Z"}
        self.made |= {
            "/v1/courses/{key}/versions/{number}": "/v1/courses/talk/versions/1",
            "/v1/courses/{key}/assets/{digest}": asset["url"],
            "/v1/enrolments/{enrolment}/modules/{module}": f"{enrolment}/modules/reply",
            "/v1/scenario-runs/{run}": f"/v1/scenario-runs/{run}",
            "/v1/task-submissions/{submission}": f"/v1/task-submissions/{submission}",
            "/v1/live-sessions/{live}": f"/v1/live-sessions/{(await self.post('/v1/live-sessions', date))['id']}",
        }

    async def watch(self) -> None:
        """Take in a post by staff with a finding, and a customer's that opens a conversation."""
        account = await self.post(
            "/v1/accounts", {"network": "mastodon", "handle": "@one", "kind": "staff", "employee_number": "E-1"}
        )
        own = {"network_id": "1", "kind": "staff", "author": "@one", "text": "Look, a prototype!"}
        asked = {"network_id": "2", "kind": "mention", "author": "@customer", "text": "Where is my parcel?"}
        await self.post("/v1/posts", [{"network": "mastodon", "posted_at": AT, **post} for post in (own, asked)])
        terms = {"languages": ["en"], "topics": [], "capacity": 2, "weekly_minutes": 60, "online": False}
        assert (await self.client.put("/v1/availability/E-1", json=terms)).is_success
        pause = await self.post("/v1/pauses", {"scope": "network:email", "reason": "An outage."})
        folder = {"name": "Files", "config": {"kind": "folder", "folder": "posts"}}
        source = (await self.post("/v1/sources", folder))["id"]
        assert (await self.client.post(f"/v1/sources/{source}/pause", json={})).is_success  # nothing changes beside us
        theirs = (await self.client.get("/v1/posts", params={"kind": "staff"})).json()["items"][0]["id"]
        praise = {"post": theirs, "message": "You listened first.", "employee_number": "E-2"}
        words = {"policy": "social-media", "rule": "no-prototypes", "title": "Not yet", "message": "Please wait."}
        templates = "/v1/guidance-templates"
        self.made |= {
            "/v1/sources/{source_id}": f"/v1/sources/{source}",
            "/v1/accounts/{account_id}": f"/v1/accounts/{account['id']}",
            "/v1/triage-cues/{language}": "/v1/triage-cues/de",
            "/v1/guidance/{guidance_id}": f"/v1/guidance/{(await self.post('/v1/guidance', praise))['id']}",
            "/v1/guidance-templates/{template_id}": f"{templates}/{(await self.post(templates, words))['id']}",
            "/v1/posts/{post_id}": f"/v1/posts/{await self.first('/v1/posts')}",
            "/v1/findings/{finding_id}": f"/v1/findings/{await self.first('/v1/findings')}",
            "/v1/conversations/{conversation_id}": f"/v1/conversations/{await self.first('/v1/conversations')}",
            "/v1/availability/{employee_number}": "/v1/availability/E-1",
            "/v1/pauses/{pause_id}": f"/v1/pauses/{pause['id']}",
            "/v1/load/simulations/{simulation_id}": await self.simulated(),
        }

    async def repeat(self, platform: Platform) -> None:
        """Let the same finding be made and accepted three times, so that a course is proposed."""
        course = {"policy": "social-media", "section": "speak-as-yourself", "course": "answering"}
        stated = await self.client.put("/v1/refreshers", json={"items": [course]})
        assert stated.is_success, stated.text
        again = {"network": "mastodon", "posted_at": AT, "kind": "staff", "author": "@one", "text": "A prototype!"}
        await self.post("/v1/posts", [{**again, "network_id": number} for number in ("3", "4")])
        for finding in (await self.client.get("/v1/findings")).json()["items"]:
            given = await self.post(f"/v1/findings/{finding['id']}/guidance", {"message": "Not yet."})
            await self.post(f"/v1/guidance/{given['id']}/acknowledgement", {})
        await platform.advance(timedelta(seconds=1))
        self.made |= {
            "/v1/refresher-proposals/{proposal}": (
                f"/v1/refresher-proposals/{await self.first('/v1/refresher-proposals')}"
            ),
            "/v1/autonomy/{employee_number}": "/v1/autonomy/E-1",
        }

    async def word(self) -> None:
        """Answer the customer, and write what is used often."""
        assert (await self.client.put("/v1/availability/E-2", json={"languages": ["en"], "online": True})).is_success
        conversation = await self.first("/v1/conversations")
        reply = await self.post(f"/v1/conversations/{conversation}/reply", {"text": "It is on its way."})
        promise = {"first_answer_minutes": 60, "next_answer_minutes": 60}
        assert (await self.client.put("/v1/service-promises/crisis", json=promise)).is_success
        saved = await self.post("/v1/saved-answers", {"title": "Late", "language": "en", "text": "Sorry."})
        profile = {"kind": "profile", "network": "bluesky", "title": "Profile", "text": "Tents."}
        static = await self.post("/v1/static-content", {**profile, "employee_number": "E-1"})
        self.made |= {
            "/v1/replies/{reply_id}": f"/v1/replies/{reply['id']}",
            "/v1/service-promises/{kind}": "/v1/service-promises/crisis",
            "/v1/saved-answers/{answer_id}": f"/v1/saved-answers/{saved['id']}",
            "/v1/static-content/{content_id}": f"/v1/static-content/{static['id']}",
        }

    async def supervise(self, platform: Platform) -> None:
        """Hold what is about a network, and have what was written so far written out to its end."""
        hold = await self.post("/v1/legal-holds", {"scope": "network", "subject": "bluesky", "reason": "A claim."})
        asked = await self.post("/v1/supervision-exports", {"from": AT, "to": "2030-01-01T10:00:00Z"})
        export = f"/v1/supervision-exports/{asked['id']}"
        for _ in range(2):
            await platform.advance(timedelta(seconds=10))
        assert (await self.client.get(export)).json()["state"] == "ready"
        self.made |= {
            "/v1/legal-holds/{hold}": f"/v1/legal-holds/{hold['id']}",
            "/v1/supervision-exports/{export}": export,
            "/v1/supervision-exports/{export}/files/{name}": f"{export}/files/00001.ndjson",
        }

    async def simulated(self) -> str:
        """Ask what would happen if, and wait for the answer."""
        simulation = f"/v1/load/simulations/{(await self.post('/v1/load/simulations', {'days': 1}))['id']}"
        async with asyncio.timeout(20):
            while True:
                if (await self.client.get(simulation)).json()["state"] == "done":
                    return simulation
                await asyncio.sleep(0.05)

    async def imported(self) -> str:
        """Send a file of people by a mapping that is kept; return where it stands."""
        mapping = {"columns": {"Abteilung": "department"}}
        assert (await self.client.put("/v1/import-mappings/payroll", json=mapping)).is_success
        rows = "employee_number,name,email,Abteilung,region\nE-77,Imported,e77@harbour.example,Care,EMEA\n"
        headers = {"Content-Type": "text/csv", "Prefer": "wait=5"}
        query = {"mapping": "payroll"}
        sent = await self.client.post("/v1/people/imports", content=rows, headers=headers, params=query)
        assert sent.is_success, sent.text
        return f"/v1/imports/{await self.first('/v1/people/imports')}"

    async def others(self) -> None:
        """Nominate somebody and make a key."""
        nomination = {"employee_number": "E-2", "experience": "Ran our forum.", "why": "Patient."}
        nominated = (await self.post("/v1/task-team/nominations", {**nomination, "languages": ["en"]}))["id"]
        key = (await self.post("/v1/api-keys", {"name": "hr", "scopes": ["people:read"]}))["id"]
        accepted = await self.post("/v1/policies/social-media/versions/1/acknowledgements", {"employee_number": "E-1"})
        backtest = (await self.post("/v1/policies/social-media/versions/1/backtests", {}))["id"]
        await self.client.get(f"/v1/backtests/{backtest}", headers={"Prefer": "wait=20"})
        gone = {"employee_number": "E-9", "name": "Gone", "email": "gone@harbour.example", "department": "Care"}
        await self.post("/v1/people", {**gone, "region": "EMEA"})
        assert (await self.client.patch("/v1/people/E-9", json={"active": False})).is_success
        erased = await self.post("/v1/people/E-9/erasure", {"employee_number": "E-9", "reason": "They asked for it."})
        self.made |= {
            "/v1/erasures/{erasure}": f"/v1/erasures/{erased['id']}",
            "/v1/backtests/{backtest_id}": f"/v1/backtests/{backtest}",
            "/v1/operations/{service}/evidence/{entry}": f"/v1/operations/policy/evidence/{accepted['evidence']['entry']}",
            "/v1/people/{employee_number}": "/v1/people/E-1",
            "/v1/imports/{import_id}": await self.imported(),
            "/v1/import-mappings/{name}": "/v1/import-mappings/payroll",
            "/v1/policies/{key}": "/v1/policies/social-media",
            "/v1/policies/{key}/versions/{number}": "/v1/policies/social-media/versions/1",
            "/v1/task-team/nominations/{nomination}": f"/v1/task-team/nominations/{nominated}",
            "/v1/api-keys/{key_id}": f"/v1/api-keys/{key}",
            "/v1/notice-preferences/{employee_number}": "/v1/notice-preferences/E-1",
            **await self.hook(),
        }

    async def hook(self) -> dict[str, str]:
        """Set up an endpoint that is nowhere, and try it."""
        hook = {"name": "hr", "url": "https://receiver.invalid/hook", "types": ["training.person.left.v1"]}
        made = f"/v1/webhooks/{(await self.post('/v1/webhooks', hook))['id']}"
        return {
            "/v1/webhooks/{webhook_id}": made,
            "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}": (
                f"{made}/deliveries/{(await self.post(f'{made}/test', {}))['delivery']}"
            ),
        }

    async def export(self) -> None:
        """Have a file written, and wait until it is."""
        schedule = "/v1/export-schedules/nightly"
        await self.post("/v1/export-schedules", {"key": "nightly", "daily_at": "02:30"})
        run = f"{schedule}/runs/{(await self.post(f'{schedule}/runs', {}))['id']}"
        async with asyncio.timeout(10):
            while True:
                if (await self.client.get(run)).json()["state"] == "written":
                    break
                await asyncio.sleep(0.05)
        self.made |= {
            "/v1/export-schedules/{key}": schedule,
            "/v1/export-schedules/{key}/runs/{run}": run,
        }

    async def change_words(self, platform: Platform) -> None:
        """Change a section that a certificate covers, and do something to many certificates at once."""
        await self.post("/v1/certifications", {"key": "reader", "title": "Reader", "policies": ["social-media"]})
        await platform.advance(timedelta(seconds=1))
        await publish(platform, SOURCE.replace("24 hours", "4 hours"))
        await platform.advance(timedelta(seconds=1))
        extend = {"operation": "extend", "days": 1, "filter": {"certification": "responder"}, "reason": "A holiday."}
        token = (await self.post("/v1/certificate-operations", {**extend, "dry_run": True}))["preview"]["preview"]
        begun = await self.post("/v1/certificate-operations", {**extend, "preview": token})
        operation = f"/v1/certificate-operations/{begun['operation']['id']}"
        async with asyncio.timeout(20):
            while True:
                if (await self.client.get(operation)).json()["state"] == "done":
                    break
                await asyncio.sleep(0.05)
        self.made |= {
            "/v1/deltas/{delta}": f"/v1/deltas/{await self.first('/v1/people/E-1/deltas')}",
            "/v1/certificate-operations/{operation}": operation,
        }

    async def govern(self) -> None:
        """Let the task team have a seat, a question, a draft to approve and an emergency; translate and ask for acceptance."""
        policy = "/v1/policies/social-media/versions/1"
        translation = {"source": "# Speak as yourself {#speak-as-yourself}\nSay who you work for.\n"}
        assert (await self.client.put(f"{policy}/translations/fr", json=translation)).is_success
        campaign = {"policy": "social-media", "title": "Autumn", "due_at": "2030-01-01T00:00:00Z"}
        asked = {"employee_number": "E-1", "text": "May I?", "language": "en"}
        faq = "/v1/policies/social-media/faq"
        answered = {"section": "answering", "question": "May I?", "answer": "You may."}
        await self.post("/v1/task-team/seats", {"key": "lead", "role": "lead"})
        nominated = await self.first("/v1/task-team/nominations")
        appointed = {"decision": "appoint", "seat": "lead", "reason": "Yes."}
        await self.post(f"/v1/task-team/nominations/{nominated}/decision", appointed)
        emergency = {"policy": "social-media", "section": "answering", "rule": RECALL, "reason": "A strap breaks."}
        draft = {"text": "Our prototype!", "employee_number": "E-1", "keep": True}
        check = (await self.post("/v1/checks", draft))["receipt"]["id"]
        request = (await self.post("/v1/approval-requests", {"check": check, "employee_number": "E-1"}))["id"]
        for path, name, body in (
            ("/v1/acknowledgement-campaigns", "campaign_id", campaign),
            ("/v1/task-team/questions", "question", asked),
            ("/v1/emergency-rules", "rule_id", {**emergency, "employee_number": "E-2"}),
        ):
            self.made[f"{path}/{{{name}}}"] = f"{path}/{(await self.post(path, body))['id']}"
        self.made |= {
            "/v1/approval-requests/{request_id}": f"/v1/approval-requests/{request}?employee_number=E-1",
            "/v1/checks/{check_id}": f"/v1/checks/{check}?employee_number=E-1",
            "/v1/policies/{key}/versions/{number}/translations/{locale}": f"{policy}/translations/fr",
            "/v1/policies/{key}/faq/{entry}": f"{faq}/{(await self.post(faq, answered))['id']}",
            "/v1/task-team/seats/{key}": "/v1/task-team/seats/lead",
        }


async def test_every_single_resource_spares_its_body_by_an_etag_and_is_not_read_by_who_has_no_business_with_it(
    platform: Platform,
) -> None:
    people = await add_people(platform, 2)
    await join_another_department(platform)
    await platform.settle()
    await publish(platform, SOURCE)
    making = Making(platform.client)
    await making.learn()
    await making.practise()
    await making.watch()
    await making.repeat(platform)
    await making.word()
    await making.supervise(platform)
    await making.others()
    await making.govern()
    await making.export()
    await making.change_words(platform)
    await platform.advance(timedelta(seconds=1))

    paths = json.loads(FILE.read_text())["paths"]
    single = {path for path, item in paths.items() if "get" in item and path.startswith("/v1") and path.endswith("}")}
    assert making.made.keys() == single
    for path in making.made.values():
        answer = await platform.client.get(path)
        assert (answer.status_code, "ETag" in answer.headers) == (200, True), path
        again = await platform.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
    await nobody_else_reads_of_them(platform, making.made, people)
