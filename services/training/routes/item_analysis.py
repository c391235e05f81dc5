"""/v1/courses/{key}/item-analysis: how well questions tell apart who knows and who does not."""

from services.training.domain.teaching import item_analysis
from services.training.schemas.item_analysis import ItemAnalysisOut
from shared.areas import Router
from shared.auth import needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/courses/{key}", tags=["training"], dependencies=[needs("training:write")])


@router.get("/item-analysis", responses=problems(NotFound))
async def list_item_analysis(key: Slug, paging: Paging, db: Db) -> Page[ItemAnalysisOut]:
    """List for each version of a question how hard it is and how well it discriminates, with what may be wrong with it.

    Only people's first sittings count, and nothing is shown of fewer than eight people.
    """
    return await db.read(item_analysis.find, key, paging)
