"""What can be set for the policy service."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class PolicySettings(ServiceSettings):
    """Read from SHARELOAD_POLICY_*, then from SHARELOAD_*."""

    model_config = SettingsConfigDict(env_prefix="SHARELOAD_POLICY_")
