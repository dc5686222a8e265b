"""Theano's names, whichever engine runs: Theano, or PyTensor, its continuation.

Theano 1.0.5, the last one, runs on CPython below 3.11; PyTensor takes its place from 3.11 on. This
module hands out the names that a Theano program uses, ``theano``, ``tensor`` and ``config``, and
the few things whose names or calls differ between the two. No file outside this wing asks which
engine it is.

``THEANO_FLAGS`` configures either engine. If it names neither a ``mode`` nor a ``linker``, nothing
is compiled: the virtual machine of the engine runs a graph in which the LSTM is computed by hand,
and the first update starts at once (``BY_HAND`` is then true). If it names one, this mode compiles
the program as :mod:`lstm` states it, including the scan, which takes one to three minutes before
the first update. ``device=cuda`` on PyTensor is its mode JAX (:mod:`jax_functions`): there,
`theano.function` gives a function that is compiled for each shape that it meets.

Attributes
----------
theano : namespace
    ``function``, ``scan``, ``shared``, ``grad``, ``config`` as in Theano.
tensor : module
    ``theano.tensor`` or ``pytensor.tensor``.
config : object
    ``config.floatX`` is ``'float32'`` or ``'float64'``.
BY_HAND : bool
    Whether nothing is compiled, so that passes by hand are needed.
"""
import threading
from types import SimpleNamespace

import numpy

from lstm_sentiment.engine.loading import (
    COMPILES,
    FLOATX_BY_DEFAULT,
    ON_JAX,
    USES_PYTENSOR,
    engine,
)

if USES_PYTENSOR:
    from lstm_sentiment.engine import pytensor_names as names
else:
    from lstm_sentiment.engine import theano_names as names

__all__ = ['BY_HAND', 'Apply', 'NumpyOp', 'RandomStreams', 'config', 'description',
           'is_disconnected', 'per_sample_function', 'register_rewrite', 'sigmoid', 'softmax',
           'tensor', 'theano']

tensor, Apply, RandomStreams = names.tensor, names.Apply, names.RandomStreams
sigmoid, softmax = names.sigmoid, names.softmax
is_disconnected = names.is_disconnected


def uncompiled(config, mode_class):
    """The mode that compiles nothing: the virtual machine in plain Python.

    Without the fusion of elementwise nodes, which would replace NumPy's own
    loops by one in Python over single numbers.
    """
    excluded = list(filter(None, config.optimizer_excluding.split(':')))
    return mode_class('vm', config.optimizer).excluding('fusion', *excluded)


config = engine.config
BY_HAND = not COMPILES
if BY_HAND:
    config.mode = uncompiled(config, names.Mode)
theano = SimpleNamespace(function=names.function, scan=names.scan, shared=engine.shared,
                         grad=engine.grad, config=config, __version__=engine.__version__)


def per_sample_function(inputs, output, name):
    """A function whose result has a row for each sample; several threads may call it.

    Parameters
    ----------
    inputs : list of variables
        The first is (n_timesteps, n_samples).
    output : variable, (n_samples, ...)
    name : str
    """
    function = theano.function(inputs, output, name=name)
    one_at_a_time = threading.Lock()

    def of_samples(first, *others):
        with one_at_a_time:  # the engine's storage serves one call
            rows = numpy.asarray(function(first, *others))
        return rows[:first.shape[1]]  # a function on JAX pads the minibatch

    return of_samples


class NumpyOp(names.Op):
    """A node computed by NumPy, with its gradient given by :meth:`gradient`.

    A subclass sets `n_integer_inputs`, the number of its last inputs that
    are whole numbers and pass no gradient on.
    """

    __props__ = ()
    n_integer_inputs = 0

    def gradient(self, inputs, outputs, output_grads):
        """Symbolic gradients with respect to the inputs that have one."""
        raise NotImplementedError(type(self).__name__)

    def connection_pattern(self, node):
        n_real = len(node.inputs) - self.n_integer_inputs
        return [[position < n_real] * len(node.outputs)
                for position in range(len(node.inputs))]

    def L_op(self, inputs, outputs, output_grads):
        return (list(self.gradient(inputs, outputs, output_grads))
                + [names.disconnected() for _ in range(self.n_integer_inputs)])

    pullback = L_op


def register_rewrite(op_class, replace):
    """Have compiled graphs use other nodes for those of a class, where that is cheaper.

    Parameters
    ----------
    op_class : class
    replace : callable
        ``replace(node, n_readers)`` returns what stands for the node's outputs, None for one that
        nothing reads; or None, if the node stays. ``n_readers(variable)`` says how many read it.
    """
    def rewrite_node(*arguments):
        # Theano passes the node, PyTensor the graph and the node.
        node, fgraph = arguments[-1], arguments[0]
        if not isinstance(node.op, op_class):
            return False
        found = replace(node, lambda variable: names.n_readers(fgraph, variable))
        return found and {old: new for old, new in zip(node.outputs, found) if new is not None}

    rewrite = names.node_rewriter([op_class])(rewrite_node)
    name = replace.__name__
    while name in names.optdb:  # a module that is reloaded makes its nodes anew
        name += '_again'
    names.register_after_stabilize(name, names.in2out(rewrite, name=name))


def description(say_default=False):
    """One line that names the engine, its version and floatX, and if asked that it is a default."""
    name = 'PyTensor' if USES_PYTENSOR else 'Theano'
    device = ON_JAX or getattr(config, 'device', 'cpu')
    how = 'passes by hand' if BY_HAND else 'scan, mode %s' % config.mode
    floatX = config.floatX + (' by default' if say_default and FLOATX_BY_DEFAULT else '')
    return '%s %s, %s, %s (%s)' % (name, theano.__version__, device, floatX, how)
