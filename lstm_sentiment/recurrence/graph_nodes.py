"""The recurrence as nodes of a graph, forward and backward.

:func:`encode` stands for `lstm.encode` in a graph; its nodes run the passes of
:mod:`numpy_recurrence`.
"""
import numpy

from lstm_sentiment.engine.names import Apply, NumpyOp, drop_unused, tensor
from lstm_sentiment.recurrence import numba_recurrence
from lstm_sentiment.recurrence.numpy_recurrence import backward, forward, pack


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
