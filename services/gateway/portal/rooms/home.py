"""The page that everybody begins at: what is theirs to do, and how they stand."""

from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response

from services.gateway.portal.rooms.learning import place_of
from services.gateway.portal.visit import Room, Visit

room = Room()

MINE = frozenset({"assigned", "accepted", "waiting", "reopened"})
UNREAD = "given"


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: what it is, why, where it is done, and until when."""

    icon: str
    title: str
    why: str
    path: str
    due: str | None = None
    urgent: bool = False


@room.page("/")
async def show_home(visit: Visit) -> Response:
    """Show what a person has to do; a login that is nobody's sees where its rights lead."""
    number = visit.number
    if not number:
        return visit.render("home.html", tasks=[], done=[], certificates=[])
    plan, certificates, guidance, conversations, policies = await visit.api.together(
        f"/v1/people/{number}/plan",
        f"/v1/people/{number}/certificates",
        "/v1/guidance",
        "/v1/conversations",
        "/v1/policies",
    )
    titles = {policy["key"]: policy["title"] for policy in items(policies)}
    asked, done = (named(plan[part], titles) if plan else [] for part in ("items", "done"))
    tasks = [
        *(conversation_task(visit, each) for each in items(conversations) if is_mine(each, number)),
        *(
            guidance_task(visit, each)
            for each in items(guidance)
            if each["state"] == UNREAD and each["person"] == number
        ),
        *(plan_task(visit, each) for each in asked),
    ]
    tasks.sort(key=lambda task: (not task.urgent, task.due or "9"))
    return visit.render("home.html", tasks=tasks, done=done[:5], certificates=items(certificates))


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
    title = visit.say("%(customer)s waits for an answer", customer=conversation["customer"])
    return Task(
        "talk",
        title,
        visit.say("New for you: accept it or hand it on") if new else visit.say("You have accepted it"),
        f"/conversations/{conversation['id']}",
        conversation["accept_by"] if new else conversation["due_at"],
        urgent=True,
    )


def guidance_task(visit: Visit, guidance: dict[str, Any]) -> Task:
    """Return that a coach has written."""
    praise = guidance["kind"] == "praise"
    title = visit.say("A coach liked what you did") if praise else visit.say("A coach has a suggestion for you")
    return Task("letter", title, visit.say("Read it, and answer if you like"), f"/guidance/{guidance['id']}")


def plan_task(visit: Visit, item: dict[str, Any]) -> Task:
    """Return what policy or training asks for."""
    why = {
        "acknowledgement": visit.say("Read it and say that you have"),
        "course": visit.say("Your course"),
        "renewal": visit.say("Renew your certificate before it ends"),
        "delta": visit.say("A section changed: a few minutes bring you up to date"),
    }
    icon = {"acknowledgement": "book", "renewal": "seal"}.get(item["kind"], "cap")
    minutes = item["minutes_left"]
    said = why[item["kind"]]
    if minutes:
        said += " · " + visit.words.count("%(num)s minute", "%(num)s minutes", minutes)
    return Task(icon, item["title"], said, place_of(item), item["due_at"], urgent=item["overdue"])
