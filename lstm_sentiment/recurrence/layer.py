"""A recurrent layer by hand: sequence in, sequence out, in a fraction of the scan's time.

:mod:`lstm` states the layers as graphs, which any engine can compile. This module computes the same
numbers with NumPy, without an engine. It is fast for five reasons:

1. Padding is no work: only the samples that are still running are computed (:mod:`packing`).
2. A word that occurs ten times in a minibatch is multiplied by W once (:func:`project`).
3. A sigmoid is computed as a `tanh`. What does not depend on later steps is computed for all steps
   at once (:mod:`cells`).
4. Two halves of the samples are independent until their gradients are summed, so two threads take
   one half each (:mod:`threads`). For float32 the loops are native code (:mod:`numba_recurrence`).
5. Where no gradient is needed, nothing is kept: each step overwrites the one before the last
   (:func:`forward_pooled`).

All arrays with a row for each word or sample are packed. `form` is that of the cell, from
:mod:`cells`.
"""
import functools

import numpy

from lstm_sentiment.recurrence import pooling as pool
from lstm_sentiment.recurrence.numba_recurrence import native, usable
from lstm_sentiment.recurrence.packing import groups_of, last_rows, lengths_of, sum_rows
from lstm_sentiment.recurrence.threads import product, side_by_side

# :func:`forward_lean` runs this many steps at a time.
WINDOW = 16


# Native loops are up to twice as fast on arrays that begin at a multiple of this many bytes: then
# a vector register is filled from one line of the cache.
ALIGNMENT = 64


def aligned(shape, dtype):
    """A new array like `numpy.empty`, which begins at a multiple of ALIGNMENT bytes."""
    n_bytes = int(numpy.prod(shape)) * dtype.itemsize
    block = numpy.empty(n_bytes + ALIGNMENT, dtype='uint8')
    start = -block.ctypes.data % ALIGNMENT
    return block[start:start + n_bytes].view(dtype).reshape(shape)


def aligned_copy(array):
    """A C-contiguous copy, :func:`aligned`."""
    copy = aligned(array.shape, array.dtype)
    copy[...] = array
    return copy


def aligned_weights(form, weights):
    """The weights as the loops of a cell take them."""
    return [aligned_copy(weight) for weight in form.loop_weights(*weights)]


# What enters the gates.


def project(rows, W, b):
    """x·W + b of each row, (n_rows, 4 * dim_proj)."""
    projected = product(rows, W)
    projected += b
    return projected


def project_back(d_projected, rows, W):
    """Derivatives by the arguments of :func:`project`, equations 23 and 24 of docs/tutorial.md."""
    d_rows, (d_W, d_b) = side_by_side(
        lambda: d_projected.dot(W.T),
        lambda: (rows.T.dot(d_projected), d_projected.sum(axis=0)))
    return d_rows, d_W, d_b


# Forward.


def forward(form, projected, tokens, n_alive, weights, h0, c0):
    """The output at every step, and what :func:`backward` needs.

    Parameters
    ----------
    form : cells.form.Form
    projected : float array, (n_inputs, 4 * dim_proj)
        What enters the gates, as from :func:`project`.
    tokens : int64 array, (N,)
        The row of `projected` that enters at each word.
    n_alive : int64 array, (n_groups, longest)
    weights : list of float arrays
        Those whose names `form.names` lists.
    h0, c0 : float arrays, (n_samples, dim_proj)
        The state before the first step.

    Returns
    -------
    h, gates, c, tanh_c : float arrays, (N, dim_proj), (N, 4 * dim_proj), (N, dim_proj) twice
    """
    n_words, dim_proj, dtype = len(tokens), h0.shape[1], projected.dtype
    gates = aligned((n_words, projected.shape[1]), dtype)
    h, c, tanh_c = (aligned((n_words, dim_proj), dtype) for _ in range(3))
    run_steps, loop_weights = form.forward_loop(dtype), aligned_weights(form, weights)

    def run(group):
        words, samples = group.words, group.samples
        run_steps(projected, tokens[words], group.n_alive, *loop_weights, h0[samples], c0[samples],
                  gates[words], c[words], tanh_c[words], h[words], h0[samples], 0, True)

    side_by_side(*[functools.partial(run, group) for group in groups_of(n_alive, len(h0))])
    return h, gates, c, tanh_c


def forward_lean(form, projected, tokens, n_alive, weights, h0, c0):
    """The first result of :func:`forward`; memory for the others does not grow with the texts."""
    dim_proj, dtype = h0.shape[1], projected.dtype
    h = aligned((len(tokens), dim_proj), dtype)
    run_steps, loop_weights = form.forward_loop(dtype), aligned_weights(form, weights)

    def run(group):
        n_rows = WINDOW * len(h0[group.samples])
        gates = aligned((n_rows, projected.shape[1]), dtype)
        c, tanh_c = (aligned((n_rows, dim_proj), dtype) for _ in range(2))
        h_before, c_before = h0[group.samples], c0[group.samples]
        start = group.words.start
        for first in range(0, len(group.n_alive), WINDOW):
            n_alive = group.n_alive[first:first + WINDOW]
            n_words, n_last = int(n_alive.sum()), int(n_alive[-1])
            here = slice(start, start + n_words)
            run_steps(projected, tokens[here], n_alive, *loop_weights, h_before, c_before, gates,
                      c, tanh_c, h[here], h_before, 0, True)
            start += n_words
            h_before, c_before = h[start - n_last:start], c[n_words - n_last:n_words].copy()

    side_by_side(*[functools.partial(run, group) for group in groups_of(n_alive, len(h0))])
    return h


