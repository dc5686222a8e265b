"""One vector for each sample from its h at all steps: the mean, the maximum, or the last.

For a sample without words it is zero. ``h`` is packed, (N, dim_proj); see :mod:`packing`.
"""
import numpy

from lstm_sentiment.recurrence.numba_recurrence import native, usable
from lstm_sentiment.recurrence.packing import groups_of, last_rows, lengths_of

POOLINGS = NONE, MEAN, MAX, LAST = 'none', 'mean', 'max', 'last'
# Native loops get the place of a name in this list.
IS_MEAN, IS_MAX, IS_LAST = (POOLINGS.index(name) for name in (MEAN, MAX, LAST))


def begin(pooling, n_samples, dim_proj, dtype):
    """The initial value of `pooled` for :func:`pool_step`."""
    return numpy.full((n_samples, dim_proj), -numpy.inf if pooling == MAX else 0, dtype=dtype)


def pool_step(pooling, h_now, pooled):
    """Add one step's h, (n, dim_proj), to the first n rows of `pooled`; `pooling` is a number."""
    here = pooled[:len(h_now)]
    if pooling == IS_MEAN:
        here += h_now
    elif pooling == IS_MAX:
        numpy.maximum(here, h_now, out=here)
    elif pooling == IS_LAST:
        here[...] = h_now


def finish(pooling, pooled, lengths):
    """Make the result, in place, after the last step."""
    if pooling == MEAN:
        pooled /= numpy.maximum(lengths, 1).astype(pooled.dtype)[:, None]
    elif pooling == MAX:
        pooled[lengths == 0] = 0


@native
def native_pool_step(pooling, h_now, pooled):
    """:func:`pool_step` for float32."""
    if pooling == IS_MEAN:
        for k in range(h_now.shape[0]):
            for j in range(h_now.shape[1]):
                pooled[k, j] += h_now[k, j]
    elif pooling == IS_MAX:
        for k in range(h_now.shape[0]):
            for j in range(h_now.shape[1]):
                # NaN is not `<=` anything, so it goes into the result.
                pooled[k, j] = pooled[k, j] if h_now[k, j] <= pooled[k, j] else h_now[k, j]
    elif pooling == IS_LAST:
        for k in range(h_now.shape[0]):
            for j in range(h_now.shape[1]):
                pooled[k, j] = h_now[k, j]


def sum_steps(h, n_alive, total):
    """Add each step's h of one group to the rows of `total`."""
    start = 0
    for n in n_alive.tolist():
        total[:n] += h[start:start + n]
        start += n


def find_largest(h, n_alive, largest, where):
    """Fill in, for each sample of one group and each unit, the largest h and its row in `h`."""
    start = 0
    for n in n_alive.tolist():
        h_now = h[start:start + n]
        rows, units = numpy.nonzero(~(h_now <= largest[:n]))
        largest[rows, units], where[rows, units] = h_now[rows, units], start + rows
        start += n


@native
def native_sum_steps(h, n_alive, total):
    """:func:`sum_steps` for float32."""
    start = 0
    for n in n_alive:
        for k in range(n):
            for j in range(h.shape[1]):
                total[k, j] += h[start + k, j]
        start += n


@native
def native_find_largest(h, n_alive, largest, where):
    """:func:`find_largest` for float32."""
    start = 0
    for n in n_alive:
        for k in range(n):
            for j in range(h.shape[1]):
                if not h[start + k, j] <= largest[k, j]:
                    largest[k, j], where[k, j] = h[start + k, j], start + k
        start += n


def mean(h, n_alive, n_samples):
    """The mean of each sample's h, (n_samples, dim_proj), in packed order; equation 8."""
    total = begin(MEAN, n_samples, h.shape[1], h.dtype)
    add = native_sum_steps if usable(h.dtype) else sum_steps
    for group in groups_of(n_alive, n_samples):
        add(h[group.words], group.n_alive, total[group.samples])
    finish(MEAN, total, lengths_of(n_alive, n_samples))
    return total


def mean_back(d_pooled, h, n_alive):
    """The derivative by h, (N, dim_proj), given that by :func:`mean`."""
    n_samples = len(d_pooled)
    lengths = numpy.maximum(lengths_of(n_alive, n_samples), 1)
    d_each = d_pooled / lengths.astype(d_pooled.dtype)[:, None]
    return d_each[numpy.concatenate([group.samples.start + group.places()[0]
                                     for group in groups_of(n_alive, n_samples)])]


def maximum(h, n_alive, n_samples):
    """The largest value of each unit, (n_samples, dim_proj), in packed order, and its row in `h`.

    The row is -1 where a sample has no words. Of equal values the first counts.
    """
    largest = begin(MAX, n_samples, h.shape[1], h.dtype)
    where = numpy.full(largest.shape, -1, dtype='int64')
    find = native_find_largest if usable(h.dtype) else find_largest
    for group in groups_of(n_alive, n_samples):
        of_group = where[group.samples]
        find(h[group.words], group.n_alive, largest[group.samples], of_group)
        of_group[of_group >= 0] += group.words.start
    finish(MAX, largest, lengths_of(n_alive, n_samples))
    return largest, where


def maximum_back(d_largest, h, where):
    """The derivative by h, given that by the first result of :func:`maximum`."""
    d_h = numpy.zeros_like(h)
    samples, units = numpy.nonzero(where >= 0)
    d_h[where[samples, units], units] = d_largest[samples, units]
    return d_h


def last(h, n_alive, n_samples):
    """The h of each sample's last word, (n_samples, dim_proj), in packed order."""
    rows = last_rows(n_alive, n_samples)
    result = begin(LAST, n_samples, h.shape[1], h.dtype)
    result[rows >= 0] = h[rows[rows >= 0]]
    return result


def last_back(d_last, h, n_alive):
    """The derivative by h, given that by :func:`last`."""
    rows = last_rows(n_alive, len(d_last))
    d_h = numpy.zeros_like(h)
    d_h[rows[rows >= 0]] = d_last[rows >= 0]
    return d_h


NOWHERE = numpy.zeros((0, 0), dtype='int64')


def pool(pooling, h, n_alive, n_samples):
    """The pooling of this name: the result in packed order, and `where` of a maximum."""
    if pooling == MAX:
        return maximum(h, n_alive, n_samples)
    return {MEAN: mean, LAST: last}[pooling](h, n_alive, n_samples), NOWHERE


def pool_back(pooling, d_pooled, h, where, n_alive):
    """The derivative by h, given that by the first result of :func:`pool`."""
    if pooling == MAX:
        return maximum_back(d_pooled, h, where)
    return {MEAN: mean_back, LAST: last_back}[pooling](d_pooled, h, n_alive)


def in_order(pooled, order):
    """Rows in packed order, put back into the order of the minibatch."""
    result = numpy.empty_like(pooled)
    result[order] = pooled
    return result
