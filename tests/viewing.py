"""What a viewer does with what a node sends them, in this language."""

from handfast.seal.frames import KeyFrame
from handfast.seal.open import unwrap_run_key


def run_key_of(live_key: bytes, frame: KeyFrame) -> bytes:
    """Unwrap a run's key; raises `OpenError` when the frame is not what it says."""
    return unwrap_run_key(
        live_key,
        grant=frame.grant,
        segment=frame.segment,
        run=frame.run,
        leaf=frame.leaf,
        counter=frame.counter,
        wrapped=frame.wrapped,
    )
