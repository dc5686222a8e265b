"""Tests of held_out_scores.py: what the n-grams say of texts they have not seen, and its use."""
import numpy
import pytest
from models import make_options, make_params
from oracles import numpy_model

import lstm
from lstm_sentiment.data.training_data import Data
from lstm_sentiment.engine.names import config, theano
from lstm_sentiment.ngrams import fitting
from lstm_sentiment.ngrams.model import NGrams
from lstm_sentiment.training import held_out_scores
from lstm_sentiment.training.held_out_scores import WithHeldOut, fitted_ngrams, folds_of

N_GROUPS, OF_GROUP = 12, 5


def films(seed=0):
    """Texts of films, each with a word of its own, 20 and up, and words that say the label."""
    rng = numpy.random.RandomState(seed)
    groups = numpy.repeat(numpy.arange(N_GROUPS), OF_GROUP).tolist()
    labels = [group % 2 for group in groups]
    sequences = [[20 + group, 2 + label] + rng.randint(4, 20, size=6).tolist()
                 for group, label in zip(groups, labels)]
    return Data((sequences, labels), None, None, None, groups)


def options(ngrams=1):
    return {'ngrams': ngrams, 'ydim': 2, 'seed': 4}


def test_no_ngrams_by_default():
    assert fitted_ngrams(films(), options(0)) is None


def test_a_text_is_scored_by_a_model_that_has_not_seen_its_group(monkeypatch):
    monkeypatch.setattr(fitting, 'STRENGTH', 10.)
    data = films()
    found = fitted_ngrams(data, options())
    folds = folds_of(data.groups, 4)
    assert sorted(set(folds.tolist())) == [0, 1, 2, 3]
    assert all(len(set(folds[k:k + OF_GROUP])) == 1 for k in range(0, len(folds), OF_GROUP))
    known, x = fitting.known_ngrams(data.train[0], 1)
    for fold in range(held_out_scores.FOLDS):
        labels, outside = numpy.array(data.train[1]), folds == fold
        labels[outside] = 1 - labels[outside]
        other = held_out_scores.held_out_scores(x, labels, 2, folds)
        numpy.testing.assert_allclose(other[outside], found.scores[outside], rtol=1e-6)
        assert abs(other[~outside] - found.scores[~outside]).min() > 0.1
    assert (found.scores.argmax(axis=1) == data.train[1]).all()
    numpy.testing.assert_array_equal(found.params['ngram_hashes'], known)
    numpy.testing.assert_array_equal(found.params['ngram_weights'],
                                     fitting.fit(x, numpy.array(data.train[1]), 2))


def test_without_groups_each_text_is_its_own(capsys):
    data = films()._replace(groups=None)
    found = fitted_ngrams(data, options())
    assert found.scores.shape == (60, 2) and found.scores.dtype == config.floatX
    assert 'texts that they have not seen 0.0\n' in capsys.readouterr().out


def test_the_scores_of_a_minibatch_are_chosen_by_number():
    scores = numpy.arange(8.).reshape(4, 2).astype(config.floatX)
    found = WithHeldOut(NGrams({'ngram_hashes': numpy.zeros(0, 'uint32'),
                                'ngram_weights': numpy.zeros((1, 1))}, 1), scores)
    found.choose(numpy.array([3, 1]))
    assert found.scores_of_batch.get_value().tolist() == [[6, 7], [2, 3]]


def test_the_cost_adds_the_scores_and_predictions_do_not():
    params = make_params(3, dtype=config.floatX)
    tparams = lstm.init_tparams(params)
    rng = numpy.random.RandomState(1)
    x, mask = rng.randint(2, 9, size=(5, 4)), (numpy.arange(5)[:, None] < [5, 3, 1, 4])
    known = theano.shared(rng.randn(4, 3).astype(config.floatX))
    _, *inputs, f_pred_prob, _, cost = lstm.build_model(
        tparams, make_options(params, use_dropout=False), known)
    expected = numpy_model(params, x, mask)
    mask = mask.astype(config.floatX)
    numpy.testing.assert_allclose(f_pred_prob(x, mask), expected, rtol=1e-4)
    joined = expected * numpy.exp(known.get_value())
    joined /= joined.sum(axis=1, keepdims=True)
    y = numpy.array([0, 2, 1, 1])
    found = theano.function(inputs, cost)(x, mask, y)
    assert found == pytest.approx(-numpy.log(joined[numpy.arange(4), y]).mean(), rel=1e-4)


def test_each_update_gets_the_scores_of_its_own_texts(tmp_path, monkeypatch):
    """Texts are shuffled; the one word of each tells which it is."""
    monkeypatch.chdir(tmp_path)
    texts = [[2 + k] for k in range(20)], [k % 2 for k in range(20)]
    monkeypatch.setitem(lstm.datasets, 'numbered', (lambda **_: (texts, texts, texts),
                                                    lstm.imdb.prepare_data))
    held_out = WithHeldOut(NGrams({'ngram_hashes': numpy.zeros(0, 'uint32'),
                                   'ngram_weights': numpy.zeros((1, 1))}, 1),
                           numpy.repeat(numpy.arange(20), 2).reshape(20, 2).astype(config.floatX))
    monkeypatch.setattr(lstm, 'fitted_ngrams', lambda data, options: held_out)
    seen = []

    def rule(lr, tparams, grads, x, mask, y, cost):
        return (lambda x, mask, y: seen.append((x, held_out.scores_of_batch.get_value())) or 1.,
                lambda lr: None)
    lstm.train_lstm(dataset='numbered', dim_proj=3, n_words=30, ngrams=1, max_epochs=2,
                    batch_size=6, optimizer=rule, saveto=None)
    assert len(seen) == 8
    for x, scores in seen:
        assert (x[0] - 2).tolist() == scores[:, 0].tolist()
    assert seen[0][0].tolist() != seen[4][0].tolist()
