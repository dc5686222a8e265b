"""The same model, its passes written by hand: the second chapter after `theano.scan`.

:mod:`lstm` states the model and :mod:`optimizers` the update rules; any engine
can compile them. This module computes the same numbers with NumPy and nothing
to compile, in a fraction of the time, by five observations:

1. Padding is no work. Sorted by length, the reviews still running at step t
   are the first ``n_alive[t]``; only they are computed (:func:`pack`).
2. A word that occurs ten times in a minibatch is multiplied by W once.
3. sigmoid(z) = (1 + tanh(z / 2)) / 2, so one `tanh` serves all four gates.
4. Backward, everything that does not depend on the step after is computed
   for all steps at once; the loop keeps one product and a few sums
   (:func:`backward`).
5. A minibatch touches some 500 rows of ``Wemb``. The others have a gradient
   of zero, and what an optimizer does to them then is a power of its decay:
   it can be made up for when they are next read (:class:`Rows`).

``N`` is the number of unmasked words in the minibatch. Arrays inside a pass
have a row for each, step by step: step t owns ``n_alive[t]`` rows, and within
a step the longest review comes first.
"""
import contextlib
import functools
import os

import numpy
from scipy import sparse
from threadpoolctl import threadpool_limits

import optimizers
from engine import Apply, NumpyOp, drop_unused, tensor, theano


def one_blas_thread():
    """A context with one thread for NumPy's products, unless the environment names a number.

    The products of a step are too small to share: two threads took longer
    than one, and several times as long on a machine that had other work.
    """
    if any(name in os.environ for name in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS',
                                           'MKL_NUM_THREADS')):
        return contextlib.nullcontext()
    return threadpool_limits(limits=1, user_api='blas')


# The minibatch.


def pack(x, mask):
    """Drop the padding of a minibatch.

    Parameters
    ----------
    x : int array, (n_timesteps, n_samples)
        Word ids.
    mask : float array, (n_timesteps, n_samples)
        1 where there is a word, 0 where the cell is carried over.

    Returns
    -------
    words : int64 array, (n_distinct,)
        The distinct ids, ascending.
    tokens : int64 array, (N,)
        Positions in `words`, step by step; within a step the longest sample first.
    n_alive : int64 array, (longest,)
        How many samples have a word at each step.
    order : int64 array, (n_samples,)
        The samples, longest first.

    Raises
    ------
    ValueError
        If the mask holds anything but zeros and ones.

    Examples
    --------
    >>> words, tokens, n_alive, order = pack(numpy.array([[7, 5], [0, 7]]),
    ...                                      numpy.array([[1., 1.], [0., 1.]]))
    >>> words.tolist(), tokens.tolist(), n_alive.tolist(), order.tolist()
    ([5, 7], [0, 1, 1], [2, 1], [1, 0])
    """
    inside = mask.T > 0
    if not numpy.array_equal(inside, mask.T):
        raise ValueError('the mask must hold zeros and ones only')
    lengths = inside.sum(axis=1)
    order = numpy.argsort(-lengths, kind='stable')
    words, positions = numpy.unique(x.T[order][inside[order]], return_inverse=True)
    # A masked step carries the cell over, so the words around it close ranks.
    filled = numpy.arange(lengths.max()) < lengths[order][:, None]
    by_sample = numpy.zeros(filled.shape, dtype='int64')
    by_sample[filled] = positions
    return words, by_sample.T[filled.T], filled.sum(axis=0), order


def chunks(n_alive, max_words):
    """Split the steps into slices of at most `max_words` words each, or of one step.

    >>> chunks(numpy.array([3, 3, 2, 1]), 6)
    [slice(0, 2, None), slice(2, 4, None)]
    """
    slices, first, size = [], 0, 0
    for step, n in enumerate(n_alive.tolist()):
        if size and size + n > max_words:
            slices.append(slice(first, step))
            first, size = step, 0
        size += n
    return slices + [slice(first, len(n_alive))]


def lengths_of(n_alive, n_samples, dtype):
    """Words of each sample, longest first, counted as 1 where there are none; (n_samples, 1)."""
    lengths = (n_alive > numpy.arange(n_samples)[:, None]).sum(axis=1, keepdims=True)
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
    """A copy whose columns for i, f and o are halved, those of the candidate not."""
    dim_proj = array.shape[-1] // 4
    half = numpy.repeat(numpy.array([0.5, 0.5, 0.5, 1], dtype=array.dtype), dim_proj)
    return array * half


