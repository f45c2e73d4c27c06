"""The policy is strict, and an origin cannot loosen it."""

import pytest

from handfast.kit.errors import InvalidError
from handfast.web.headers import connect_origins, content_security_policy, security_headers


def directives(policy: str) -> dict[str, list[str]]:
    """Split a policy into its directives."""
    return {name: rest for name, *rest in (part.split() for part in policy.split("; "))}


def test_nothing_inline_and_nothing_evaluated_is_allowed() -> None:
    """Scripts, styles and workers come from files of the page's own origin only."""
    policy = directives(content_security_policy())
    assert policy["default-src"] == ["'none'"]
    for name in ("script-src", "style-src", "worker-src", "font-src", "connect-src"):
        assert policy[name] == ["'self'"]
    assert "unsafe" not in content_security_policy()


def test_pages_cannot_be_framed_or_rebased() -> None:
    """No other page can dress up as ours, and no injected base moves our addresses."""
    policy = directives(content_security_policy())
    for name in ("frame-ancestors", "base-uri", "form-action"):
        assert policy[name] == ["'none'"]


def test_script_sinks_take_trusted_types_only() -> None:
    """Text from a server can never become markup or a worker."""
    policy = directives(content_security_policy())
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert policy["trusted-types"] == ["default", "svelte-trusted-html"]


def test_the_hub_is_reached_by_both_its_origins() -> None:
    """Calls go by https, live pictures by wss."""
    connect = connect_origins("https://hub.example:8443/api?x=1")
    assert connect == ("https://hub.example:8443", "wss://hub.example:8443")
    assert directives(content_security_policy(connect))["connect-src"] == ["'self'", *connect]


def test_a_name_and_password_in_an_address_go_no_further() -> None:
    """Credentials in a configured address must not reach every visitor's headers."""
    assert connect_origins("http://user:secret@hub:80") == ("http://hub:80", "ws://hub:80")


@pytest.mark.parametrize(
    "origin",
    [
        "https://hub.example/path",
        "https://hub.example; script-src *",
        "https://hub.example https://other.example",
        "ftp://hub.example",
        "hub.example",
        "*",
        "",
        "https://",
        "data:",
        "'unsafe-inline'",
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    """A configured text must not be able to change what the policy means."""
    with pytest.raises(InvalidError):
        security_headers([origin])


@pytest.mark.parametrize("url", ["hub.example", "ftp://hub.example", "https://", ""])
def test_an_address_without_http_is_refused(url: str) -> None:
    """The error says how the address is written."""
    with pytest.raises(InvalidError, match="https://host:port"):
        connect_origins(url)


def test_only_the_permissions_that_pages_use_are_granted() -> None:
    """A pairing code is read with the camera; nothing listens."""
    permissions = security_headers()["permissions-policy"]
    assert "camera=(self)" in permissions
    assert "microphone=()" in permissions
