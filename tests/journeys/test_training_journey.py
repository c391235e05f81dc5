"""A new colleague's way, by the gateway alone: provisioned, put on a course, certified, with a badge that others judge.

The clock begins 31 hours ago and ends at the present, because verifiers of others look at the machine's. So the tier
holds for two days, and begins to expire after one.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.badges import Badge, judge
from tests.journeys.running import Running, wait_until
from tests.journeys.test_provisioning import WAIT, entra_user, ok
from tests.servers import LOOPBACK, free_port
from tests.training.provisioning import USERS

NUMBER = "E-7001"
POLICY = "---\ntitle: Social media policy\nlocale: en\n---\n# Answering {#answering}\nAnswer within a day.\n"
LEAD = {"employee_number": "E-1", "name": "Lead", "email": "lead@harbour.example", "department": "Legal"}
QUESTIONS = [
    {"key": f"q{number}", "kind": "single", "text": f"What do you do in situation {number}?",
     "options": [{"text": f"right {number}", "correct": True}, {"text": f"wrong {number}", "feedback": "See lesson 1."}]}
    for number in range(6)
]  # fmt: skip
MODULES = [
    {"kind": "lesson", "key": "listen", "title": "Listen first", "minutes": 5, "markdown": "Read the *whole* thread."},
    {"kind": "quiz", "key": "check", "title": "Check", "draw": 2, "pass_mark": 1, "attempts": 3,
     "cool_down_minutes": 60, "review": "after_pass", "requires": ["listen"], "questions": QUESTIONS},
]  # fmt: skip
TIER = {
    "key": "responder", "title": "Responder", "courses": ["answering"], "policies": ["social-media"],
    "validity_days": 2, "expiring_days": 1, "reminder_days": [1],
}  # fmt: skip
RULE = {
    "key": "care", "title": "Everyone in Care", "certification": "responder", "due_days": 14,
    "audience": {"departments": ["Care"]},
}  # fmt: skip
JSON = {"Accept": "application/json"}


@dataclass
class Harbour:
    """One platform, whose clock the test moves; `hr` is a key with all rights, `anyone` has none."""

    running: Running
    clock: Path
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.hr = self.stack.enter_context(self.running.client())
        self.anyone = self.stack.enter_context(httpx.Client(base_url=self.url, timeout=30, verify=LOOPBACK))

    @property
    def url(self) -> str:
        """Where the gateway is."""
        url: str = self.running.told()["url"]
        return url

    def hours_ago(self, hours: float) -> None:
        """Move the clock to some hours before the present."""
        self.clock.write_text(str(-hours * 3600))

    def learner(self) -> httpx.Client:
        """Return a client that has signed in as the new colleague."""
        login = {"user": NUMBER, "password": "pass"}
        (self.running.data_dir / "logins.json").write_text(json.dumps({"employee": login}))
        client = httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=30, verify=LOOPBACK)
        assert self.stack.enter_context(client).post("/sign-in", data=login).status_code in {200, 303}
        return client

    def status(self, **more: Any) -> Any:
        """Return how HR is told that the colleague stands."""
        asked = {"employee_numbers": [NUMBER, "E-404"], "certification": "responder", **more}
        one, nobody = ok(self.hr.post("/v1/certificate-statuses", json=asked))["items"]
        assert (nobody["status"], nobody["certified"]) == ("none", False)
        return one

    def changes(self) -> list[tuple[str, str]]:
        """Return the change feed: what happened to which certificate, read in pages of one."""
        found, cursor = [], None
        while (page := ok(self.hr.get("/v1/certificate-changes", params=dict(limit=1, **cursor_of(cursor)))))["items"]:
            found += [(item["change"], item["certificate"]["id"]) for item in page["items"]]
            cursor = page["next_cursor"]
        return found

    def told(self, kind: str) -> list[Any]:
        """Return the data of all events of a type."""
        params = {"types": kind, "after": "start"}
        page = self.hr.get("/v1/events", params=params, headers={"Accept": "application/x-ndjson"})
        assert page.status_code == 200, page.text
        return [json.loads(line)["data"] for line in page.text.splitlines()]

    def verdicts(self, folder: Path, *badges: Badge) -> list[tuple[str, str, str]]:
        """Return what the three verifiers say, who read only what anyone can."""
        documents: dict[str, Any] = {}
        for path in ("/.well-known/did.json", "/status-lists/revocation/1"):
            found = ok(self.anyone.get(path))
            documents |= {f"{self.url}{path}": found, f"{self.url.replace('http:', 'https:')}{path}": found}
        return judge(badges, documents, folder)

    def list_tag(self) -> str:
        """Return which edition of the list of revoked badges is served."""
        return self.anyone.get("/status-lists/revocation/1").headers["ETag"]

    def page(self, badge: Badge) -> Any:
        """Return what the badge's own page says to a program."""
        return ok(self.anyone.get(badge["id"], headers=JSON))


