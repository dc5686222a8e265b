"""The pickles written piece by piece have the bytes of the pickle module."""
import pickle
import random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_sentiment.text import pickle_stream
from lstm_sentiment.text.dataset_files import PICKLE_PROTOCOL


class Texts:
    """A part whose numbers are its ids, a block for each text or one for all."""

    def __init__(self, texts, at_once):
        self.texts, self.at_once = texts, at_once

    def __len__(self):
        return len(self.texts)

    def blocks(self):
        step = max(1, len(self.texts) if self.at_once else 1)
        for start in range(0, len(self.texts), step):
            texts = self.texts[start:start + step]
            yield (numpy.array(sum(texts, []), dtype='int32'),
                   numpy.array([len(text) for text in texts]))


def check(train, test, valid, groups, n_ids, at_once=True):
    """Compare with what the pickle module writes of the same lists."""
    expected = [pickle.dumps(part, PICKLE_PROTOCOL) for part in (train, test)]
    facts = [['groups', list(groups)]] if groups is not None else []
    facts += [['valid', [valid[0], valid[1]]]] if valid is not None else []
    if facts:
        expected.append(pickle.dumps(facts, PICKLE_PROTOCOL))
    parts = [part and (Texts(part[0], at_once), numpy.array(part[1]))
             for part in (train, test, valid)]
    found = pickle_stream.dataset(*parts, groups, numpy.arange(n_ids))
    assert [b''.join(pieces) for pieces in found] == expected


IDS = st.one_of(st.integers(0, 9), st.sampled_from([255, 256, 65535, 65536, 70000]))
PARTS = st.lists(st.tuples(st.lists(IDS, max_size=4), st.integers(0, 300)), min_size=1,
                 max_size=5).map(lambda rows: tuple(map(list, zip(*rows))))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(PARTS, PARTS, st.none() | PARTS, st.none() | st.lists(st.integers(0, 1 << 30), min_size=1),
       st.booleans())
def test_the_bytes_are_those_of_the_pickle_module(train, test, valid, groups, at_once):
    check(train, test, valid, groups, 70001, at_once)


@pytest.mark.parametrize('n_texts', [1, 2, 254, 999, 1000, 1001, 2000])
def test_lists_are_written_a_thousand_items_at_a_time(n_texts):
    rng = random.Random(n_texts)
    part = ([[rng.randrange(300) for _ in range(k % 3)] for k in range(n_texts)],
            [k % 2 for k in range(n_texts)])
    long = [[rng.randrange(70000) for _ in range(n_texts)]], [1]
    check(part, long, None, None, 70001)
    check(long, part, part, range(n_texts), 70001)
