"""The layer by hand, native and NumPy, against plain loops and finite differences."""
import sys
import threading

import numpy
import pytest
from models import CELLS
from oracles import plain_layer

from lstm_sentiment.recurrence import layer, loading, numba_recurrence, pooling, threads
from lstm_sentiment.recurrence.cells.table import find_form
from lstm_sentiment.recurrence.packing import groups_of, pack

native = pytest.mark.skipif(numba_recurrence.numba is None,
                            reason='Numba is not installed; it comes with PyTensor')
each_cell = pytest.mark.parametrize('encoder, peephole', CELLS)


class Problem(object):
    """A layer's inputs, and a cost: the sum of its outputs and last state, each times a weight."""

    def __init__(self, encoder, peephole, seed=0, n_samples=5, longest=9, n_words=12, dim_proj=6,
                 n_groups=2, dtype='float32'):
        rng = numpy.random.RandomState(seed)
        self.x = rng.randint(0, n_words, (longest, n_samples))
        self.lengths = rng.randint(0, longest + 1, n_samples)
        self.lengths[0] = 1 + longest // 2  # one sample has words, whatever is drawn
        mask = numpy.arange(longest)[:, None] < self.lengths
        words, self.tokens, self.n_alive, self.order = pack(self.x, mask.astype(dtype), n_groups)
        self.words = words
        self.options = {'encoder': encoder, 'peephole': peephole}
        self.form = find_form(self.options)
        self.params = {name: rng.randn(*shape).astype(dtype)
                       for name, shape in sorted(self.form.shapes(dim_proj).items())}
        self.all_projected = rng.randn(n_words, 4 * dim_proj).astype(dtype)
        self.h0, self.c0 = (rng.randn(n_samples, dim_proj).astype(dtype) for _ in range(2))
        self.d_h = rng.randn(len(self.tokens), dim_proj).astype(dtype)
        self.d_last_h, self.d_last_c = (rng.randn(n_samples, dim_proj).astype(dtype)
                                        for _ in range(2))

    def weights(self):
        return [self.params[name] for name in self.form.names]

    def arguments(self):
        return (self.form, self.all_projected[self.words], self.tokens, self.n_alive,
                self.weights(), self.h0, self.c0)

    def forward(self):
        """h, gates, c, tanh_c, last h and last c."""
        results = layer.forward(*self.arguments())
        return results + layer.last_state(results[0], results[2], self.h0, self.c0, self.n_alive)

    def backward(self):
        """The derivatives by what enters the gates, the weights, h0 and c0."""
        form, projected, tokens, n_alive, weights, h0, c0 = self.arguments()
        kept = layer.forward(*self.arguments())
        d_projected, d_weights, d_h0, d_c0 = layer.backward(
            form, self.d_h, self.d_last_h, self.d_last_c, projected, tokens, n_alive, weights, h0,
            c0, *kept)
        return [d_projected] + d_weights + [d_h0, d_c0]

    def cost(self):
        h, _, _, _, last_h, last_c = self.forward()
        return ((h * self.d_h).sum() + (last_h * self.d_last_h).sum()
                + (last_c * self.d_last_c).sum())


def plain_numpy(monkeypatch):
    """Have the NumPy loops run for every dtype."""
    for module in (numba_recurrence, layer, pooling):
        monkeypatch.setattr(module, 'usable', lambda dtype: False)
    monkeypatch.setattr('lstm_sentiment.recurrence.cells.form.usable', lambda dtype: False)


@each_cell
@pytest.mark.parametrize('n_groups', [1, 2])
def test_outputs_equal_a_plain_loop(encoder, peephole, n_groups):
    problem = Problem(encoder, peephole, n_groups=n_groups, dtype='float64', dim_proj=3)
    problem.h0[...], problem.c0[...] = 0, 0
    h, _, c, _, last_h, last_c = problem.forward()
    params = {'cell_' + name: value for name, value in problem.params.items()}
    params.update(cell_W=numpy.eye(12), cell_b=numpy.zeros(12))
    for group in groups_of(problem.n_alive, len(problem.order)):
        places, steps = group.places()
        for place, sample in enumerate(problem.order[group.samples]):
            length = problem.lengths[sample]
            expected = plain_layer(problem.all_projected[problem.x[:length, sample]], params,
                                   'cell', {})
            mine = places == place
            assert steps[mine].tolist() == list(range(length))
            for found, array in zip((h, c), expected):
                numpy.testing.assert_allclose(found[group.words][mine], array, rtol=0, atol=1e-13)
            for found, array in zip((last_h, last_c), expected):
                numpy.testing.assert_allclose(found[group.samples][place],
                                              array[-1] if length else 0, rtol=0, atol=1e-13)