def cursor_of(cursor: str | None) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    clock = tmp_path / "clock"
    clock.write_text(str(-31 * 3600))
    with Running(tmp_path / "data", free_port(), SHARELOAD_CLOCK_FILE=str(clock)) as running:
        platform = Harbour(running, clock)
        with platform.stack:
            yield platform


def prepare(hr: httpx.Client) -> None:
    """Bring a policy into force, publish a course, and say what makes a responder, and who is to become one."""
    ok(hr.post("/v1/people", json={**LEAD, "region": "EMEA"}, headers=WAIT))
    ok(hr.post("/v1/policies", json={"key": "social-media", "title": "Social media policy"}))
    version = "/v1/policies/social-media/versions/1"
    ok(
        hr.post(
            "/v1/policies/social-media/versions", json={"source": POLICY, "change_note": "First.", "material": True}
        )
    )
    ok(hr.post(f"{version}/review", json={}))
    ok(hr.post(f"{version}/approvals", json={"decision": "approve", "employee_number": "E-1"}))
    ok(hr.post(f"{version}/publication", json={}, headers=WAIT))
    ok(hr.post("/v1/courses", json={"key": "answering", "title": "Answering customers"}))
    ok(hr.post("/v1/courses/answering/versions", json={"modules": MODULES}))
    ok(hr.post("/v1/certifications", json=TIER))
    ok(hr.post("/v1/enrolment-rules", json=RULE))


def is_provisioned_and_enrolled(harbour: Harbour) -> None:
    """The identity provider creates somebody in Care; nobody has to put them on the course."""
    user = ok(harbour.hr.post(USERS, json=entra_user("noor", NUMBER), headers=WAIT))
    assert ok(harbour.hr.get(f"/v1/people/{NUMBER}"))["id"] == user["id"]
    assert (harbour.status()["status"], harbour.status()["certificate"]) == ("none", None)
    wait_until(lambda: bool(ok(harbour.hr.get("/v1/enrolments", params={"employee_number": NUMBER}))["items"]))
    wait_until(lambda: bool(harbour.told("training.enrolment.created.v1")))
    assert ok(harbour.hr.get("/v1/enrolments", params={"employee_number": "E-1"}))["items"] == []


def sit(learner: httpx.Client, enrolment: str, word: str) -> tuple[set[str], Any]:
    """Sit the quiz, choosing the options that begin with a word; return what was asked, and the result."""
    sitting = ok(learner.post(f"/v1/enrolments/{enrolment}/attempts", json={}))
    assert "correct" not in json.dumps(sitting), "the server keeps the answers to itself"
    for item in sitting["items"]:
        (option,) = [one["id"] for one in item["options"] if one["text"].startswith(word)]
        ok(learner.put(f"/v1/attempts/{sitting['id']}/answers/{item['id']}", json={"options": [option]}))
    result = ok(learner.post(f"/v1/attempts/{sitting['id']}/submission"))
    assert ok(learner.post(f"/v1/attempts/{sitting['id']}/submission")) == result, "handed in twice is graded once"
    return {item["text"] for item in sitting["items"]}, result


def learns(harbour: Harbour) -> set[str]:
    """The lesson comes before the quiz; who fails waits, and is asked something else; returns all that was asked."""
    learner = harbour.learner()
    (planned,) = ok(learner.get(f"/v1/people/{NUMBER}/plan"))["items"]
    assert (planned["why"][0]["kind"], planned["why"][0]["title"]) == ("rule", RULE["title"])
    (enrolment,) = ok(learner.get("/v1/enrolments"))["items"]
    assert (enrolment["course"], enrolment["rule"]) == ("answering", "care")
    assert moment(enrolment["due_at"]) - moment(enrolment["created_at"]) == timedelta(days=14)
    own = f"/v1/enrolments/{enrolment['id']}"
    assert [module["state"] for module in ok(learner.get(own))["modules"]] == ["open", "locked"]
    assert slug(learner.post(f"{own}/attempts", json={})) == (409, "module-locked")
    assert "<em>whole</em>" in ok(learner.get(f"{own}/modules/listen"))["html"]
    assert ok(learner.post(f"{own}/lessons/listen/completion", json={}))["next"] == "check"

    first, failed = sit(learner, enrolment["id"], "wrong")
    assert (failed["passed"], failed["score"], failed["items"][0]["feedback"]) == (False, 0, "See lesson 1.")
    too_soon = learner.post(f"{own}/attempts", json={})
    assert slug(too_soon) == (409, "cooling-down")
    harbour.hours_ago(29.9)
    second, passed = sit(learner, enrolment["id"], "right")
    assert (passed["passed"], passed["score"], first & second) == (True, 1, set())
    assert ok(learner.get(own))["completed_at"] is not None
    assert harbour.status()["status"] == "none", "the policy is not accepted yet"
    return first | second


