"""The layer by hand as nodes of a graph, forward and backward.

The nodes call the functions of :mod:`packing`, :mod:`layer` and :mod:`pooling`. Each backward pass
is a node too, and `theano.grad` puts it into the graph. :mod:`encoder` builds the graphs.
"""
import numpy

from lstm_sentiment import processes
from lstm_sentiment.engine.names import (
    Apply,
    NumpyOp,
    is_disconnected,
    register_rewrite,
    tensor,
)
from lstm_sentiment.recurrence import layer, numba_recurrence, pooling
from lstm_sentiment.recurrence.cells.table import find_form
from lstm_sentiment.recurrence.packing import pack, pack_whole, reversed_rows
from lstm_sentiment.recurrence.threads import n_threads


def put(output_storage, values):
    """Give a node's results to the engine."""
    for storage, value in zip(output_storage, values):
        storage[0] = value


def shapes_of(arguments):
    """The shapes that `infer_shape` gets: its last argument (it has one more in PyTensor)."""
    return arguments[-1]


# Rows of words.


def is_single_core():
    """Whether this is a rank with one core: one block of more samples is then faster than two."""
    return not processes.is_alone() and n_threads() == 1


class Pack(NumpyOp):
    """`packing.pack` as a node: x, mask to words, tokens, n_alive, order."""

    def make_node(self, x, mask):
        return Apply(self, [x, mask], [tensor.lvector(), tensor.lvector(), tensor.lmatrix(),
                                       tensor.lvector()])

    def perform(self, node, inputs, output_storage):
        n_groups = 2 if numba_recurrence.usable(inputs[1].dtype) and not is_single_core() else 1
        put(output_storage, [numpy.asarray(value, dtype='int64')
                             for value in pack(*inputs, n_groups=n_groups)])

    def connection_pattern(self, node):
        return [[False] * 4, [False] * 4]


class ReversedRows(NumpyOp):
    """`packing.reversed_rows` as a node."""

    n_integer_inputs = 2

    def make_node(self, n_alive, order):
        return Apply(self, [n_alive, order], [tensor.lvector()])

    def perform(self, node, inputs, output_storage):
        n_alive, order = inputs
        output_storage[0][0] = reversed_rows(n_alive, len(order)).astype('int64')


class PackWhole(NumpyOp):
    """`packing.pack_whole` as a node: symbols, (n_timesteps, n_samples), to places, n_alive."""

    __props__ = ('dtype',)
    n_integer_inputs = 1

    def __init__(self, dtype):
        self.dtype = dtype

    def make_node(self, x):
        return Apply(self, [x], [tensor.lvector(), tensor.lmatrix()])

    def perform(self, node, inputs, output_storage):
        n_groups = 2 if numba_recurrence.usable(numpy.dtype(self.dtype)) else 1
        put(output_storage, pack_whole(*inputs[0].shape, n_groups=n_groups))


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

    A sparse update takes `words` and `d_rows` from the node; the dense array is then never made.
    """

    def make_node(self, Wemb, words, d_rows):
        return Apply(self, [Wemb, words, d_rows], [Wemb.type()])

    def perform(self, node, inputs, output_storage):
        Wemb, words, d_rows = inputs
        dense = numpy.zeros_like(Wemb)
        dense[words] = d_rows
        output_storage[0][0] = dense


class Reorder(NumpyOp):
    """Rows in another order, which is its own inverse, as from :class:`ReversedRows`."""

    n_integer_inputs = 1

    def make_node(self, h, rows):
        return Apply(self, [h, rows], [h.type()])

    def perform(self, node, inputs, output_storage):
        h, rows = inputs
        output_storage[0][0] = h[rows]

    def gradient(self, inputs, outputs, output_grads):
        return [self(output_grads[0], inputs[1])]

    def infer_shape(self, *arguments):
        return [shapes_of(arguments)[0]]


class Spread(NumpyOp):
    """Packed rows at their `places` among (n_timesteps * n_samples) rows, zero elsewhere.

    `places` are distinct; `like` has the shape (n_timesteps, n_samples).
    """

    n_integer_inputs = 2  # neither has a gradient

    def make_node(self, h, like, places):
        return Apply(self, [h, like, places], [h.type()])

    def perform(self, node, inputs, output_storage):
        h, like, places = inputs
        spread = numpy.zeros((like.size, h.shape[1]), dtype=h.dtype)
        spread[places] = h
        output_storage[0][0] = spread

    def gradient(self, inputs, outputs, output_grads):
        return [take_rows(output_grads[0], inputs[2])]


# The layer.


class Project(NumpyOp):
    """`layer.project` as a node."""

    def make_node(self, rows, W, b):
        return Apply(self, [rows, W, b], [rows.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = layer.project(*inputs)

    def gradient(self, inputs, outputs, output_grads):
        rows, W, b = inputs
        return ProjectBackward()(output_grads[0], rows, W, b)

    def infer_shape(self, *arguments):
        (n_rows, _), (_, width), _ = shapes_of(arguments)
        return [(n_rows, width)]


class ProjectBackward(NumpyOp):
    """`layer.project_back` as a node."""

    def make_node(self, d_projected, rows, W, b):
        return Apply(self, [d_projected, rows, W], [rows.type(), W.type(), b.type()])

    def perform(self, node, inputs, output_storage):
        put(output_storage, layer.project_back(*inputs))


class NoState(NumpyOp):
    """The state before the first step, if none is given: zero, (n_samples, dim_proj) twice."""

    n_integer_inputs = 1

    def make_node(self, U, order):
        return Apply(self, [U, order], [tensor.matrix(dtype=U.dtype) for _ in range(2)])

    def perform(self, node, inputs, output_storage):
        U, order = inputs
        put(output_storage, [numpy.zeros((len(order), len(U)), dtype=U.dtype) for _ in range(2)])

    def connection_pattern(self, node):
        return [[False, False], [False, False]]


class CellNode(NumpyOp):
    """A node for one kind of cell; `encoder` and `peephole` are as in a model's options."""

    __props__ = ('encoder', 'peephole')
    n_integer_inputs = 2

    def __init__(self, encoder, peephole):
        self.encoder, self.peephole = encoder, peephole

    @property
    def form(self):
        return find_form({'encoder': self.encoder, 'peephole': self.peephole})

    def split(self, inputs):
        """projected, list of weights, h0, c0, tokens, n_alive, out of a node's inputs."""
        n_weights = len(self.form.names)
        return (inputs[0], list(inputs[1:1 + n_weights])) + tuple(inputs[1 + n_weights:])


