"""Numbers for texts of one width, found without looking at them one by one: as whole words of bytes, hashed and checked exactly.

Codes (provinces, products, grades) mostly have one width. Laid out side by side in one buffer, as Arrow does, they are a matrix of
bytes; two overlapping words hold every byte of a text of up to 16, so equal words are equal texts. Rows are worked on in
blocks that stay in the processor's cache.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_WIDTH = 16
MAX_DISTINCT = 4096
_SLOT_BITS = 16
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 16_384
_FIRST_BLOCK = 512
"""Most texts are met here, where meeting a new one costs least."""


def number_texts(
    data: NDArray[np.uint8], offsets: NDArray[np.integer]
) -> tuple[NDArray[np.int16], list[bytes]] | None:
    """Return the place of each text among the distinct ones: those of the first block in byte order, others as they appear.

    Parameters
    ----------
    data : ndarray of uint8
        All texts, one after another.
    offsets : ndarray of int, shape (n + 1,)
        Where each begins, and where the last ends.

    Returns
    -------
    places : ndarray of int16, shape (n,)
    distinct : list of bytes
        Or None where the texts differ in width, are empty or wider than 16 bytes, are more than 4,096 different ones, two of
        them share their last 8 bytes, or share a slot (with 40 different ones in 1 of 80 cases): then another way must be
        found.

    Examples
    --------
    >>> places, distinct = number_texts(np.frombuffer(b"BA1AA2BA1", dtype=np.uint8), np.array([0, 3, 6, 9]))
    >>> places.tolist(), distinct
    ([1, 0, 1], [b'AA2', b'BA1'])
    """
    n = len(offsets) - 1
    width = int(offsets[1] - offsets[0]) if n else 0
    if not 1 <= width <= MAX_WIDTH or int(offsets[-1] - offsets[0]) != n * width:
        return None
    views = _word_views(data[int(offsets[0]) : int(offsets[-1])], n, width)
    slots = _Slots(len(views))
    places = np.empty(n, dtype=np.int16)
    for start, stop in itertools.pairwise([0, *range(min(n, _FIRST_BLOCK), n, _BLOCK), n]):
        block, ends = slice(start, stop), offsets[start : stop + 1]
        if (ends[1:] - ends[:-1] != width).any():
            return None
        if not slots.place([view[block] for view in views], places[block]):
            return None
        if start == 0:
            slots.sort(views[0][block], places[block], width)
    return places, [_text(key, width) for key in slots.keys]


class _Slots:
    """A hash table of texts that takes many rows at a time and knows when two texts would share a slot."""

    def __init__(self, n_words: int) -> None:
        self.words = [np.zeros(1 << _SLOT_BITS, dtype=np.uint64) for _ in range(n_words)]
        self.place_of = np.full(1 << _SLOT_BITS, -1, dtype=np.int16)
        self.keys: list[tuple[int, ...]] = []

    def place(self, words: list[NDArray[np.unsignedinteger]], out: NDArray[np.int16]) -> bool:
        """Write the place of each row's text; False where two texts share a slot or there are too many."""
        last = words[0].astype(np.uint64)
        at = _slot(last)
        self.place_of.take(at, out=out, mode="clip")
        while out.min() < 0:
            row = int(np.argmin(out))
            if len(self.keys) == MAX_DISTINCT:
                return False
            self.place_of[at[row]] = len(self.keys)
            for table, word in zip(self.words, words, strict=True):
                table[at[row]] = word[row]
            self.keys.append(tuple(int(word[row]) for word in words))
            self.place_of.take(at, out=out, mode="clip")
        if not (self.words[0].take(at) == last).all():
            return False
        return len(words) == 1 or self._same_beginning(words[1], at)

    def _same_beginning(self, word: NDArray[np.unsignedinteger], at: NDArray[np.int64]) -> bool:
        """Whether each row begins as the text in its slot does; most often all texts begin alike."""
        beginnings = {key[1] for key in self.keys}
        expected = self.words[1].take(at) if len(beginnings) > 1 else np.uint64(beginnings.pop())
        return bool((word == expected).all())

    def sort(self, last: NDArray[np.unsignedinteger], out: NDArray[np.int16], width: int) -> None:
        """Put the texts known so far in byte order, and the places of the rows with them."""
        order = sorted(range(len(self.keys)), key=lambda at: _text(self.keys[at], width))
        rank = np.argsort(np.array(order)).astype(np.int16)
        known = np.flatnonzero(self.place_of >= 0)
        self.place_of[known] = rank[self.place_of[known]]
        self.keys = [self.keys[at] for at in order]
        self.place_of.take(_slot(last.astype(np.uint64)), out=out, mode="clip")


def _slot(word: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the slot of each word: the high bits of a product with a large odd number."""
    mixed = word * _MIX
    mixed >>= np.uint64(64 - _SLOT_BITS)
    return mixed.view(np.int64)


def _word_views(data: NDArray[np.uint8], n: int, width: int) -> list[NDArray[np.unsignedinteger]]:
    """Return one or two words of each text that together hold all its bytes, as views."""
    size = _word_size(width)
    offsets = [width - size] if width == size else [width - size, 0]
    return [
        np.ndarray((n,), dtype=f"<u{size}", buffer=data, offset=offset, strides=(width,))
        for offset in offsets
    ]


def _word_size(width: int) -> int:
    return next(size for size in (8, 4, 2, 1) if size <= width)


def _text(key: tuple[int, ...], width: int) -> bytes:
    """Put the bytes of one text together again."""
    size = _word_size(width)
    last = key[0].to_bytes(size, "little")
    return last if len(key) == 1 else key[1].to_bytes(size, "little")[: width - size] + last
