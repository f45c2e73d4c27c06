"""What one process has committed stays, whoever else opens and closes the file meanwhile."""

import sqlite3
import subprocess
import sys
from pathlib import Path

FIRST = """
import os, subprocess, sys
from pathlib import Path
from handfast.storage.sqlite import Database

path = Path(sys.argv[1])
writer = Database(path, schema="outbox.sql", version=1)
reader = Database(path, schema="outbox.sql", version=1)
with writer.write() as write:
    write.execute("CREATE TABLE kept (number INTEGER)")
subprocess.run([sys.executable, "-c", sys.argv[2], str(path)], check=True)
with writer.write() as write:
    write.execute("INSERT INTO kept VALUES (7)")
os._exit(9)
"""
SECOND = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1])
other.execute("SELECT count(*) FROM kept").fetchall()
other.close()
"""


def test_a_commit_survives_another_process_that_closes_the_file(tmp_path: Path) -> None:
    """With two connections of ours open, a stranger's close must not take our journal away."""
    path = tmp_path / "shared.db"
    done = subprocess.run([sys.executable, "-c", FIRST, str(path), SECOND], check=False)
    assert done.returncode == 9
    after = sqlite3.connect(path)
    assert after.execute("SELECT number FROM kept").fetchall() == [(7,)]
    after.close()