def run_steps(U_halved, n_alive, gates, c, tanh_c, h, h_before, c_before):
    """The recurrence, step by step.

    `gates`, (N, 4 * dim_proj), holds x·W + b on entry, the columns of i, f
    and o halved, and the activations of i, f, o and the candidate on return;
    `c`, `tanh_c` and `h`, (N, dim_proj), are filled. `h_before` and
    `c_before` come from the step before the first; returns those of the last.
    """
    dim_proj, most = len(U_halved), len(h_before)
    z_room = numpy.empty((most, 4 * dim_proj), dtype=h.dtype)
    kept_room = numpy.empty((most, dim_proj), dtype=h.dtype)
    stop = 0
    for n in n_alive.tolist():
        start, stop = stop, stop + n
        gate, z, kept = gates[start:stop], z_room[:n], kept_room[:n]
        c_now, tanh_c_now, h_now = c[start:stop], tanh_c[start:stop], h[start:stop]
        numpy.matmul(h_before[:n], U_halved, out=z)
        gate += z
        numpy.tanh(gate, out=gate)
        sigmoids = gate[:, :3 * dim_proj]
        sigmoids *= 0.5
        sigmoids += 0.5
        i, f, o, candidate = blocks(gate)
        numpy.multiply(i, candidate, out=c_now)
        numpy.multiply(f, c_before[:n], out=kept)
        c_now += kept
        numpy.tanh(c_now, out=tanh_c_now)
        numpy.multiply(o, tanh_c_now, out=h_now)
        h_before, c_before = h_now, c_now
    return h_before, c_before


def forward(rows, W, U, b, tokens, n_alive, order, keep=True, max_words=4096):
    """Mean of the LSTM's outputs over each sample's words.

    Parameters
    ----------
    rows : float array, (n_distinct, dim_proj)
        The embedding of each distinct word of the minibatch.
    W, U : float arrays, (dim_proj, 4 * dim_proj)
    b : float array, (4 * dim_proj,)
    tokens, n_alive, order : as from :func:`pack`
    keep : bool
        Whether to return what :func:`backward` needs. Without it memory is
        bounded by `max_words`, not by the length of the reviews.

    Returns
    -------
    pooled : float array, (n_samples, dim_proj)
    gates : float array, (N, 4 * dim_proj)
        Only with `keep`, as all that follow: activations of i, f, o and the candidate.
    c, tanh_c, h : float arrays, (N, dim_proj)
    """
    dim_proj, dtype, n_samples = len(U), U.dtype, len(order)
    U_halved = halve_gates(U)
    projected = rows.dot(halve_gates(W)) + halve_gates(b)  # (n_distinct, 4 * dim_proj)
    h_last = c_last = numpy.zeros((n_samples, dim_proj), dtype=dtype)
    total = numpy.zeros((n_samples, dim_proj), dtype=dtype)
    stop = 0
    for steps in [slice(None)] if keep else chunks(n_alive, max_words):
        start, stop = stop, stop + n_alive[steps].sum()
        gates = projected[tokens[start:stop]]
        c, tanh_c, h = (numpy.empty((stop - start, dim_proj), dtype=dtype) for _ in range(3))
        h_last, c_last = run_steps(U_halved, n_alive[steps], gates, c, tanh_c, h, h_last, c_last)
        # Within a step, row k belongs to the k-th longest sample.
        starts = numpy.cumsum(n_alive[steps]) - n_alive[steps]
        sample = numpy.arange(stop - start) - numpy.repeat(starts, n_alive[steps])
        total += sum_rows(h, sample, n_samples)
    pooled = numpy.empty_like(total)
    pooled[order] = total / lengths_of(n_alive, n_samples, dtype)
    return (pooled, gates, c, tanh_c, h) if keep else (pooled,)


# Backward, by the chain rule.


