"""A connection to a camera that never blocks: TCP, or TLS over it."""

import errno
import hashlib
import hmac
import socket
import ssl
from typing import Final

from handfast.media.faults import CameraFaultError, FaultCode
from handfast.media.source import CameraSource

_RECEIVE_BUFFER: Final = 1 << 20  # bytes the kernel holds while the loop is busy elsewhere
_MOST_UNSENT: Final = 64 * 1024


class Link:
    """One non-blocking connection. Ingest thread only; close it exactly once.

    Attributes:
        ready: Connected, and the TLS handshake (if any) is done and believed.
    """

    def __init__(self, source: CameraSource, family: int, address: tuple[str, int]) -> None:
        """Begin to connect to a numeric address.

        Raises:
            CameraFaultError: The system refuses at once.
        """
        self.ready = False
        self._source = source
        self._unsent = bytearray()
        self._tls: ssl.SSLSocket | None = None
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = self._socket.connect_ex(address)
        if code not in {0, errno.EINPROGRESS}:
            self._socket.close()
            raise _unreachable(source, code)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return (self._tls or self._socket).fileno()

    @property
    def wants_write(self) -> bool:
        """Whether progress needs the socket to become writable."""
        return not self.ready or bool(self._unsent)

    def advance(self) -> bool:
        """Go on with connecting after the socket stirred; returns `ready`.

        Raises:
            CameraFaultError: Nobody answers there, or TLS is refused.
        """
        if self.ready:
            return True
        if self._tls is None:
            if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise _unreachable(self._source, code)
            try:
                self._socket.getpeername()
            except OSError:
                return False
            if not self._source.encrypted:
                self.ready = True
                return True
            self._begin_tls()
        return self._handshake()

    def receive(self, view: memoryview) -> int:
        """Read into `view`; returns the count, 0 when nothing is there.

        Raises:
            CameraFaultError: The camera closed the connection.
        """
        try:
            count = (self._tls or self._socket).recv_into(view)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError as error:
            raise CameraFaultError(FaultCode.CLOSED, _cause(error)) from error
        if count == 0:
            raise CameraFaultError(FaultCode.CLOSED, "camera ended the connection")
        return count

    def pending(self) -> bool:
        """Whether TLS holds decrypted bytes that the kernel does not know of."""
        return self._tls is not None and self._tls.pending() > 0

    def send(self, data: bytes) -> None:
        """Send, or keep what the kernel does not take now for `flush`.

        Raises:
            CameraFaultError: The camera closed the connection, or takes nothing any more.
        """
        self._unsent += data
        if len(self._unsent) > _MOST_UNSENT:
            raise CameraFaultError(FaultCode.NO_ANSWER, "camera takes no requests any more")
        self.flush()

    def flush(self) -> None:
        """Send what is kept, as far as the kernel takes it.

        Raises:
            CameraFaultError: The camera closed the connection.
        """
        try:
            while self._unsent:
                sent = (self._tls or self._socket).send(self._unsent)
                del self._unsent[:sent]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            raise CameraFaultError(FaultCode.CLOSED, _cause(error)) from error

    def close(self) -> None:
        """Close without waiting."""
        (self._tls or self._socket).close()

    def _begin_tls(self) -> None:
        trust = self._source.trust
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if trust.unverified or trust.sha256:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # the fingerprint is compared in _handshake
        elif trust.ca_file:
            try:
                context.load_verify_locations(trust.ca_file)
            except OSError as error:
                raise CameraFaultError(
                    FaultCode.TLS_REFUSED, f"CA file {trust.ca_file} cannot be read"
                ) from error
        else:
            context.load_default_certs()
        self._tls = context.wrap_socket(
            self._socket, server_hostname=self._source.host, do_handshake_on_connect=False
        )

    def _handshake(self) -> bool:
        if self._tls is None:
            return False
        try:
            self._tls.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            raise CameraFaultError(FaultCode.TLS_REFUSED, _cause(error)) from error
        pinned = self._source.trust.sha256
        shown = hashlib.sha256(self._tls.getpeercert(binary_form=True) or b"").digest()
        if pinned and not hmac.compare_digest(pinned, shown):
            raise CameraFaultError(
                FaultCode.TLS_REFUSED, f"certificate has fingerprint {shown.hex()}"
            )
        self.ready = True
        return True


def _unreachable(source: CameraSource, code: int) -> CameraFaultError:
    name = errno.errorcode.get(code, str(code))
    return CameraFaultError(FaultCode.UNREACHABLE, f"{source.host}:{source.port} gives {name}")


def _cause(error: OSError) -> str:
    """Name an error without addresses or bytes."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not believed ({error.verify_message})"
    return (
        error.__class__.__name__ if error.errno is None else error.strerror or str(error.errno)
    )
