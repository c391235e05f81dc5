"""The library's protocol with our answers: a PATCH is answered with what came of it, our problems as SCIM errors."""

from functools import cache
from typing import Any

from scim2_models import Context, Error, InvalidValueException, Resource, ResponseParameters, SCIMException
from scim2_server.bulk import BulkPlan, BulkStep
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from services.training.domain.identities import IdentityConflict
from services.training.domain.people import PersonExists
from services.training.domain.scim.storage import Storage
from services.training.schemas.scim import provider
from shared.db import Session
from shared.problems import Invalid, Problem


class StepFailed(Exception):  # noqa: N818  ends a unit whose outcome is told all the same
    """One operation of a bulk request failed, so that nothing of it must stay."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        super().__init__("an operation of a bulk request failed")
        self.outcome = outcome


class Service(ScimService):
    """What this service answers differently from the library."""

    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        """Answer 200 with the resource, which Entra and Okta both read."""
        return self.resource_response(
            self.publish(base_url, resource), Context.RESOURCE_REPLACEMENT_RESPONSE, response_parameters
        )

    @staticmethod
    def error_of(exception: Exception) -> Error:
        """Return the SCIM error of what a client did wrong; a fault of ours, or of the database, is raised on."""
        match exception:
            case SCIMException():
                return exception.to_error()
            case PersonExists() | IdentityConflict():
                return Error(status=409, scim_type="uniqueness", detail=exception.detail)
            case Invalid():
                return Error(status=400, scim_type="invalidValue", detail=said(exception))
            case Problem():
                return Error(status=exception.status, detail=said(exception))
            case _:
                raise exception


def said(problem: Problem) -> str:
    """Return all that a problem says in one line."""
    return " ".join([problem.detail, *(f"{error.pointer}: {error.detail}." for error in problem.errors or [])])


@cache
def service_at(public_url: str) -> Service:
    """Return the protocol for a public address.

    The secret seals cursors, which hold a place in a list and nothing that is secret: it only has to be the same in all
    processes.
    """
    return Service(provider(), secret=f"shareload cursors of {public_url}")


def serve(session: Session, service: Service, request: ScimRequest, *, writing: bool) -> ScimResponse:
    """Do what one request asks as one unit of work; raises SCIMException or a Problem."""
    refuse_nul(request)
    return ScimHandler(service, Storage(session, writing=writing)).handle(request)


def refuse_nul(request: ScimRequest) -> None:
    """Raise InvalidValueException for what PostgreSQL cannot be asked, nor keep."""
    texts = [request.path, *request.query, *request.query.values()]
    if any("\x00" in each for each in texts) or b"\\u0000" in request.body:
        raise InvalidValueException(detail="A request cannot hold a NUL character.")


def bulk_step(
    session: Session, service: Service, request: ScimRequest, plan: BulkPlan, step: BulkStep
) -> tuple[dict[str, Any], Resource[Any] | None]:
    """Do one operation of a bulk request as a unit of work of its own; raises StepFailed."""
    with service.provider:
        outcome, resource = ScimHandler(service, Storage(session, writing=True)).run_bulk_step(request, plan, step)
    if int(outcome["status"]) >= 400:
        raise StepFailed(outcome)
    return outcome, resource
