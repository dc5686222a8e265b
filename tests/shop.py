"""A small dataset of three classes on disk, and training on it."""
import hashlib
import pickle

import pytest

import lstm
from lstm_sentiment.model import saved_model
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS

CLASSES = ['bad', 'good', 'so-so']
WORDS = {'word%d' % number: number for number in range(2, 12)}


def make_dataset(path, settings=True, classes=CLASSES, words=WORDS, labels=(0, 1, 2), rare=0,
                 test_labels=None):
    """A dataset of 30 training and 6 test texts, and its dictionary; return the fingerprint.

    `rare` texts of a fourth class are added to each part.
    """
    def part(n_samples, labels):
        chosen = [labels[k % len(labels)] for k in range(n_samples)] + [3] * rare
        return [[2 + label, 5, 11] for label in chosen], chosen
    content = pickle.dumps(part(30, labels), 2) + pickle.dumps(part(6, test_labels or labels), 2)
    path.write_bytes(content)
    fingerprint = hashlib.sha256(content).hexdigest()
    second = dict(TEXT_SETTINGS, classes=classes, fingerprint=fingerprint)
    (path.parent / (path.stem + '.dict.pkl')).write_bytes(
        pickle.dumps(words, 2) + (pickle.dumps(second, 2) if settings else b''))
    return fingerprint


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / 'shop.pkl'


def train(**options):
    lstm.train_lstm(**dict(dict(dataset='shop.pkl', dim_proj=4, max_epochs=1, n_words=9,
                                overwrite=True,
                                valid_portion=0.2, saveto='model.npz'), **options))
    return saved_model.load(options.get('saveto', 'model.npz'))
