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

Arrays inside a pass have the units first and the samples last, (dim_proj,
n_samples), so that each gate is one contiguous block. ``N`` is the number of
unmasked words in the minibatch; step t owns ``n_alive[t]`` of them.
"""
import functools

import numpy
from scipy import sparse

import optimizers
from engine import Apply, NumpyOp, drop_unused, tensor, theano

# ---------------------------------------------------------------- the minibatch


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
    words : int64 array, (n_words,)
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


def spans(n_alive, max_words=None):
    """Runs of steps with equal `n_alive`: tuples (n_steps, n_samples, start, stop).

    `start` and `stop` count words. No run has more than `max_words` words
    where that is given (but at least one step).

    >>> list(spans(numpy.array([3, 3, 2, 1])))
    [(2, 3, 0, 6), (1, 2, 6, 8), (1, 1, 8, 9)]
    """
    edges = numpy.flatnonzero(numpy.diff(n_alive)) + 1
    start = 0
    for first, last in zip(numpy.append(0, edges), numpy.append(edges, len(n_alive))):
        n_samples = int(n_alive[first])
        most = last - first if max_words is None else max(1, max_words // n_samples)
        for step in range(first, last, most):
            n_steps = int(min(most, last - step))
            stop = start + n_steps * n_samples
            yield n_steps, n_samples, start, stop
            start = stop


# ------------------------------------------------------------- forward, equations 1 to 7


def halve_gates(array):
    """A copy whose columns for i, f and o are halved, those of the candidate not."""
    dim_proj = array.shape[-1] // 4
    half = numpy.repeat(numpy.array([0.5, 0.5, 0.5, 1], dtype=array.dtype), dim_proj)
    return array * half


def by_step(array, span, *shape):
    """The part of a flat array that a span of steps owns, (n_steps, *shape, n_samples)."""
    n_steps, n_samples, start, stop = span
    n_units = int(numpy.prod(shape))
    return array[n_units * start:n_units * stop].reshape((n_steps,) + shape + (n_samples,))


def run_steps(U_halved, gates, c, tanh_c, h, h_before, c_before):
    """The recurrence over steps of equally many samples.

    `gates`, (n_steps, 4, dim_proj, n_samples), holds x·W + b on entry, the
    parts for i, f, o halved, and the activations of i, f, o and the
    candidate on return; `c`, `tanh_c` and `h`, (n_steps, dim_proj,
    n_samples), are filled. Returns the last `h` and `c`.
    """
    z = numpy.empty((U_halved.shape[0], h.shape[2]), dtype=h.dtype)
    z_by_gate = z.reshape(gates.shape[1:])
    kept = numpy.empty_like(h_before)
    for gate, c_now, tanh_c_now, h_now in zip(gates, c, tanh_c, h):
        numpy.matmul(U_halved, h_before, out=z)
        gate += z_by_gate
        numpy.tanh(gate, out=gate)
        sigmoids = gate[:3]
        sigmoids *= 0.5
        sigmoids += 0.5
        i, f, o, candidate = gate
        numpy.multiply(i, candidate, out=c_now)
        numpy.multiply(f, c_before, out=kept)
        c_now += kept
        numpy.tanh(c_now, out=tanh_c_now)
        numpy.multiply(o, tanh_c_now, out=h_now)
        h_before, c_before = h_now, c_now
    return h_before, c_before


def forward(rows, W, U, b, tokens, n_alive, order, keep=True, max_words=4096):
    """Mean of the LSTM's outputs over each sample's words.

    Parameters
    ----------
    rows : float array, (n_words, dim_proj)
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
    gates, c, tanh_c, h : float arrays, (4 * dim_proj * N,) and (dim_proj * N,)
        Only with `keep`: activations of i, f, o and the candidate, the cell,
        its tanh and the output, step by step; see :func:`by_step`.
    """
    dim_proj, dtype = U.shape[0], U.dtype
    U_halved = numpy.ascontiguousarray(halve_gates(U).T)
    projected = rows.dot(halve_gates(W)) + halve_gates(b)  # (n_words, 4 * dim_proj)
    runs = list(spans(n_alive, None if keep else max_words))
    n_kept = len(tokens) if keep else max(stop - start for _, _, start, stop in runs)
    gates = numpy.empty(4 * dim_proj * n_kept, dtype=dtype)
    c, tanh_c, h = (numpy.empty(dim_proj * n_kept, dtype=dtype) for _ in range(3))
    h_last = c_last = numpy.zeros((dim_proj, len(order)), dtype=dtype)
    total = numpy.zeros_like(h_last)
    for n_steps, n_samples, start, stop in runs:
        span = (n_steps, n_samples) + ((start, stop) if keep else (0, stop - start))
        span_gates = by_step(gates, span, 4, dim_proj)
        span_h = by_step(h, span, dim_proj)
        by_sample = projected[tokens[start:stop]].reshape(n_steps, n_samples, 4, dim_proj)
        span_gates[...] = by_sample.transpose(0, 2, 3, 1)
        h_last, c_last = run_steps(
            U_halved, span_gates, by_step(c, span, dim_proj), by_step(tanh_c, span, dim_proj),
            span_h, numpy.ascontiguousarray(h_last[:, :n_samples]), c_last[:, :n_samples])
        total[:, :n_samples] += span_h.sum(axis=0)
        if not keep:  # the next span writes over them
            h_last, c_last = h_last.copy(), c_last.copy()
    pooled = numpy.empty((len(order), dim_proj), dtype=dtype)
    pooled[order] = (total / lengths_of(n_alive, len(order), dtype)).T
    return (pooled, gates, c, tanh_c, h) if keep else (pooled,)


def lengths_of(n_alive, n_samples, dtype):
    """Words of each sample, longest first, counted as 1 where there are none."""
    lengths = (n_alive > numpy.arange(n_samples)[:, None]).sum(axis=1)
    return numpy.maximum(lengths, 1).astype(dtype)


# ------------------------------------------------------------------ backward, by the chain rule


def one_step_before(array, span, span_before, dim_proj):
    """A flat array of :func:`forward` shifted by a step: zeros before the first.

    Returns (n_steps, dim_proj, n_samples) for the steps of `span`, given the
    span before it or None.
    """
    here = by_step(array, span, dim_proj)
    before = numpy.zeros_like(here)
    before[1:] = here[:-1]
    if span_before is not None:
        before[0] = by_step(array, span_before, dim_proj)[-1, :, :here.shape[2]]
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
    gates : float array, (n_steps, 4, dim_proj, n_samples)
    c_before, tanh_c : float arrays, (n_steps, dim_proj, n_samples)

    Returns
    -------
    dz : float array, (n_steps, 4, dim_proj, n_samples)
        The factors of dc, dc, dh and dc in the derivatives of z.
    dc : float array, (n_steps, dim_proj, n_samples)
        The factor of dh in dc.
    """
    i, candidate = gates[:, 0], gates[:, 3]
    dz = 1 - gates
    dz[:, :3] *= gates[:, :3]
    dz[:, 0] *= candidate
    dz[:, 1] *= c_before
    dz[:, 2] *= tanh_c
    dz[:, 3] *= (1 + candidate) * i
    dc = 1 - tanh_c * tanh_c
    dc *= gates[:, 2]
    return dz, dc


