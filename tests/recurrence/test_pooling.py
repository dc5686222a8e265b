"""Mean, maximum and last output of each sample, against a loop over samples."""
import numpy
import pytest

from lstm_sentiment.recurrence import pooling
from lstm_sentiment.recurrence.packing import groups_of, pack


def problem(dtype='float64', n_groups=2):
    """Packed h of samples of which one is empty, n_alive, and the rows of each sample."""
    rng = numpy.random.RandomState(0)
    lengths = numpy.array([3, 0, 5, 1, 4])
    mask = (numpy.arange(5)[:, None] < lengths).astype(dtype)
    _, tokens, n_alive, order = pack(numpy.arange(25).reshape(5, 5), mask, n_groups)
    rows = {}
    for group in groups_of(n_alive, 5):
        places, _ = group.places()
        for place in range(group.samples.stop - group.samples.start):
            rows[group.samples.start + place] = group.words.start + numpy.flatnonzero(
                places == place)
    return rng.randn(len(tokens), 3).astype(dtype), n_alive, rows


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('kind, expected', [
    ('mean', lambda h: h.mean(axis=0)), ('max', lambda h: h.max(axis=0)),
    ('last', lambda h: h[-1])])
def test_each_kind_is_that_of_a_loop(dtype, kind, expected):
    h, n_alive, rows = problem(dtype)
    found, where = pooling.pool(kind, h, n_alive, 5)
    for place, of_sample in rows.items():
        if len(of_sample):
            numpy.testing.assert_allclose(found[place], expected(h[of_sample]), rtol=1e-6)
        else:
            assert (found[place] == 0).all()
        if kind == 'max':
            assert where[place].tolist() == ([of_sample[k] for k in h[of_sample].argmax(axis=0)]
                                             if len(of_sample) else [-1] * 3)


@pytest.mark.parametrize('kind', ['mean', 'max', 'last'])
def test_gradients_by_finite_differences(kind):
    h, n_alive, _ = problem()
    d_pooled = numpy.random.RandomState(1).randn(5, 3)
    _, where = pooling.pool(kind, h, n_alive, 5)
    found = pooling.pool_back(kind, d_pooled, h, where, n_alive)
    for place in numpy.ndindex(*h.shape):
        kept, costs = h[place], []
        for shift in (1e-6, -1e-6):
            h[place] = kept + shift
            costs.append((pooling.pool(kind, h, n_alive, 5)[0] * d_pooled).sum())
        h[place] = kept
        assert found[place] == pytest.approx((costs[0] - costs[1]) / 2e-6, abs=1e-8)


def test_of_equal_values_the_first_counts():
    h = numpy.array([[1., 2.], [1., 3.], [0., 3.]])
    for dtype in ('float32', 'float64'):
        _, where = pooling.maximum(h.astype(dtype), numpy.array([[1, 1, 1]]), 1)
        assert where.tolist() == [[0, 1]]


def test_rows_are_put_back_in_order():
    order = numpy.array([2, 0, 1])
    assert pooling.in_order(numpy.array([[2.], [0.], [1.]]), order).tolist() == [[0.], [1.], [2.]]
