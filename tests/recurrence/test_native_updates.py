"""The native update rules against the formulas of lstm.py, in float32."""
import numpy
import pytest

import lstm
from lstm_sentiment.engine.names import theano
from lstm_sentiment.recurrence import native_updates, numba_recurrence
from lstm_sentiment.recurrence.sparse_updates import Rows, Whole

pytestmark = pytest.mark.skipif(numba_recurrence.numba is None,
                                reason='Numba is not installed; it comes with PyTensor')
LRATE = 0.05
each_rule = pytest.mark.parametrize('rule', [lstm.SGD, lstm.ADADELTA, lstm.RMSPROP, lstm.ADAM],
                                    ids=lambda rule: rule.name)


def some_arrays(rule, shape, seed):
    """A parameter and states of the rule, as they are after some updates, and gradients."""
    rng = numpy.random.RandomState(seed)
    arrays = [rng.randn(*shape).astype('float64')] + [numpy.zeros(shape) for _ in rule.states]
    for _ in range(3):
        arrays = rule.step(LRATE, rng.randn(*shape), *arrays)
    return arrays, rng.randn(*shape) * 10. ** rng.randint(-4, 2, shape)


def assert_same(found, expected):
    for one, other in zip(found, expected):
        assert one.dtype == numpy.float32
        numpy.testing.assert_allclose(one, other, rtol=2e-6, atol=1e-9)


@each_rule
def test_a_step_of_a_whole_parameter(rule):
    arrays, grad = some_arrays(rule, (7, 5), 0)
    native = [array.astype('float32') for array in arrays]
    native_updates.whole(rule.name, LRATE, grad.T.astype('float32').T, native)
    assert abs(native[0] - arrays[0]).max() > 1e-5
    assert_same(native, rule.step(LRATE, grad, *arrays))


@each_rule
def test_a_step_of_rows_that_were_idle(rule):
    arrays, grad = some_arrays(rule, (9, 5), 1)
    native = [array.astype('float32') for array in arrays]
    words, n_idle = numpy.array([7, 0, 3]), numpy.array([0, 1, 250])
    native_updates.rows(rule.name, LRATE, words, grad[words].astype('float32'), n_idle, native)
    up_to_date = rule.idle(n_idle[:, None], *[array[words] for array in arrays])
    for array, new in zip(arrays, rule.step(LRATE, grad[words], *up_to_date)):
        array[words] = new
    assert_same(native, arrays)


def test_what_is_served():
    matrix = numpy.zeros((3, 4), dtype='float32')
    assert native_updates.serves('adadelta', [matrix])
    assert not native_updates.serves('adamax', [matrix])
    assert not native_updates.serves('adadelta', [matrix.astype('float64')])
    assert not native_updates.serves('adadelta', [matrix, matrix.T])


@each_rule
def test_the_native_code_is_that_of_the_formulas(rule):
    assert native_updates.is_form_of(rule)


@pytest.mark.parametrize('name, value', [('DECAY', 0.951), ('MOMENTUM', 0.901)])
def test_a_constant_that_was_changed_is_noticed(monkeypatch, name, value):
    monkeypatch.setattr(lstm, name, value)
    with pytest.warns(UserWarning, match='the formula of rmsprop is not that of its native code'):
        assert not native_updates.is_form_of(lstm.RMSPROP)


@pytest.mark.parametrize('form', [Whole, Rows])
def test_a_formula_that_was_changed_is_the_one_that_trains(form):
    edited = lstm.SGD._replace(step=lambda lr, grad, p: [p - 3 * lr * grad])
    part = form(edited, theano.shared(numpy.ones((4, 2), dtype='float32')))
    words, grad = numpy.array([0, 2]), numpy.ones((4, 2), dtype='float32')
    with pytest.warns(UserWarning, match='the formula of sgd'):
        part.update(numpy.float32(0.125), (words, grad[words]) if form is Rows else grad)
    expected = numpy.ones((4, 2))
    expected[words if form is Rows else slice(None)] = 0.625
    numpy.testing.assert_array_equal(part.p.get_value(), expected)