@each_cell
def test_gradients_by_finite_differences(encoder, peephole):
    problem = Problem(encoder, peephole, dtype='float64', dim_proj=2, n_samples=4, longest=5)
    found = problem.backward()
    arrays = ([problem.all_projected] + problem.weights() + [problem.h0, problem.c0])
    for array, grad in zip(arrays, found):
        numeric = numpy.zeros_like(array)
        for place in numpy.ndindex(*array.shape):
            kept, costs = array[place], []
            for shift in (1e-5, -1e-5):
                array[place] = kept + shift
                costs.append(problem.cost())
            array[place] = kept
            numeric[place] = (costs[0] - costs[1]) / 2e-5
        if array is problem.all_projected:
            numeric = numeric[problem.words]
        assert abs(grad).max() > 1e-2
        numpy.testing.assert_allclose(grad, numeric, rtol=0, atol=1e-8)


@native
@each_cell
@pytest.mark.parametrize('seed', range(3))
def test_native_loops_equal_those_of_numpy(monkeypatch, encoder, peephole, seed):
    # Of the last, 13 samples in a group: fours and others; 8 units, or 6: no multiple of four.
    problem = Problem(encoder, peephole, seed, n_samples=5 + 10 * seed, dim_proj=8 - seed)
    found = list(problem.forward()) + problem.backward()
    plain_numpy(monkeypatch)
    expected = list(problem.forward()) + problem.backward()
    for one, other in zip(found, expected):
        assert abs(other).max() > 1e-2 and one.dtype == numpy.float32
        numpy.testing.assert_allclose(one, other, rtol=0, atol=2e-5 * abs(other).max())


def noted(loop, calls):
    def spy(*arguments):
        calls.append(loop.__name__)
        loop(*arguments)
    return spy


@native
@each_cell
def test_native_loops_are_what_runs_in_float32(monkeypatch, encoder, peephole):
    calls = []
    problem = Problem(encoder, peephole)
    for name in ('native_run_steps', 'native_run_steps_back'):
        monkeypatch.setattr(type(problem.form), name,
                            staticmethod(noted(getattr(problem.form, name), calls)))
    problem.backward()
    assert calls == ['native_run_steps'] * 2 + ['native_run_steps_back'] * 2
    Problem(encoder, peephole, dtype='float64').backward()
    assert len(calls) == 4


@each_cell
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_what_keeps_less_gives_the_same(encoder, peephole, dtype):
    # More steps than a window has.
    problem = Problem(encoder, peephole, dtype=dtype, longest=3 * layer.WINDOW - 5, n_samples=7)
    h = problem.forward()[0]
    numpy.testing.assert_array_equal(layer.forward_lean(*problem.arguments()), h)
    for kind in ('mean', 'max', 'last'):
        problem.h0[problem.lengths[problem.order] == 0] = 0
        expected, _ = pooling.pool(kind, h, problem.n_alive, len(problem.order))
        found = layer.forward_pooled(*(problem.arguments() + (kind,)))
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@each_cell
def test_the_state_can_be_handed_on(encoder, peephole):
    problem = Problem(encoder, peephole, dtype='float64', n_groups=1)
    _, _, _, _, last_h, last_c = problem.forward()
    form, projected, tokens, n_alive, weights, h, c = problem.arguments()
    for first in range(0, n_alive.shape[1], 2):
        start = n_alive[0, :first].sum()
        alive = n_alive[:, first:first + 2]
        arguments = (form, projected, tokens[start:start + alive.sum()], alive, weights, h, c)
        now_h, _, now_c, _ = layer.forward(*arguments)
        h, c = layer.last_state(now_h, now_c, h, c, alive)
    numpy.testing.assert_allclose(h, last_h, rtol=0, atol=1e-14)
    numpy.testing.assert_allclose(c, last_c, rtol=0, atol=1e-14)


@pytest.mark.parametrize('n_groups', [1, 3, 7])
def test_the_number_of_groups_changes_nothing(n_groups):
    two, other = (Problem('lstm', 'matrix', 3, n_groups=number) for number in (2, n_groups))
    for problem in (two, other):
        problem.d_h[...] = 1
        for name in ('h0', 'c0', 'd_last_h', 'd_last_c'):
            array = getattr(problem, name)
            array[...] = numpy.random.RandomState(1).randn(*array.shape)[problem.order]
    for k, (one, another) in enumerate(zip(two.backward(), other.backward())):
        if k > 1:  # a row for each sample
            one, another = (pooling.in_order(array, problem.order)
                            for array, problem in ((one, two), (another, other)))
        numpy.testing.assert_allclose(another, one, rtol=0, atol=4e-6 * abs(one).max())


def test_one_thread_and_two_give_the_same_bits(monkeypatch):
    problem = Problem('lstm', 'matrix', 1, n_samples=16, longest=40, dim_proj=32)
    results = []
    for number in (1, 2):
        monkeypatch.setattr(threads, 'n_threads', lambda number=number: number)
        results.append(list(problem.forward()) + problem.backward())
    for one, two in zip(*results):
        numpy.testing.assert_array_equal(one, two)


