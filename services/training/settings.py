"""What can be set for the training service."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class TrainingSettings(ServiceSettings):
    """Read from SHARELOAD_TRAINING_*, then from SHARELOAD_*."""

    model_config = SettingsConfigDict(env_prefix="SHARELOAD_TRAINING_")

    public_url: str = "http://127.0.0.1:8000"
    """How others reach the platform; badges carry it for good, so it must not change."""
    organisation: str = "Shareload"
    """Whose badges these are, as everyone reads it."""
    export_folder: Path | None = None
    """Where export files are written; the folder `exports` in the data folder where none is given."""
    badge_key: Path | None = None
    """The key (a JWK file) under which the badges' signing keys are kept; made in the data folder where none is given."""
    badge_suspension: bool = False
    """Whether new badges also carry an entry of a suspension list, beside that of the revocation list."""

    answers_kept: timedelta = timedelta(days=1095)
    """After this the answers of a sitting, and the words of a reviewed practical task, are forgotten; how it went stays."""
    min_group_size: int = 8
    """Figures of groups with fewer people than this are shown only merged with others, or not at all."""
    looks_kept: timedelta = timedelta(days=365)
    """For how long it is kept who looked at whose record."""

    @property
    def badge_key_file(self) -> Path:
        """The file with the key under which the badges' signing keys are kept."""
        return self.badge_key or self.data_dir / "badge-key.json"

    @property
    def exports(self) -> Path:
        """The folder of export files."""
        return self.export_folder or self.data_dir / "exports"


@cache
def terms() -> TrainingSettings:
    """The terms on which the domain decides, read once when they are first needed."""
    return TrainingSettings()
