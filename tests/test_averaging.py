"""The running mean of the parameters: its formula, and what training does with it."""
from collections import OrderedDict

import numpy
import pytest
from test_lstm import easy  # noqa: F401 (a fixture)

import lstm
from averaging import RunningMean
from engine import config, theano


def means_by_formula(values, every):
    """What NumPy makes of the parameter after each update."""
    mean, means = None, []
    for update, value in enumerate(values, 1):
        n = update // every
        if update % every == 0:
            decay = min(1 - 1. / 50, 1 - 1. / n)
            mean = value if mean is None else decay * mean + (1 - decay) * value
        means.append(mean)
    return means


@pytest.mark.parametrize('n_updates', [1, 150])
def test_it_is_the_mean_that_the_formula_says(n_updates):
    values = numpy.random.RandomState(0).randn(400, 3).astype(config.floatX)
    p = theano.shared(values[0])
    mean = RunningMean(OrderedDict([('p', p)]), n_updates, lambda: None)
    expected = means_by_formula(values, max(1, n_updates // 50))
    for update, value in enumerate(values, 1):
        p.set_value(value)
        mean.take_in(update)
        if expected[update - 1] is not None:
            with mean.in_use() as arrays:
                numpy.testing.assert_allclose(p.get_value(), expected[update - 1], rtol=1e-5,
                                              atol=1e-6)
                numpy.testing.assert_array_equal(arrays['p'], p.get_value())
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
    mean.take_in(1)
    assert not settled and not mean.shared
    with mean.in_use() as arrays:
        assert arrays['p'].tolist() == [1, 1] and len(settled) == 1
        p.set_value(numpy.zeros(2, dtype=config.floatX))
        assert arrays['p'].tolist() == [1, 1]


@pytest.mark.parametrize('optimizer', ['sgd', 'rmsprop'])
def test_training_validates_and_saves_the_mean(easy, monkeypatch, optimizer):  # noqa: F811
    saved = []
    monkeypatch.setattr(lstm.saved_model, 'save',
                        lambda path, params, *rest, **more: saved.append(params))
    monkeypatch.setattr(lstm.Checkpoint, 'save', lambda *rest, **more: None)
    arguments = dict(easy, optimizer=optimizer, lrate=1., max_epochs=2, validFreq=1000,
                     saveFreq=1, saveto='m.npz')
    lstm.train_lstm(**arguments)
    each_update, saved[:] = saved[:-1], []
    lstm.train_lstm(average=100, **arguments)
    assert len(saved) == len(each_update) + 1
    for name in ('Wemb', 'lstm_U', 'b'):
        expected = means_by_formula([params[name] for params in each_update], every=2)
        for params, mean in zip(saved[1:], expected[1:] + expected[-1:]):
            numpy.testing.assert_allclose(params[name], mean, rtol=1e-6, atol=1e-9)
    assert abs(saved[-1]['b'] - each_update[-1]['b']).max() > 1e-6
