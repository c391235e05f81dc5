"""Bodies about what is embedded elsewhere."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Body, EmployeeNumber, Resource, Slug

ORIGIN = r"^https?://[a-z0-9.\-]{1,253}(:[0-9]{1,5})?$"


class EmbedTokenIn(Body):
    """What an intranet's page may show: one policy, to whoever reads that page or to one person."""

    policy: Slug
    origin: Annotated[
        str | None,
        Field(
            pattern=ORIGIN,
            examples=["https://intranet.company.example"],
            description="The page whose scripts may use the token; a frame of ours needs none.",
        ),
    ] = None
    employee_number: Annotated[
        EmployeeNumber | None,
        Field(description="Who reads the page, so that they can accept the policy in place; needs `policies:write`."),
    ] = None


class EmbedTokenOut(Resource):
    """A token for `Authorization: Bearer`, or behind the `#token=` of a frame's address; good for five minutes at most."""

    token: str
    expires_at: datetime


class OembedOut(Resource):
    """A frame that shows a policy, as oEmbed 1.0 describes what can be put into a page."""

    version: Literal["1.0"] = "1.0"
    type: Literal["rich"] = "rich"
    title: str
    provider_name: str = "Shareload"
    provider_url: str
    cache_age: int = 300
    width: int
    height: int
    html: str = Field(
        examples=['<iframe src="https://shareload.company.example/embed/policies/social-media"></iframe>']
    )
