"""Calls a route as FastAPI does, for less: what can be known when the app is made is not looked up at each request.

FastAPI takes 100 us to find out what a route's function needs; here that is a plan, made once. It covers what our
routes use: asynchronous functions, parameters, one JSON body, dependencies on the same. Whatever a plan does not fit,
a route or a single request, goes FastAPI's own way, so that errors are told in one place: `tests/shared/test_areas.py`
compares both.
"""

import inspect
import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response, params
from fastapi._compat import ModelField, is_scalar_field
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_parameterless_sub_dependant, request_params_to_args
from fastapi.routing import APIRoute, serialize_response
from fastapi.utils import get_value_or_default
from starlette.routing import compile_path
from starlette.types import Message, Receive, Scope, Send

NO_BODY = frozenset({204, 205, 304})
UNSUPPORTED = (
    "cookie_params",
    "http_connection_param_name",
    "websocket_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "concurrency",
)


class UnfitError(Exception):
    """FastAPI has to look at this request, or this route, itself."""


class Plan:
    """How one function comes to its arguments."""

    __slots__ = ("body", "call", "dependencies", "exchange", "name", "parameters")

    def __init__(self, dependant: Dependant, added: Sequence[Dependant] = (), *, root: bool = True) -> None:
        call = dependant.call
        if call is None or not is_coroutine(call) or any(getattr(dependant, name, None) for name in UNSUPPORTED):
            raise UnfitError
        self.call: Callable[..., Any] = call
        self.name = dependant.name
        dependencies = [*added, *dependant.dependencies]
        self.dependencies = [Plan(each, root=False) for each in dependencies]
        if not all(each.use_cache for each in dependencies):
            raise UnfitError
        groups = (
            (dependant.path_params, "path_params"),
            (dependant.query_params, "query_params"),
            (dependant.header_params, "headers"),
        )
        self.parameters = [(Parameters(fields), where) for fields, where in groups if fields]
        named = (dependant.request_param_name, dependant.response_param_name)
        self.exchange = [(name, which) for which, name in enumerate(named) if name is not None]
        self.body = body_of(dependant) if root or not dependant.body_params else None
        if dependant.body_params and self.body is None:
            raise UnfitError

    async def values(self, request: Request, response: Response, body: Any, known: dict[Any, Any]) -> dict[str, Any]:
        """Return the arguments for a request; raises UnfitError when one of them is not valid."""
        values = {name: (request, response)[which] for name, which in self.exchange}
        for dependency in self.dependencies:
            call = dependency.call
            if call not in known:
                known[call] = await call(**await dependency.values(request, response, body, known))
            if dependency.name is not None:
                values[dependency.name] = known[call]
        for parameters, where in self.parameters:
            parameters.take(values, getattr(request, where))
        if self.body is not None:
            valid, errors = self.body.validate(body, {}, loc=("body",))
            if errors:
                raise UnfitError
            values[self.body.name] = valid
        return values


class Parameters:
    """The parameters that a function takes from the path, the query or the headers."""

    __slots__ = ("_others", "_single")

    def __init__(self, fields: Sequence[ModelField]) -> None:
        single = [field for field in fields if is_single(field)]
        self._single = [(field, field.name, name_of(field), field.field_info.is_required()) for field in single]
        self._others = [field for field in fields if field not in single]

    def take(self, values: dict[str, Any], given: Any) -> None:
        """Add the parameters to what is known; raises UnfitError when one is missing or not valid."""
        for field, name, called, required in self._single:
            value = given.get(called)
            if value is None:
                if required:
                    raise UnfitError
                values[name] = field.get_default()
                continue
            values[name], errors = field.validate(value)
            if errors:
                raise UnfitError
        if self._others:
            valid, errors = request_params_to_args(self._others, given)
            if errors:
                raise UnfitError
            values.update(valid)


