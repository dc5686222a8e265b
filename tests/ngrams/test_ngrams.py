"""Tests of the linear model over n-grams, alone and beside an LSTM."""
import collections
import pickle

import numpy
import pytest
from models import WORDS, make_options, make_params
from scipy import optimize
from shop import dataset, make_dataset, train  # noqa: F401 (a fixture)

import imdb
import lstm
from lstm_sentiment.errors import ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.ngrams import features, fitting
from lstm_sentiment.ngrams.model import NGrams, of_classes
from lstm_sentiment.prediction.classifier import load_model
from lstm_sentiment.prediction.leaving_out import scores_without
from lstm_sentiment.prediction.network import Network
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary


def texts(n_texts=40, n_words=9, seed=0, longest=12):
    rng = numpy.random.RandomState(seed)
    return [rng.randint(1, n_words, size=rng.randint(0, longest)).tolist() for _ in range(n_texts)]


def plain_ngrams(sequence, longest):
    """All n-grams of a text, as tuples."""
    return [tuple(sequence[k:k + n]) for n in range(1, longest + 1)
            for k in range(len(sequence) - n + 1)]


def hash_of(ngram):
    return int(features.hashes(numpy.array(ngram), len(ngram))[-1][0])


# Features.


def test_few_ngrams_share_a_hash():
    rng = numpy.random.RandomState(1)
    ngrams = {tuple(rng.randint(1, 20000, size=n)) for n in (1, 2, 3) for _ in range(60000)}
    found = collections.Counter(map(hash_of, ngrams))
    assert len(ngrams) > 130000 and len(found) > len(ngrams) - 20
    # Frequent words have small ids, of which all pairs occur.
    pairs = {(a, b) for a in range(300) for b in range(300)}
    assert len(set(map(hash_of, pairs))) > len(pairs) - 12
    # A longer n-gram is no shorter one, and its order counts.
    assert len({hash_of(gram) for gram in ((2,), (2, 2), (2, 2, 2), (2, 3), (3, 2), (0, 2))}) == 6


@pytest.mark.parametrize('longest', [1, 2, 3, 5])
def test_the_distinct_ngrams_of_each_text(longest):
    sequences = texts()
    samples, values = features.distinct(sequences, longest)
    expected = sorted({(k, hash_of(gram)) for k, sequence in enumerate(sequences)
                       for gram in plain_ngrams(sequence, longest)})
    assert list(zip(samples.tolist(), values.tolist())) == expected
    assert values.dtype == 'uint32'
    assert features.distinct([[], []], 2)[0].shape == (0,)


@pytest.mark.parametrize('n_known', [0, 1, 2, 300, 5000])
@pytest.mark.parametrize('largest', [6000, 2 ** 32])
def test_the_index_finds_what_is_known(n_known, largest):
    """Spread evenly, as hashes are, or all with the same first bits."""
    rng = numpy.random.RandomState(n_known)
    known = numpy.unique(rng.randint(0, largest, size=n_known, dtype='uint64')).astype('uint32')
    values = numpy.append(rng.randint(0, largest, size=200, dtype='uint64'), [0, 2 ** 32 - 1])
    values = rng.permutation(numpy.append(values.astype('uint32'), known[::3]))
    row_of = {value: row for row, value in enumerate(known.tolist())}
    assert features.Index(known).rows(values).tolist() == [row_of.get(value, -1)
                                                           for value in values.tolist()]


# Fitting.


def plain_fit(sequences, labels, label, longest, strength):
    """The same from the formulas, with n-grams as tuples and without gradients by hand."""
    bags = [set(plain_ngrams(sequence, longest)) for sequence in sequences]
    counts = collections.Counter(gram for bag in bags for gram in bag)
    grams = sorted((gram for gram in counts if counts[gram] >= 3), key=hash_of)
    x = numpy.array([[gram in bag for gram in grams] for bag in bags], dtype=float)
    is_class = numpy.array(labels) == label
    of_class, others = x[is_class].sum(axis=0) + 1, x[~is_class].sum(axis=0) + 1
    ratios = numpy.log((of_class / of_class.sum()) / (others / others.sum()))
    signs, bias = numpy.where(is_class, 1, -1), numpy.log(is_class.sum() / (~is_class).sum())

    def cost(found):
        scores = (x * ratios).dot(found) + bias
        return (numpy.log1p(numpy.exp(-signs * scores)).sum()
                + (found ** 2).sum() / (2 * strength))
    best = optimize.minimize(cost, numpy.zeros(len(grams)), method='BFGS').x
    return grams, numpy.append(ratios * best, bias)


