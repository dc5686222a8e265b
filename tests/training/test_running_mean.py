"""The running mean of the parameters: its formula, and what training does with it."""
from collections import OrderedDict

import numpy
import pytest
from test_lstm import easy  # noqa: F401 (a fixture)

import lstm
from lstm_sentiment.engine.names import config, theano
from lstm_sentiment.model import saved_model
from lstm_sentiment.training import checkpoint, display
from lstm_sentiment.training.running_mean import RunningMean


def means_by_formula(values, n_updates):
    """What NumPy makes of the parameter after each update."""
    every, mean, means = max(1, n_updates // 50), None, []
    for update, value in enumerate(values, 1):
        n = update // every
        if n < 2:
            mean = value if update <= every else mean
        elif update % every == 0:
            decay = min(1 - every / float(n_updates), 1 - 1. / n)
            mean = decay * mean + (1 - decay) * value
        means.append(mean)
    return means


@pytest.mark.parametrize('n_updates', [1, 20, 99, 150])
def test_it_is_the_mean_that_the_formula_says(n_updates):
    values = numpy.random.RandomState(0).randn(400, 3).astype(config.floatX)
    p = theano.shared(values[0])
    settled = []
    mean = RunningMean(OrderedDict([('p', p)]), n_updates, lambda: settled.append(update))
    expected = means_by_formula(values, n_updates)
    for update, value in enumerate(values, 1):
        p.set_value(value)
        mean.add(update)
        # Rows that are behind are brought up to date before they are added.
        assert (settled[-1] == update) == (update < mean.every or update % mean.every == 0)
        with mean.in_use() as arrays:
            numpy.testing.assert_allclose(p.get_value(), expected[update - 1], rtol=1e-5,
                                          atol=1e-6)
            numpy.testing.assert_array_equal(arrays['p'], p.get_value())
        assert settled.pop() == update
        numpy.testing.assert_array_equal(p.get_value(), value)


def test_the_parameters_are_put_back_after_an_error():
    p = theano.shared(numpy.zeros(2, dtype=config.floatX))
    mean = RunningMean({'p': p}, 50, lambda: None)
    p.set_value(numpy.ones(2, dtype=config.floatX))
    with pytest.raises(KeyboardInterrupt), mean.in_use():
        assert p.get_value().tolist() == [0, 0]
        raise KeyboardInterrupt
    assert p.get_value().tolist() == [1, 1]


def test_without_a_mean_it_is_the_parameters():
    p = theano.shared(numpy.ones(2, dtype=config.floatX))
    settled = []
    mean = RunningMean({'p': p}, 0, lambda: settled.append(p.get_value()))
    mean.add(1)
    assert not settled and not mean.shared
    with mean.in_use() as arrays:
        assert arrays['p'].tolist() == [1, 1] and len(settled) == 1
        p.set_value(numpy.zeros(2, dtype=config.floatX))
        assert arrays['p'].tolist() == [1, 1]


@pytest.mark.parametrize('optimizer', ['sgd', 'rmsprop'])
def test_training_validates_and_saves_the_mean(easy, monkeypatch, optimizer):  # noqa: F811
    saved = []
    monkeypatch.setattr(saved_model, 'save',
                        lambda path, params, *rest, **more: saved.append(params))
    monkeypatch.setattr(checkpoint.Checkpoint, 'save', lambda *rest, **more: None)
    arguments = dict(easy, optimizer=optimizer, lrate=1., max_epochs=2, validFreq=8,
                     saveFreq=1, saveto='m.npz')
    lstm.train_lstm(**arguments)
    each_update, saved[:] = saved[:-1], []
    lstm.train_lstm(average=100, **arguments)
    assert len(saved) == len(each_update) + 1
    for name in ('Wemb', 'lstm_U', 'b'):
        expected = means_by_formula([params[name] for params in each_update], 100)
        for params, mean in zip(saved, expected + expected[-1:]):
            numpy.testing.assert_allclose(params[name], mean, rtol=1e-6, atol=1e-9)
    assert abs(saved[-1]['b'] - each_update[-1]['b']).max() > 1e-6


def test_validation_measures_the_mean_and_keeps_it(easy, monkeypatch):  # noqa: F811
    tparams, after, measured = {}, [], []
    init_tparams = lstm.init_tparams

    def kept(params):
        tparams.update(init_tparams(params))
        return tparams

    def pred_error(*rest, **options):
        measured.append(tparams['b'].get_value())
        return 1. / len(measured)  # each validation is the best so far

    def callback(record):
        if isinstance(record, display.Displayed):
            after.append(tparams['b'].get_value())

    monkeypatch.setattr(lstm, 'init_tparams', kept)
    monkeypatch.setattr(lstm, 'pred_error', pred_error)
    lstm.train_lstm(average=100, callback=callback,
                    **dict(easy, optimizer='sgd', lrate=1., max_epochs=2, validFreq=1, dispFreq=1,
                           saveto=None, patience=1000))
    expected = means_by_formula(after, 100)
    assert len(measured) == 3 * len(after)
    for found, mean in zip(measured[::3], expected):
        numpy.testing.assert_allclose(found, mean, rtol=1e-6, atol=1e-9)
    assert abs(expected[-1] - after[-1]).max() > 1e-6