class Layer(CellNode):
    """`layer.forward` as a node: h at each step, and with `ends` the last h and c of each sample.

    The inputs are those that :meth:`CellNode.split` lists. With `keep` there are further outputs,
    which the backward pass needs.
    """

    __props__ = ('encoder', 'peephole', 'ends', 'keep')

    def __init__(self, encoder, peephole, ends=False, keep=True):
        CellNode.__init__(self, encoder, peephole)
        self.ends, self.keep = ends, keep

    def make_node(self, projected, *others):
        n_outputs = 1 + 2 * self.ends + 3 * self.keep
        return Apply(self, [projected] + list(others),
                     [tensor.matrix(dtype=projected.dtype) for _ in range(n_outputs)])

    def perform(self, node, inputs, output_storage):
        projected, weights, h0, c0, tokens, n_alive = self.split(inputs)
        arguments = self.form, projected, tokens, n_alive, weights, h0, c0
        if not self.keep:
            output_storage[0][0] = layer.forward_lean(*arguments)
            return
        h, gates, c, tanh_c = layer.forward(*arguments)
        ends = layer.last_state(h, c, h0, c0, n_alive) if self.ends else ()
        put(output_storage, [h] + list(ends) + [gates, c, tanh_c])

    def gradient(self, inputs, outputs, output_grads):
        h0 = self.split(inputs)[2]
        n_given = 1 + 2 * self.ends
        like = [outputs[0], h0, h0][:n_given]
        given = [variable.zeros_like() if is_disconnected(grad) else grad
                 for variable, grad in zip(like, output_grads)]
        backward = LayerBackward(self.encoder, self.peephole, self.ends)
        return backward(*(given + list(inputs) + [outputs[0]] + list(outputs[n_given:])))

    def infer_shape(self, *arguments):
        (_, width), _, state, _, (n_words,), _ = self.split(shapes_of(arguments))
        h = (n_words, state[1])
        return ([h] + (2 * [state] if self.ends else [])
                + ([(n_words, width), h, h] if self.keep else []))

    def connection_pattern(self, node):
        # The outputs for the backward pass are constants to `theano.grad`.
        n_given = 1 + 2 * self.ends
        n_real = len(node.inputs) - self.n_integer_inputs
        return [[position < n_real] * n_given + [False] * (len(node.outputs) - n_given)
                for position in range(len(node.inputs))]


