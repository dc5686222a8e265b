"""The cost by hand against the graph of lstm.py, in values and gradients."""
import numpy
import pytest
from test_lstm import FLOAT, TIGHT

import lstm
from lstm_sentiment.engine.names import tensor, theano
from lstm_sentiment.recurrence import encoder


@pytest.fixture(scope='module')
def both():
    proj, mask, y = tensor.matrix(dtype=FLOAT), tensor.matrix(dtype=FLOAT), tensor.lvector()
    tparams = {name: tensor.TensorType(FLOAT, (False,) * ndim)() for name, ndim in
               (('U', 2), ('b', 1))}
    functions = []
    for mean_cost in (lstm.mean_cost, encoder.mean_cost):
        cost = mean_cost(proj, tparams, mask, y)
        grads = theano.grad(3 * cost, [proj, tparams['U'], tparams['b']])
        functions.append(theano.function([proj, tparams['U'], tparams['b'], mask, y],
                                         [cost] + grads))
    return functions


@pytest.mark.parametrize('ydim', [2, 3])
@pytest.mark.parametrize('scale', [1, 3])
def test_cost_and_gradients_are_those_of_the_graph(both, ydim, scale):
    rng = numpy.random.RandomState(ydim)
    mask = (numpy.arange(4)[:, None] < [3, 0, 4, 1, 2]).astype(FLOAT)  # one sample has no words
    arguments = [(scale * rng.randn(*shape)).astype(FLOAT)
                 for shape in ((5, 3), (3, ydim), (ydim,))]
    y = rng.randint(0, ydim, 5)
    for expected, found in zip(*[function(*(arguments + [mask, y])) for function in both]):
        assert abs(expected).max() > 1e-3 and found.dtype == FLOAT
        numpy.testing.assert_allclose(found, expected, rtol=10 * TIGHT, atol=10 * TIGHT)


def test_a_minibatch_without_words_costs_nothing(both):
    arguments = [numpy.ones(shape, dtype=FLOAT) for shape in ((2, 3), (3, 2), (2,))]
    for function in both:
        cost, *grads = function(*(arguments + [numpy.zeros((4, 2), dtype=FLOAT), [0, 1]]))
        assert cost == 0 and not any(grad.any() for grad in grads)
