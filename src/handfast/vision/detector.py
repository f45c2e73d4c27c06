"""What the engine needs of a detector."""

from collections.abc import Sequence
from typing import Protocol

from handfast.vision.boxes import Detection, Kind
from handfast.vision.picture import Picture


class Detector(Protocol):
    """Finds things in one picture. Belongs to one thread.

    Attributes:
        kinds: What it can find; the engine covers the whole picture while a kind that must be
            covered has no detector.
    """

    kinds: frozenset[Kind]

    def detect(self, picture: Picture) -> Sequence[Detection]:
        """Return what is in the picture, in no order; never raises for a strange picture.

        Raises:
            UnavailableError: The runtime failed; the engine then covers everything.
        """
        ...
