"""The one translator from errors to HTTP: RFC 9457 problem details."""

import logging

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from handfast.kit.errors import HTTP_STATUS, HandfastError, Kind

_LOG = logging.getLogger(__name__)
_MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Problem details; `code` is the error kind, `reason` a named denial (P5) if any."""

    title: str
    status: int
    detail: str
    code: str
    reason: str | None = None


def problem(kind: Kind, detail: str, *, reason: str | None = None) -> Response[bytes]:
    """Render a failure for whoever called."""
    status = HTTP_STATUS[kind]
    body = Problem(
        title=kind.value.replace("-", " "),
        status=status,
        detail=detail,
        code=kind.value,
        reason=reason,
    )
    return _respond(body)


def _respond(body: Problem) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=body.status, media_type=_MEDIA_TYPE)


def _on_own_error(_: Request, error: HandfastError) -> Response[bytes]:  # type: ignore[type-arg]  # whoever asks
    named = getattr(error, "reason", None)
    return problem(error.kind, str(error), reason=None if named is None else str(named))


def _on_http_error(_: Request, error: HTTPException) -> Response[bytes]:  # type: ignore[type-arg]  # whoever asks
    kind = next((k for k, s in HTTP_STATUS.items() if s == error.status_code), Kind.INVALID)
    return _respond(
        Problem(
            title=kind.value,
            status=error.status_code,
            detail=error.detail or "The request is not understood; see the API reference.",
            code=kind.value,
        )
    )


def _on_defect(request: Request, error: Exception) -> Response[bytes]:  # type: ignore[type-arg]  # whoever asks
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(
        Kind.CORRUPT,
        "The server made a mistake and has written it to its log; try again, then report it.",
    )


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    HandfastError: _on_own_error,
    HTTPException: _on_http_error,
    Exception: _on_defect,
}
