"""What a coach sees: the queue, and a finding with all that helps to judge it, gathered from the public API."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from services.gateway.portal import drafts
from services.gateway.portal.colleagues import names_of
from services.gateway.portal.visit import Visit, path_of

AT_ONCE = 40
HISTORY = 8
FILTERS = ("severity", "languages", "topic")
WITHHELD = "withheld"
"""What the API says for the number of anybody whose figures are nobody else's."""
WAITING = frozenset({"open", "appealed"})

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, what the coach has in hand, and the headings of the sections they are about."""

    told: Json
    mine: list[Json]
    headings: dict[tuple[str, str], str]
    query: str
    """What the links of the list carry along, so that the list stays as it was narrowed."""

    def heading(self, finding: Json) -> str:
        """Return what the section of a finding is called."""
        return str(self.headings.get((finding["policy"], finding["section"])) or finding["section"])

    def after(self, finding: str) -> str | None:
        """Return the finding that comes after one in the list, the first where there is none after it."""
        ids = [one["id"] for one in (*self.mine, *self.told["items"])]
        others = ids[ids.index(finding) + 1 :] if finding in ids else ids
        return next((one for one in others + ids if one != finding), None)


@dataclass(frozen=True, slots=True)
class View:
    """A finding with its post, the section it rests on, what came before, and how the coach stands to it."""

    finding: Json
    post: Json | None
    earlier: list[Json]
    policy: Json | None
    section: Json | None
    rule: Json | None
    beside: list[Json]
    history: list[Json] | None
    """What else was found of the person, None where that is not shown."""
    told: list[Json]
    appealed: Json | None
    templates: list[Json]
    names: dict[str, str]
    mine: bool
    taken: bool
    own: bool

    def heading(self, finding: Json) -> str:
        """Return what the section of another finding is called."""
        found = part(self.policy, "sections", finding["section"])
        return str(found["heading"] if found else finding["section"])

    @property
    def open(self) -> bool:
        """Whether the coach can do something about it."""
        return (self.finding["state"] in WAITING or self.mine) and not self.own

    @property
    def same_section(self) -> int:
        """How often something was found of the person in this section besides, and not dismissed."""
        here = (one for one in self.history or () if one["section"] == self.finding["section"])
        return sum(one["state"] != "dismissed" for one in here)


async def queue_of(visit: Visit) -> Queue:
    """Return what waits for the coach, narrowed as the address says."""
    chosen = {name: visit.query[name] for name in FILTERS if visit.query.get(name)}
    asked = {"limit": str(AT_ONCE), **chosen, **({"cursor": visit.query["cursor"]} if "cursor" in visit.query else {})}
    told, mine = await asyncio.gather(visit.api.get("/v1/coaching-queue", **asked), in_hand(visit))
    query = f"?{urlencode(chosen)}" if chosen else ""
    return Queue(told, mine, await headings_of(visit, {one["policy"] for one in (*told["items"], *mine)}), query)


async def in_hand(visit: Visit) -> list[Json]:
    """Return the findings that the coach has taken on."""
    return await visit.api.all("/v1/findings", most=200, in_hand="true")


async def headings_of(visit: Visit, keys: set[str]) -> dict[tuple[str, str], str]:
    """Return what the sections of policies in force are called."""
    policies = await asyncio.gather(*(policy_of(visit, key) for key in sorted(keys)))
    return {
        (policy["key"], section["id"]): section["heading"]
        for policy in policies
        if policy is not None
        for section in policy["sections"]
    }


async def policy_of(visit: Visit, key: str) -> Json | None:
    """Return a policy in force, in the reader's language where there is one."""
    path = path_of("policies", key)
    found: Json | None = await visit.api.find_or_none(path, locale=visit.words.language)
    return found or await visit.api.find_or_none(path)


async def look_at(visit: Visit, finding_id: str) -> View:
    """Return a finding with all that stands beside it; raises Refused where there is none for this coach."""
    finding = (await visit.api.find(path_of("findings", finding_id))).body
    person = finding["person"] if finding["person"] != WITHHELD else None
    thread, beside, templates, policy, (history, told), names = await asyncio.gather(
        visit.api.find_or_none(path_of("posts", finding["post"], "thread")),
        visit.api.find_or_none("/v1/findings", post=finding["post"]),
        visit.api.find_or_none("/v1/guidance-templates", policy=finding["policy"], rule=finding["rule"]),
        policy_of(visit, finding["policy"]),
        history_of(visit, person),
        names_of(visit, person, known(finding["coach"])),
    )
    post = next(iter(items(thread)[-1:]), None)
    appealed = await appeal_of(visit, finding, items(told))
    if appealed is not None:
        names |= await names_of(visit, known(appealed["coach"]))
    return View(
        finding,
        post,
        items(thread)[:-1],
        policy,
        part(policy, "sections", finding["section"]),
        part(policy, "rules", finding["rule"]),
        [one for one in items(beside) if one["id"] != finding["id"]],
        None if history is None else [one for one in history["items"] if one["id"] != finding["id"]],
        items(told),
        appealed,
        sorted(items(templates), key=lambda one: language_fits(one, post)),
        names,
        mine=finding["state"] == "claimed" and finding["coach"] == visit.number,
        taken=finding["state"] == "claimed" and finding["coach"] != visit.number,
        own=bool(visit.number) and person == visit.number,
    )


async def history_of(visit: Visit, person: str | None) -> list[Json | None]:
    """Return what was found of a person and what they were told; None where that is nobody else's to see."""
    if person is None:
        return [None, None]
    asked = urlencode({"employee_number": person, "limit": HISTORY})
    return await visit.api.together(f"/v1/findings?{asked}", f"/v1/guidance?{asked}")


async def appeal_of(visit: Visit, finding: Json, told: list[Json]) -> Json | None:
    """Return the guidance about a finding that its person asked to have looked at again, among what they were told."""
    if finding["state"] not in {"appealed", "claimed"}:
        return None
    if finding["state"] == "appealed" or finding["person"] == WITHHELD:
        told = await visit.api.all("/v1/guidance", most=200, state="appealed")
    here = (one for one in told if one["finding"] == finding["id"] and one["state"] == "appealed")
    return next(here, None)


def known(number: str | None) -> str | None:
    """Return an employee number, None where the API keeps it back."""
    return None if number == WITHHELD else number


def items(found: Json | None) -> list[Json]:
    """Return the items of a list, none where there is no list for this person."""
    return found["items"] if found else []


def part(policy: Json | None, kind: str, name: str) -> Json | None:
    """Return a section or rule of a policy."""
    return next((one for one in policy[kind] if one["id"] == name), None) if policy else None


def language_fits(template: Json, post: Json | None) -> bool:
    """Tell whether a template is in another language than the post: those sort last."""
    lang = (post or {}).get("lang") or ""
    return bool(template["language"].partition("-")[0] != lang.partition("-")[0])


async def judge(visit: Visit, view: View, wording: str) -> drafts.Read | None:
    """Say what the rules make of a wording that a coach proposes; nothing of it is kept."""
    kind = "reply" if view.post and view.post["kind"] == "reply" else "post"
    body = {"text": wording[: drafts.LONGEST], "network": view.finding["network"], "kind": kind}
    return await drafts.look_at(visit, body)