def test_the_projection_and_its_gradient():
    rng = numpy.random.RandomState(0)
    rows, W, b = rng.randn(5, 3), rng.randn(3, 8), rng.randn(8)
    d = rng.randn(5, 8)
    numpy.testing.assert_allclose(layer.project(rows, W, b), rows.dot(W) + b, rtol=0, atol=1e-14)
    for grad, array in zip(layer.project_back(d, rows, W), (rows, W, b)):
        for place in numpy.ndindex(*array.shape):
            kept, costs = array[place], []
            for shift in (1e-5, -1e-5):
                array[place] = kept + shift
                costs.append((layer.project(rows, W, b) * d).sum())
            array[place] = kept
            assert grad[place] == pytest.approx((costs[0] - costs[1]) / 2e-5, abs=1e-8)


@each_cell
def test_nan_in_a_weight_reaches_every_pooling(encoder, peephole):
    for dtype in ('float32', 'float64'):
        problem = Problem(encoder, peephole, dtype=dtype)
        problem.params['U'][0, 0] = numpy.nan
        assert numpy.isnan(problem.forward()[0]).any()
        for kind in ('mean', 'max', 'last'):
            arguments = problem.arguments() + (kind,)
            assert numpy.isnan(layer.forward_pooled(*arguments)).any(), kind
            assert numpy.isnan(pooling.pool(kind, problem.forward()[0], problem.n_alive,
                                            len(problem.order))[0]).any(), kind


@native
def test_loading_leaves_the_switch_interval_as_it_was():
    before, others = sys.getswitchinterval(), set(threading.enumerate())
    loading.begin_loading('float32', {'encoder': 'lstm', 'optimizer': 'adadelta'})
    for thread in set(threading.enumerate()) - others:
        thread.join(60)
    assert sys.getswitchinterval() == before


@native
def test_tanh_is_close_and_odd_and_lets_nan_through():
    x = numpy.linspace(-12, 12, 4801).astype('float32')
    found = numpy.array([numba_recurrence.tanh(value) for value in x])
    numpy.testing.assert_allclose(found, numpy.tanh(x.astype('float64')), rtol=0, atol=4e-7)
    assert numba_recurrence.tanh(numpy.float32(0)) == 0
    assert numpy.isnan(numba_recurrence.tanh(numpy.float32('nan')))
    assert numba_recurrence.tanh(numpy.float32('inf')) == pytest.approx(1, abs=4e-7)


@native
@pytest.mark.parametrize('shape', [(128, 512), (12, 8), (7, 5), (4, 4), (512, 128), (512, 132),
                                   (259, 260)])
def test_products_of_few_rows(shape):
    rng = numpy.random.RandomState(0)
    matrix = rng.randn(*shape).astype('float32')
    for n in range(1, 10):
        rows = rng.randn(n, shape[0]).astype('float32')
        out = numpy.full((n + 2, shape[1]), numpy.nan, dtype='float32')
        numba_recurrence.multiply(rows, matrix, out)
        expected = rows.astype('float64').dot(matrix.astype('float64'))
        numpy.testing.assert_allclose(out[:n], expected, rtol=0, atol=1e-6 * shape[0])
        assert numpy.isnan(out[n:]).all()


@native
def test_products_have_the_same_bits_wherever_the_arrays_begin():
    rng = numpy.random.RandomState(0)
    rows, matrix = rng.randn(8, 32).astype('float32'), rng.randn(32, 48).astype('float32')
    results = []
    for shift in (0, 1, 5):
        arrays = [shifted(array, shift)
                  for array in (rows, matrix, numpy.zeros((8, 48), dtype='float32'))]
        numba_recurrence.multiply(*arrays)
        results.append(arrays[-1].tobytes())
    assert len(set(results)) == 1


def shifted(array, n_numbers):
    """A copy that begins so many numbers after an aligned place."""
    block = layer.aligned((array.size + n_numbers,), array.dtype)
    copy = block[n_numbers:].reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('shape', [(3, 5), (1, 128), (0, 4)])
def test_aligned_arrays(dtype, shape):
    array = numpy.arange(numpy.prod(shape), dtype=dtype).reshape(shape[::-1]).T
    copy = layer.aligned_copy(array)
    assert copy.ctypes.data % 64 == 0 or not copy.size
    assert copy.flags.c_contiguous and copy.dtype == dtype
    assert copy.tolist() == array.tolist()


@native
def test_what_is_loaded_beforehand_is_all_that_training_calls():
    """Each loop is compiled once, for the types with which it is then called."""
    options = {'encoder': 'lstm', 'optimizer': 'adadelta', 'pooling': 'max'}
    numba_recurrence.load(*loading.loops_of(options))
    functions = [function for function, _ in loading.loops_of(options)]
    before = [list(function.signatures) for function in functions]
    problem = Problem('lstm', 'matrix')
    problem.backward()
    h = problem.forward()[0]
    pooling.pool('max', h, problem.n_alive, len(problem.order))
    assert [list(function.signatures) for function in functions] == before
