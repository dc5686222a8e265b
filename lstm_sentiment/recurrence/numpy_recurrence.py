"""The passes through the LSTM written by hand: the second chapter after `theano.scan`.

:mod:`lstm` states the model, and any engine can compile it. This module
computes the same numbers with NumPy, in a fraction of the time and with no
engine at all, by five observations:

1. Padding is no work. Sorted by length, the reviews still running at step t
   are the first ``n_alive[t]``; only they are computed (:func:`pack`).
2. A word that occurs ten times in a minibatch is multiplied by W once.
3. sigmoid(z) = (1 + tanh(z / 2)) / 2, so one `tanh` serves all four gates.
4. Backward, everything that does not depend on the step after is computed
   for all steps at once; the loop keeps one product and a few sums
   (:func:`backward`).
5. Half of the samples need nothing of the other half until their gradients are
   summed: two threads take one half each (:func:`side_by_side`). Their loops
   are native code where there is some for the dtype (:mod:`kernels`).

``N`` is the number of unmasked words in the minibatch. Arrays inside a pass
have a row for each: group by group, in a group step by step, and within a step
the longest review comes first. Step t of group g owns ``n_alive[g, t]`` rows.
"""
import functools

import numpy
from scipy import sparse

from lstm_sentiment.recurrence import numba_recurrence
from lstm_sentiment.recurrence.threads import side_by_side

# The minibatch.


def pack(x, mask, n_groups=1):
    """Drop the padding of a minibatch.

    Parameters
    ----------
    x : int array, (n_timesteps, n_samples)
        Word ids.
    mask : float array, (n_timesteps, n_samples)
        1 where there is a word, 0 where the cell is carried over.
    n_groups : int
        The samples are dealt out, the longest first, to so many groups.

    Returns
    -------
    words : int64 array, (n_distinct,)
        The distinct ids, ascending.
    tokens : int64 array, (N,)
        Positions in `words`: group by group, in a group step by step, in a
        step the longest sample first.
    n_alive : int64 array, (n_groups, longest)
        How many samples of each group have a word at each step.
    order : int64 array, (n_samples,)
        The samples, group by group, in a group the longest first.

    Raises
    ------
    ValueError
        If the mask holds anything but zeros and ones.

    Examples
    --------
    >>> words, tokens, n_alive, order = pack(numpy.array([[7, 5], [0, 7]]),
    ...                                      numpy.array([[1., 1.], [0., 1.]]))
    >>> words.tolist(), tokens.tolist(), n_alive.tolist(), order.tolist()
    ([5, 7], [0, 1, 1], [[2, 1]], [1, 0])
    """
    inside = mask.T > 0
    if not numpy.array_equal(inside, mask.T):
        raise ValueError('the mask must hold zeros and ones only')
    lengths = inside.sum(axis=1)
    order = numpy.argsort(-lengths, kind='stable')
    order = numpy.concatenate([order[group::n_groups] for group in range(n_groups)])
    words, positions = numpy.unique(x.T[order][inside[order]], return_inverse=True)
    # A masked step carries the cell over, so the words around it close ranks.
    filled = numpy.arange(lengths.max()) < lengths[order][:, None]
    by_sample = numpy.zeros(filled.shape, dtype='int64')
    by_sample[filled] = positions
    members = sample_slices(len(order), n_groups)
    tokens = numpy.concatenate([by_sample[group].T[filled[group].T] for group in members])
    return words, tokens, numpy.array([filled[group].sum(axis=0) for group in members]), order


def sample_slices(n_samples, n_groups):
    """Where the samples of each group stand in `order`.

    >>> sample_slices(5, 2)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    sizes = [len(range(group, n_samples, n_groups)) for group in range(n_groups)]
    stops = numpy.cumsum(sizes).tolist()
    return [slice(stop - size, stop) for size, stop in zip(sizes, stops)]


class Group(object):
    """Where the numbers of one group of samples stand in the arrays of a pass.

    Attributes
    ----------
    n_alive : int64 array, (longest,)
    samples : slice
        In `order` and other arrays with a row for each sample.
    words : slice
        In `tokens` and other arrays with a row for each word.
    states : slice
        In c and h, where a zero row for each sample of a group, the state
        before its first word, precedes those for its words.
    """

    def __init__(self, n_alive, samples, first_word):
        self.n_alive, self.samples = n_alive, samples
        self.words = slice(first_word, first_word + int(n_alive.sum()))
        self.states = slice(samples.start + self.words.start, samples.stop + self.words.stop)

    def states_before(self):
        """The row, in c or h, of the step before each word's."""
        starts = numpy.cumsum(self.n_alive) - self.n_alive
        n_samples = self.samples.stop - self.samples.start
        before = numpy.concatenate([[0], n_samples + starts[:-1]])[:len(starts)]
        n_words = self.words.stop - self.words.start
        return (self.states.start + numpy.arange(n_words)
                + numpy.repeat(before - starts, self.n_alive))


