"""The hub's HTTP interface, put together: routes, limits, headers, errors, OpenAPI."""

import logging
from collections.abc import Callable
from typing import Final

import msgspec
from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler, Message, Scope

import handfast
from handfast.hub.http import events, health, live, login, recordings, registry, requests
from handfast.hub.http.caller import provide_session
from handfast.hub.http.problems import Problems
from handfast.hub.services import Services
from handfast.kit.errors import HandfastError, UnavailableError

API: Final = "/api/v1"
_ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    login.challenge_officer,
    login.log_in,
    login.challenge_node,
    login.log_in_node,
    registry.read_registry,
    registry.read_incidents,
    registry.open_incident,
    registry.close_incident,
    requests.fetch_challenge,
    requests.ask_access,
    requests.read_decision,
    recordings.list_recordings,
    recordings.read_segment,
    events.watch_events,
    live.watch_live,
)
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_SECURE: Final = {"strict-transport-security": "max-age=31536000"}


def build_api(hub: Services, logger: logging.Logger) -> Litestar:
    """Return the ASGI application around the hub's parts."""
    problems = Problems(hub, logger)

    async def _finish(message: Message, _scope: Scope) -> None:
        # Here and not as response headers: errors must carry them as well.
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
            hub.metrics.requests.labels(str(message["status"])).inc()

    secure = _SECURE if hub.config.http.certificate else {}
    headers = [(name.encode(), value.encode()) for name, value in (_HEADERS | secure).items()]
    return Litestar(
        route_handlers=_handlers(),
        dependencies=_dependencies(lambda: hub),
        exception_handlers={
            HandfastError: problems.from_handfast,
            HTTPException: problems.from_framework,
            RecursionError: problems.from_depth,
            Exception: problems.from_defect,
        },
        request_max_body_size=hub.config.http.body_limit,
        cors_config=CORSConfig(
            allow_origins=list(hub.config.http.agency_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            max_age=600,
        ),
        openapi_config=_openapi(),
        before_send=[_finish],
        logging_config=None,
    )


def describe_api() -> str:
    """Return the OpenAPI description, as /schema serves it, indented for reading."""
    api = Litestar(
        route_handlers=_handlers(),
        dependencies=_dependencies(_no_hub),
        openapi_config=_openapi(),
        logging_config=None,
    )
    schema = msgspec.json.encode(api.openapi_schema.to_schema(), order="sorted")
    return msgspec.json.format(schema, indent=1).decode() + "\n"


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Handfast hub",
        version=handfast.__version__,
        path="/schema",
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
    )


def _handlers() -> list[ControllerRouterHandler]:
    plain: list[ControllerRouterHandler] = [health.healthz, health.readyz, health.read_metrics]
    return [Router(path=API, route_handlers=_ROUTES), *plain]


def _dependencies(provide_hub: Callable[[], Services]) -> dict[str, Provide]:
    return {
        "hub": Provide(provide_hub, sync_to_thread=False),
        "session": Provide(provide_session),
    }


def _no_hub() -> Services:
    raise UnavailableError("this interface is only described, not served")
