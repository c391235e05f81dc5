"""The page that everybody begins at: what is theirs to do, and how they stand."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi.responses import Response

from services.gateway.portal.rooms.learning import place_of
from services.gateway.portal.visit import Room, Visit
from services.gateway.portal.words import moment

room = Room()

MINE = frozenset({"assigned", "accepted", "waiting", "reopened"})
UNREAD = "given"
AT_ONCE = 3
"""So many conversations, and letters, stand on the page; of more it says how many there are."""
NEVER = "9"
"""Comes after every time."""
SOON = timedelta(days=1)
"""What is due within this time is said in hours and minutes."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: what it is, why, where it is done, and until when."""

    icon: str
    title: str
    why: str
    path: str
    due: str | None = None
    urgent: bool = False
    soon: bool = False


@room.page("/")
async def show_home(visit: Visit) -> Response:
    """Show what a person has to do; a login that is nobody's sees where its rights lead."""
    number = visit.number
    if not number:
        return visit.render("home.html", tasks=[], done=[], certificates=[])
    plan, tiers, certificates, guidance, conversations, policies = await visit.api.together(
        f"/v1/people/{number}/plan?locale={visit.words.language}",
        "/v1/certifications",
        f"/v1/people/{number}/certificates",
        "/v1/guidance",
        "/v1/conversations",
        "/v1/policies",
    )
    titles = {policy["key"]: policy["title"] for policy in items(policies)}
    asked, done = (named(plan[part], titles) if plan else [] for part in ("items", "done"))
    talks = sorted((each for each in items(conversations) if is_mine(each, number)), key=due_of)
    letters = [each for each in items(guidance) if each["state"] == UNREAD and each["person"] == number]
    tasks = [
        *(conversation_task(visit, each) for each in talks[:AT_ONCE]),
        *more_talks(visit, talks),
        *(guidance_task(visit, each) for each in letters[:AT_ONCE]),
        *more_letters(visit, letters),
        *(plan_task(visit, each) for each in asked),
    ]
    tasks.sort(key=lambda task: (not task.urgent, task.due or NEVER))
    named_tiers = {tier["key"]: tier["title"] for tier in items(tiers)}
    return visit.render("home.html", tasks=tasks, done=done[:5], certificates=items(certificates), tiers=named_tiers)


def due_of(conversation: dict[str, Any]) -> str:
    """Return until when a conversation waits for its next step; those without end come last."""
    due: str | None = conversation["accept_by"] if conversation["state"] == "assigned" else conversation["due_at"]
    return due or NEVER


def due_by(visit: Visit, conversation: dict[str, Any]) -> tuple[str | None, bool]:
    """Return until when a conversation waits, if until a time, and whether that is soon."""
    due = due_of(conversation)
    return (None, False) if due == NEVER else (due, moment(due) - visit.now < SOON)


def more_talks(visit: Visit, talks: list[dict[str, Any]]) -> list[Task]:
    """Return the way to the conversations that do not stand on the page by themselves."""
    rest = talks[AT_ONCE:]
    if not rest:
        return []
    title = visit.words.count("%(num)s more conversation", "%(num)s more conversations", len(rest))
    due, soon = due_by(visit, rest[0])
    return [
        Task("talk", title, visit.say("They have a little more time"), "/conversations", due, urgent=True, soon=soon)
    ]


def more_letters(visit: Visit, letters: list[dict[str, Any]]) -> list[Task]:
    """Return the way to the letters that do not stand on the page by themselves."""
    rest = len(letters) - AT_ONCE
    if rest < 1:
        return []
    title = visit.words.count("%(num)s more letter", "%(num)s more letters", rest)
    return [Task("letter", title, visit.say("From your coaches"), "/guidance")]


def items(found: Any) -> list[dict[str, Any]]:
    """Return the items of a list, none where there is no list for this person."""
    return found["items"] if found else []


def named(planned: list[dict[str, Any]], titles: dict[str, str]) -> list[dict[str, Any]]:
    """Return parts of a plan with the titles of policies, of which training knows only the keys."""
    return [
        each | {"title": titles.get(each["key"], each["title"])} if each["kind"] == "acknowledgement" else each
        for each in planned
    ]


def is_mine(conversation: dict[str, Any], number: str) -> bool:
    """Tell whether a conversation waits for this person."""
    return conversation["assignee"] == number and conversation["state"] in MINE


def conversation_task(visit: Visit, conversation: dict[str, Any]) -> Task:
    """Return what a conversation asks for."""
    new = conversation["state"] == "assigned"
    due, soon = due_by(visit, conversation)
    title = visit.say("%(customer)s waits for an answer", customer=conversation["customer"])
    return Task(
        "talk",
        title,
        visit.say("New for you: accept it or hand it on") if new else visit.say("You have accepted it"),
        f"/conversations/{conversation['id']}",
        due,
        urgent=True,
        soon=soon,
    )


def guidance_task(visit: Visit, guidance: dict[str, Any]) -> Task:
    """Return that a coach has written."""
    about = (guidance["cites"] or {}).get("heading")
    if guidance["kind"] == "praise":
        title = visit.say("A coach liked what you did")
    elif about:
        title = visit.say("A coach wrote to you about “%(section)s”", section=about)
    else:
        title = visit.say("A coach has a suggestion for you")
    return Task("letter", title, visit.say("Read it, and answer if you like"), f"/guidance/{guidance['id']}")


def plan_task(visit: Visit, item: dict[str, Any]) -> Task:
    """Return what policy or training asks for."""
    why = {
        "acknowledgement": visit.say("Read it and say that you have"),
        "course": visit.say("Your course"),
        "renewal": visit.say("Renew your certificate before it ends"),
        "delta": visit.say("Something changed: a few minutes bring you up to date"),
    }
    if item["kind"] == "renewal" and item["next"]:
        why["renewal"] = visit.say("Renew your certificate before it ends: %(course)s", course=item["next"]["title"])
    icon = {"acknowledgement": "book", "renewal": "seal"}.get(item["kind"], "cap")
    minutes = item["minutes_left"]
    said = why[item["kind"]]
    if minutes:
        said += " · " + visit.words.count("%(num)s minute", "%(num)s minutes", minutes)
    return Task(icon, item["title"], said, place_of(item), item["due_at"], urgent=item["overdue"])
