"""Texts numbered as words of bytes, against numbering them one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.numerics import fixed_width_text
from credit_risk.numerics.fixed_width_text import number_texts


def laid_out(texts):
    offsets = np.cumsum([0, *(len(text) for text in texts)])
    return np.frombuffer(b"".join(texts) or b"\0", dtype=np.uint8), offsets


@st.composite
def same_width(draw):
    width = draw(st.integers(1, 16))
    pool = draw(st.lists(st.binary(min_size=width, max_size=width), min_size=1, max_size=6))
    return draw(st.lists(st.sampled_from(pool), min_size=1, max_size=40))


@given(same_width())
def test_places_and_texts_are_those_of_a_dictionary(texts):
    found = number_texts(*laid_out(texts))
    if len({text[-8:] for text in texts}) < len(set(texts)):
        assert found is None
        return
    assert found is not None
    places, distinct = found
    assert distinct == sorted(set(texts))
    assert [distinct[at] for at in places] == texts


def test_texts_of_several_blocks_agree_with_one_by_one(monkeypatch):
    monkeypatch.setattr(fixed_width_text, "_BLOCK", 7)
    monkeypatch.setattr(fixed_width_text, "_FIRST_BLOCK", 5)
    rng = np.random.default_rng(2)
    texts = [b"group %02d" % k for k in rng.integers(0, 30, 500)]
    places, distinct = number_texts(*laid_out(texts))
    assert [distinct[at] for at in places] == texts


def test_a_slice_of_a_larger_buffer_is_read_where_it_lies():
    data, offsets = laid_out([b"aa", b"bb", b"cc", b"bb"])
    places, distinct = number_texts(data, offsets[1:])
    assert (places.tolist(), distinct) == ([0, 1, 0], [b"bb", b"cc"])


@pytest.mark.parametrize(
    "texts", [[b"a", b"bb"], [b"a", b"", b"bb"], [b"", b""], [b"x" * 17] * 3, [b"abc", b"a", b"abcde"]]
)
def test_other_widths_are_left_to_another_way(texts):
    assert number_texts(*laid_out(texts)) is None


def test_two_texts_in_one_slot_are_left_to_another_way(monkeypatch):
    monkeypatch.setattr(fixed_width_text, "_SLOT_BITS", 1)
    assert number_texts(*laid_out([b"a", b"b", b"c"])) is None


def test_too_many_different_texts_are_left_to_another_way(monkeypatch):
    monkeypatch.setattr(fixed_width_text, "MAX_DISTINCT", 2)
    assert number_texts(*laid_out([b"a", b"b", b"c"])) is None
