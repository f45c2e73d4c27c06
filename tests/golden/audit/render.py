"""Write the golden log: `python -m tests.golden.audit.render`; a diff is a decision."""

import json

from tests.golden.audit.sample import LOG, VECTORS, rendered

if __name__ == "__main__":
    files, vectors = rendered()
    for path, body in files.items():
        (LOG / path).parent.mkdir(parents=True, exist_ok=True)
        (LOG / path).write_bytes(body)
    VECTORS.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")
