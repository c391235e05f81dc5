"""How coaches look after findings: about the same thing nobody hears the same words twice."""

from collections import Counter
from typing import Any

from services.client import Api
from services.demo import LOGINS, content

TOLD_BEFORE = "We have talked about this one before, and once is enough."


class Coaching:
    """What coaches do with findings, and what colleagues answer."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.texts = content.guidance()
        self.coaches = content.coaches()
        self.above = {number: content.line_of(number) for number in self.coaches}
        self.heard: dict[str, Counter[str]] = {}

    def can_speak_to(self, finding: dict[str, Any]) -> bool:
        """Tell whether there are words about a finding, and somebody to say them to somebody."""
        return finding["rule"] in self.texts and finding["person"] is not None and bool(self.coaches_of(finding))

    def coaches_of(self, finding: dict[str, Any]) -> list[str]:
        """Return who may look after a finding: nobody whose own it is, or who reports to the author."""
        return [number for number in self.coaches if finding["person"] not in self.above[number]]

    def look_after(self, finding: dict[str, Any], turn: int) -> dict[str, Any] | None:
        """Let a coach, another at each turn, write to the author, or say that it needs nothing; return what was written."""
        person, path = finding["person"], f"/v1/findings/{finding['id']}"
        coaches = self.coaches_of(finding)
        coach = {"employee_number": coaches[turn % len(coaches)]}
        heard = self.heard_by(person)
        left = self.texts[finding["rule"]][heard[finding["section"]] :]
        self.api.post(f"{path}/claim", coach)
        if not left:
            self.api.post(f"{path}/dismissal", coach | {"reason": TOLD_BEFORE})
            return None
        heard[finding["section"]] += 1
        told = {name: left[0][name] for name in ("message", "better_wording")}
        given = self.api.post(f"{path}/guidance", coach | told)
        return left[0] | {"id": given["id"], "person": person}

    def heard_by(self, person: str) -> Counter[str]:
        """Return how often somebody was written to about each section: that others may know, the words they may not."""
        if person not in self.heard:
            letters = self.api.get("/v1/guidance", employee_number=person, kind="correction", limit=200)["items"]
            self.heard[person] = Counter(one["cites"]["section"] for one in letters if one["cites"])
        return self.heard[person]

    def answer(self, given: dict[str, Any], *, appeals: bool) -> None:
        """Let who was written to answer: they take it along, or see it differently; the visitor answers by themself."""
        path = f"/v1/guidance/{given['id']}"
        if given["person"] == LOGINS["employee"]:
            return
        if appeals and "appeal" in given:
            self.api.post(f"{path}/appeal", {"reason": given["appeal"]})
        else:
            self.api.post(f"{path}/acknowledgement", {})