def groups_of(n_alive, n_samples):
    """The groups that :func:`pack` made."""
    groups, word = [], 0
    for alive, samples in zip(n_alive, sample_slices(n_samples, len(n_alive))):
        groups.append(Group(alive, samples, word))
        word = groups[-1].words.stop
    return groups


def lengths_of(groups, dtype):
    """Words of each sample in the order of :func:`pack`, at least 1; (n_samples, 1)."""
    lengths = [group.n_alive > numpy.arange(group.samples.stop - group.samples.start)[:, None]
               for group in groups]
    lengths = numpy.concatenate([alive.sum(axis=1, keepdims=True) for alive in lengths])
    return numpy.maximum(lengths, 1).astype(dtype)


def sum_rows(array, where, n_sums):
    """Add row k of `array`, (N, n_columns), to row ``where[k]`` of (n_sums, n_columns).

    >>> sum_rows(numpy.array([[1.], [2.], [5.]]), numpy.array([1, 0, 1]), 2).tolist()
    [[2.0], [6.0]]
    """
    n_rows = len(array)
    belongs = sparse.csr_matrix(
        (numpy.ones(n_rows, dtype=array.dtype), (where, numpy.arange(n_rows))),
        shape=(n_sums, n_rows))
    return belongs.dot(array)


def product(array, matrix, worth_sharing=1024):
    """array·matrix; of many rows, each thread takes half."""
    if len(array) < worth_sharing:
        return array.dot(matrix)
    result = numpy.empty((len(array), matrix.shape[1]), dtype=matrix.dtype)
    halves = slice(0, len(array) // 2), slice(len(array) // 2, None)
    side_by_side(*[functools.partial(numpy.dot, array[half], matrix, out=result[half])
                   for half in halves])
    return result


# Forward, equations 1 to 8 of docs/tutorial.md.


def blocks(array):
    """The four blocks of columns, for i, f, o and the candidate."""
    dim_proj = array.shape[1] // 4
    return [array[:, k * dim_proj:(k + 1) * dim_proj] for k in range(4)]


def halve_gates(array):
    """A C-contiguous copy with the columns for i, f and o halved, those of the candidate not."""
    dim_proj = array.shape[-1] // 4
    half = numpy.repeat(numpy.array([0.5, 0.5, 0.5, 1], dtype=array.dtype), dim_proj)
    return numpy.multiply(array, half, order='C')


def run_steps(projected, tokens, n_alive, U, gates, c, tanh_c, h, total, z, keep):
    """The recurrence of one group, step by step; equations 1 to 4, 6 and 7 of docs/tutorial.md.

    Parameters
    ----------
    projected : float array, (n_distinct, 4 * dim_proj)
        x·W + b of each distinct word, the columns of i, f and o halved.
    tokens : int64 array, (n_words,)
    n_alive : int64 array, (longest,)
    U : float array, (dim_proj, 4 * dim_proj)
        The columns of i, f and o halved.
    gates : float array, (n_words, 4 * dim_proj)
        Filled with the activations of i, f, o and the candidate.
    c, h : float arrays, (n_samples + n_words, dim_proj)
        The first `n_samples` rows, zero, are the state before the first step;
        the others are filled.
    tanh_c : float array, (n_words, dim_proj)
        Filled.
    total : float array, (n_samples, dim_proj)
        To which the sum of each sample's h is added.
    z : float array, (n_samples, 4 * dim_proj)
        Room to work in.
    keep : bool
        If not, each step overwrites the one before the last: then c and h need
        2 * `n_samples` rows only, and the others `n_samples`.
    """
    n_sigmoids = 3 * U.shape[0]
    word, row, before, here = 0, 0, 0, len(total)
    for n in n_alive.tolist():
        numpy.matmul(h[before:before + n], U, out=z[:n])
        z[:n] += projected[tokens[word:word + n]]
        gate = numpy.tanh(z[:n], out=gates[row:row + n])
        sigmoids = gate[:, :n_sigmoids]
        sigmoids *= 0.5
        sigmoids += 0.5
        i, f, o, candidate = blocks(gate)
        c_now, h_now = c[here:here + n], h[here:here + n]
        numpy.multiply(f, c[before:before + n], out=c_now)
        c_now += i * candidate
        tanh_c_now = numpy.tanh(c_now, out=tanh_c[row:row + n])
        numpy.multiply(o, tanh_c_now, out=h_now)
        total[:n] += h_now
        word += n
        if keep:
            row, before, here = row + n, here, here + n
        else:
            before, here = here, before


def forward(rows, W, U, b, tokens, n_alive, order, keep=True):
    """Mean of the LSTM's outputs over each sample's words; equation 8 of docs/tutorial.md.

    Parameters
    ----------
    rows : float array, (n_distinct, dim_proj)
        The embedding of each distinct word of the minibatch.
    W, U : float arrays, (dim_proj, 4 * dim_proj)
    b : float array, (4 * dim_proj,)
    tokens, n_alive, order : as from :func:`pack`
    keep : bool
        Whether to return what :func:`backward` needs. Without it memory does
        not grow with the length of the reviews.

    Returns
    -------
    pooled : float array, (n_samples, dim_proj)
    gates : float array, (N, 4 * dim_proj)
        Only with `keep`, as all that follow: activations of i, f, o and the candidate.
    c, h : float arrays, (n_samples + N, dim_proj)
        Group by group: a zero row for each sample, and one for each word.
    tanh_c : float array, (N, dim_proj)
    """
    dim_proj, dtype, n_samples = len(U), U.dtype, len(order)
    n_words = len(tokens) if keep else n_samples
    groups = groups_of(n_alive, n_samples)
    U_halved = halve_gates(U)
    projected = product(rows, halve_gates(W)) + halve_gates(b)  # (n_distinct, 4 * dim_proj)
    gates = numpy.empty((n_words, 4 * dim_proj), dtype=dtype)
    tanh_c = numpy.empty((n_words, dim_proj), dtype=dtype)
    c, h = (numpy.zeros((n_samples + n_words, dim_proj), dtype=dtype) for _ in range(2))
    total = numpy.zeros((n_samples, dim_proj), dtype=dtype)
    z = numpy.empty((n_samples, 4 * dim_proj), dtype=dtype)
    steps = numba_recurrence.run_steps if numba_recurrence.usable(dtype) else run_steps

    def run(group):
        words, states = group.words, group.states
        if not keep:
            words = group.samples
            states = slice(2 * words.start, 2 * words.stop)
        steps(projected, tokens[group.words], group.n_alive, U_halved, gates[words], c[states],
              tanh_c[words], h[states], total[group.samples], z[group.samples], keep)

    side_by_side(*[functools.partial(run, group) for group in groups])
    pooled = numpy.empty_like(total)
    pooled[order] = total / lengths_of(groups, dtype)
    return (pooled, gates, c, h, tanh_c) if keep else (pooled,)


# Backward, by the chain rule: equations 16 to 24 of docs/tutorial.md.


def local_derivatives(gates, c_before, tanh_c):
    r"""All that the chain rule needs at each step and that no later step changes.

    With dh the derivative of the cost by h_t, and dc that by c_t (equations 17 to 21 of
    docs/tutorial.md):

    .. math::
        dc \mathrel{+}= dh \circ o \circ (1 - \tanh^2 c_t) \\
        dz_i = dc \circ \tilde c \circ i (1 - i), \quad
        dz_f = dc \circ c_{t-1} \circ f (1 - f) \\
        dz_o = dh \circ \tanh c_t \circ o (1 - o), \quad
        dz_c = dc \circ i \circ (1 - \tilde c^2)

    Parameters
    ----------
    gates : float array, (N, 4 * dim_proj)
    c_before, tanh_c : float arrays, (N, dim_proj)

    Returns
    -------
    dz : float array, (N, 4 * dim_proj)
        The factors of dc, dc, dh and dc in the derivatives by z.
    dc_by_dh : float array, (N, dim_proj)
        The factor of dh in dc.
    """
    i, _, o, candidate = blocks(gates)
    dz = 1 - gates
    by_i, by_f, by_o, by_candidate = blocks(dz)
    n_sigmoids = 3 * tanh_c.shape[1]
    dz[:, :n_sigmoids] *= gates[:, :n_sigmoids]
    by_i *= candidate
    by_f *= c_before
    by_o *= tanh_c
    by_candidate *= (1 + candidate) * i
    dc_by_dh = 1 - tanh_c * tanh_c
    dc_by_dh *= o
    return dz, dc_by_dh


def run_steps_back(tokens, n_alive, U_transposed, gates, c, tanh_c, d_each_h, dz, dz_of_word,
                   dh, dc):
    """The recurrence of one group backward; equations 16 to 21 of docs/tutorial.md.

    Parameters
    ----------
    tokens, n_alive, gates, c, tanh_c : as in :func:`run_steps`
    U_transposed : float array, (4 * dim_proj, dim_proj)
    d_each_h : float array, (n_samples, dim_proj)
        What the mean over time passes to each of a sample's steps.
    dz : float array, (n_words, 4 * dim_proj)
        Filled with the derivatives of the cost by z, the gates before their nonlinearity.
    dz_of_word : float array, (n_distinct, 4 * dim_proj)
        To which the sum of dz over the occurrences of each word is added.
    dh, dc : float arrays, (n_samples, dim_proj)
        Zero: what the steps after the last pass to it.
    """
    c_before = c[Group(n_alive, slice(0, len(d_each_h)), 0).states_before()]
    dz[...], dc_by_dh = local_derivatives(gates, c_before, tanh_c)
    f = blocks(gates)[1]
    start = len(dz)
    for n in n_alive[::-1].tolist():
        start, stop = start - n, start
        dh_now, dc_now, dz_now = dh[:n], dc[:n], dz[start:stop]
        dh_now += d_each_h[:n]
        dc_now += dh_now * dc_by_dh[start:stop]
        by_i, by_f, by_o, by_candidate = blocks(dz_now)
        by_i *= dc_now
        by_f *= dc_now
        by_o *= dh_now
        by_candidate *= dc_now
        dc_now *= f[start:stop]
        numpy.matmul(dz_now, U_transposed, out=dh_now)
    dz_of_word += sum_rows(dz, tokens, len(dz_of_word))


def backward(d_pooled, rows, W, U, b, tokens, n_alive, order, gates, c, h, tanh_c):
    """Derivatives of the cost by `rows`, `W`, `U` and `b`, given that by `pooled`.

    Equations 16 to 24 of docs/tutorial.md.

    Parameters
    ----------
    d_pooled : float array, (n_samples, dim_proj)
    others : as given to, and returned by, :func:`forward`

    Returns
    -------
    d_rows, d_W, d_U, d_b : float arrays, of the shapes of `rows`, `W`, `U`, `b`
    """
    groups = groups_of(n_alive, len(order))
    d_each_h = d_pooled[order] / lengths_of(groups, U.dtype)
    U_transposed = numpy.ascontiguousarray(U.T)
    dz = numpy.empty_like(gates)
    dh, dc = numpy.zeros_like(d_each_h), numpy.zeros_like(d_each_h)
    native = numba_recurrence.usable(U.dtype)
    steps_back = numba_recurrence.run_steps_back if native else run_steps_back

    def run(group):
        dz_of_word = numpy.zeros((len(rows), 4 * len(U)), dtype=U.dtype)
        steps_back(tokens[group.words], group.n_alive, U_transposed, gates[group.words],
                   c[group.states], tanh_c[group.words], d_each_h[group.samples],
                   dz[group.words], dz_of_word, dh[group.samples], dc[group.samples])
        return dz_of_word

    dz_of_word = sum(side_by_side(*[functools.partial(run, group) for group in groups]))
    h_before = h[numpy.concatenate([group.states_before() for group in groups])]
    d_U, (d_rows, d_W) = side_by_side(
        lambda: h_before.T.dot(dz),
        lambda: (dz_of_word.dot(W.T), rows.T.dot(dz_of_word)))
    return d_rows, d_W, d_U, dz_of_word.sum(axis=0)
