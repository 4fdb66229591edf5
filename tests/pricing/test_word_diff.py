"""Two texts side by side, word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pricing.word_diff import word_diff

words = st.text(alphabet="ab ,\n", max_size=30)


@given(words, words)
def test_the_pieces_are_the_texts_and_what_is_the_same_is_in_both(old: str, new: str) -> None:
    left, right = word_diff(old, new)
    assert ("".join(p.text for p in left), "".join(p.text for p in right)) == (old, new)
    same = [["".join(p.text for p in side if not p.differs)] for side in (left, right)]
    assert same[0] == same[1]


def test_words_that_differ_are_marked() -> None:
    left, right = word_diff("foams like milk", "foams like whole milk")
    assert [(p.text, p.differs) for p in left] == [("foams like ", False), ("milk", False)]
    assert [(p.text, p.differs) for p in right if p.differs] == [("whole ", True)]
