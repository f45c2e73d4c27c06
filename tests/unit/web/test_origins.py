"""Addresses that may be asked: encrypted, or this machine."""

import pytest

from handfast.kit.errors import InvalidError
from handfast.web.origins import require_private


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://police.example", "https://police.example"),
        ("https://police.example:8710/", "https://police.example:8710"),
        ("http://127.0.0.1:8710", "http://127.0.0.1:8710"),
        ("http://localhost:8710", "http://localhost:8710"),
        ("http://[::1]:8710", "http://[::1]:8710"),
    ],
)
def test_what_is_encrypted_or_stays_here_may_be_asked(url: str, origin: str) -> None:
    """The origin comes back without a last slash."""
    assert require_private(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://police.example",
        "http://10.0.0.7:8710",
        "http://127.0.0.1.example",
        "http://127.0.0.1@police.example",
        "https://name:word@police.example",
        "https://police.example/path",
        "https://police.example?x",
        "https://police.example:port",
        "https://[police",
        "https://",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "police.example",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    """Plain HTTP beyond loopback, logins, paths, other schemes."""
    with pytest.raises(InvalidError):
        require_private(url)
