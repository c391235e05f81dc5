"""What can be set for the training service."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class TrainingSettings(ServiceSettings):
    """Read from SHARELOAD_TRAINING_*, then from SHARELOAD_*."""

    model_config = SettingsConfigDict(env_prefix="SHARELOAD_TRAINING_")
