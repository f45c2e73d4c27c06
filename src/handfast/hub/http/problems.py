"""Errors as RFC 9457 problem details: the one translator between failures and HTTP."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException

from handfast.hub.errors import NotLoggedInError, TooManyError
from handfast.hub.services import Services
from handfast.kit.errors import HTTP_STATUS, HandfastError, Kind

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, with `code` (what to do) and `reason` (stable name, where there is one)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    reason: str | None = None


class Problems:
    """Turns what routes raise into answers, and counts it."""

    def __init__(self, hub: Services, logger: logging.Logger) -> None:
        """Take where to count, and where a defect is written with its traceback."""
        self._hub = hub
        self._logger = logger

    def from_handfast(
        self, request: Request[Any, Any, Any], error: HandfastError
    ) -> Response[Problem]:
        """Answer a failure raised on purpose."""
        status = HTTP_STATUS[error.kind]
        headers: dict[str, str] = {}
        if isinstance(error, NotLoggedInError):
            status, headers = HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"}
        if isinstance(error, TooManyError):
            status = HTTPStatus.TOO_MANY_REQUESTS
            headers = {"Retry-After": str(error.retry_after_s)}
        if error.kind is Kind.INVALID:
            self._count_malformed(request)
        reason = getattr(error, "reason", None)
        return _answer(status, str(error), code=error.kind, reason=reason, headers=headers)

    def from_framework(
        self, request: Request[Any, Any, Any], error: HTTPException
    ) -> Response[Problem]:
        """Answer what the framework refuses before a route is reached."""
        status = error.status_code
        if status == HTTPStatus.BAD_REQUEST:
            self._count_malformed(request)
        code = _CODES.get(status, Kind.INVALID if status < _DEFECT else Kind.UNAVAILABLE)
        return _answer(status, error.detail, code=code, headers=dict(error.headers or {}))

    def from_depth(
        self, request: Request[Any, Any, Any], error: RecursionError
    ) -> Response[Problem]:
        """Answer JSON that is nested deeper than the framework's parser can follow."""
        del error
        self._count_malformed(request)
        return _answer(400, "the body is nested too deeply", code=Kind.INVALID)

    def from_defect(
        self, request: Request[Any, Any, Any], error: Exception
    ) -> Response[Problem]:
        """Answer a defect of ours: its traceback is logged, nothing of it is told."""
        self._logger.error("defect at %s", request.scope["path"], exc_info=error)
        message = "the hub failed; its operator has been told"
        return _answer(_DEFECT, message, code=Kind.UNAVAILABLE)

    def _count_malformed(self, request: Request[Any, Any, Any]) -> None:
        self._hub.metrics.malformed.labels("http").inc()
        self._hub.malformed.note(address_of(request))
        self._hub.journal.warn("malformed http", "malformed requests are being refused")


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the address of who calls; the empty text when it is not known."""
    return connection.client.host if connection.client else ""


def _answer(
    status: int,
    detail: str,
    *,
    code: Kind,
    reason: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response[Problem]:
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code.value,
        reason=reason,
    )
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers=headers)


_DEFECT = int(HTTPStatus.INTERNAL_SERVER_ERROR)
_CODES: dict[int, Kind] = {
    HTTPStatus.UNAUTHORIZED: Kind.DENIED,
    HTTPStatus.FORBIDDEN: Kind.DENIED,
    HTTPStatus.NOT_FOUND: Kind.NOT_FOUND,
}
