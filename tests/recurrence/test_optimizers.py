"""The update rules, whole and sparse, against plain NumPy."""

import functools
from collections import OrderedDict

import numpy
import pytest

import lstm
from lstm_sentiment.engine.names import config, tensor, theano
from lstm_sentiment.engine.optimizers import DenseOptimizer, OwnOptimizer, optimizer_of
from lstm_sentiment.recurrence import encoder, graph_nodes
from lstm_sentiment.recurrence.sparse_updates import Rows, SparseOptimizer

FLOATX = config.floatX
TOLERANCE = {'float64': 1e-12, 'float32': 1e-4}[FLOATX]
LRATE = 0.05


def floats(values):
    return numpy.asarray(values, dtype=FLOATX)


# The update rules, written once more from the papers' formulas, in float64 NumPy. Each is given
# the parameter, the gradient and a dictionary of running means, and returns the new parameter.

def reference_sgd(p, g, state):
    return p - LRATE * g


def reference_adadelta(p, g, state):
    e_g2 = state['e_g2'] = 0.95 * state.get('e_g2', 0.) + 0.05 * g * g
    delta = -numpy.sqrt(state.get('e_d2', 0.) + 1e-6) / numpy.sqrt(e_g2 + 1e-6) * g
    state['e_d2'] = 0.95 * state.get('e_d2', 0.) + 0.05 * delta * delta
    return p + delta


def reference_rmsprop(p, g, state):
    e_g = state['e_g'] = 0.95 * state.get('e_g', 0.) + 0.05 * g
    e_g2 = state['e_g2'] = 0.95 * state.get('e_g2', 0.) + 0.05 * g * g
    delta = 0.9 * state.get('delta', 0.) - 1e-4 * g / numpy.sqrt(e_g2 - e_g * e_g + 1e-4)
    state['delta'] = delta
    return p + delta