def accepts_and_is_certified(harbour: Harbour) -> str:
    """The last part makes the certificate, which covers the sections that were accepted; returns its id."""
    learner = harbour.learner()
    policy = ok(learner.get("/v1/policies/social-media"))
    ok(learner.post("/v1/policies/social-media/versions/1/acknowledgements", json={}, headers=WAIT))
    status = harbour.status()
    assert (status["status"], status["certified"]) == ("valid", True)
    certificate = ok(harbour.hr.get(f"/v1/certificates/{status['certificate']}"))
    assert certificate["expires_at"] == status["certified_until"]
    assert [(one["section"], one["hash"]) for one in certificate["sections"]] == [
        (section["id"], section["hash"]) for section in policy["sections"]
    ]
    assert harbour.changes() == [("issued", certificate["id"])]
    return str(certificate["id"])


def has_a_badge(harbour: Harbour, certificate: str, folder: Path) -> Badge:
    """The holder takes it along, and three programs that are not ours say that it is genuine."""
    badge: Badge = ok(harbour.learner().get(f"/v1/certificates/{certificate}/badge.json"))
    assert NUMBER not in json.dumps(badge)
    assert harbour.verdicts(folder, badge) == [("valid",) * 3]
    seen = harbour.page(badge)
    assert (seen["status"], seen["valid"], seen["holder"], seen["title"]) == ("valid", True, None, "Responder")
    return badge


def is_renewed(harbour: Harbour, old: str, asked: set[str]) -> str:
    """A day later it expires soon: whoever repeats the course in time has a new one, and the old one is archived."""
    harbour.hours_ago(0)
    status = harbour.status()
    assert (status["status"], status["certified"], status["certificate"]) == ("expiring", True, old)
    wait_until(lambda: ("expiring", old) in harbour.changes())
    wait_until(lambda: [one["days_before"] for one in harbour.told("training.certificate.reminder.v1")] == [1])

    learner = harbour.learner()
    enrolment = ok(learner.post("/v1/enrolments", json={"course": "answering"}))["id"]
    ok(learner.post(f"/v1/enrolments/{enrolment}/lessons/listen/completion", json={}))
    third, passed = sit(learner, enrolment, "right")
    assert passed["passed"]
    assert asked | third == {question["text"] for question in QUESTIONS}, (
        "each question came once before any came twice"
    )
    wait_until(lambda: bool(harbour.status()["certificate"] != old))
    new = ok(harbour.hr.get(f"/v1/certificates/{harbour.status()['certificate']}"))
    before = ok(harbour.hr.get(f"/v1/certificates/{old}"))
    assert (new["status"], new["replaces"], before["replaced_by"]) == ("valid", old, new["id"])
    assert before["archived_at"] is not None
    listed = {"employee_number": NUMBER}
    assert [one["id"] for one in ok(harbour.hr.get("/v1/certificates", params=listed))["items"]] == [new["id"]]
    archived = ok(harbour.hr.get("/v1/certificates", params={**listed, "archived": "true"}))["items"]
    assert old in {one["id"] for one in archived}
    assert harbour.changes() == [("issued", old), ("expiring", old), ("renewed", new["id"])]
    assert harbour.status(as_of=before["issued_at"])["certificate"] == old, "what was so stays so"
    return str(new["id"])


def is_revoked(harbour: Harbour, certificate: str, badges: list[Badge], folder: Path) -> None:
    """HR takes it back: it counts no more at once, and verifiers see that within seconds."""
    reason, listed = {"reason": "Passwords were shared."}, harbour.list_tag()
    revoked = ok(harbour.hr.post(f"/v1/certificates/{certificate}/revocation", json=reason, headers=WAIT))
    assert (revoked["status"], revoked["reason"]) == ("revoked", "Passwords were shared.")
    assert (harbour.status()["status"], harbour.status()["certified"]) == ("revoked", False)
    assert harbour.changes()[-1] == ("revoked", certificate)
    assert harbour.page(badges[-1])["status"] == "revoked"
    assert "Passwords" not in json.dumps(harbour.page(badges[-1]))
    wait_until(lambda: harbour.list_tag() != listed)
    assert harbour.verdicts(folder, *badges) == [("revoked",) * 3] * len(badges), (
        "the older one, too, ahead of its date"
    )


def test_a_new_colleague_is_certified_renewed_and_revoked_and_verifiers_see_it(
    harbour: Harbour, tmp_path: Path
) -> None:
    prepare(harbour.hr)
    is_provisioned_and_enrolled(harbour)
    asked = learns(harbour)
    first = accepts_and_is_certified(harbour)
    badges = [has_a_badge(harbour, first, tmp_path)]
    second = is_renewed(harbour, first, asked)
    badges.append(has_a_badge(harbour, second, tmp_path))
    is_revoked(harbour, second, badges, tmp_path)
