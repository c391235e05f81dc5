"""The library's storage over our people and groups: one object for one unit of work."""

from collections.abc import Sequence
from typing import Any

from scim2_models import (
    InvalidCursorException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    SearchRequest,
    TooManyException,
)
from scim2_server.storage import ScimStorage, SearchPage
from sqlalchemy import ColumnElement, func

from services.training.domain.scim.filters import select_by
from services.training.domain.scim.groups import Groups
from services.training.domain.scim.people import People
from services.training.schemas.scim import MOST_RESULTS, Group, StaffMember
from shared.db import Session

MOST_EVALUATED = 1000
"""Resources over which a filter is evaluated that SQL cannot say."""


class Search:
    """What is searched of one kind of resource: all that a filter selects, in the order of ids."""

    def __init__(
        self, session: Session, kind: People | Groups, model: type[Resource[Any]], asked: SearchRequest[Any]
    ) -> None:
        self._session = session
        self._kind = kind
        self._members = not leaves_out(asked, "members")
        given = asked.filter
        self._filter: ScimFilter[Any] | None = ScimFilter[model](str(given)) if given is not None else None  # type: ignore[valid-type]
        selection = select_by(self._filter, kind.conditions)
        self._where = selection.where
        self._evaluated = None if selection.exact else self._evaluate()

    def _evaluate(self) -> list[Resource[Any]]:
        """Return what the filter matches of what SQL selects; raises TooManyException."""
        rows = self._rows(MOST_EVALUATED + 1)
        if len(rows) > MOST_EVALUATED or self._filter is None:
            raise TooManyException(
                detail="This filter has to be looked for in too many resources. Filter by userName, externalId, "
                "employeeNumber, emails, active, department or meta.lastModified as well."
            )
        return [each for each in self._kind.resources(rows) if self._filter.match(each)]

    def count(self) -> int:
        """Return how many there are."""
        if self._evaluated is not None:
            return len(self._evaluated)
        total: int = self._session.execute(self._kind.query(func.count(self._kind.key)).where(self._where)).scalar_one()
        return total

    def page(self, most: int, *, skip: int = 0, after: str | None = None) -> Sequence[Resource[Any]]:
        """Return at most so many resources: those beyond the first ones, or those after an id."""
        if self._evaluated is not None:
            rest = [each for each in self._evaluated if after is None or str(each.id) > after]
            return rest[skip : skip + most]
        rows = self._rows(most, skip, self._kind.key > after if after is not None else None)
        if isinstance(self._kind, Groups):
            return self._kind.resources(rows, members=self._members)
        return self._kind.resources(rows)

    def _rows(self, most: int, skip: int = 0, beyond: ColumnElement[bool] | None = None) -> list[Any]:
        query = self._kind.query(self._kind.key.class_).where(self._where)
        if beyond is not None:
            query = query.where(beyond)
        return list(self._session.execute(query.order_by(self._kind.key).offset(skip).limit(most)).scalars())


class Storage(ScimStorage):
    """People as Users, groups as Groups; what writes locks what it reads."""

    supports_cursors = True

    def __init__(self, session: Session, *, writing: bool) -> None:
        self._session = session
        self._people = People(session, writing=writing)
        self.groups = Groups(session, writing=writing)

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """Return a resource; raises NotFoundException."""
        if resource_type.name == "User":
            return self._people.get(resource_id)
        return self.groups.get(resource_id, members=not leaves_out(response_parameters, "members"))

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """Return a page of what matches: users, then groups, each in the order of ids."""
        searches = [
            Search(self._session, self._people, StaffMember, search_request)
            if each.name == "User"
            else Search(self._session, self.groups, Group, search_request)
            for each in resource_types
        ]
        counts = [each.count() for each in searches]
        most = MOST_RESULTS if search_request.count is None else search_request.count
        if search_request.cursor is not None:
            return by_cursor(searches, sum(counts), most, position)
        skip = search_request.start_index_0 or 0
        found: list[Resource[Any]] = []
        for search, count in zip(searches, counts, strict=True):
            if len(found) < most and skip < count:
                found += search.page(most - len(found), skip=skip)
            skip = max(0, skip - count)
        return SearchPage(sum(counts), found)

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Add a resource."""
        created: Resource[Any] = self._of(resource_type).create(resource)
        return created

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """Let a resource be as it is given."""
        updated: Resource[Any] = self._of(resource_type).update(resource, expected_version)
        return updated

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """Remove a resource."""
        self._of(resource_type).delete(resource_id, expected_version)

    def _of(self, resource_type: ResourceType) -> Any:
        return self._people if resource_type.name == "User" else self.groups


def by_cursor(searches: Sequence[Search], total: int, most: int, position: Any) -> SearchPage:
    """Return the page after a position: the number of a search, and an id in it; raises InvalidCursorException."""
    place, after = (0, None) if position is None else read_position(position, len(searches))
    found: list[Resource[Any]] = []
    for number in range(place, len(searches)):
        room = most - len(found)
        page = searches[number].page(room + 1, after=after if number == place else None)
        found += page[:room]
        if len(page) > room:
            return SearchPage(total, found, next=[number, page[room - 1].id if room else None])
    return SearchPage(total, found)


def read_position(position: Any, searches: int) -> tuple[int, str | None]:
    """Return a position that we gave; raises InvalidCursorException."""
    match position:
        case [int(number), str() | None as after] if 0 <= number < searches:
            return number, after
        case _:
            raise InvalidCursorException


def leaves_out(asked: ResponseParameters[Any] | None, attribute: str) -> bool:
    """Say whether an answer will not show an attribute, so that it need not be looked up."""
    if asked is None:
        return False
    excluded = {str(path).lower() for path in asked.excluded_attributes or []}
    wanted = {str(path).lower().rpartition(":")[2].partition(".")[0] for path in asked.attributes or []}
    return attribute in excluded or bool(wanted and attribute not in wanted)
