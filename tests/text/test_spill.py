"""Tests of the temporary file of word numbers, and of its bounded vocabulary."""
import collections
import os
import random

import numpy
import pytest

from lstm_sentiment.data.datasets import load_dictionary
from lstm_sentiment.errors import DataError
from lstm_sentiment.text import preprocessing, spill
from lstm_sentiment.text.spill import DROPPED, Spill, SpilledTexts

TEXTS = ['b a b', '', 'c a', 'b a b', 'd']


def words_of(found, part):
    """The texts of a part, from its numbers."""
    words, texts = found.words + ['?'], []
    for numbers, lengths in part.blocks():
        ends = numpy.cumsum(lengths)
        texts += [' '.join(words[number] for number in numbers[end - length:end])
                  for end, length in zip(ends, lengths)]
    return texts


@pytest.mark.parametrize('block', [1, 3, 1000])
def test_texts_come_back_from_the_file(tmp_path, monkeypatch, block):
    monkeypatch.setattr(spill, 'BLOCK', block)
    monkeypatch.setattr(spill, 'TEXTS', 2)
    with Spill(str(tmp_path)) as found:
        found.fill(iter(TEXTS))
        assert found.words == ['b', 'a', 'c', 'd']
        assert found.numbers.tolist() == [0, 1, 0, 2, 1, 0, 1, 0, 3]
        assert found.lengths.tolist() == [3, 0, 2, 3, 1]
        assert found.hashes[0] == found.hashes[3] and len(set(found.hashes)) == 4
        for rows in ([0, 2, 3, 4], [0, 1, 2, 3, 4], [4], [0, 4]):
            part = SpilledTexts(found, numpy.array(rows))
            assert words_of(found, part) == [TEXTS[row] for row in rows]
            expected = collections.Counter(' '.join(TEXTS[row] for row in rows).split())
            assert part.counts().tolist() == [expected[word] for word in found.words]
    assert os.listdir(str(tmp_path)) == []


def test_a_corpus_without_words(tmp_path):
    with Spill(str(tmp_path)) as found:
        found.fill(['', ' '])
        assert found.lengths.tolist() == [0, 0] and len(found.numbers) == 0


def test_rare_words_are_dropped_and_the_frequent_ones_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(spill, 'BLOCK', 100)
    rng = random.Random(1)
    words = ['w%d' % min(rng.paretovariate(0.5), 1e5) for _ in range(20000)]
    texts = [' '.join(words[start:start + 10]) for start in range(0, 20000, 10)]
    with Spill(str(tmp_path), limit=200) as found:
        found.fill(texts)
        part = SpilledTexts(found, numpy.arange(len(texts)))
        counts, true = dict(zip(found.words, part.counts())), collections.Counter(words)
        # A block may bring a hundred new words before rare ones are dropped.
        assert len(found.words) <= 300 < len(true)
        assert 0 < found.n_missed < true.most_common(20)[-1][1]
        for word, count in counts.items():
            assert true[word] - found.n_missed <= count <= true[word]
        # Whatever occurs more often than any word that was dropped is there.
        assert all(word in counts for word, count in true.items() if count > found.n_missed)
        for text, kept in zip(texts, words_of(found, part)):
            assert all(b in ('?', a) for a, b in zip(text.split(), kept.split()))
        assert (found.numbers >= DROPPED).all() and found.n_dropped > 1000


def test_preprocessing_says_that_words_were_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(spill, 'BLOCK', 50)
    monkeypatch.setattr(preprocessing, 'COUNTED_WORDS', 60)
    rows = ['the film number%d is %s,%s' % (k, name, name)
            for k in range(200) for name in ('bad', 'good')]
    (tmp_path / 'a.csv').write_text('\n'.join(['text,label'] + rows))
    path = str(tmp_path / 'a.csv')
    with pytest.warns(UserWarning, match='more than 80 different words were met') as warned:
        few = preprocessing.preprocess(path, tmp_path / 'a.pkl', tokenizer='whitespace', n_words=8)
    assert any('may have occurred' in str(warning.message) for warning in warned)
    assert few.n_words == 6 and few.n_tokens == 320 * 5
    all_words = preprocessing.preprocess(path, tmp_path / 'b.pkl', tokenizer='whitespace')
    assert all_words.n_words > 150  # without n_words, all are counted
    kept = [load_dictionary(str(tmp_path / name))[0] for name in ('a.dict.pkl', 'b.dict.pkl')]
    assert list(kept[0])[:5] == list(kept[1])[:5]


def test_a_folder_where_nothing_can_be_written(tmp_path):
    with pytest.raises(DataError, match='temporary file of the words in .*missing'):
        Spill(str(tmp_path / 'missing'))
