"""Tests of vocabulary.py: what training knew of the words comes back, and bad files do not."""

import gzip
import json
import pickle

import pytest

from lstm_sentiment.data import datasets
from lstm_sentiment.errors import DataError
from lstm_sentiment.text.vocabulary import Vocabulary

SETTINGS = {'tokenizer': 'whitespace', 'language': 'fr', 'lowercase': True}
CLASSES = ['bad', 'good', 'so-so']
WORDS = ['the', 'film', 'été', '\udcff', '&apos;t']
IMDB = {'tokenizer': 'moses', 'language': 'en', 'lowercase': True}


def state(vocabulary):
    return vocabulary.words, vocabulary.settings, vocabulary.classes, vocabulary.fingerprint


def dictionary(path, words, *following):
    """A dictionary as imdb_preprocess writes it: pickles in a stream."""
    with (gzip.open if path.suffix == '.gz' else open)(str(path), 'wb') as stream:
        for value in (words,) + following:
            pickle.dump(value, stream, 2)
    return path


def test_ids_of_a_text():
    vocabulary = Vocabulary(WORDS, SETTINGS, CLASSES)
    assert vocabulary.ids('film the  nothing &apos;t\nété') == [3, 2, 1, 6, 4]
    assert vocabulary.ids('') == []


def test_limited_keeps_the_ids_below():
    vocabulary = Vocabulary(WORDS, SETTINGS, CLASSES, 'abc').limited(4)
    assert state(vocabulary) == (['the', 'film'], SETTINGS, CLASSES, 'abc')
    assert vocabulary.ids('the film été') == [2, 3, 1]
    assert vocabulary.limited(2).words == vocabulary.limited(1).words == []
    assert vocabulary.limited(100).words == ['the', 'film']


def test_json_and_back():
    vocabulary = Vocabulary(WORDS, dict(SETTINGS, more=1), CLASSES, 'abc')
    found = Vocabulary.from_json(vocabulary.to_json())
    assert state(found) == (WORDS, SETTINGS, CLASSES, 'abc')
    assert found.to_json() == vocabulary.to_json()


@pytest.mark.parametrize('name', ['a.dict.pkl', 'a.dict.pkl.gz'])
def test_from_a_dictionary_of_imdb_preprocess(tmp_path, name):
    path = dictionary(tmp_path / name, {'film': 3, 'the': 2},
                      dict(SETTINGS, classes=CLASSES, fingerprint='abc'))
    assert state(datasets.read_vocabulary(path)) == (['the', 'film'], SETTINGS, CLASSES, 'abc')
    with pytest.raises(DataError, match='does not belong to this dataset'):
        datasets.read_vocabulary(path, fingerprint='def')


def test_the_tutorials_dictionary_gets_the_settings_of_imdb(tmp_path):
    path = dictionary(tmp_path / 'imdb.dict.pkl', {'film': 3, 'the': 2})
    assert state(datasets.read_vocabulary(path)) == (
        ['the', 'film'], IMDB, ['neg', 'pos'], None)
    with pytest.raises(DataError, match='ids up to 4 or more, found ids up to 3'):
        datasets.read_vocabulary(path, largest_id=4)


@pytest.mark.parametrize('words, settings, message', [
    ({'a': 2, 'b': 4}, [], 'the ids 2 to 3; found ids up to 4'),
    ({'a': 2, 'B': 3}, [dict(IMDB, classes=CLASSES)], "'B' in a dictionary .* lower-cased"),
    ({'a': 2, 'b c': 3}, [dict(IMDB, classes=CLASSES)], "'b c', which white space"),
    ({'a': 2}, [{'classes': CLASSES}],
     'text settings where tokenizer=None cannot be used: expected one of moses, whitespace'),
    ({'a': 2}, [dict(IMDB, classes=['a', 'a'])], "classes .* where two names or more"),
    ({'a': 2}, [dict(IMDB, classes=['a'])], "classes .* where two names or more"),
    ({'a': 2}, [IMDB], 'classes None where two names or more')])
def test_a_dictionary_that_does_not_fit_is_refused(tmp_path, words, settings, message):
    path = dictionary(tmp_path / 'a.dict.pkl', words, *settings)
    with pytest.raises(DataError, match=message) as caught:
        datasets.read_vocabulary(path)
    assert str(path) in str(caught.value)


def test_upper_case_fits_where_words_are_not_lower_cased():
    assert Vocabulary(['B'], dict(IMDB, lowercase=False), CLASSES).ids('b B') == [1, 2]


GOOD = {'words': ['the'], 'settings': IMDB, 'classes': CLASSES, 'fingerprint': None}


@pytest.mark.parametrize('content', [
    b'', b'\xff\xfe', b'[]', b'{}', json.dumps(dict(GOOD, words=['a', 'a'])).encode(),
    json.dumps(dict(GOOD, words='the')).encode(), json.dumps(dict(GOOD, words=[2])).encode(),
    json.dumps(dict(GOOD, settings=None)).encode(), json.dumps(dict(GOOD, classes=3)).encode(),
    json.dumps(dict(GOOD, classes=[1, 2])).encode(),
    json.dumps(dict(GOOD, fingerprint=3)).encode()])
def test_words_that_cannot_be_used_are_refused(content):
    assert Vocabulary.from_json(json.dumps(GOOD).encode()).words == ['the']
    with pytest.raises(DataError, match='words.json is not a vocabulary that can be used'):
        Vocabulary.from_json(content, 'words.json')