class LayerBackward(CellNode):
    """`layer.backward` as a node."""

    __props__ = ('encoder', 'peephole', 'ends')

    def __init__(self, encoder, peephole, ends):
        CellNode.__init__(self, encoder, peephole)
        self.ends = ends

    def make_node(self, *inputs):
        projected, weights, h0, c0, _, _ = self.split(inputs[1 + 2 * self.ends:-4])
        return Apply(self, list(inputs), [variable.type() for variable in
                                          [projected] + weights + [h0, c0]])

    def perform(self, node, inputs, output_storage):
        n_given = 1 + 2 * self.ends
        projected, weights, h0, c0, tokens, n_alive = self.split(inputs[n_given:-4])
        d_h = inputs[0]
        d_last_h, d_last_c = (inputs[1:3] if self.ends
                              else (numpy.zeros_like(h0), numpy.zeros_like(c0)))
        d_projected, d_weights, d_h0, d_c0 = layer.backward(
            self.form, d_h, d_last_h, d_last_c, projected, tokens, n_alive, weights, h0, c0,
            *inputs[-4:])
        put(output_storage, [d_projected] + d_weights + [d_h0, d_c0])


class PooledLayer(CellNode):
    """`layer.forward_pooled` as a node, for graphs in which nothing else reads a layer."""

    __props__ = ('encoder', 'peephole', 'pooling')

    def __init__(self, encoder, peephole, pooling):
        CellNode.__init__(self, encoder, peephole)
        self.pooling = pooling

    def make_node(self, projected, *others):
        return Apply(self, [projected] + list(others), [tensor.matrix(dtype=projected.dtype)])

    def perform(self, node, inputs, output_storage):
        projected, weights, h0, c0, tokens, n_alive = self.split(inputs[:-1])
        pooled = layer.forward_pooled(self.form, projected, tokens, n_alive, weights, h0, c0,
                                      self.pooling)
        output_storage[0][0] = pooling.in_order(pooled, inputs[-1])

    def infer_shape(self, *arguments):
        return [self.split(shapes_of(arguments)[:-1])[2]]


# Pooling.


class Pool(NumpyOp):
    """A function of :mod:`pooling` as a node: h, n_alive, order to (n_samples, dim_proj).

    The second output is `where` of `pooling.maximum`, empty for other kinds.
    """

    __props__ = ('pooling',)
    n_integer_inputs = 2

    def __init__(self, pooling):
        self.pooling = pooling

    def make_node(self, h, n_alive, order):
        return Apply(self, [h, n_alive, order], [h.type(), tensor.lmatrix()])

    def perform(self, node, inputs, output_storage):
        h, n_alive, order = inputs
        pooled, where = pooling.pool(self.pooling, h, n_alive, len(order))
        put(output_storage, [pooling.in_order(pooled, order), where])

    def gradient(self, inputs, outputs, output_grads):
        h, n_alive, order = inputs
        return [PoolBackward(self.pooling)(output_grads[0], h, outputs[1], n_alive, order)]

    def infer_shape(self, *arguments):
        (_, dim_proj), _, (n_samples,) = shapes_of(arguments)
        return [(n_samples, dim_proj), (n_samples, dim_proj if self.pooling == 'max' else 0)]

    def connection_pattern(self, node):
        return [[True, False], [False, False], [False, False]]


class PoolBackward(NumpyOp):
    """The derivative by h of a :class:`Pool`."""

    __props__ = ('pooling',)

    def __init__(self, pooling):
        self.pooling = pooling

    def make_node(self, d_pooled, h, where, n_alive, order):
        return Apply(self, [d_pooled, h, where, n_alive, order], [h.type()])

    def perform(self, node, inputs, output_storage):
        d_pooled, h, where, n_alive, order = inputs
        output_storage[0][0] = pooling.pool_back(self.pooling, d_pooled[order], h, where, n_alive)


take_rows, rows_gradient, project = TakeRows(), RowsGradient(), Project()


# In a graph without gradients, nothing is kept for the backward pass.


def keep_no_more(node, n_readers):
    """If only h of a layer is read, the layer keeps nothing else."""
    op = node.op
    if op.ends or not op.keep or any(n_readers(output) for output in node.outputs[1:]):
        return None
    return [Layer(op.encoder, op.peephole, keep=False)(*node.inputs)] + [None] * 3


def pool_while_running(node, n_readers):
    """If only the pooled h of a layer is read, the layer pools each h as soon as it is computed."""
    h, _, order = node.inputs
    if h.owner is None or not isinstance(h.owner.op, Layer) or n_readers(h) > 1 \
            or any(n_readers(output) for output in h.owner.outputs[1:] + node.outputs[1:]):
        return None
    op = PooledLayer(h.owner.op.encoder, h.owner.op.peephole, node.op.pooling)
    return [op(*(list(h.owner.inputs) + [order])), None]


register_rewrite(Layer, keep_no_more)
register_rewrite(Pool, pool_while_running)
