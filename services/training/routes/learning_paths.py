"""/v1/learning-paths: courses in an order, and who is on them."""

from fastapi import status

from services.training.domain.planning import learning_paths, offers
from services.training.schemas.assigning import PathIn, PathMemberIn, PathOut, PathPatch, PathProgress
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import Forbidden, NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/learning-paths", tags=["training"])


@router.get("", dependencies=[needs("training:read", "self")])
async def list_learning_paths(paging: Paging, db: Db) -> Page[PathOut]:
    """List the learning paths."""
    return await db.read(learning_paths.find, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(Forbidden, learning_paths.PathExists, learning_paths.NoSuchStep),
)
async def create_learning_path(body: PathIn, db: Db) -> PathOut:
    """Write a learning path."""
    return await db.write(learning_paths.create, body)


@router.get("/{key}", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def get_learning_path(key: Slug, db: Db) -> PathOut:
    """Read a learning path."""
    return await db.read(learning_paths.get, key)


@router.patch(
    "/{key}",
    dependencies=[needs("training:write")],
    responses=problems(Forbidden, NotFound, Stale, learning_paths.NoSuchStep),
)
async def update_learning_path(key: Slug, body: PathPatch, if_match: IfMatch, db: Db) -> PathOut:
    """Change a learning path; who is on it goes on with its steps as they are now."""
    return await db.write(learning_paths.change, key, body, if_match)


@router.get("/{key}/people", dependencies=[needs("training:read", "self")], responses=problems(NotFound))
async def list_people_on_path(key: Slug, paging: Paging, db: Db) -> Page[PathProgress]:
    """List who is on a path, and how far they are; a person who signed in sees themself."""
    return await db.read(learning_paths.members, key, paging)


@router.post(
    "/{key}/people",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write", "self")],
    responses=problems(NotFound, offers.CourseNotOffered),
)
async def join_learning_path(key: Slug, body: PathMemberIn, db: Db) -> PathProgress:
    """Put a person on a path, or say how far they are if they are on it; its courses follow within seconds."""
    return await db.write(learning_paths.join, key, body)
