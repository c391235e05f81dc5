"""Bodies of emergency rules."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Body, EmployeeNumber, Moment, Paragraph, Resource, Slug, Text

EmergencyState = Literal["proposed", "in_force", "ended"]


class EmergencyRuleIn(Body):
    """A rule that cannot wait for a new version, under a section of the version in force."""

    policy: Slug
    section: Annotated[Text, Field(min_length=1, max_length=64)]
    rule: Annotated[
        Text,
        Field(
            min_length=1,
            max_length=20_000,
            description="A rule block's YAML, as it would stand in the policy's source, with at least one example to match and one to pass.",
            examples=[
                "id: no-word-on-the-recall\nseverity: hold\ndetect:\n  words: [recall]\nmessage: The recall is answered by the press office.\nexamples:\n  match: [Is there a recall?]\n  pass: [I recalled a song]"
            ],
        ),
    ]
    reason: Paragraph
    ends_at: Annotated[Moment | None, Field(description="At most 14 days ahead, which is also the default.")] = None
    employee_number: Annotated[EmployeeNumber | None, Field(description="The lead, from a key.")] = None


class ConfirmationIn(Body):
    """Who confirms: the caller, or whom a key names."""

    employee_number: EmployeeNumber | None = None


class EmergencyRuleLine(Resource):
    """A rule of an emergency beside the rules of the version in force."""

    id: str
    rule: str
    section: str
    severity: str
    message: str
    suggestion: str | None
    ends_at: datetime


class EmergencyRuleOut(Resource):
    """A rule of an emergency; the people are employee numbers, None for a key that acts in nobody's name."""

    id: str
    policy: str
    version: int
    section: str
    rule: str
    severity: str
    message: str
    yaml: str
    reason: str
    state: EmergencyState
    proposed_by: str | None
    confirmed_by: str | None
    ended_by: str | None
    proposed_at: datetime
    started_at: datetime | None
    ends_at: datetime
    ended_at: datetime | None
    revision: int
