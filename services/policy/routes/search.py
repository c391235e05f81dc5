"""/v1/search: find what the policies in force and the FAQ say."""

from typing import Annotated, cast

from fastapi import Query

from services.policy.domain import search
from services.policy.schemas.search import HitOut, Kind
from services.policy.schemas.task_team import Language
from shared.areas import Router
from shared.auth import needs
from shared.pages import Page, Paging
from shared.requests import Db
from shared.schemas import Text

router = Router(prefix="/v1/search", tags=["policies"])
Kinds = Annotated[
    str,
    Query(
        pattern=r"^(policy|faq)(,(policy|faq))*$",
        max_length=50,
        description="Where to look: `policy`, `faq`, or both with a comma between.",
    ),
]


@router.get("", dependencies=[needs("policies:read", "self")])
async def search_policies(
    q: Annotated[Text, Query(min_length=1, max_length=200, description="Words; case and accents do not matter.")],
    paging: Paging,
    db: Db,
    kinds: Kinds = "policy,faq",
    locale: Annotated[Language | None, Query(description="Only what is written in this language.")] = None,
) -> Page[HitOut]:
    """Find sections in force and FAQ entries by their words, the best first."""
    return await db.read(search.find, q, cast(list[Kind], kinds.split(",")), locale, paging)
