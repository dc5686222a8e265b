"""The names of :mod:`names` over PyTensor."""
# The engine must be loaded before its parts, and some are for others to import.
# ruff: noqa: I001, F401
import numpy

from lstm_sentiment.engine import jax_functions
from lstm_sentiment.engine.loading import ON_JAX
from lstm_sentiment.engine.loading import engine as pytensor  # imported under the user's flags
from pytensor import tensor
from pytensor.compile.mode import Mode, optdb
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.graph.traversal import graph_inputs
from pytensor.tensor.random.basic import BinomialRV

sigmoid = tensor.sigmoid


def softmax(x):
    return tensor.special.softmax(x, axis=-1)


def scan(fn, **arguments):
    """`pytensor.scan` with Theano's two results; the steps here have no updates."""
    return pytensor.scan(fn, return_updates=False, **arguments), {}


def function(inputs, outputs=None, updates=(), **arguments):
    """`pytensor.function` that advances the random streams its graph draws from."""
    updates = list(updates.items() if hasattr(updates, 'items') else updates)
    results = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    results = [result for result in results if result is not None]
    leaves = graph_inputs(results + [new for _, new in updates])
    updates += [(leaf, leaf.tag.next_state) for leaf in leaves
                if hasattr(leaf.tag, 'next_state')]
    if ON_JAX:
        return jax_functions.Specialized(pytensor.function, inputs, outputs, updates,
                                         arguments.get('name') or 'a function')
    return pytensor.function(inputs, outputs, updates=updates, **arguments)


class NumpyStreams(object):
    """Theano's `RandomStreams` as far as dropout needs it, over NumPy generators."""

    def __init__(self, seed):
        self.seeds, self.n_streams = numpy.random.SeedSequence(seed), 0

    def binomial(self, size, p=0.5, n=1, dtype='int64'):
        generator = numpy.random.default_rng(self.seeds.spawn(1)[0])
        state = pytensor.shared(generator, name='random_%d' % self.n_streams)
        self.n_streams += 1
        # Drawn in the dtype wanted: a cast would go over single numbers in Python.
        node = BinomialRV(dtype=dtype).make_node(state, size, n, p)
        state.tag.next_state, draw = node.outputs
        return draw


if ON_JAX:
    from lstm_sentiment.engine.jax_random import RandomStreams
else:
    RandomStreams = NumpyStreams


def n_readers(fgraph, variable):
    return len(fgraph.clients[variable])


def register_after_stabilize(name, rewrite):
    optdb.register(name, rewrite, 'fast_run', 'fast_compile', position=1.6)


def disconnected():
    return disconnected_type()


def is_disconnected(gradient):
    return isinstance(gradient.type, DisconnectedType)
