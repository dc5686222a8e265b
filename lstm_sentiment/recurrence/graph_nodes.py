"""The fast forms that take part in training: the passes as graph nodes, and sparse updates.

:func:`encode` stands for `lstm.encode` in a graph; its nodes run the passes of
:mod:`passes` forward and backward. :func:`row_wise` stands for an optimizer of
:mod:`optimizers`: a minibatch touches some 500 rows of ``Wemb``, the others
have a gradient of zero, and what an optimizer does to them then is a power of
its decay, which can be made up for when they are next read (:class:`Rows`).
"""
import functools

import numpy

from lstm_sentiment.engine.names import Apply, NumpyOp, drop_unused, tensor, theano
from lstm_sentiment.recurrence import numba_recurrence, optimizers
from lstm_sentiment.recurrence.numpy_recurrence import backward, forward, pack, side_by_side

# The passes as graph nodes.


class Pack(NumpyOp):
    """:func:`pack` as a node: x, mask to words, tokens, n_alive, order."""

    def make_node(self, x, mask):
        return Apply(self, [x, mask], [tensor.lvector(), tensor.lvector(), tensor.lmatrix(),
                                       tensor.lvector()])

    def perform(self, node, inputs, output_storage):
        n_groups = 2 if numba_recurrence.usable(inputs[1].dtype) else 1
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
        side_by_side(*[functools.partial(
            rule.update, lr, (next(grads), next(grads)) if isinstance(rule, Rows) else next(grads))
            for rule in rules])

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
