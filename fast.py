"""The same model, its passes written by hand: the second chapter after `theano.scan`.

:mod:`lstm` states the model and :mod:`optimizers` the update rules; any engine
can compile them. This module computes the same numbers with NumPy and nothing
to wait for, in a fraction of the time, by six observations:

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
6. A minibatch touches some 500 rows of ``Wemb``. The others have a gradient
   of zero, and what an optimizer does to them then is a power of its decay:
   it can be made up for when they are next read (:class:`Rows`).

``N`` is the number of unmasked words in the minibatch. Arrays inside a pass
have a row for each: group by group, in a group step by step, and within a step
the longest review comes first. Step t of group g owns ``n_alive[g, t]`` rows.
"""
import concurrent.futures
import functools
import os
import sys
import threading

import numpy
from scipy import sparse
from threadpoolctl import threadpool_limits

import kernels
import optimizers
from engine import Apply, NumpyOp, drop_unused, tensor, theano

# What a machine's own BLAS and OpenMP read.
THREAD_VARIABLES = ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS')


def one_blas_thread():
    """A context in which each product runs in one thread.

    The products of a step are too small to share. The two halves of a
    minibatch run side by side instead, see :func:`side_by_side`.
    """
    return threadpool_limits(limits=1, user_api='blas')


def n_threads():
    """How many threads share a minibatch: two, where there are two cores and no variable says 1."""
    named = [os.environ[name] for name in THREAD_VARIABLES if os.environ.get(name, '').isdigit()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    return min([2, cores or 1] + [int(number) for number in named])


@functools.lru_cache(maxsize=1)
def pool_of(process):
    """A thread beside the main one; a process that was forked needs its own."""
    return concurrent.futures.ThreadPoolExecutor(1)


def side_by_side(*tasks):
    """Call functions, two at a time where there are two threads; return their results."""
    if len(tasks) == 1 or n_threads() == 1:
        return [task() for task in tasks]
    pool = pool_of(os.getpid())
    others = [pool.submit(task) for task in tasks[1:]]
    first = tasks[0]()
    return [first] + [other.result() for other in others]


def begin_loading(dtype):
    """Make the native loops ready in a thread, while the data is read.

    Half of that work leaves the interpreter to others.
    """
    def load():
        interval = sys.getswitchinterval()
        # Each call to the compiler lets the interpreter go, and waits as long for it again.
        sys.setswitchinterval(interval / 50)
        try:
            kernels.load()
        finally:
            sys.setswitchinterval(interval)

    if kernels.usable(numpy.dtype(dtype)):
        threading.Thread(target=load, daemon=True).start()


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


# Forward, equations 1 to 7.


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
    """The recurrence of one group, step by step.

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
        If not, each step overwrites the one before, in the first rows: then
        the arrays need `n_samples` rows only.
    """
    n_sigmoids = 3 * U.shape[0]
    word, row, before, here = 0, 0, 0, len(total) if keep else 0
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


def forward(rows, W, U, b, tokens, n_alive, order, keep=True):
    """Mean of the LSTM's outputs over each sample's words.

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
    projected = rows.dot(halve_gates(W)) + halve_gates(b)  # (n_distinct, 4 * dim_proj)
    gates = numpy.empty((n_words, 4 * dim_proj), dtype=dtype)
    tanh_c = numpy.empty((n_words, dim_proj), dtype=dtype)
    c, h = (numpy.zeros((n_samples + n_words, dim_proj), dtype=dtype) for _ in range(2))
    total = numpy.zeros((n_samples, dim_proj), dtype=dtype)
    z = numpy.empty((n_samples, 4 * dim_proj), dtype=dtype)
    steps = kernels.run_steps if kernels.usable(dtype) else run_steps

    def run(group):
        words = group.words if keep else group.samples
        states = group.states if keep else group.samples
        steps(projected, tokens[group.words], group.n_alive, U_halved, gates[words], c[states],
              tanh_c[words], h[states], total[group.samples], z[group.samples], keep)

    side_by_side(*[functools.partial(run, group) for group in groups])
    pooled = numpy.empty_like(total)
    pooled[order] = total / lengths_of(groups, dtype)
    return (pooled, gates, c, h, tanh_c) if keep else (pooled,)


# Backward, by the chain rule.


def local_derivatives(gates, c_before, tanh_c):
    r"""All that the chain rule needs at each step and that no later step changes.

    With dh the derivative of the cost by h_t, and dc that by c_t:

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
    """The recurrence of one group backward, step by step.

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
    steps_back = kernels.run_steps_back if kernels.usable(U.dtype) else run_steps_back

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


# The passes as graph nodes.


class Pack(NumpyOp):
    """:func:`pack` as a node: x, mask to words, tokens, n_alive, order."""

    def make_node(self, x, mask):
        return Apply(self, [x, mask], [tensor.lvector(), tensor.lvector(), tensor.lmatrix(),
                                       tensor.lvector()])

    def perform(self, node, inputs, output_storage):
        n_groups = 2 if kernels.usable(inputs[1].dtype) else 1
        for storage, value in zip(output_storage, pack(*inputs, n_groups=n_groups)):
            storage[0] = numpy.asarray(value, dtype='int64')

    def connection_pattern(self, node):
        return [[False] * 4, [False] * 4]


class TakeRows(NumpyOp):
    """The rows of an embedding that belong to distinct `words`."""

    n_integer_inputs = 1

    def make_node(self, Wemb, words):
        return Apply(self, [Wemb, words], [Wemb.type()])

    def perform(self, node, inputs, output_storage):
        Wemb, words = inputs
        output_storage[0][0] = Wemb[words]

    def gradient(self, inputs, outputs, output_grads):
        return [rows_gradient(inputs[0], inputs[1], output_grads[0])]


class RowsGradient(NumpyOp):
    """The gradient of an embedding: `d_rows` in the rows of `words`, zero elsewhere.

    An update rule that knows it takes `words` and `d_rows` from the node and
    never has the dense array made.
    """

    def make_node(self, Wemb, words, d_rows):
        return Apply(self, [Wemb, words, d_rows], [Wemb.type()])

    def perform(self, node, inputs, output_storage):
        Wemb, words, d_rows = inputs
        dense = numpy.zeros_like(Wemb)
        dense[words] = d_rows
        output_storage[0][0] = dense


class Encode(NumpyOp):
    """:func:`forward` as a node; with `keep` it also returns what the way back needs."""

    __props__ = ('keep',)
    n_integer_inputs = 3

    def __init__(self, keep=True):
        self.keep = keep

    def make_node(self, rows, W, U, b, tokens, n_alive, order):
        outputs = [rows.type()]
        if self.keep:
            outputs += [W.type() for _ in range(4)]
        return Apply(self, [rows, W, U, b, tokens, n_alive, order], outputs)

    def perform(self, node, inputs, output_storage):
        for storage, value in zip(output_storage, forward(*inputs, keep=self.keep)):
            storage[0] = value

    def gradient(self, inputs, outputs, output_grads):
        return encode_backward(output_grads[0], *(list(inputs) + list(outputs[1:])))

    def infer_shape(self, *arguments):
        # Theano passes node and shapes, PyTensor the graph before them.
        _, (dim_proj, _), _, _, (n_all,), _, (n_samples,) = arguments[-1]
        states = (n_samples + n_all, dim_proj)
        kept = [(n_all, 4 * dim_proj), states, states, (n_all, dim_proj)]
        return [(n_samples, dim_proj)] + (kept if self.keep else [])

    def connection_pattern(self, node):
        # What is kept serves the way back alone: no cost depends on it.
        return [[position < 4] + [False] * (len(node.outputs) - 1) for position in range(7)]


class EncodeBackward(NumpyOp):
    """:func:`backward` as a node."""

    def make_node(self, d_pooled, rows, W, U, b, *others):
        return Apply(self, [d_pooled, rows, W, U, b] + list(others),
                     [rows.type(), W.type(), U.type(), b.type()])

    def perform(self, node, inputs, output_storage):
        for storage, value in zip(output_storage, backward(*inputs)):
            storage[0] = value


take_rows, rows_gradient = TakeRows(), RowsGradient()
encode_and_keep, encode_backward = Encode(keep=True), EncodeBackward()
drop_unused(encode_and_keep, Encode(keep=False))


def encode(tparams, x, mask, prefix='lstm'):
    """The embedding, the LSTM and the mean over time in one node; see `lstm.encode`.

    Parameters and result are those of `lstm.encode`; its gradient is
    :func:`backward`, and the gradient by ``Wemb`` a :class:`RowsGradient`.
    """
    words, tokens, n_alive, order = Pack()(x, mask)
    rows = take_rows(tparams['Wemb'], words)
    weights = [tparams['%s_%s' % (prefix, name)] for name in 'WUb']
    return encode_and_keep(*([rows] + weights + [tokens, n_alive, order]))[0]


# Update rules, only where there is a gradient.


def sgd_idle(n_steps, p):
    """A row without gradient stays."""
    return [p]


def adadelta_idle(n_steps, p, mean_grad2, mean_step2):
    """Both running means decay; the row stays, since its step is a multiple of g = 0."""
    decay = optimizers.DECAY ** n_steps
    return [p, mean_grad2 * decay, mean_step2 * decay]


def rmsprop_idle(n_steps, p, mean_grad, mean_grad2, step):
    """The means decay, and the row coasts on by (0.9 + 0.9² + ...) times its last step."""
    decay, left = optimizers.DECAY ** n_steps, optimizers.MOMENTUM ** n_steps
    coasting = (1 - left) * (optimizers.MOMENTUM / (1 - optimizers.MOMENTUM))
    return [p + step * coasting, mean_grad * decay, mean_grad2 * decay, step * left]


def pieces(array, size=2 ** 15):
    """Slices of rows with some `size` numbers each: what a rule makes of them stays in the cache.

    >>> pieces(numpy.zeros((5, 10)), size=20)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    """
    n_rows = max(1, size // max(1, array[:1].size))
    return [slice(start, start + n_rows) for start in range(0, len(array), n_rows)]


class Whole(object):
    """A parameter, the states of its update rule, and the rule.

    Parameters
    ----------
    step : callable
        ``step(lr, grad, p, *states)`` of :mod:`optimizers`; here it is given arrays.
    n_states : int
    p : shared variable
    """

    def __init__(self, step, n_states, p):
        self.step, self.p = step, p
        self.states = [numpy.zeros_like(p.get_value(borrow=True)) for _ in range(n_states)]

    def arrays(self):
        return [self.p.get_value(borrow=True)] + self.states

    def update(self, lr, grad):
        """One step, in place."""
        for piece in pieces(grad):
            arrays = [array[piece] for array in self.arrays()]
            for array, new in zip(arrays, self.step(lr, grad[piece], *arrays)):
                array[...] = new


class Rows(Whole):
    """A parameter of which a minibatch touches a few rows, and the rule for these.

    Row r was last brought up to date after ``seen[r]`` updates. Before it is
    updated again, what the idle updates since then would have done to it is
    made up for in closed form, ``idle(n_steps, p, *states)``; the result is
    the dense rule's up to rounding.
    """

    def __init__(self, step, idle, n_states, p):
        Whole.__init__(self, step, n_states, p)
        self.idle = idle
        self.n_updates, self.seen = 0, numpy.zeros(len(self.arrays()[0]), dtype='int64')

    def up_to_date(self, words):
        """Rows of the parameter and of its states as of now, each (n_distinct, dim_proj)."""
        rows = [array[words] for array in self.arrays()]
        n_steps = (self.n_updates - self.seen[words]).astype(rows[0].dtype)
        return self.idle(n_steps[:, None], *rows)

    def replace(self, words, rows):
        for array, new in zip(self.arrays(), rows):
            array[words] = new
        self.seen[words] = self.n_updates

    def settle(self, words=slice(None)):
        """Bring rows, by default all, up to date."""
        self.replace(words, self.up_to_date(words))

    def update(self, lr, grad):
        """One step; `grad` is the pair of `words` and the gradient of their rows."""
        words, d_rows = grad
        parts = [(words[piece], d_rows[piece]) for piece in pieces(d_rows)]
        new = [self.step(lr, d_part, *self.up_to_date(part)) for part, d_part in parts]
        self.n_updates += 1
        for (part, _), rows in zip(parts, new):
            self.replace(part, rows)


def compile_row_wise(step, idle, n_states, lr, tparams, grads, x, mask, y, cost):
    """`optimizers.compile_dense`, but rows without a gradient cost nothing.

    Parameters and result are the same. It applies to each parameter whose
    gradient is a :class:`RowsGradient`. Where the rule moves rows even without
    a gradient (``rmsprop``), they are brought up to date before they are read
    in an update, and all of them by ``f_update.settle()``, to be called
    before the parameters are read otherwise.
    """
    rules, outputs = [], [cost]
    for p, grad in zip(tparams.values(), grads):
        if grad.owner is not None and isinstance(grad.owner.op, RowsGradient):
            rules.append(Rows(step, idle, n_states, p))
            outputs += grad.owner.inputs[1:]
        else:
            rules.append(Whole(step, n_states, p))
            outputs.append(grad)
    f_grad = theano.function([x, mask, y], outputs, name='f_grad')
    return two_functions(f_grad, rules, [rule for rule in rules if isinstance(rule, Rows)]
                         if idle is rmsprop_idle else [])


def two_functions(f_grad, rules, restless):
    """`f_grad_shared` and `f_update`, over the rules of all parameters.

    `restless` are the rules whose rows move without a gradient.
    """
    kept = []

    def f_grad_shared(x, mask, y):
        for rule in restless:
            rule.settle(numpy.unique(x))
        results = f_grad(x, mask, y)
        kept[:] = results[1:]
        return results[0]

    def f_update(lr):
        grads = iter(kept)
        for rule in rules:
            rule.update(lr, (next(grads), next(grads)) if isinstance(rule, Rows) else next(grads))

    def settle():
        for rule in restless:
            rule.settle()

    f_update.settle = settle
    return f_grad_shared, f_update


RULES = {optimizers.sgd: (optimizers.sgd_step, sgd_idle, 0),
         optimizers.adadelta: (optimizers.adadelta_step, adadelta_idle, 2),
         optimizers.rmsprop: (optimizers.rmsprop_step, rmsprop_idle, 3)}


def row_wise(optimizer):
    """The row-wise form of an optimizer of :mod:`optimizers`; any other as it is."""
    if optimizer not in RULES:
        return optimizer
    return functools.partial(compile_row_wise, *RULES[optimizer])
