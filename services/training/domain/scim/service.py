"""The library's protocol with our answers: a PATCH is answered with what came of it, our problems as SCIM errors."""

from functools import cache
from http import HTTPStatus
from typing import Any

from scim2_models import (
    Context,
    Error,
    InvalidValueException,
    PatchOp,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
)
from scim2_server.bulk import BulkPlan, BulkStep
from scim2_server.conditions import Conditions
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from services.training.domain.provisioning.identities import IdentityConflict
from services.training.domain.provisioning.people import PersonExists
from services.training.domain.scim.moves import moves_of
from services.training.domain.scim.storage import Storage
from services.training.schemas.scim import provider
from services.training.schemas.scim_errors import LONGEST
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


class Handler(ScimHandler):
    """What the library does with one request, but for changes of nothing but who is in a group."""

    def __init__(self, service: Service, storage: Storage) -> None:
        super().__init__(service, storage)
        self._groups = storage.groups
        self._too_large = False

    def patch_resource(
        self, resource_type: ResourceType, resource_id: str, patch_op: "PatchOp[Any]", conditions: Conditions
    ) -> Resource[Any]:
        """Apply a PATCH; who comes into a group or leaves it is written as such."""
        moves = moves_of(patch_op) if resource_type.name == "Group" else None
        if moves is None:
            return super().patch_resource(resource_type, resource_id, patch_op, conditions)
        group, self._too_large = self._groups.move(resource_id, moves, conditions)
        return group

    def patch(self, request: ScimRequest) -> ScimResponse:
        """Answer a PATCH with the resource, or 204 for a group that is too large to be told after each change."""
        response = super().patch(request)
        if not self._too_large:
            return response
        return ScimResponse(HTTPStatus.NO_CONTENT, None, {"ETag": response.headers["ETag"]})


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
    refuse_unusable(request)
    return Handler(service, Storage(session, writing=writing)).handle(request)


def refuse_unusable(request: ScimRequest) -> None:
    """Raise InvalidValueException for what PostgreSQL cannot be asked, nor keep, and for endless filters."""
    texts = [request.path, *request.query, *request.query.values()]
    if any("\x00" in each for each in texts) or b"\\u0000" in request.body:
        raise InvalidValueException(detail="A request cannot hold a NUL character.")
    if any(len(each) > LONGEST for each in texts):
        raise InvalidValueException(detail=f"No part of an address may have more than {LONGEST} characters.")


def bulk_step(
    session: Session, service: Service, request: ScimRequest, plan: BulkPlan, step: BulkStep
) -> tuple[dict[str, Any], Resource[Any] | None]:
    """Do one operation of a bulk request as a unit of work of its own; raises StepFailed."""
    with service.provider:
        outcome, resource = Handler(service, Storage(session, writing=True)).run_bulk_step(request, plan, step)
    if int(outcome["status"]) >= 400:
        raise StepFailed(outcome)
    return outcome, resource
