"""Loading the demonstration organisation: each step can be taken again without changing anything."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from services import course_folders
from services.client import Api, RefusedError
from services.course_folders.documents import read_markdown
from services.demo import content, history
from services.demo.coaching import Coaching
from services.demo.content import POLICY
from services.demo.practice import Practice
from services.demo.today import Today

COURSES = ("social-principles", "answering-customers", "speaking-for-us")
"""Each after those that come before it for learners, too."""
CHANGED, LESSON = "social-principles", "open-about-who-we-are"
"""The course that has changed since people completed it, and its lesson that reads differently now."""
AUTHOR, APPROVER, TRANSLATOR = "E-1087", "E-1009", "E-1010"
HISTORY = 3000
CHUNK = 500
WAITING = 24
"""How many findings wait in the coaches' queue."""
LATEST = 40
"""Among so many, the newest that were looked after, are those against which somebody appeals."""
MINUTES_A_WEEK = 7 * 24 * 60
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class ElsewhereError(Exception):
    """The platform is not on this machine: people's real work is no place for invented colleagues."""


@dataclass(frozen=True)
class Step:
    """A part of the loading; `work` does one unit at each turn, of about `total` in all."""

    title: str
    total: int
    work: Callable[[], Iterable[object]]


class Seed:
    """The organisation on its way into a platform, through a key with all scopes.

    Raises ElsewhereError for a platform that is not on this machine.
    """

    def __init__(self, api: Api, posts: int = HISTORY) -> None:
        host = urlsplit(api.place.url).hostname
        if host not in LOOPBACK:
            raise ElsewhereError(
                f"The demonstration organisation is loaded only into a platform on this machine, not on {host}."
            )
        self.api = api
        # Midnight: taken again on the same day, the same dates come out.
        self.today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.posts = posts
        self.certifications: list[dict[str, Any]] = content.yaml_of("training", "certifications.yaml")
        self.rules: list[dict[str, Any]] = content.yaml_of("training", "enrolment_rules.yaml")
        self.certified: list[dict[str, Any]] = content.lines_of("training", "certified.jsonl")
        self.team: dict[str, list[dict[str, Any]]] = content.yaml_of("policy", "task_team.yaml")

    def steps(self) -> list[Step]:
        """Return all steps in their order."""
        practice, today = Practice(self.api), Today(self.api, self.today)
        accounts, availability = (
            content.lines_of("monitoring", name) for name in ("accounts.jsonl", "availability.jsonl")
        )
        return [
            Step("People", 1, self.people),
            Step("Policy", 5, self.policy),
            Step("Task team", len(self.team["seats"]) + len(self.team["nominations"]), self.task_team),
            Step("Questions", len(self.team["questions"]), self.questions),
            Step("Courses", len(COURSES), self.study),
            Step("Certifications", len(self.certifications), self.tiers),
            Step("Certificates", len(self.certified), self.certificates),
            Step("A lesson that changed", 1, self.second_version),
            Step("Enrolment rules", len(self.rules), self.enrolment_rules),
            Step("Campaign", 1, self.campaign),
            Step("Accounts", len(accounts), self.accounts),
            Step("Promises", 6, practice.promises),
            Step("Words to begin with", 37, practice.words),
            Step("Profiles", 4, practice.profiles),
            Step("A year of posts", self.posts, self.history),
            Step("Guidance", 170, self.guidance),
            Step("Praise", 8, practice.praise),
            Step("Courses under way", 5, today.courses),
            Step("Drafts that ask for eyes", 6, today.drafts),
            Step("The next version", 3, today.next_version),
            Step("How far people answer alone", 12, today.levels),
            Step("Availability", len(availability), self.availability),
            Step("Answers to read", 6, today.answers),
            Step("Keys and webhooks", 4, today.machines),
        ]

    def ensure(self, path: str, body: object) -> bool:
        """Create what may be there already; tell whether it was new."""
        try:
            self.api.post(path, body)
        except RefusedError as refused:
            if refused.status != 409:
                raise
            return False
        return True

    def people(self) -> Iterator[object]:
        """Import the people as HR would, and wait until every service knows them."""
        yield self.api.upload("/v1/people/imports", content.people_csv(), "text/csv")

    def policy(self) -> Iterator[object]:
        """Write the policy, have it approved by somebody else, publish it, and have it in German, too."""
        versions = f"/v1/policies/{POLICY}/versions"
        yield self.ensure("/v1/policies", {"key": POLICY, "title": "Social media policy"})
        if not self.api.get(versions)["items"]:
            note = "The first version, written by the task team after two months of listening."
            self.api.post(versions, {"source": content.policy_source(), "change_note": note, "employee_number": AUTHOR})
        version = f"{versions}/1"
        if self.api.get(version)["state"] == "draft":
            yield self.api.post(f"{version}/review", {})
        if self.api.get(version)["state"] == "in_review":
            comment = "Clear, kind and lawful. Thank you for putting people's rights first."
            yield self.api.post(
                f"{version}/approvals", {"decision": "approve", "comment": comment, "employee_number": APPROVER}
            )
        if self.api.get(version)["state"] == "approved":
            yield self.api.post(f"{version}/publication", {}, wait=10)
        if not self.api.get(f"{version}/translations")["items"]:
            german = {"source": content.policy_source("de"), "employee_number": TRANSLATOR}
            yield self.api.put(f"{version}/translations/de", german)

    def task_team(self) -> Iterator[object]:
        """Set up the seats, and go through the nominations."""
        for seat in self.team["seats"]:
            yield self.ensure("/v1/task-team/seats", seat)
        known = {(row["employee_number"], row["seat"]) for row in self.api.all("/v1/task-team/nominations")}
        for nomination in self.team["nominations"]:
            if (nomination["employee_number"], nomination["seat"]) not in known:
                self.nominate(nomination)
            yield nomination

    def nominate(self, nomination: dict[str, Any]) -> None:
        """Nominate, endorse, and decide if a decision was made."""
        told = {
            name: nomination[name]
            for name in ("employee_number", "nominated_by", "seat", "experience", "networks", "languages", "why")
        }
        path = f"/v1/task-team/nominations/{self.api.post('/v1/task-team/nominations', told)['id']}"
        for endorsement in nomination["endorsements"]:
            self.api.post(f"{path}/endorsements", {"employee_number": endorsement["by"], "words": endorsement["words"]})
        if nomination["decision"] != "open":
            decision = {"decision": nomination["decision"], "reason": nomination["reason"]}
            self.api.post(
                f"{path}/decision",
                decision | ({"seat": nomination["seat"]} if nomination["decision"] == "appoint" else {}),
            )

    def questions(self) -> Iterator[object]:
        """Let colleagues ask the team; what is answered already stands beside its section for all."""
        asked = {row["text"] for row in self.api.all("/v1/task-team/questions")}
        for question in self.team["questions"]:
            if question["text"] not in asked:
                self.ask(question)
            yield question

    def ask(self, question: dict[str, Any]) -> None:
        """Ask, and answer if somebody has."""
        told = {name: question[name] for name in ("text", "section", "topic", "language")}
        body = {"policy": POLICY, "employee_number": question["asker"], **told}
        path = f"/v1/task-team/questions/{self.api.post('/v1/task-team/questions', body)['id']}"
        if "with" in question:
            self.api.post(f"{path}/reassignment", {"employee_number": question["with"]})
        if "answer" in question:
            self.api.post(f"{path}/answer", {"answer": question["answer"], "employee_number": question["answerer"]})
            self.api.post(f"{path}/faq", {"question": question["faq"]})

    def campaign(self) -> Iterator[object]:
        """Ask everyone who has not accepted the policy yet to do so within three weeks."""
        path = "/v1/acknowledgement-campaigns"
        if not self.api.get(path, policy=POLICY)["items"]:
            due_at = (self.today + timedelta(days=21, hours=16)).isoformat()
            title = "Our social media policy: read it, ask about it, say yes to it"
            asked = {"policy": POLICY, "title": title, "due_at": due_at, "escalate_after": 7, "employee_number": AUTHOR}
            yield self.api.post(path, asked)

    def study(self) -> Iterator[object]:
        """Open the courses and write their first versions, from the folders in which their authors keep them."""
        written = {course["key"] for course in self.api.all("/v1/courses") if course["version"]}
        for course in COURSES:
            if course not in written:
                folder = course_folders.read_folder(content.file("training", f"courses/{course}"))
                for module in folder.version["modules"]:
                    if (course, module["key"]) == (CHANGED, LESSON):
                        module.update(read_markdown(content.file("training", f"earlier/{LESSON}.md")))
                course_folders.push(self.api, folder)
            yield course

    def second_version(self) -> Iterator[object]:
        """Change a lesson after people were certified, so that its holders are asked to learn what is new."""
        if self.api.get(f"/v1/courses/{CHANGED}")["version"] == 1:
            folder = course_folders.read_folder(content.file("training", f"courses/{CHANGED}"))
            yield course_folders.push(self.api, folder)

    def tiers(self) -> Iterator[object]:
        """Define the certifications."""
        for certification in self.certifications:
            yield self.ensure("/v1/certifications", certification)

    def enrolment_rules(self) -> Iterator[object]:
        """Say who is put on which courses; nobody on what they have already."""
        for rule in self.rules:
            yield self.ensure("/v1/enrolment-rules", rule)

    def certificates(self) -> Iterator[object]:
        """Report who completed what and when, and who accepted the policy: the certificates follow from it."""
        courses = {certification["key"]: certification["courses"] for certification in self.certifications}
        held = {(one["employee_number"], one["certification"]) for one in self.api.all("/v1/certificates", limit=200)}
        reported: set[tuple[str, str]] = set()
        for holder in self.certified:
            number = holder["employee_number"]
            if (number, holder["certification"]) in held:
                continue
            completed_at = (self.today - timedelta(days=holder["days_ago"]) + timedelta(hours=10)).isoformat()
            for course in courses[holder["certification"]]:
                if (number, course) not in reported:
                    completion = {
                        "employee_number": number,
                        "course": course,
                        "completed_at": completed_at,
                        "source": "previous system",
                    }
                    self.api.post("/v1/completions", completion)
                    reported.add((number, course))
            if holder["certification"] == "principles":
                self.api.post(f"/v1/policies/{POLICY}/versions/1/acknowledgements", {"employee_number": number})
            yield holder

    def accounts(self) -> Iterator[object]:
        """Register the accounts that their owners offered, and the brand's."""
        for account in content.lines_of("monitoring", "accounts.jsonl"):
            yield self.ensure("/v1/accounts", account)

    def history(self) -> Iterator[object]:
        """Send a year of posts, a chunk at a time."""
        posts = history.spread(content.posts(), self.posts, datetime.now(UTC))
        while chunk := list(islice(posts, CHUNK)):
            self.api.upload(
                "/v1/posts", b"\n".join(json.dumps(post).encode() for post in chunk), "application/x-ndjson"
            )
            yield from chunk

    def guidance(self) -> Iterator[object]:
        """Let the coaches have looked after the older findings, as colleagues who care do; the newest wait for the visitor."""
        coaching = Coaching(self.api)
        spoken = [one for one in self.api.all("/v1/findings", state="open", limit=200) if coaching.can_speak_to(one)]
        older = spoken[WAITING:]
        for turn, finding in enumerate(reversed(older)):
            given = coaching.look_after(finding, turn)
            if given is not None:
                coaching.answer(given, appeals=turn > len(older) - LATEST)
            yield finding

    def availability(self) -> Iterator[object]:
        """Say who takes conversations: last, so that the year's mentions do not all come at once."""
        for entry in content.lines_of("monitoring", "availability.jsonl"):
            number = entry["employee_number"]
            body = {name: value for name, value in entry.items() if name != "employee_number"}
            # The demonstration lives faster than people do: a week's minutes would be gone within hours.
            body["weekly_minutes"] = min(MINUTES_A_WEEK, 20 * body["weekly_minutes"])
            yield self.api.put(f"/v1/availability/{number}", body)