def run_steps_back(U, dz, dc_by_dh, f, d_each_h, dh, dc):
    """The recurrence backward over steps of equally many samples.

    `dz` holds the factors of :func:`local_derivatives` on entry and the
    derivatives by z on return, (n_steps, 4, dim_proj, n_samples). `d_each_h`
    is what the mean over time passes to each step; `dh` and `dc` are what
    the step after the last one passes back, and are replaced by what the
    first one does, all (dim_proj, n_samples).
    """
    scratch = numpy.empty_like(dc)
    for dz_now, dc_by_dh_now, f_now in zip(dz[::-1], dc_by_dh[::-1], f[::-1]):
        dh += d_each_h
        numpy.multiply(dh, dc_by_dh_now, out=scratch)
        dc += scratch
        dz_now[:2] *= dc
        dz_now[2] *= dh
        dz_now[3] *= dc
        dc *= f_now
        numpy.matmul(U, dz_now.reshape(-1, dh.shape[1]), out=dh)


def widened(array, n_samples):
    """The array with columns of zeros added, for samples whose last word comes now."""
    wide = numpy.zeros((len(array), n_samples), dtype=array.dtype)
    wide[:, :array.shape[1]] = array
    return wide


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
    dim_proj, dtype = U.shape[0], U.dtype
    d_each_h = d_pooled[order].T / lengths_of(n_alive, len(order), dtype)
    dz_by_word = numpy.empty((len(tokens), 4 * dim_proj), dtype=dtype)
    h_by_word = numpy.empty((len(tokens), dim_proj), dtype=dtype)  # of the step before
    dh = dc = numpy.zeros((dim_proj, 0), dtype=dtype)
    runs = list(spans(n_alive))
    for span, span_before in reversed(list(zip(runs, [None] + runs))):
        n_steps, n_samples, start, stop = span
        span_gates = by_step(gates, span, 4, dim_proj)
        c_before, h_before = (one_step_before(array, span, span_before, dim_proj)
                              for array in (c, h))
        dz, dc_by_dh = local_derivatives(span_gates, c_before, by_step(tanh_c, span, dim_proj))
        dh, dc = widened(dh, n_samples), widened(dc, n_samples)
        run_steps_back(U, dz, dc_by_dh, span_gates[:, 1],
                       numpy.ascontiguousarray(d_each_h[:, :n_samples]), dh, dc)
        dz_by_word[start:stop].reshape(n_steps, n_samples, 4, dim_proj)[...] = (
            dz.transpose(0, 3, 1, 2))
        h_by_word[start:stop].reshape(n_steps, n_samples, dim_proj)[...] = (
            h_before.transpose(0, 2, 1))
    dz_of_word = sum_by_word(dz_by_word, tokens, len(rows))
    return (dz_of_word.dot(W.T), rows.T.dot(dz_of_word), h_by_word.T.dot(dz_by_word),
            dz_of_word.sum(axis=0))


