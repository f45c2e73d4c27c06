"""Write the golden segment: `python -m tests.golden.segment.render`; a diff is a decision."""

import json

from tests.golden.segment.sample import seal_sample
from tests.golden.segment.test_segment import SEGMENT, VECTORS, rendered

if __name__ == "__main__":
    SEGMENT.write_bytes(seal_sample().file)
    VECTORS.write_text(json.dumps(rendered(), indent=1) + "\n")
