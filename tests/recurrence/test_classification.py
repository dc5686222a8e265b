"""The cost by hand against the graph of lstm.py, in values and gradients."""
import functools

import numpy
import pytest
from test_lstm import FLOAT, TIGHT

import lstm
from lstm_sentiment.engine.names import tensor, theano
from lstm_sentiment.recurrence import classification, encoder


def functions_of(class_weights=None):
    proj, mask, y = tensor.matrix(dtype=FLOAT), tensor.matrix(dtype=FLOAT), tensor.lvector()
    tparams = {name: tensor.TensorType(FLOAT, (False,) * ndim)() for name, ndim in
               (('U', 2), ('b', 1))}
    functions = []
    for mean_cost in (lstm.mean_cost, encoder.mean_cost):
        cost = mean_cost(proj, tparams, mask, y, class_weights)
        grads = theano.grad(3 * cost, [proj, tparams['U'], tparams['b']])
        functions.append(theano.function([proj, tparams['U'], tparams['b'], mask, y],
                                         [cost] + grads))
    return functions


@pytest.fixture(scope='module')
def both():
    return functions_of()


def plain_cost(proj, U, b, mask, y, class_weights):
    """The weighted mean, one sample at a time."""
    total = weight = 0.
    for sample, label in enumerate(y):
        if mask[:, sample].any():
            exps = numpy.exp((proj[sample].dot(U) + b).astype('float64'))
            total -= class_weights[label] * numpy.log(exps[label] / exps.sum() + 1e-8)
            weight += class_weights[label]
    return total / weight if weight else 0.


@pytest.mark.parametrize('class_weights', [[0.001, 7., 2.], [1e-6, 1e-6, 1e-6], [1e6, 1., 1e6]])
@pytest.mark.parametrize('y', [[0, 1, 2, 0, 2], [0, 0, 0, 0, 0], [1, 0, 1, 1, 1]])
def test_the_weighted_cost_is_the_weighted_mean(class_weights, y):
    rng = numpy.random.RandomState(5)
    mask = (numpy.arange(4)[:, None] < [3, 0, 4, 1, 2]).astype(FLOAT)
    arguments = [rng.randn(*shape).astype(FLOAT) for shape in ((5, 4), (4, 3), (3,))]
    arguments += [mask, numpy.array(y)]
    of_graph, by_hand = [function(*arguments) for function in functions_of(class_weights)]
    cost = plain_cost(*(arguments + [class_weights]))
    assert abs(float(of_graph[0]) - cost) < 100 * TIGHT * max(1, cost)
    for expected, found in zip(of_graph, by_hand):
        assert abs(expected).max() > 1e-3 and found.dtype == FLOAT
        numpy.testing.assert_allclose(found, expected, rtol=10 * TIGHT, atol=10 * TIGHT)
    empty = arguments[:3] + [0 * mask, numpy.array(y)]
    for function in functions_of(class_weights):
        assert not any(numpy.any(value) for value in function(*empty))


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


def log_softmax_cost(h, tparams, y):
    """The cross-entropy as a graph."""
    rows = h.reshape((y.shape[0] * y.shape[1], h.shape[2]))
    scores = tensor.dot(rows, tparams['U']) + tparams['b']
    logs = scores - tensor.log(tensor.exp(scores).sum(axis=1, keepdims=True))
    return -logs[tensor.arange(logs.shape[0]), y.flatten()].mean()


@pytest.mark.parametrize('ydim', [2, 5])
def test_cross_entropy_and_its_gradients_are_those_of_a_graph(ydim):
    h, y = tensor.tensor3(dtype=FLOAT), tensor.lmatrix()
    U, b = tensor.matrix(dtype=FLOAT), tensor.vector(dtype=FLOAT)
    functions = []
    for cross_entropy in (log_softmax_cost, encoder.cross_entropy):
        cost = cross_entropy(h, {'U': U, 'b': b}, y)
        functions.append(theano.function([h, U, b, y],
                                         [cost] + theano.grad(3 * cost, [h, U, b])))
    rng = numpy.random.RandomState(ydim)
    arguments = [rng.randn(*shape).astype(FLOAT) for shape in ((4, 3, 2), (2, ydim), (ydim,))]
    arguments.append(rng.randint(0, ydim, (4, 3)))
    for expected, found in zip(*[function(*arguments) for function in functions]):
        assert abs(expected).max() > 1e-3 and found.dtype == FLOAT
        numpy.testing.assert_allclose(found, expected, rtol=10 * TIGHT, atol=10 * TIGHT)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_cross_entropy_of_scores_far_apart(dtype):
    rows, U = numpy.array([[1.], [-1.]], dtype=dtype), numpy.array([[500., -500.]], dtype=dtype)
    cost, dz = classification.cross_entropy(rows, U, numpy.zeros(2, dtype=dtype),
                                            numpy.array([0, 0]))
    assert cost == 500 and dz.dtype == dtype
    assert dz.tolist() == [[0, -0.5], [0, 0.5]]


@pytest.mark.parametrize('scale, norm', [(1, 1.5), (0.1, 0.5), (0, 0)])
def test_clipped_gradients_have_at_most_the_norm(scale, norm):
    values = [scale * numpy.array([3., 0.], dtype=FLOAT), scale * numpy.array([[4.]], dtype=FLOAT)]
    variables = [tensor.as_tensor_variable(value) for value in values]
    for clipped in (lstm.clipped, functools.partial(encoder.clipped, lstm.clipped)):
        for value, found in zip(values, theano.function([], clipped(variables, 1.5))()):
            assert found.dtype == FLOAT
            numpy.testing.assert_allclose(found, value / (5 * scale or 1) * norm, rtol=10 * TIGHT)


def test_a_single_gradient_is_clipped():
    found, = encoder.clipped(lstm.clipped, [tensor.as_tensor_variable(numpy.array([3., 4.]))], 1)
    numpy.testing.assert_allclose(theano.function([], found)(), [0.6, 0.8])


def test_a_gradient_that_is_not_a_number_stays_one():
    found = classification.clipped([numpy.array([numpy.nan]), numpy.array([1.])], 1)
    assert numpy.isnan(found).all()