def one_step_before(array, n_alive):
    """The row of the same sample at the step before, for each row; zero at the first step.

    >>> one_step_before(numpy.array([[1], [2], [3], [4], [5]]), numpy.array([2, 2, 1])).tolist()
    [[0], [0], [1], [2], [3]]
    """
    before = numpy.zeros_like(array)
    first = n_alive[:1].sum()
    before[first:] = array[numpy.arange(first, len(array))
                           - numpy.repeat(n_alive[:-1], n_alive[1:])]
    return before


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


def run_steps_back(U, n_alive, dz, dc_by_dh, f, d_each_h):
    """The recurrence backward, step by step.

    `dz`, (N, 4 * dim_proj), holds the factors of :func:`local_derivatives`
    on entry and the derivatives by z on return; `dc_by_dh` and `f` are (N,
    dim_proj); `d_each_h`, (n_samples, dim_proj), is what the mean over time
    passes to each of a sample's steps.
    """
    dh, dc, scratch = d_each_h.copy(), numpy.zeros_like(d_each_h), numpy.empty_like(d_each_h)
    start = len(dz)
    for n in n_alive[::-1].tolist():
        start, stop = start - n, start
        dh_now, dc_now = dh[:n], dc[:n]
        numpy.multiply(dh_now, dc_by_dh[start:stop], out=scratch[:n])
        dc_now += scratch[:n]
        dz_now = dz[start:stop]
        by_i, by_f, by_o, by_candidate = blocks(dz_now)
        by_i *= dc_now
        by_f *= dc_now
        by_o *= dh_now
        by_candidate *= dc_now
        dc_now *= f[start:stop]
        # U·dzᵀ and not dz·Uᵀ: BLAS takes half the time for it.
        numpy.add(U.dot(dz_now.T).T, d_each_h[:n], out=dh_now)


def backward(d_pooled, rows, W, U, b, tokens, n_alive, order, gates, c, tanh_c, h):
    """Derivatives of the cost by `rows`, `W`, `U` and `b`, given that by `pooled`.

    Parameters
    ----------
    d_pooled : float array, (n_samples, dim_proj)
    others : as given to, and returned by, :func:`forward`

    Returns
    -------
    d_rows, d_W, d_U, d_b : float arrays, of the shapes of `rows`, `W`, `U`, `b`
    """
    d_each_h = d_pooled[order] / lengths_of(n_alive, len(order), U.dtype)
    dz, dc_by_dh = local_derivatives(gates, one_step_before(c, n_alive), tanh_c)
    run_steps_back(U, n_alive, dz, dc_by_dh, blocks(gates)[1], d_each_h)
    dz_of_word = sum_rows(dz, tokens, len(rows))  # (n_distinct, 4 * dim_proj)
    return (dz_of_word.dot(W.T), rows.T.dot(dz_of_word),
            one_step_before(h, n_alive).T.dot(dz), dz_of_word.sum(axis=0))


# The passes as graph nodes.


class Pack(NumpyOp):
    """:func:`pack` as a node: x, mask to words, tokens, n_alive, order."""

    def make_node(self, x, mask):
        return Apply(self, [x, mask], [tensor.lvector() for _ in range(4)])

    def perform(self, node, inputs, output_storage):
        for storage, value in zip(output_storage, pack(*inputs)):
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
        (_, (dim_proj, _), _, _, (n_all,), _, (n_samples,)) = arguments[-1]
        kept = [(n_all, 4 * dim_proj)] + [(n_all, dim_proj)] * 3
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
        arrays = self.arrays()
        for array, new in zip(arrays, self.step(lr, grad, *arrays)):
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
        rows = self.step(lr, d_rows, *self.up_to_date(words))
        self.n_updates += 1
        self.replace(words, rows)


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
    # What a checkpoint keeps: the shared variables, and the rules with their states.
    f_grad_shared.get_shared, f_update.get_shared, f_update.rules = f_grad.get_shared, list, rules
    return f_grad_shared, f_update


RULES = {optimizers.sgd: (optimizers.sgd_step, sgd_idle, 0),
         optimizers.adadelta: (optimizers.adadelta_step, adadelta_idle, 2),
         optimizers.rmsprop: (optimizers.rmsprop_step, rmsprop_idle, 3)}


def row_wise(optimizer):
    """The row-wise form of an optimizer of :mod:`optimizers`; any other as it is."""
    if optimizer not in RULES:
        return optimizer
    return functools.partial(compile_row_wise, *RULES[optimizer])
