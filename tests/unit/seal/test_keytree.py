"""The key tree opens exactly what it should."""

import hmac
from functools import partial
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import InvalidError
from handfast.seal.keytree import (
    COVER_NODES,
    DEPTH,
    LEAVES,
    LeafWalker,
    TreeNode,
    commitment,
    cover,
    derive_leaf,
    hkdf,
    hmac_sha256,
    leaf_of_cover,
    run_key,
    stream_label,
)
from tests.golden.segment.sample import HEADER

ROOT = bytes(range(32))
leaves = st.integers(0, LEAVES - 1)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[int, int]:
    """Draw a range of leaves, end exclusive, not empty."""
    first = draw(leaves)
    return first, draw(st.integers(first + 1, LEAVES))


def span(node: TreeNode) -> tuple[int, int]:
    """Return the leaves under a node, end exclusive."""
    levels = DEPTH - node.depth
    return node.index << levels, (node.index + 1) << levels


@given(ranges())
def test_a_cover_joins_up_to_exactly_its_range(range_: tuple[int, int]) -> None:
    """No leaf is missing, none is too many, and 32 nodes suffice."""
    nodes = cover(ROOT, *range_)
    assert len(nodes) <= COVER_NODES
    spans = [span(node) for node in nodes]
    assert (spans[0][0], spans[-1][1]) == range_
    assert all(left[1] == right[0] for left, right in pairwise(spans))


@given(ranges())
def test_a_cover_is_as_small_as_can_be(range_: tuple[int, int]) -> None:
    """No two neighbours have the same parent; otherwise the parent would do."""
    nodes = cover(ROOT, *range_)
    for left, right in pairwise(nodes):
        assert (left.depth, left.index >> 1) != (right.depth, right.index >> 1)


@given(ranges(), leaves)
def test_a_cover_opens_a_leaf_inside_and_none_outside(
    range_: tuple[int, int], leaf: int
) -> None:
    """What is derived from a cover is the leaf's key, or nothing."""
    expected = derive_leaf(ROOT, leaf) if range_[0] <= leaf < range_[1] else None
    assert leaf_of_cover(cover(ROOT, *range_), leaf) == expected


@given(st.lists(leaves, min_size=1, max_size=20))
def test_a_walker_agrees_with_the_long_way(steps: list[int]) -> None:
    """Whatever the order, backwards included."""
    walker = LeafWalker(ROOT)
    for leaf in steps:
        assert walker.leaf(leaf) == derive_leaf(ROOT, leaf)
        assert walker.leaf(leaf) == derive_leaf(ROOT, leaf)


def test_the_widest_awkward_range_takes_32_nodes() -> None:
    """The worst case is reached, so the limit is not idle."""
    assert len(cover(ROOT, 1, LEAVES - 1)) == COVER_NODES


def test_the_whole_period_is_its_root() -> None:
    """One node, and its key is the root itself."""
    assert cover(ROOT, 0, LEAVES) == (TreeNode(depth=0, index=0, key=ROOT),)


@pytest.mark.parametrize("range_", [(3, 3), (4, 3), (-1, 2), (0, LEAVES + 1)])
def test_an_impossible_range_is_refused(range_: tuple[int, int]) -> None:
    """Empty, backwards or outside the period."""
    with pytest.raises(InvalidError):
        cover(ROOT, *range_)


@pytest.mark.parametrize("leaf", [-1, LEAVES])
def test_a_leaf_outside_the_period_is_refused(leaf: int) -> None:
    """By every way to a leaf."""
    for way in (partial(derive_leaf, ROOT), LeafWalker(ROOT).leaf, partial(leaf_of_cover, ())):
        with pytest.raises(InvalidError):
            way(leaf)


@pytest.mark.parametrize("root", [b"", bytes(31), bytes(33)])
def test_a_root_of_another_length_is_refused(root: bytes) -> None:
    """A short root would quietly be a weak one."""
    for way in (
        partial(derive_leaf, root, 0),
        partial(cover, root, 0, 1),
        partial(LeafWalker, root),
    ):
        with pytest.raises(InvalidError, match="32"):
            way()


def test_every_part_of_a_run_gives_it_another_key() -> None:
    """Camera, stream, rendition, segment, run and leaf each change the key."""
    leaf = derive_leaf(ROOT, 5)
    label = stream_label(HEADER.camera, 0, 0)
    keys = {
        run_key(leaf, label, HEADER.segment, 0),
        run_key(derive_leaf(ROOT, 6), label, HEADER.segment, 0),
        run_key(leaf, stream_label(HEADER.owner, 0, 0), HEADER.segment, 0),
        run_key(leaf, stream_label(HEADER.camera, 1, 0), HEADER.segment, 0),
        run_key(leaf, stream_label(HEADER.camera, 0, 1), HEADER.segment, 0),
        run_key(leaf, label, HEADER.period, 0),
        run_key(leaf, label, HEADER.segment, 1),
    }
    assert len(keys | {commitment(key) for key in keys}) == 2 * 7


def test_keys_do_not_show_when_a_node_is_printed() -> None:
    """A log line with a cover in it gives nothing away."""
    assert ROOT.hex() not in repr(cover(ROOT, 0, LEAVES))
    assert "key=" not in repr(cover(ROOT, 0, LEAVES))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_our_hmac_and_hkdf_are_those_of_the_libraries(key: bytes, message: bytes) -> None:
    """Written out for speed, they give what OpenSSL gives."""
    assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256")
    assert hkdf(key, message) == HKDF(SHA256(), 32, None, message).derive(key)
