"""Write statements.json: `python -m tests.golden.protocol.render`; a diff is a decision."""

import json

from tests.golden.protocol.test_statements import GOLDEN, rendered

if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(rendered(), indent=1) + "\n")