def forward_pooled(form, projected, tokens, n_alive, weights, h0, c0, pooling):
    """The pooled outputs of all steps, see :mod:`pooling`; memory does not grow with the texts.

    Returns
    -------
    float array, (n_samples, dim_proj)
    """
    (n_samples, dim_proj), dtype = h0.shape, projected.dtype
    pooled = pool.begin(pooling, n_samples, dim_proj, dtype)
    gates = aligned((2 * n_samples, projected.shape[1]), dtype)
    h, c, tanh_c = (aligned((2 * n_samples, dim_proj), dtype) for _ in range(3))
    run_steps, loop_weights = form.forward_loop(dtype), aligned_weights(form, weights)
    number = pool.POOLINGS.index(pooling)

    def run(group):
        samples = group.samples
        rows = slice(2 * samples.start, 2 * samples.stop)
        run_steps(projected, tokens[group.words], group.n_alive, *loop_weights, h0[samples],
                  c0[samples], gates[rows], c[rows], tanh_c[rows], h[rows], pooled[samples],
                  number, False)

    side_by_side(*[functools.partial(run, group) for group in groups_of(n_alive, n_samples)])
    pool.finish(pooling, pooled, lengths_of(n_alive, n_samples))
    return pooled


def last_state(h, c, h0, c0, n_alive):
    """The h and c after the last word of each sample, or h0 and c0; (n_samples, dim_proj)."""
    rows = last_rows(n_alive, len(h0))
    found, has_words = numpy.maximum(rows, 0), (rows >= 0)[:, None]
    if not len(h):
        return h0.copy(), c0.copy()
    return numpy.where(has_words, h[found], h0), numpy.where(has_words, c[found], c0)


# Backward, by the chain rule: equations 16 to 24 of docs/tutorial.md.


def backward(form, d_h, d_last_h, d_last_c, projected, tokens, n_alive, weights, h0, c0,
             h, gates, c, tanh_c):
    """Derivatives of the cost by what :func:`forward` was given.

    Parameters
    ----------
    d_h : float array, (N, dim_proj)
        Those by each step's output.
    d_last_h, d_last_c : float arrays, (n_samples, dim_proj)
        Those by the last state.
    others : as given to, and returned by, :func:`forward`

    Returns
    -------
    d_projected : float array, of the shape of `projected`
    d_weights : list of float arrays
    d_h0, d_c0 : float arrays, (n_samples, dim_proj)
    """
    run_steps_back = form.backward_loop(projected.dtype)
    transposed = [aligned_copy(weight.T) for weight in form.loop_weights(*weights)]
    dz = aligned(gates.shape, gates.dtype)
    dh, dc = aligned_copy(d_last_h), aligned_copy(d_last_c)

    def run(group):
        words, samples = group.words, group.samples
        run_steps_back(group.n_alive, *transposed, c0[samples], gates[words], c[words],
                       tanh_c[words], d_h[words], dz[words], dh[samples], dc[samples])
        return form.d_weights(
            weights, dz[words], group.one_step_before(h[words], h0[samples]),
            lambda: group.one_step_before(c[words], c0[samples]), c[words])

    of_groups = side_by_side(*[functools.partial(run, group)
                               for group in groups_of(n_alive, len(h0))])
    d_weights = [sum(parts) for parts in zip(*of_groups)]
    return sum_by_input(dz, tokens, len(projected)), d_weights, dh, dc


def sum_by_input(dz, tokens, n_inputs):
    """For each row of `projected`, the sum of dz over the words at which it entered."""
    if not usable(dz.dtype):
        return sum_rows(dz, tokens, n_inputs)
    total = numpy.empty((n_inputs, dz.shape[1]), dtype=dz.dtype)
    half = dz.shape[1] // 2
    side_by_side(lambda: native_sum(dz, tokens, 0, half, total),
                 lambda: native_sum(dz, tokens, half, dz.shape[1], total))
    return total


@native
def native_sum(dz, tokens, first, stop, total):
    """Fill in the columns from `first` to `stop` of :func:`sum_by_input`."""
    total[:, first:stop] = 0
    for k in range(len(tokens)):
        add(total[tokens[k], first:stop], dz[k, first:stop])


@native
def add(total, values):
    """Add the values in place; as a loop over two rows it can be vectorized."""
    for j in range(len(total)):
        total[j] += values[j]
