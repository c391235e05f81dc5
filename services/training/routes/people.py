"""/v1/people: who works here; /v1/attribute-authority: which source decides which attribute."""

from typing import Annotated

from fastapi import Query, Response, status

from services.training.domain import access
from services.training.domain.certification import certificates
from services.training.domain.provisioning import (
    authority,
    directory,
    hierarchy,
    import_guard,
    merges,
    people,
    provenance,
)
from services.training.schemas.certificates import CertificateOut
from services.training.schemas.imports import Attribute
from services.training.schemas.people import (
    AuthorityIn,
    AuthorityOut,
    MatchesIn,
    MatchesOut,
    MergeIn,
    PersonIn,
    PersonOut,
    PersonPatch,
    SourcesOut,
)
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, fingerprint
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Line, Moment

Numbers = Annotated[
    list[EmployeeNumber] | None, Query(max_length=200, description="Only the people with these numbers.")
]
Searched = Annotated[Line, Query(description="A part of a name, an employee number, an address or a department.")]

router = Router(prefix="/v1", tags=["people"])


@router.get("/people", response_model=Page[PersonOut], dependencies=[needs("people:read", "self")])
async def list_people(
    paging: Paging,
    db: Db,
    q: Searched | None = None,
    department: Line | None = None,
    region: Line | None = None,
    employee_number: Numbers = None,
    *,
    active: bool | None = None,
) -> Response:
    """List people; a person who signed in sees themself."""
    only = directory.Filter(q, department, region, active, employee_number)
    return db.answer(await db.read(directory.find, paging, only))


@router.post(
    "/people",
    status_code=status.HTTP_201_CREATED,
    response_model=PersonOut,
    dependencies=[needs("people:write")],
    responses=problems(people.PersonExists, hierarchy.NotManaged, import_guard.ImportUnderWay),
)
async def create_person(body: PersonIn, db: Db) -> Response:
    """Add a person."""
    return db.answer(await db.write(people.create, body))


@router.post("/people/matches", dependencies=[needs("people:write")])
async def match_people(body: MatchesIn, db: Db) -> MatchesOut:
    """Say what a first sync of a source would do: whom each means by which id, what changes, and what is in the way.

    Nothing is changed or kept.
    """
    return await db.read(provenance.preview, body)


@router.get("/attribute-authority", dependencies=[needs("people:read")])
async def list_authority(db: Db) -> Page[AuthorityOut]:
    """List which sources may write which attribute of people, the strongest first."""
    return await db.read(provenance.all_authority)


@router.put("/attribute-authority/{attribute}", dependencies=[needs("people:write")], responses=problems(Stale))
async def put_authority(attribute: Attribute, body: AuthorityIn, if_match: IfMatch, db: Db) -> AuthorityOut:
    """Say which sources may write an attribute, the strongest first.

    What a stronger source has written, a weaker one does not change. Unless said here, SCIM comes before files, files
    before single requests.
    """
    return await db.write(provenance.put_authority, attribute, body, if_match)


@router.get(
    "/people/{employee_number}",
    response_model=PersonOut,
    dependencies=[needs("people:read", "self")],
    responses=problems(NotFound),
)
async def get_person(employee_number: EmployeeNumber, db: Db) -> Response:
    """Read a person."""
    return db.answer(await db.read(directory.get, employee_number))


@router.patch(
    "/people/{employee_number}",
    dependencies=[needs("people:write")],
    responses=problems(
        NotFound,
        Stale,
        people.PersonExists,
        hierarchy.NotManaged,
        import_guard.ImportUnderWay,
        authority.OwnedElsewhere,
    ),
)
async def update_person(employee_number: EmployeeNumber, body: PersonPatch, if_match: IfMatch, db: Db) -> PersonOut:
    """Change a person; `active: false` when they leave."""
    return await db.write(people.change, employee_number, body, if_match)


@router.get(
    "/people/{employee_number}/certificates",
    dependencies=[needs("certificates:read", "self")],
    responses=problems(NotFound),
)
async def list_certificates_of_person(
    employee_number: EmployeeNumber,
    db: Db,
    as_of: Annotated[Moment | None, Query(description="The moment asked for; now unless given.")] = None,
) -> Page[CertificateOut]:
    """List what a person holds, or held at a moment: the latest certificate of each certification."""
    return await db.read(certificates.of_person, employee_number, as_of)


@router.post(
    "/people/{employee_number}/merge",
    dependencies=[needs("people:write")],
    responses=problems(NotFound, access.OwnMatter, merges.NotMergeable, import_guard.ImportUnderWay),
)
async def merge_person(employee_number: EmployeeNumber, body: MergeIn, db: Db) -> PersonOut:
    """Make one person of two entries: learning, certificates and acceptances of the duplicate go over.

    The duplicate's number goes on naming the person. There is no way back.
    """
    return await db.write(merges.merge, employee_number, body)


@router.get("/people/{employee_number}/sources", dependencies=[needs("people:read")], responses=problems(NotFound))
async def get_person_sources(employee_number: EmployeeNumber, response: Response, db: Db) -> SourcesOut:
    """Read where a person's attributes come from, and under which numbers they were known before."""
    found = await db.read(provenance.of_person, employee_number)
    response.headers["ETag"] = fingerprint(found)
    return found
