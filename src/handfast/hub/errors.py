"""Refusals of the hub, each with a stable reason beside its sentence (P5)."""

from handfast.kit.errors import DeniedError, UnavailableError


class RefusedError(DeniedError):
    """Who asks may not; `reason` is stable and for programs."""

    def __init__(self, reason: str, message: str) -> None:
        """Take the stable reason and the sentence for people."""
        super().__init__(message)
        self.reason = reason


class NotLoggedInError(RefusedError):
    """No session: log in (again). HTTP 401."""

    def __init__(self) -> None:
        """Name the reason that pages look for."""
        super().__init__("session-unknown", "log in with your device, then try again")


class TooManyError(UnavailableError):
    """One address asks too much. HTTP 429."""

    def __init__(self, *, retry_after_s: int) -> None:
        """Take how long to wait."""
        super().__init__(f"too many attempts from your address; wait {retry_after_s} s")
        self.reason = "too-many-attempts"
        self.retry_after_s = retry_after_s
