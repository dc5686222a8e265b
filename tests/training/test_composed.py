"""Tests of composed.py: what an update has beside its reviews, and where it cannot be had."""
from types import SimpleNamespace

import numpy
import pytest
from models import stop_after

import lstm
from lstm_sentiment.data.from_texts import dataset_from_texts
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.model import saved_model
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary
from lstm_sentiment.training import samples
from lstm_sentiment.training.composed import ComposedSentences, labels_of

PRAISE, BLAME = ('fine', 'sharp', 'warm', 'bright'), ('dull', 'poor', 'flat', 'stale')
TEXTS = [('The film is very %s. The plot is %s, it is.' % (words[k % 4], words[k // 4 % 4]), label)
         for k in range(20) for label, words in ((0, BLAME), (1, PRAISE))]
SMALL = dict(dim_proj=4, max_epochs=3, n_words=200, batch_size=6, validFreq=5, saveFreq=4,
             dispFreq=1, valid_portion=0.2, test=False, maxlen=None, verbose=0)

pytestmark = pytest.mark.filterwarnings('ignore:the validation set has')


def dataset(classes=('neg', 'pos'), **settings):
    texts, labels = zip(*TEXTS)
    return dataset_from_texts((list(texts), list(labels)), None, list(classes),
                              dict(TEXT_SETTINGS, **settings), 1, 1)


def train(**options):
    """The errors, the costs, and how many texts each minibatch had."""
    costs, sizes = [], []

    def prepare_data(sequences, labels):
        sizes.append(len(labels))
        return original(sequences, labels)

    def callback(record):
        costs.extend([record.cost] if hasattr(record, 'cost') else [])
        if more is not None:
            more(record)
    options = dict(SMALL, **options)
    more = options.pop('callback', None)
    original = lstm.imdb.prepare_data
    lstm.imdb.prepare_data = prepare_data
    try:
        errors = lstm.train_lstm(callback=callback, **options)
    finally:
        lstm.imdb.prepare_data = original
    return errors, costs, sizes


def vocabulary(classes=('neg', 'pos'), **settings):
    return Vocabulary(['a'], dict(TEXT_SETTINGS, **settings), list(classes))


@pytest.mark.parametrize('classes, expected', [
    (('neg', 'pos'), (0, 1)), (('Positive', 'Negative'), (1, 0))])
def test_the_names_of_the_classes_say_which_is_praise(classes, expected):
    assert labels_of(vocabulary(classes), 0.5) == expected


@pytest.mark.parametrize('found, message', [
    (None, 'composed=0.5: expected a dataset with a dictionary'),
    (vocabulary(language='de'), 'expected English texts .* found the language de and the '),
    (vocabulary(tokenizer='whitespace'), 'language en and the tokenizer whitespace. Give'),
    (vocabulary(('bad', 'good')), 'the two classes neg and pos, .* found bad, good. Give'),
    (vocabulary(('neg', 'pos', 'so-so')), 'found neg, pos, so-so')])
def test_other_datasets_are_refused(found, message):
    with pytest.raises(ConfigError, match=message):
        labels_of(found, 0.5)


def test_nothing_is_read_without_the_option():
    drawn = ComposedSentences(None, {'composed': 0., 'seed': 1})
    assert drawn.draw(10, 3) == ([], [])


def test_draws_depend_on_the_seed_and_the_update_alone():
    texts, labels = zip(*TEXTS)
    found = Vocabulary(['the', 'film', 'is', 'very', 'plot', '.', ',', 'it', *PRAISE, *BLAME],
                       TEXT_SETTINGS, ['neg', 'pos'])
    tokenized = [text.lower().replace('.', ' .').replace(',', ' ,') for text in texts]
    data = SimpleNamespace(train=(list(map(found.ids, tokenized)), list(labels)),
                           vocabulary=lambda: found)
    one, two, other = (ComposedSentences(data, {'composed': 0.75, 'seed': seed})
                       for seed in (1, 1, 2))
    one.draw(3, 8)
    assert one.draw(10, 9) == two.draw(10, 9)
    assert one.draw(10, 9) != two.draw(10, 10) and one.draw(10, 9) != other.draw(10, 9)
    assert [len(one.draw(n, 1)[1]) for n in (0, 1, 2, 10, 32)] == [0, 1, 2, 8, 24]


def test_polar_words_of_a_large_corpus_are_those_of_some_reviews(monkeypatch):
    monkeypatch.setattr(samples, 'MOST_WORDS', 60)
    with pytest.raises(DataError, match='found 0 adjectives of praise and 0 of blame'):
        train(dataset=dataset(), composed=1.5, saveto=None)


def test_each_update_has_sentences_beside_its_reviews():
    _, costs, sizes = train(dataset=dataset(), composed=1.5, saveto=None)
    assert costs == train(dataset=dataset(), composed=1.5, saveto=None)[1]
    assert costs != train(dataset=dataset(), saveto=None)[1]
    assert numpy.isfinite(costs).all()
    # 32 reviews make five minibatches of 6 and one of 2, in three epochs.
    assert (sizes.count(6 + 9), sizes.count(2 + 3)) == (15, 3)


def test_the_sentences_follow_the_reviews_with_their_labels(monkeypatch):
    seen, original = [], lstm.imdb.prepare_data
    monkeypatch.setattr(ComposedSentences, 'draw', lambda self, n_reviews, update: (
        [[update]] * 2, [update % 2, 1 - update % 2]))
    monkeypatch.setattr(lstm.imdb, 'prepare_data', lambda sequences, labels: (
        seen.append((sequences, labels)), original(sequences, labels))[1])
    lstm.train_lstm(dataset=dataset(), saveto=None,
                    **dict(SMALL, max_epochs=1, validFreq=-1, word_dropout=0.9))
    for update, (sequences, labels) in enumerate(seen[:6], 1):
        assert sequences[-2:] == [[update]] * 2 and [len(ids) > 1 for ids in sequences[:-2]]
        assert labels[-2:] == [update % 2, 1 - update % 2] and len(labels) == len(sequences)


def test_a_run_that_is_resumed_goes_on_with_the_same_sentences(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = dict(dataset=dataset(), composed=0.8, word_dropout=0.3, spans=0.3)
    whole, costs, _ = train(saveto='whole.npz', **options)
    train(saveto='m.npz', callback=stop_after(7), **options)
    resumed, later, _ = train(saveto='m.npz', resume=True, **options)
    assert resumed == whole and 0 < len(later) < len(costs) and later == costs[-len(later):]
    one, two = (saved_model.load(path)[0] for path in ('whole.npz', 'm.npz'))
    for name in one:
        numpy.testing.assert_array_equal(one[name], two[name])
    assert saved_model.load('m.npz')[1]['composed'] == 0.8


def test_a_corpus_with_other_classes_is_refused_before_training():
    with pytest.raises(ConfigError, match='found bad, good'):
        train(dataset=dataset(('bad', 'good')), composed=0.5, saveto=None)


def test_a_corpus_without_polar_words_is_refused():
    plain = dataset_from_texts((['The film.', 'A film.'] * 10, [0, 1] * 10), None, ['neg', 'pos'],
                               dict(TEXT_SETTINGS), 1, 1)
    with pytest.raises(DataError, match='found 0 adjectives of praise and 0 of blame'):
        train(dataset=plain, composed=0.5, saveto=None)


@pytest.mark.parametrize('composed', [-0.1, 10, 'much', float('nan')])
def test_other_shares_are_refused(composed):
    with pytest.raises(ConfigError, match='composed='):
        train(dataset=dataset(), composed=composed, saveto=None)
