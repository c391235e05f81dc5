"""What can be set for the policy service."""

from datetime import timedelta
from functools import cache

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class PolicySettings(ServiceSettings):
    """Read from SHARELOAD_POLICY_*, then from SHARELOAD_*."""

    model_config = SettingsConfigDict(env_prefix="SHARELOAD_POLICY_")

    min_group_size: int = 8
    """Figures of groups with fewer people than this are shown only merged with others."""
    approving_certification: str = "spokesperson"
    """Who holds this certification may approve held drafts, as the task team's leads and reviewers may."""
    checks_kept: timedelta = timedelta(days=730)
    """After this the words of a kept check and its receipt are forgotten, unless its approval is still awaited."""


@cache
def terms() -> PolicySettings:
    """The terms on which the domain decides, read once when they are first needed."""
    return PolicySettings()
