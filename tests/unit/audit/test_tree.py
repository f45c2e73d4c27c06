"""The tree is that of RFC 9162, and its proofs prove what they say."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.audit.tree import (
    EMPTY_ROOT,
    Coordinate,
    Edge,
    ProofError,
    Tree,
    leaf_hash,
    peak_coordinates,
    verify_consistency,
    verify_inclusion,
)
from handfast.kit.errors import InvalidError

# The test vectors of Certificate Transparency (RFC 6962): entries, and the root after each.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
sizes = st.integers(1, 130)


def stored(size: int) -> tuple[Edge, Tree]:
    """Return the edge and a view of a tree of numbered leaves."""
    edge, hashes = Edge(), dict[Coordinate, bytes]()
    for number in range(size):
        hashes.update(edge.add(b"%d" % number))
    return edge, Tree(size, lambda places: [hashes[place] for place in places])


def by_the_book(leaves: list[bytes]) -> bytes:
    """Compute a root by the recursion of RFC 9162 2.1.1, naively."""
    if len(leaves) < 2:
        return leaf_hash(leaves[0]) if leaves else hashlib.sha256(b"").digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    pair = by_the_book(leaves[:half]) + by_the_book(leaves[half:])
    return hashlib.sha256(b"\x01" + pair).digest()


def test_p9_provable_log_roots_are_those_of_certificate_transparency() -> None:
    """The well-known vectors, after each entry."""
    edge = Edge()
    roots = [edge.root()]
    for entry in ENTRIES:
        edge.add(entry)
        roots.append(edge.root())
    assert tuple(root.hex() for root in roots) == ROOTS
    assert roots[0] == EMPTY_ROOT


@given(sizes)
def test_both_ways_to_a_root_agree_with_the_book(size: int) -> None:
    """The growing edge, the view over stored hashes, and the recursion of the RFC."""
    edge, tree = stored(size)
    assert edge.root() == tree.root() == by_the_book([b"%d" % n for n in range(size)])


@given(sizes, st.data())
def test_every_leaf_is_proved_included(size: int, data: st.DataObject) -> None:
    """By its own hash, at its own place, under its own root; by nothing else."""
    _, tree = stored(size)
    index = data.draw(st.integers(0, size - 1))
    proof, leaf = tree.inclusion(index), leaf_hash(b"%d" % index)
    verify_inclusion(leaf, index, size=size, hashes=proof, root=tree.root())
    other = data.draw(st.integers(0, size).filter(lambda number: number != index))
    wrong = (
        (leaf, other, size, proof, tree.root()),
        (leaf_hash(b"else"), index, size, proof, tree.root()),
        (leaf, index, size, proof, EMPTY_ROOT),
        (leaf, index, size, (*proof, EMPTY_ROOT), tree.root()),
        *([(leaf, index, size, proof[:-1], tree.root())] if proof else []),
    )
    for leaf_, index_, size_, hashes, root in wrong:
        with pytest.raises(ProofError):
            verify_inclusion(leaf_, index_, size=size_, hashes=hashes, root=root)


@given(sizes, st.data())
def test_every_earlier_tree_is_proved_continued(size: int, data: st.DataObject) -> None:
    """From its own root to the new one; from no other root."""
    _, tree = stored(size)
    old = data.draw(st.integers(1, size))
    old_root = stored(old)[1].root()
    proof = tree.consistency(old)
    verify_consistency(old, old_root, new=size, new_root=tree.root(), hashes=proof)
    wrong = [
        (EMPTY_ROOT, tree.root(), proof),
        (old_root, EMPTY_ROOT, proof),
        (old_root, tree.root(), (*proof, EMPTY_ROOT)),
    ]
    if proof:
        wrong += [(old_root, tree.root(), proof[:-1]), (old_root, tree.root(), ())]
    for first, last, hashes in wrong:
        with pytest.raises(ProofError):
            verify_consistency(old, first, new=size, new_root=last, hashes=hashes)


def test_a_log_does_not_continue_a_longer_one() -> None:
    """Nor an empty one, of which nothing can be proved."""
    _, tree = stored(3)
    for old in (0, 4):
        with pytest.raises(InvalidError):
            tree.consistency(old)
        with pytest.raises(ProofError):
            verify_consistency(old, tree.root(), new=3, new_root=tree.root(), hashes=())
    with pytest.raises(InvalidError):
        tree.inclusion(3)


@given(st.integers(0, 300))
def test_an_edge_continues_from_its_peaks(size: int) -> None:
    """After a restart the log goes on as if nothing had happened."""
    edge, hashes = Edge(), dict[Coordinate, bytes]()
    for number in range(size):
        hashes.update(edge.add(b"%d" % number))
    again = Edge(size, [hashes[place] for place in peak_coordinates(size)])
    assert (again.size, again.root()) == (size, edge.root())
    assert again.add(b"next") == edge.add(b"next")
    with pytest.raises(InvalidError, match="peaks"):
        Edge(size, [EMPTY_ROOT] * (size.bit_count() + 1))
