"""What an owner's device signs about protected areas: a drawing, a look to draw it on."""

from typing import ClassVar

from handfast.protocol.statements import Statement


class Drawing(Statement, frozen=True, kw_only=True):
    """An owner's device draws all the areas of one camera anew, in place of an earlier drawing.

    Attributes:
        replaces: Number of the drawing that the device has shown, 0 for none; this one has the
            next number. Another one in between is a conflict.
        masks: Areas that are always covered; `children`: zones where the strictest rules hold.
            Each is its corners, `[right, down]` in 1/10000 of the picture's width and height
            (`handfast.model.areas`); what is not in it is taken away.
    """

    kind_name: ClassVar[str] = "drawing"
    node: str
    camera: str
    replaces: int
    masks: list[list[tuple[int, int]]]
    children: list[list[tuple[int, int]]]
    device: str
    challenge: str
    at_us: int


class StillWish(Statement, frozen=True, kw_only=True):
    """An owner's device asks to see one redacted picture of a camera, now."""

    kind_name: ClassVar[str] = "still"
    node: str
    camera: str
    device: str
    challenge: str
    at_us: int
