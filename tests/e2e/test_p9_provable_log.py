"""P9 on real processes: anybody verifies a node's log with the command line."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.officer import officer
from tests.e2e.watching import watching

pytestmark = pytest.mark.timeout(120)


def handfast_log(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `handfast log ...` as a stranger would."""
    command = [sys.executable, "-m", "handfast.cli.main", "log", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def verify(log: str, vkey: str, *more: str) -> "subprocess.CompletedProcess[str]":
    """Run the stand-alone verifier."""
    return handfast_log("verify", log, "--vkey", vkey, *more)


async def test_p9_provable_log_holds_after_a_run_and_no_byte_of_it_can_change(
    city: RunningCity, tmp_path: Path
) -> None:
    """What a viewer was shown is in the published log; a copy with one changed byte fails."""
    city.panel(SCHOOL, "raise")
    async with officer(city.city) as rivera:
        known = await rivera.site(SCHOOL)
        answer = await rivera.asks(known)
        async with watching(rivera, known, answer) as view:
            await view.sees(10)
    shown = [answer.decision.log, *(window.log for window in view.windows)]
    openings = tmp_path / "openings.jsonl"
    openings.write_bytes(b"\n".join(msgspec.json.encode(proof) for proof in shown))
    vkey = known.agreement.node.log
    url = f"{city.city.node_url(SCHOOL)}/log"
    public = verify(url, vkey, "--openings", str(openings))
    assert public.returncode == 0, public.stdout + public.stderr
    copy = tmp_path / "copy"
    store = city.city.node(SCHOOL) / "data" / "log.db"
    assert handfast_log("export", str(store), str(copy)).returncode == 0
    assert verify(str(copy), vkey).returncode == 0
    bundle = next(path for path in (copy / "tile" / "entries").rglob("*") if path.is_file())
    body = bytearray(bundle.read_bytes())
    body[len(body) // 2] ^= 1
    bundle.write_bytes(body)
    tampered = verify(str(copy), vkey)
    assert tampered.returncode == 1
    assert "does NOT hold" in tampered.stdout
    city.panel(SCHOOL, "clear")
