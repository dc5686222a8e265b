"""Costs by hand as nodes of a graph, with their backward passes; see :mod:`classification`."""
import numpy

from lstm_sentiment.engine.names import Apply, NumpyOp, tensor
from lstm_sentiment.recurrence import classification
from lstm_sentiment.recurrence.graph_nodes import put


class MeanCost(NumpyOp):
    """`classification.mean_cost` as a node: the cost, and what the backward pass needs.

    `class_weights` is a tuple of numbers, empty for none.
    """

    __props__ = ('class_weights',)
    n_integer_inputs = 2  # the mask has no gradient either

    def __init__(self, class_weights=()):
        self.class_weights = class_weights

    def make_node(self, proj, U, b, mask, y):
        return Apply(self, [proj, U, b, mask, y], [
            tensor.scalar(dtype=proj.dtype), proj.type(), tensor.vector(dtype=proj.dtype)])

    def perform(self, node, inputs, output_storage):
        cost, pred, weights = classification.mean_cost(*inputs, class_weights=self.class_weights)
        put(output_storage, [numpy.asarray(cost, dtype=pred.dtype), pred, weights])

    def gradient(self, inputs, outputs, output_grads):
        proj, U, b, _, y = inputs
        return MeanCostBackward()(output_grads[0], proj, U, b, y, *outputs[1:])

    def connection_pattern(self, node):
        return [[position < 3, False, False] for position in range(5)]


class MeanCostBackward(NumpyOp):
    """`classification.mean_cost_back` as a node."""

    def make_node(self, d_cost, proj, U, b, y, pred, weights):
        return Apply(self, [d_cost, proj, U, y, pred, weights], [proj.type(), U.type(), b.type()])

    def perform(self, node, inputs, output_storage):
        put(output_storage, classification.mean_cost_back(*inputs))


class CrossEntropy(NumpyOp):
    """`classification.cross_entropy` as a node: rows, U, b, y to both results."""

    n_integer_inputs = 1

    def make_node(self, rows, U, b, y):
        return Apply(self, [rows, U, b, y], [tensor.scalar(dtype=rows.dtype), rows.type()])

    def perform(self, node, inputs, output_storage):
        cost, dz = classification.cross_entropy(*inputs)
        put(output_storage, [numpy.asarray(cost, dtype=dz.dtype), dz])

    def gradient(self, inputs, outputs, output_grads):
        rows, U, b, _ = inputs
        return CrossEntropyBackward()(output_grads[0], rows, U, b, outputs[1])

    def connection_pattern(self, node):
        return [[position < 3, False] for position in range(4)]


class CrossEntropyBackward(NumpyOp):
    """`classification.cross_entropy_back` as a node."""

    def make_node(self, d_cost, rows, U, b, dz):
        return Apply(self, [d_cost, rows, U, dz], [rows.type(), U.type(), b.type()])

    def perform(self, node, inputs, output_storage):
        put(output_storage, classification.cross_entropy_back(*inputs))


class Clip(NumpyOp):
    """`classification.clipped` as a node."""

    __props__ = ('limit',)

    def __init__(self, limit):
        self.limit = limit

    def make_node(self, *grads):
        return Apply(self, list(grads), [grad.type() for grad in grads])

    def perform(self, node, inputs, output_storage):
        put(output_storage, classification.clipped(inputs, self.limit))