@pytest.mark.parametrize('ydim', [2, 3])
def test_the_weights_are_those_of_the_formulas(monkeypatch, ydim):
    monkeypatch.setattr(fitting, 'STRENGTH', 0.5)
    sequences = texts(n_words=5)
    labels = [(sum(sequence) + k // 9) % ydim for k, sequence in enumerate(sequences)]
    known, weights = fitting.fit(sequences, labels, ydim, 2)
    assert weights.shape == (len(known) + 1, 1 if ydim == 2 else 3) and weights.dtype == 'float32'
    assert (known[1:] > known[:-1]).all() and known.dtype == 'uint32'
    for column, label in zip(weights.T, [1] if ydim == 2 else range(3)):
        grams, expected = plain_fit(sequences, labels, label, 2, 0.5)
        assert list(map(hash_of, grams)) == known.tolist() and len(grams) > 10
        numpy.testing.assert_allclose(column, expected, atol=2e-3)
        assert abs(column).max() > 0.2


def test_blocks_change_nothing(monkeypatch):
    sequences = texts(n_words=5)
    labels = [sum(sequence) % 2 for sequence in sequences]
    expected = fitting.fit(sequences, labels, 2, 3)
    x, known = fitting.known_ngrams(sequences, 3)
    bags = [set(map(hash_of, plain_ngrams(sequence, 3))) for sequence in sequences]
    counts = collections.Counter(gram for bag in bags for gram in bag)
    assert known.tolist() == sorted(gram for gram in counts if counts[gram] >= 3)
    assert x.toarray().tolist() == [[float(gram in bag) for gram in known] for bag in bags]
    monkeypatch.setattr(fitting, 'BLOCK', 7)
    for one, other in zip(fitting.fit(sequences, labels, 2, 3), expected):
        assert (one == other).all()


def test_the_order_of_two_words_is_learned():
    sequences = [[2, 3] if k % 2 else [3, 2] for k in range(40)]
    for longest in (1, 2):
        known, weights = fitting.fit(sequences, [k % 2 for k in range(40)], 2, longest)
        scores = NGrams({'ngram_hashes': known, 'ngram_weights': weights},
                        longest).scores([[2, 3], [3, 2]])
        if longest == 1:
            numpy.testing.assert_allclose(scores[0], scores[1], atol=1e-6)
        else:
            assert scores.argmax(axis=1).tolist() == [1, 0]


# Scores.


def some_ngrams(ydim=2, longest=3, seed=3):
    rng = numpy.random.RandomState(seed)
    grams = {hash_of(gram) for sequence in texts(seed=seed)
             for gram in plain_ngrams(sequence, longest) if rng.rand() < 0.7}
    known = numpy.array(sorted(grams), dtype='uint32')
    weights = rng.randn(len(known) + 1, 1 if ydim == 2 else ydim)
    return {'ngram_hashes': known, 'ngram_weights': weights}


def plain_scores(params, sequence, longest):
    weights = of_classes(params['ngram_weights'])
    row_of = {value: row for row, value in enumerate(params['ngram_hashes'].tolist())}
    found = {hash_of(gram) for gram in plain_ngrams(sequence, longest)}
    return weights[-1] + sum((weights[row_of[value]] for value in found if value in row_of),
                             numpy.zeros(weights.shape[1]))


@pytest.mark.parametrize('ydim', [2, 4])
@pytest.mark.parametrize('longest', [1, 3])
def test_scores_and_the_shares_of_words(ydim, longest):
    params = some_ngrams(ydim, longest)
    model = NGrams(params, longest)
    sequences = texts(seed=4) + [[2] * 7, []]
    found = model.scores(sequences)
    assert found.shape == (len(sequences), ydim)
    for sequence, scores in zip(sequences, found):
        numpy.testing.assert_allclose(scores, plain_scores(params, sequence, longest), atol=1e-12)
        shares = model.word_scores(sequence)
        assert shares.shape == (len(sequence), ydim)
        numpy.testing.assert_allclose(shares.sum(axis=0) + model.bias, scores, atol=1e-12)


def test_the_share_of_a_pair_goes_to_its_two_words():
    params = {'ngram_hashes': numpy.array(sorted([hash_of((4, 5)), hash_of((5,))]), 'uint32')}
    weights = {hash_of((4, 5)): 6., hash_of((5,)): 1.}
    params['ngram_weights'] = numpy.array([[weights[value]] for value in
                                           params['ngram_hashes'].tolist()] + [[0.5]])
    shares = NGrams(params, 2).word_scores([4, 5, 2, 4, 5])
    numpy.testing.assert_allclose(shares[:, 1] * 2, [1.5, 2., 0, 1.5, 2.])


# Beside an LSTM.


def plain_shares(sequences, share, n_words):
    return numpy.array([[share * min(1., len(sequence) / n_words) if n_words else share]
                        for sequence in sequences])


@pytest.mark.parametrize('n_words', [0, 9])
@pytest.mark.parametrize('pooling', ['mean', 'max'])
@pytest.mark.parametrize('n_classes', [2, 3])
def test_the_network_adds_both(pooling, n_classes, n_words):
    params = make_params(n_classes)
    options = dict(make_options(params), pooling=pooling)
    linear = some_ngrams(n_classes)
    sequences = texts(seed=5) + [[]]
    alone = Network(params, options)
    options = dict(options, ngrams=3, ngram_share=0.7, ngram_words=n_words)
    both = Network(dict(params, **linear), dict(options, temperature=1.6))
    lengths = {len(sequence) for sequence in sequences}
    assert min(lengths) == 0 and max(lengths) > 9 and len(lengths) > 8
    share = plain_shares(sequences, 0.7, n_words)
    expected = ((1 - share) * alone.scores(sequences)
                + share * NGrams(linear, 3).scores(sequences))
    numpy.testing.assert_allclose(Network(dict(params, **linear), options).scores(sequences),
                                  expected, atol=1e-12)
    expected /= 1.6
    numpy.testing.assert_allclose(both.scores(sequences), expected, atol=1e-12)
    scores, terms = both.word_scores(sequences)
    numpy.testing.assert_allclose(scores, expected, atol=1e-12)
    for of_words, score in zip(terms, scores):
        numpy.testing.assert_allclose(of_words.sum(axis=0) + both.bias_of(len(of_words)),
                                   score, atol=1e-11)
    assert not both.is_running and alone.is_running == (pooling == 'mean')


@pytest.mark.parametrize('n_words', [0, 9])
def test_leaving_a_word_out_leaves_its_ngrams_out(n_words):
    """And makes new ones: the words beside it become neighbours."""
    params = dict(make_params(), **some_ngrams())
    network = Network(params, dict(make_options(params), pooling='max', ngrams=3,
                                   temperature=1.3, ngram_words=n_words))
    sequence, parts = [3, 7, 2, 2, 5, 8, 1, 6], [(k, k + 1) for k in range(8)] + [(1, 5)]
    expected = [network.scores([sequence[:start] + sequence[stop:]])[0] for start, stop in parts]
    found = scores_without(network, sequence, parts)
    numpy.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize('n_words', [0, 9])
def test_training_asks_both_models(n_words):
    """The product of the probabilities to the power of their shares, whatever the padding."""
    linear = NGrams(some_ngrams(), 3)
    sequences = [sequence for sequence in texts(seed=6) if sequence]
    rng = numpy.random.RandomState(2)
    likelihoods = rng.dirichlet([1, 1], size=len(sequences)).astype('float32')
    x, mask, _ = imdb.prepare_data(sequences, [0] * len(sequences))
    found = linear.joined(lambda x, mask: likelihoods,
                          {'ngram_share': 0.6, 'ngram_words': n_words})(x, mask)
    scores = numpy.array([plain_scores(linear.params, sequence, 3) for sequence in sequences])
    share = plain_shares(sequences, 0.6, n_words)
    product = likelihoods ** (1 - share) * numpy.exp(share * scores)
    assert found.tolist() == product.argmax(axis=1).tolist()
    assert found.tolist() != likelihoods.argmax(axis=1).tolist()


def make_ordered_dataset(path):
    """Two classes that differ in the order of two words."""
    rng = numpy.random.RandomState(0)

    def part(n_texts):
        labels = [k % 2 for k in range(n_texts)]
        return [rng.randint(4, 9, size=3).tolist() + ([2, 3] if label else [3, 2])
                + rng.randint(4, 9, size=2).tolist() for label in labels], labels
    path.write_bytes(pickle.dumps(part(200), 2) + pickle.dumps(part(40), 2))


def test_a_saved_model_answers_as_in_training(dataset):  # noqa: F811
    make_ordered_dataset(dataset)
    options = dict(dataset='shop.pkl', dim_proj=4, max_epochs=1, n_words=15, overwrite=True,
                   saveto='m.npz', valid_portion=0.2)
    without = lstm.train_lstm(**options)
    errors = lstm.train_lstm(ngrams=2, **options)
    assert errors == (0., 0., 0.) and without[2] > 0.2
    params, found, _ = saved_model.load('m.npz')
    assert found['ngrams'] == 2 and params['ngram_hashes'].dtype == 'uint32'
    assert params['ngram_weights'].shape == (len(params['ngram_hashes']) + 1, 1)
    vocabulary = Vocabulary(WORDS, dict(TEXT_SETTINGS), ['neg', 'pos'])
    saved_model.save('m.npz', params, found, vocabulary)
    with open('shop.pkl', 'rb') as file:
        sequences, labels = pickle.load(file)
    model = load_model('m.npz')
    assert model.network.scores(sequences).argmax(axis=1).tolist() == labels
    written = [' '.join(WORDS[word - 2] for word in sequence) for sequence in sequences[:9]]
    assert model.predict(written[:2]) == ['neg', 'pos']
    explanation = model.explain(written[0])
    assert explanation.running_verdict() is None
    assert max(abs(explanation.numbers[3:5])) == max(abs(explanation.numbers))


def test_a_run_with_ngrams_can_be_resumed(dataset):  # noqa: F811
    make_ordered_dataset(dataset)
    options = dict(dataset='shop.pkl', dim_proj=4, n_words=15, ngrams=2, valid_portion=0.2,
                   overwrite=True)
    lstm.train_lstm(saveto='a.npz', max_epochs=4, **options)
    lstm.train_lstm(saveto='b.npz', max_epochs=2, **options)
    lstm.train_lstm(saveto='b.npz', max_epochs=4, resume=True, **options)
    one, other = (saved_model.load(name).params for name in ('a.npz', 'b.npz'))
    assert sorted(one) == sorted(other)
    for name, value in one.items():
        assert value.tobytes() == other[name].tobytes(), name


def test_several_classes(dataset):  # noqa: F811
    make_dataset(dataset)
    params = train(ngrams=1).params
    assert params['ngram_weights'].shape[1] == 3


@pytest.mark.parametrize('change, message', [
    ({'ngram_hashes': None}, 'ngram_hashes'),
    ({'ngram_hashes': numpy.array([5, 4], 'uint32')}, 'ngram_hashes'),
    ({'ngram_hashes': numpy.array([4, 5], 'int64')}, 'ngram_hashes'),
    ({'ngram_weights': numpy.zeros((9, 2))}, 'ngram_weights of shape'),
    ({'ngram_weights': None}, 'ngram_weights of shape'),
    ({'ngram_weights': numpy.full((3, 1), numpy.nan)}, 'not finite')])
def test_a_damaged_model_is_refused(tmp_path, change, message):
    params = make_params()
    params.update(ngram_hashes=numpy.array([4, 5], 'uint32'), ngram_weights=numpy.zeros((3, 1)))
    params.update(change)
    params = {name: value for name, value in params.items() if value is not None}
    path = str(tmp_path / 'm.npz')
    saved_model.save(path, params, dict(make_options(params), ngrams=2),
                     Vocabulary(WORDS, dict(TEXT_SETTINGS), ['neg', 'pos']))
    with pytest.raises(ModelError, match=message):
        load_model(path)