def sum_by_word(dz, tokens, n_words):
    """Sum the rows of `dz` that belong to the same word: (N, k) to (n_words, k)."""
    which = sparse.csr_matrix(
        (numpy.ones(len(tokens), dtype=dz.dtype), (tokens, numpy.arange(len(tokens)))),
        shape=(n_words, len(tokens)))
    return which.dot(dz)


# ------------------------------------------------------------------ the passes as graph nodes


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
            outputs += [b.type() for _ in range(4)]
        return Apply(self, [rows, W, U, b, tokens, n_alive, order], outputs)

    def perform(self, node, inputs, output_storage):
        for storage, value in zip(output_storage, forward(*inputs, keep=self.keep)):
            storage[0] = value

    def gradient(self, inputs, outputs, output_grads):
        return encode_backward(output_grads[0], *(list(inputs) + list(outputs[1:])))

    def infer_shape(self, *arguments):
        # Theano passes node and shapes, PyTensor the graph before them.
        (_, (dim_proj, _), _, _, (n_all,), _, (n_samples,)) = arguments[-1]
        kept = [(4 * dim_proj * n_all,)] + [(dim_proj * n_all,)] * 3
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


# -------------------------------------------------- update rules, only where there is a gradient


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
        """Rows of the parameter and of its states as of now, each (n_words, dim_proj)."""
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
    return f_grad_shared, f_update


RULES = {optimizers.sgd: (optimizers.sgd_step, sgd_idle, 0),
         optimizers.adadelta: (optimizers.adadelta_step, adadelta_idle, 2),
         optimizers.rmsprop: (optimizers.rmsprop_step, rmsprop_idle, 3)}


def row_wise(optimizer):
    """The row-wise form of an optimizer of :mod:`optimizers`; any other as it is."""
    if optimizer not in RULES:
        return optimizer
    return functools.partial(compile_row_wise, *RULES[optimizer])
