"""Where a published log is read from: a folder, or an address."""

import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from handfast.kit.errors import InvalidError, UnavailableError

_TIMEOUT_S = 30
_RESOURCE_LIMIT = 1 << 24  # bytes; a tile has at most 8 KiB, a bundle of entries 16 MiB


class LogSource(Protocol):
    """Reads the resources of a published log (`handfast.audit.publish`)."""

    def read(self, path: str) -> bytes | None:
        """Return a resource, or `None` when there is none at `path`.

        Raises:
            UnavailableError: It could not be read.
        """
        ...


class DirectorySource:
    """A log exported to a folder."""

    def __init__(self, directory: Path) -> None:
        """Take the folder that holds `checkpoint`."""
        self._directory = directory

    def read(self, path: str) -> bytes | None:
        """Return a resource, or `None` when there is none at `path`."""
        try:
            return (self._directory / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UnavailableError(
                f"{self._directory / path} cannot be read: {error}"
            ) from error


class HttpSource:
    """A log published over HTTP."""

    def __init__(self, address: str, *, authority: Path | None = None) -> None:
        """Take the address below which `checkpoint` stands.

        Args:
            address: `http:` or `https:`.
            authority: PEM of a certificate authority to trust instead of the system's.

        Raises:
            InvalidError: It is another kind of address.
        """
        if not address.startswith(("http://", "https://")):
            raise InvalidError(f"{address!r} is no http or https address")
        self._address = address.rstrip("/")
        self._context = ssl.create_default_context(cafile=authority)

    def read(self, path: str) -> bytes | None:
        """Return a resource, or `None` when there is none at `path`."""
        address = f"{self._address}/{path}"
        try:
            with urllib.request.urlopen(  # noqa: S310 - the scheme was checked above
                address, timeout=_TIMEOUT_S, context=self._context
            ) as answer:
                return bytes(answer.read(_RESOURCE_LIMIT))
        except urllib.error.HTTPError as error:
            if error.code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                return None
            raise UnavailableError(f"{address}: {error}; try again later") from error
        except OSError as error:
            raise UnavailableError(f"{address}: {error}; is the log's server up?") from error
