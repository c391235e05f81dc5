"""What the monitoring service is told by its environment."""

from datetime import timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import Environment, ServiceSettings


class MonitoringSettings(ServiceSettings):
    """Settings as `SHARELOAD_MONITORING_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SHARELOAD_MONITORING_", extra="ignore")

    certification: str = "responder"
    """The certification without which nobody gets a conversation."""
    answer_within: timedelta = timedelta(days=7)
    """A mention that is older when it comes in is history: it is kept and counted, and opens no conversation."""
    accept_within: timedelta = timedelta(minutes=15)
    """How long someone has to accept before the conversation goes to the next person."""
    act_within: timedelta = timedelta(hours=4)
    """How much working time whoever accepted may let pass without a sign before the conversation goes to the next person."""
    act_within_at_most: timedelta = timedelta(days=1)
    """How long they may do so by the clock: customers of somebody who works two hours a week do not wait for a fortnight."""
    minutes_per_conversation: int = 10
    """What a conversation is assumed to cost of somebody's weekly minutes, until its answer shows what it took."""
    minutes_at_most: int = 60
    """What an answer counts for at most, however long the conversation stood accepted."""
    present_within: timedelta = timedelta(minutes=15)
    """How long somebody who confirms being there counts as present, unless they confirm it again."""
    refresher_after: int = Field(default=3, ge=1)
    """Of how many findings in a section within 90 days a refresher course is proposed for a person."""
    department_refresher_after: int = Field(default=10, ge=3)
    """Of how many it is proposed for a whole department."""
    praise_after: int = Field(default=5, ge=1)
    """After how many corrections a coach's queue asks for praise."""
    digest_day: int = Field(default=1, ge=1, le=7)
    """On which day of the week digests of the week before are told: 1 is Monday."""
    digest_hour: int = Field(default=8, ge=0, le=23)
    """From which hour on, by the clock of `digest_zone`."""
    digest_zone: str = "UTC"
    """The time zone by which weeks of digests begin and end, as `Europe/Oslo`."""
    coach_capacity: int = 10
    """How many findings a coach has in hand at most before no further one is given to them."""
    claim_for: timedelta = timedelta(days=3)
    """How long a coach has for a finding before it goes back to the queue."""
    disturbing_topics: tuple[str, ...] = ("violence", "self-harm", "abuse")
    """Topics whose posts coaches see only when they choose to."""
    disturbing_a_day: int = 5
    """How many disturbing posts a coach can open in a day (UTC)."""
    reopen_within: timedelta = timedelta(days=3)
    """A customer who writes again so soon after a conversation was resolved goes on with it; later they begin another."""
    confirm_within: timedelta = timedelta(minutes=15)
    """How long the tool that sends replies has to say so, before a reply shows up as unconfirmed."""
    approval_within: timedelta = timedelta(days=3)
    """How long a held reply waits for the decision on its approval before it is refused."""
    trusted_certification: str | None = None
    """Who holds it begins as trusted, all others with drafts only; all are trusted if none is named."""
    sampled_share: float = Field(default=0.2, ge=0, le=1)
    """The share of replies that is looked at after they went out, of those whose replies are sampled."""
    principal_certification: str | None = None
    """Who holds it approves static content; the certification to answer customers if none is named."""
    posts_kept: timedelta = timedelta(days=365)
    """How long words and authors of posts are kept, those by staff too, unless something waits for a coach."""
    findings_kept: timedelta = timedelta(days=365)
    """How long it is kept whom a finding was about, once it is over."""
    guidance_kept: timedelta = timedelta(days=365)
    """How long it is kept what a coach said to whom."""
    conversations_kept: timedelta = timedelta(days=3 * 365)
    """How long a conversation is kept once it is resolved, with its replies, approvals, and files for supervisors."""
    dropped_kept: timedelta = timedelta(days=400)
    """How long it is kept how many posts were dropped."""
    min_group_size: int = 8
    """Departments with fewer people than this are shown only merged with others."""
    folders: Path | None = None
    """The folder below which other programs may put files of posts; without one, no folder is read."""
    fetch_also: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks that sources may be fetched from, for development and tests; production refuses any."""
    source_key: Path | None = None
    """The key file (a JWK) under which the secrets of sources are kept; made in the data folder where none is given."""
    posts_in_flight: int = 64 * 1024 * 1024
    """Bytes of posts that are taken in at once; whoever sends more is asked to come again in a moment."""

    @model_validator(mode="after")
    def refuse_private_addresses_in_production(self) -> Self:
        """Refuse to fetch from inside where real services stand there."""
        if self.environment is Environment.PRODUCTION and self.fetch_also:
            raise ValueError("fetch_also is for development and tests, not for production")
        return self


@cache
def terms() -> MonitoringSettings:
    """The terms on which the domain decides, read once when they are first needed."""
    return MonitoringSettings()
