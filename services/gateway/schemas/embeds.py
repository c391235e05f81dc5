"""Bodies about what is embedded elsewhere."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.schemas import Body, Resource


class EmbedTokenIn(Body):
    """What an intranet's page may show: one policy."""

    policy: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", examples=["social-media"])]


class EmbedTokenOut(Resource):
    """A token for `/embed/policies/{policy}?token=`, good for five minutes at most."""

    token: str
    expires_at: datetime