def reference_adam(p, g, state):
    """Each number counts the updates that it has a gradient in."""
    t, m, v = (state.get(name, numpy.zeros_like(g)) for name in 'tmv')
    moves = g != 0
    t, m, v = (numpy.where(moves, new, old) for new, old in (
        (t + 1, t), (0.9 * m + 0.1 * g, m), (0.999 * v + 0.001 * g * g, v)))
    state.update(t=t, m=m, v=v)
    with numpy.errstate(invalid='ignore'):
        step = LRATE * (m / (1 - 0.9 ** t)) / (numpy.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
    return numpy.where(moves, p - step, p)


RULES = [(lstm.SGD, reference_sgd), (lstm.ADADELTA, reference_adadelta),
         (lstm.RMSPROP, reference_rmsprop), (lstm.ADAM, reference_adam)]
BY_NAME = pytest.mark.parametrize('rule, reference', RULES, ids=[rule.name for rule, _ in RULES])
BOTH_FORMS = pytest.mark.parametrize('form', [DenseOptimizer, SparseOptimizer])


# All parameters whole

class Quadratic(object):
    """A cost of a matrix M and a vector v whose gradient a reader can check.

    cost = sum(mask * (M - x)^2) / 2 + sum((v - y)^4) / 4
    """

    def __init__(self, form, rule):
        rng = numpy.random.RandomState(3)
        self.expected = {'M': rng.randn(3, 4), 'v': rng.randn(4)}
        self.tparams = OrderedDict((name, theano.shared(floats(self.expected[name]), name=name))
                                   for name in 'Mv')
        x, mask, y = tensor.lmatrix(), tensor.matrix(), tensor.lvector()
        M, v = self.tparams['M'], self.tparams['v']
        cost = ((mask * (M - tensor.cast(x, FLOATX)) ** 2).sum() / 2
                + ((v - tensor.cast(y, FLOATX)) ** 4).sum() / 4)
        grads = theano.grad(cost, [M, v])
        lr = tensor.scalar()
        self.optimizer = form(rule, lr, self.tparams, grads, x, mask, y, cost)

    def inputs(self, seed):
        rng = numpy.random.RandomState(seed)
        return (rng.randint(-2, 3, (3, 4)), floats(rng.randint(0, 2, (3, 4))),
                rng.randint(-2, 3, 4))

    def cost_and_gradients(self, x, mask, y):
        M, v = self.expected['M'], self.expected['v']
        cost = (mask * (M - x) ** 2).sum() / 2 + ((v - y) ** 4).sum() / 4
        return cost, {'M': mask * (M - x), 'v': (v - y) ** 3}

    def check(self):
        for name, value in self.expected.items():
            numpy.testing.assert_allclose(self.tparams[name].get_value(), value,
                                          rtol=TOLERANCE, atol=TOLERANCE)


@BY_NAME
@BOTH_FORMS
def test_steps_on_whole_parameters(form, rule, reference):
    problem = Quadratic(form, rule)
    states = {'M': {}, 'v': {}}
    for step in range(5):
        inputs = problem.inputs(step)
        cost, gradients = problem.cost_and_gradients(*inputs)
        numpy.testing.assert_allclose(problem.optimizer.gradient(*inputs), cost, rtol=TOLERANCE)
        problem.check()  # computing gradients moves nothing
        problem.optimizer.update(LRATE)
        for name, gradient in gradients.items():
            before = problem.expected[name]
            problem.expected[name] = reference(before, gradient, states[name])
            assert (problem.expected[name] != before).any()
        problem.check()


@BY_NAME
@BOTH_FORMS
def test_the_last_gradients_count(form, rule, reference):
    problem = Quadratic(form, rule)
    problem.optimizer.gradient(*problem.inputs(8))
    problem.optimizer.gradient(*problem.inputs(9))
    _, gradients = problem.cost_and_gradients(*problem.inputs(9))
    problem.optimizer.update(LRATE)
    problem.expected = {name: reference(value, gradients[name], {})
                        for name, value in problem.expected.items()}
    problem.check()


@BOTH_FORMS
@pytest.mark.parametrize('rule, counts', [
    (lstm.SGD, True), (lstm.ADAM, True), (lstm.ADADELTA, False), (lstm.RMSPROP, False)])
def test_the_learning_rate_counts_for_sgd_and_adam(form, rule, counts):
    moved = []
    for lrate in (0.5, 0.001):
        problem = Quadratic(form, rule)
        problem.optimizer.gradient(*problem.inputs(0))
        problem.optimizer.update(lrate)
        moved.append(problem.tparams['v'].get_value() - problem.expected['v'])
    if counts:
        numpy.testing.assert_allclose(moved[0], 500 * moved[1], rtol=TOLERANCE * 1e4)
    else:
        assert (moved[0] == moved[1]).all()


def test_gradient_descent_finds_the_minimum():
    """Of a cost that falls at every step: the signs are right."""
    for rule, _ in RULES:
        problem = Quadratic(DenseOptimizer, rule)
        inputs = problem.inputs(1)
        costs = []
        for _ in range(20):
            costs.append(float(problem.optimizer.gradient(*inputs)))
            problem.optimizer.update(0.01)
        assert all(after < before for before, after in zip(costs, costs[1:]))


# Rows of an embedding

N_WORDS, DIM_PROJ, N_STEPS = 30, 5, 300


def words_of_step(step, rng):
    """Words of a minibatch: some often, 20 to 27 for a while only, 28 and 29 never."""
    words = rng.choice(20, size=rng.randint(1, 7), replace=False)
    if step < 20:
        words = numpy.append(words, rng.randint(20, 28))
    return numpy.unique(words)


@BY_NAME
def test_rows_follow_the_dense_rule(rule, reference):
    rng = numpy.random.RandomState(4)
    shared = theano.shared(floats(rng.randn(N_WORDS, DIM_PROJ)))
    part = Rows(rule, shared)
    dense, state = shared.get_value().astype('float64'), {}
    initial = dense.copy()
    for step in range(N_STEPS):
        words = words_of_step(step, rng)
        d_rows = floats(rng.randn(len(words), DIM_PROJ) * 10. ** rng.randint(-4, 2))
        part.update(LRATE, (words, d_rows))
        gradient = numpy.zeros_like(dense)
        gradient[words] = d_rows
        dense = reference(dense, gradient, state)
    part.settle()
    found = shared.get_value()
    numpy.testing.assert_allclose(found, dense, rtol=TOLERANCE, atol=TOLERANCE)
    assert (found[28:] == initial[28:]).all()
    assert (numpy.abs(found[:28] - initial[:28]).max(axis=1) > 1e-5).all()
    for array, name in zip(part.states, {'sgd': [], 'adadelta': ['e_g2', 'e_d2'],
                                         'rmsprop': ['e_g', 'e_g2', 'delta'],
                                         'adam': ['m', 'v']}[rule.name]):
        numpy.testing.assert_allclose(array, state[name], rtol=100 * TOLERANCE, atol=1e-18)


def test_settling_twice_changes_nothing():
    rng = numpy.random.RandomState(5)
    for rule, _ in RULES:
        shared = theano.shared(floats(rng.randn(6, 2)))
        part = Rows(rule, shared)
        for words in ([0, 3], [1], [3, 4]):
            part.update(LRATE, (numpy.array(words), floats(rng.randn(len(words), 2))))
        part.settle()
        once = [array.copy() for array in part.arrays()]
        part.settle()
        part.settle(numpy.array([3, 5]))
        for array, before in zip(part.arrays(), once):
            assert (array == before).all()


def test_idle_rows_coast_under_rmsprop():
    """A row goes on by 0.9, 0.9^2, ... of its last step; nine such steps in all."""
    shared = theano.shared(floats(numpy.zeros((3, 2))))
    part = Rows(lstm.RMSPROP, shared)
    part.update(LRATE, (numpy.array([1]), floats([[1., -2.]])))
    last_step = shared.get_value()[1].copy()  # the row was at zero
    assert (last_step * [1, -1] < 0).all()
    for n_idle, expected in ((1, 0.9), (2, 0.9 + 0.81 + 0.729), (400, 9.)):
        for _ in range(n_idle):
            part.update(LRATE, (numpy.array([0]), floats([[1., 1.]])))
        before = shared.get_value()[1].copy()
        part.settle(numpy.array([1]))
        assert (shared.get_value()[1] != before).all()
        numpy.testing.assert_allclose(shared.get_value()[1], last_step * (1 + expected),
                                      rtol=TOLERANCE)
    assert (shared.get_value()[2] == 0).all()


class Embedding(object):
    """A cost that reads the rows of the words in x, beside a whole parameter U.

    cost = sum((rows - target)^2) * mean(mask) + sum((U - y)^2)
    """

    def __init__(self, form, rule):
        rng = numpy.random.RandomState(6)
        self.expected = {'Wemb': rng.randn(N_WORDS, DIM_PROJ), 'U': rng.randn(4)}
        self.tparams = OrderedDict((name, theano.shared(floats(self.expected[name]), name=name))
                                   for name in ('Wemb', 'U'))
        self.target = floats(rng.randn(N_WORDS, DIM_PROJ))
        x, mask, y = tensor.lmatrix(), tensor.matrix(), tensor.lvector()
        words = graph_nodes.Pack()(x, mask)[0]
        rows = graph_nodes.take_rows(self.tparams['Wemb'], words)
        cost = (((rows - theano.shared(self.target)[words]) ** 2).sum() * mask.mean()
                + ((self.tparams['U'] - tensor.cast(y, FLOATX)) ** 2).sum())
        grads = theano.grad(cost, list(self.tparams.values()))
        lr = tensor.scalar()
        self.optimizer = form(rule, lr, self.tparams, grads, x, mask, y, cost)


@BY_NAME
def test_training_sparse_is_training_dense(monkeypatch, rule, reference):
    def make_dense(self, node, inputs, output_storage):
        raise AssertionError('the dense gradient is made')

    monkeypatch.setattr(graph_nodes.RowsGradient, 'perform', make_dense)
    problem = Embedding(SparseOptimizer, rule)
    expected, states = problem.expected, {'Wemb': {}, 'U': {}}
    rng = numpy.random.RandomState(7)
    for step in range(N_STEPS):
        words = words_of_step(step, rng)
        x = numpy.append(words, words[:1])[:, None]  # one word twice; the padding is no word
        x = numpy.concatenate([x, [[0]]])
        mask = floats(numpy.arange(len(x))[:, None] < len(x) - 1)
        y = rng.randint(-1, 2, 4)
        error = numpy.zeros_like(expected['Wemb'])
        error[words] = (expected['Wemb'] - problem.target)[words]
        cost = (error ** 2).sum() * mask.mean() + ((expected['U'] - y) ** 2).sum()
        numpy.testing.assert_allclose(problem.optimizer.gradient(x, mask, y), cost,
                                      rtol=10 * TOLERANCE)
        problem.optimizer.update(LRATE)
        for name, gradient in (('Wemb', 2 * error * mask.mean()), ('U', 2 * (expected['U'] - y))):
            expected[name] = reference(expected[name], gradient, states[name])
    if rule is lstm.RMSPROP:  # the rows that idle have not been moved yet
        behind = numpy.abs(problem.tparams['Wemb'].get_value() - expected['Wemb'])
        assert behind.max() > 1e-6
    problem.optimizer.settle()
    for name, value in expected.items():
        numpy.testing.assert_allclose(problem.tparams[name].get_value(), value,
                                      rtol=10 * TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize('limit', [0.5, 1e6])
@pytest.mark.parametrize('by_hand', [True, False])
def test_gradients_are_clipped_by_their_common_norm(monkeypatch, limit, by_hand):
    """Those of rows remain rows, and count in the norm as the dense ones do."""
    class Clipping(SparseOptimizer):
        def __init__(self, rule, lr, tparams, grads, *others):
            clip = (functools.partial(encoder.clipped, lstm.clipped) if by_hand
                    else lstm.clipped)
            SparseOptimizer.__init__(self, rule, lr, tparams, clip(grads, limit), *others)

    problem = Embedding(Clipping, lstm.SGD)
    assert isinstance(problem.optimizer.parts['Wemb'], Rows) == by_hand
    before = problem.expected
    x, mask, y = numpy.array([[3], [5]]), floats([[1], [1]]), numpy.array([0, 1, 0, 1])
    error = numpy.zeros_like(before['Wemb'])
    error[[3, 5]] = (before['Wemb'] - problem.target)[[3, 5]]
    gradients = {'Wemb': 2 * error, 'U': 2 * (before['U'] - y)}
    norm = numpy.sqrt(sum((gradient ** 2).sum() for gradient in gradients.values()))
    assert 1 < norm < 100
    problem.optimizer.gradient(x, mask, y)
    problem.optimizer.update(LRATE)
    for name, gradient in gradients.items():
        expected = before[name] - LRATE * gradient * min(1, limit / norm)
        numpy.testing.assert_allclose(problem.tparams[name].get_value(), expected,
                                      rtol=10 * TOLERANCE, atol=TOLERANCE)


@BOTH_FORMS
@BY_NAME
def test_the_state_is_given_and_taken_back_by_name(form, rule, reference):
    first, second = Embedding(form, rule), Embedding(form, rule)
    x, mask, y = numpy.array([[3], [5]]), floats([[1], [1]]), numpy.array([0, 1, 0, 1])
    for _ in range(3):
        first.optimizer.gradient(x, mask, y)
        first.optimizer.update(LRATE)
    state = first.optimizer.state()
    assert {name.split('.')[1] for name in state} - {'seen', 'n_updates'} == set(rule.states)
    second.optimizer.set_state({name: numpy.array(value) for name, value in state.items()})
    for name, p in first.tparams.items():
        second.tparams[name].set_value(p.get_value())
    for problem in (first, second):
        problem.optimizer.gradient(x[:1], mask[:1], y)
        problem.optimizer.update(LRATE)
        problem.optimizer.settle()
    for name, p in first.tparams.items():
        assert (p.get_value() == second.tparams[name].get_value()).all()


def test_the_optimizer_behind_two_functions():
    problem = Quadratic(SparseOptimizer, lstm.SGD)
    optimizer = problem.optimizer
    assert optimizer_of(problem.tparams, optimizer.gradient, optimizer.update) is optimizer
    own = optimizer_of(problem.tparams, lambda *batch: 2., lambda lr: None)
    assert isinstance(own, OwnOptimizer) and own.gradient(1, 2, 3) == 2. and own.state() is None


def test_a_function_of_ones_own_around_an_update_is_settled():
    first, second = (Embedding(SparseOptimizer, lstm.RMSPROP) for _ in range(2))
    own = optimizer_of(second.tparams, second.optimizer.gradient,
                       lambda lr: second.optimizer.update(lr))
    assert isinstance(own, OwnOptimizer)
    for optimizer in (first.optimizer, own):
        for words in ([[3], [5]], [[4], [4]]):
            optimizer.gradient(numpy.array(words), floats([[1], [1]]), numpy.array([0, 1, 0, 1]))
            optimizer.update(LRATE)
        optimizer.settle()
    for name, p in first.tparams.items():
        assert (p.get_value() == second.tparams[name].get_value()).all()


def test_the_state_of_compiled_functions_of_ones_own_is_known():
    problem = Quadratic(DenseOptimizer, lstm.ADADELTA)
    dense = problem.optimizer
    own = OwnOptimizer(problem.tparams, dense.f_grad_shared, dense.f_update)
    assert set(dense.state()) <= set(own.state())
    assert not set(problem.tparams) & set(own.state())
