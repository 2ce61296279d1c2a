"""The tree is that of RFC 6962: the published vectors of Certificate Transparency, and its own definition."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoints.merkle import Growing, complete, inclusion_proof, leaf_hash, node_hash, root
from ledger.verify_proof import root_of_path

#: The eight leaves of the tests of Certificate Transparency, and the roots over the first 0 … 8 of them.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: The audit path of the first of the eight.
FIRST_OF_EIGHT = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]


class Hashes:
    """A tree in memory."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = [leaf_hash(leaf) for leaf in leaves]
        self.read_so_far = 0

    def read(self, level: int, number: int) -> bytes:
        self.read_so_far += 1
        return complete(self.leaves[number << level : (number + 1) << level])


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) <= 1:
        return leaf_hash(leaves[0]) if leaves else hashlib.sha256().digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


def test_the_published_roots_and_path() -> None:
    tree = Hashes(LEAVES)
    assert [root(size, tree.read).hex() for size in range(9)] == ROOTS
    assert [hash_.hex() for hash_ in inclusion_proof(0, 8, tree.read)] == FIRST_OF_EIGHT
    growing = Growing()
    grown = [growing.root().hex()]
    for leaf in LEAVES:
        growing.append(leaf_hash(leaf))
        grown.append(growing.root().hex())
    assert grown == ROOTS


@given(st.integers(1, 700), st.data())
def test_every_leaf_has_one_proof_and_it_fits_no_other_place(size: int, data: st.DataObject) -> None:
    leaves = [number.to_bytes(2, "big") for number in range(size)]
    tree = Hashes(leaves)
    assert root(size, tree.read) == by_definition(leaves)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size + 5))
    path = inclusion_proof(index, size, tree.read)
    proven = root_of_path(index, size, leaf_hash(leaves[index]), path)
    assert proven == root(size, tree.read)
    if other != index:
        assert root_of_path(other, size, leaf_hash(leaves[index]), path) != proven
    for shorter in (path[:-1], [*path, path[-1]]) if path else ():
        assert root_of_path(index, size, leaf_hash(leaves[index]), shorter) != proven


def test_a_tree_that_grows_says_which_subtrees_are_complete() -> None:
    tree, growing = Hashes([number.to_bytes(2, "big") for number in range(600)]), Growing()
    completed = [one for leaf in tree.leaves for one in growing.append(leaf)]
    assert all(tree.read(level, number) == hash_ for level, number, hash_ in completed)
    assert {(level, number) for level, number, _hash in completed if level == 8} == {(8, 0), (8, 1)}


@pytest.mark.parametrize("size", [1_000_000, 2**20, 2**20 + 1])
def test_a_root_and_a_proof_read_few_hashes_of_a_large_tree(size: int) -> None:
    """So many as its size has bits, and that many again for each step on its right edge."""
    asked: list[tuple[int, int]] = []

    def read(level: int, number: int) -> bytes:
        asked.append((level, number))
        return bytes(32)

    root(size, read)
    assert len(asked) == size.bit_count()
    asked.clear()
    inclusion_proof(size - 1, size, read)
    inclusion_proof(0, size, read)
    assert len(asked) <= 3 * size.bit_length()
