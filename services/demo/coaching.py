"""How coaches look after findings: about the same thing nobody hears the same words twice."""

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

    def can_speak_to(self, finding: dict[str, Any]) -> bool:
        """Tell whether there are words about a finding, and somebody to hear them."""
        return finding["rule"] in self.texts and finding["person"] is not None

    def look_after(self, finding: dict[str, Any], turn: int) -> dict[str, Any] | None:
        """Let a coach, another at each turn, write to the author, or say that it needs nothing; return what was written."""
        person, path = finding["person"], f"/v1/findings/{finding['id']}"
        coaches = [number for number in self.coaches if number != person]
        coach = {"employee_number": coaches[turn % len(coaches)]}
        letters = self.api.get("/v1/guidance", employee_number=person, limit=200)["items"]
        # What was written is theirs and the coach's; what it was about, others may know.
        heard = sum(one["cites"] is not None and one["cites"]["section"] == finding["section"] for one in letters)
        left = self.texts[finding["rule"]][heard:]
        self.api.post(f"{path}/claim", coach)
        if not left:
            self.api.post(f"{path}/dismissal", coach | {"reason": TOLD_BEFORE})
            return None
        told = {name: left[0][name] for name in ("message", "better_wording")}
        given = self.api.post(f"{path}/guidance", coach | told)
        return left[0] | {"id": given["id"], "person": person}

    def answer(self, given: dict[str, Any], *, appeals: bool) -> None:
        """Let who was written to answer: they take it along, or see it differently; the visitor answers by themself."""
        path = f"/v1/guidance/{given['id']}"
        if given["person"] == LOGINS["employee"]:
            return
        if appeals and "appeal" in given:
            self.api.post(f"{path}/appeal", {"reason": given["appeal"]})
        else:
            self.api.post(f"{path}/acknowledgement", {})