def is_single(field: ModelField) -> bool:
    """Tell whether a parameter is one value under one name, so that nothing has to be put together for it."""
    info = field.field_info
    named = info.validation_alias is None or isinstance(info.validation_alias, str)
    return named and is_scalar_field(field) and not info.validate_default and not field.config


def name_of(field: ModelField) -> str:
    """Return what a client calls a parameter."""
    return str(field.field_info.validation_alias or field.alias)


def body_of(dependant: Dependant) -> ModelField | None:
    """Return the one JSON body that a function takes, or None."""
    if len(dependant.body_params) != 1:
        return None
    [field] = dependant.body_params
    info = field.field_info
    plain = isinstance(info, params.Body) and not isinstance(info, params.Form)
    return field if plain and not getattr(info, "embed", None) and info.is_required() else None


def is_coroutine(call: Callable[..., Any]) -> bool:
    """Tell whether calling something gives what can be awaited."""
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004


class LeanRoute:
    """One route with its plan; `serve` answers by it, or says that FastAPI has to.

    `included` is how the app includes the route's router: with dependencies for all, say, or a class of answers.
    """

    def __init__(self, route: APIRoute, included: Any) -> None:
        self.methods: set[str] = route.methods or set()
        self.path = route.path
        self.original = route
        self._included = included
        self._alone: Any = None

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """What its paths look like."""
        return compile_path(self.path)[0]

    @cached_property
    def _answer(self) -> Any:
        chosen = get_value_or_default(
            self.original.response_class, self._included.include_context.default_response_class
        )
        return getattr(chosen, "value", chosen)

    @cached_property
    def plan(self) -> Plan | None:
        """How its function comes to its arguments, made when it is first asked for; None where FastAPI has to see to it."""
        route = self.original
        # A converter of Starlette's own, as `{path:path}`, or fields left out of an answer: none of our hot routes.
        special = route.response_model_exclude_unset or route.response_model_exclude_none or route.max_body_size
        words = all(type(each).__name__ == "StringConvertor" for each in route.param_convertors.values())
        if special or not words or route.status_code in NO_BODY:
            return None
        depended = self._included.include_context.dependencies
        added = [get_parameterless_sub_dependant(depends=each, path=route.path_format) for each in depended]
        try:
            return Plan(route.dependant, added)
        except UnfitError:
            return None

    def alone(self) -> Any:
        """Return the route as FastAPI includes it, by itself."""
        if self._alone is None:
            kind = type(self._included)
            self._alone = kind(APIRouter(routes=[self.original]), self._included.include_context)
        return self._alone

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer a request, or return where FastAPI finds what was received."""
        plan = self.plan
        app: FastAPI = scope["app"]
        if plan is None or app.dependency_overrides or scope.get("fastapi.telemetry") is not None:
            return receive
        if scope["method"] not in self.methods:
            return receive
        request = Request(scope, receive, send)
        response = Response()
        del response.headers["content-length"]
        response.status_code = None  # type: ignore[assignment]
        try:
            body = await json_of(request) if plan.body is not None else None
            values = await plan.values(request, response, body, {})
        except UnfitError:
            # A dependency may have read the body, too: whoever claims an Idempotency-Key does.
            return again(await request.body(), receive) if hasattr(request, "_body") else receive
        made = await plan.call(**values)
        if not isinstance(made, Response):
            made = await self._render(made, response)
        await made(scope, receive, send)
        return None

    async def _render(self, content: Any, stated: Response) -> Response:
        status = stated.status_code or self.original.status_code
        rendered = self._answer(
            await serialize_response(field=self.original.response_field, response_content=content, is_coroutine=True),
            **({"status_code": status} if status else {}),
        )
        rendered.headers.raw.extend(stated.headers.raw)
        made: Response = rendered
        return made


async def json_of(request: Request) -> Any:
    """Return a JSON body; raises UnfitError for one that is empty, not JSON or said to be something else."""
    content = await request.body()
    if not content or request.headers.get("content-type") != "application/json":
        raise UnfitError
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise UnfitError from None


def again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already once more."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
