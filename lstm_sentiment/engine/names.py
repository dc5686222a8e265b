"""The one room that knows which engine runs: Theano, or PyTensor, its continuation.

Theano 1.0.5, the last one, runs on CPython below 3.11; PyTensor takes its
place from 3.11 on. This module hands out the names that a Theano program
uses, ``theano``, ``tensor`` and ``config``, and the few things whose names or
calls differ between the two. No other file asks which engine it is.

``THEANO_FLAGS`` configures either engine. Where it names neither a ``mode``
nor a ``linker``, nothing is compiled: the virtual machine of the engine runs
a graph whose heavy nodes are the passes by hand of :mod:`fast`, and the
first update comes at once (``BY_HAND`` is then true). Where it names one,
that mode compiles the program as :mod:`lstm` states it, scan and all, which
takes one to three minutes before the first update. ``device=cuda`` on PyTensor
is its mode JAX (:mod:`on_jax`): there, `theano.function` gives a function that
is compiled for each shape that it meets.

Attributes
----------
theano : namespace
    ``function``, ``scan``, ``shared``, ``grad``, ``config`` as in Theano.
tensor : module
    ``theano.tensor`` or ``pytensor.tensor``.
config : object
    ``config.floatX`` is ``'float32'`` or ``'float64'``.
BY_HAND : bool
    Whether the hand-written forms in :mod:`fast` are to be used.
"""
import logging
import os
import re
import shlex
import sys
import warnings
from types import SimpleNamespace

import numpy

from lstm_sentiment.engine import jax_functions
from lstm_sentiment.errors import ConfigError

__all__ = ['BY_HAND', 'Apply', 'NumpyOp', 'RandomStreams', 'config', 'description',
           'drop_unused', 'sigmoid', 'softmax', 'tensor', 'theano']

USES_PYTENSOR = sys.version_info >= (3, 11)


def parse_flags(text, variable='THEANO_FLAGS'):
    """Split ``'name=value,name=value'`` into a dictionary; later ones win.

    >>> parse_flags('floatX=float32, gcc.cxxflags=-O3 -g,')
    {'floatX': 'float32', 'gcc.cxxflags': '-O3 -g'}
    """
    splitter = shlex.shlex(text, posix=True)
    splitter.whitespace, splitter.whitespace_split, splitter.commenters = ',', True, ''
    try:
        parts = [part.strip() for part in splitter]
    except ValueError as error:
        raise ConfigError('%s: %s in %r' % (variable, error, text))
    flags = {}
    for part in filter(None, parts):
        name, equals, value = (piece.strip() for piece in part.partition('='))
        if not name or not equals:
            raise ConfigError('%s: expected name=value, separated by commas, but found %r. '
                              'For example: %s="floatX=float32"' % (variable, part, variable))
        flags[name] = value
    return flags


def join_flags(flags):
    r"""The text that :func:`parse_flags`, and either engine, reads as these flags.

    >>> print(join_flags({'gcc.cxxflags': '-DX="a,b"'}))
    gcc.cxxflags="-DX=\"a,b\""
    """
    quoted = (re.sub(r'(["\\])', r'\\\1', value) for value in flags.values())
    return ','.join('%s="%s"' % item for item in zip(flags, quoted))


def compiles(flags):
    """Whether the flags name a mode, a linker or a GPU, so that the engine compiles the scan.

    >>> compiles({'floatX': 'float32'}), compiles({'mode': 'FAST_RUN'})
    (False, True)
    """
    return 'mode' in flags or 'linker' in flags or flags.get('device', 'cpu') != 'cpu'


def uncompiled(config, mode_class):
    """The mode that compiles nothing: the virtual machine in plain Python.

    Without the fusion of elementwise nodes, which would replace NumPy's own
    loops by one in Python over single numbers.
    """
    excluded = list(filter(None, config.optimizer_excluding.split(':')))
    return mode_class('vm', config.optimizer).excluding('fusion', *excluded)


class temporary_environment(object):
    """Set one environment variable while an engine is imported."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __enter__(self):
        self.before = os.environ.get(self.name)
        os.environ[self.name] = self.value

    def __exit__(self, *exc_info):
        if self.before is None:
            del os.environ[self.name]
        else:
            os.environ[self.name] = self.before


def check_float(name):
    if name not in ('float32', 'float64'):
        raise ConfigError('floatX=%s: expected float32 or float64. '
                          'For example: THEANO_FLAGS="floatX=float32"' % name)


if USES_PYTENSOR:
    def translate(theano_flags):
        """PyTensor's spelling of Theano's flags: ``gcc.cxxflags`` is ``gcc__cxxflags``.

        ``device`` is not PyTensor's: a GPU is reached by its mode JAX, which is put in its place.

        Returns
        -------
        flags : dict
        device : str
        """
        flags = {name.replace('.', '__'): value for name, value in theano_flags.items()}
        device = flags.pop('device', 'cpu')
        if device != 'cpu' and flags.setdefault('mode', 'JAX') != 'JAX':
            raise ConfigError('device=%s,mode=%s: expected mode=JAX, or no mode, with a GPU'
                              % (device, flags['mode']))
        return flags, device

    def import_pytensor(flags):
        """Import PyTensor with the flags; where it was imported before, set them."""
        if 'pytensor' in sys.modules:
            import pytensor
            for name, value in flags.items():
                if str(getattr(pytensor.config, name, value)) != value:
                    try:
                        setattr(pytensor.config, name, value)
                    except Exception as error:
                        raise ConfigError('%s=%s: this flag can no longer be set, for PyTensor '
                                          'was imported before (%s)' % (name, value, error))
            return pytensor
        with temporary_environment('PYTENSOR_FLAGS', join_flags(flags)), \
                warnings.catch_warnings():
            warnings.filterwarnings('ignore', message='PyTensor does not recognise')
            import pytensor
            return pytensor

    def load_pytensor():
        """PyTensor under the user's flags, whether these let it compile, and JAX's device."""
        flags, device = translate(parse_flags(os.environ.get('THEANO_FLAGS', '')))
        flags.update(parse_flags(os.environ.get('PYTENSOR_FLAGS', ''), 'PYTENSOR_FLAGS'))
        if device != 'cpu' and flags['mode'] != 'JAX':
            raise ConfigError('device=%s with PYTENSOR_FLAGS="mode=%s": expected mode=JAX, or no '
                              'mode, with a GPU' % (device, flags['mode']))
        by_engine = compiles(flags)
        if not by_engine:
            flags.setdefault('cxx', '')
        check_float(flags.get('floatX', 'float64'))
        on_device = jax_functions.choose_device(device) if flags.get('mode') == 'JAX' else None
        try:
            pytensor = import_pytensor(flags)
            unknown = sorted(name for name in flags if not hasattr(pytensor.config, name))
        except ValueError as error:
            raise ConfigError('THEANO_FLAGS="%s": %s' % (join_flags(flags), error))
        if unknown:
            print('warning: PyTensor knows no flag named %s; ignored' % ', '.join(unknown),
                  file=sys.stderr)
        return pytensor, by_engine, on_device

    engine, _by_engine, ON_JAX = load_pytensor()
    from pytensor import tensor
    from pytensor.compile.mode import Mode, optdb
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
        return engine.scan(fn, return_updates=False, **arguments), {}

    def function(inputs, outputs=None, updates=(), **arguments):
        """`pytensor.function` that advances the random streams its graph draws from."""
        updates = list(updates.items() if hasattr(updates, 'items') else updates)
        results = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        results = [result for result in results if result is not None]
        leaves = graph_inputs(results + [new for _, new in updates])
        updates += [(leaf, leaf.tag.next_state) for leaf in leaves
                    if hasattr(leaf.tag, 'next_state')]
        if ON_JAX:
            return jax_functions.Specialized(engine.function, inputs, outputs, updates,
                                      arguments.get('name') or 'a function')
        return engine.function(inputs, outputs, updates=updates, **arguments)

    class NumpyStreams(object):
        """Theano's `RandomStreams` as far as dropout needs it, over NumPy generators."""

        def __init__(self, seed):
            self.seeds = numpy.random.SeedSequence(seed)

        def binomial(self, size, p=0.5, n=1, dtype='int64'):
            generator = numpy.random.default_rng(self.seeds.spawn(1)[0])
            state = engine.shared(generator)
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
        from pytensor.gradient import disconnected_type
        return disconnected_type()
else:
    def load_theano():
        """Import Theano under the user's flags; return it and whether it compiles."""
        flags = parse_flags(os.environ.get('THEANO_FLAGS', ''))
        by_engine = compiles(flags)
        check_float(flags.get('floatX', 'float64'))
        if not by_engine:
            flags.setdefault('cxx', '')
        logging.getLogger('theano.tensor.blas').setLevel(logging.ERROR)
        with temporary_environment('THEANO_FLAGS', join_flags(flags)), \
                warnings.catch_warnings():
            warnings.filterwarnings('ignore', message='.*there is no c')
            warnings.filterwarnings('ignore', category=DeprecationWarning)
            try:
                import theano as genuine
            except ValueError as error:
                raise ConfigError('THEANO_FLAGS="%s": %s' % (join_flags(flags), error))
        return genuine, by_engine

    engine, _by_engine = load_theano()
    ON_JAX = None
    from theano import tensor
    from theano.compile.mode import Mode, optdb
    from theano.gof import Apply, Op
    from theano.gof.opt import in2out
    from theano.gof.opt import local_optimizer as node_rewriter
    from theano.tensor.shared_randomstreams import RandomStreams

    sigmoid = tensor.nnet.sigmoid
    softmax = tensor.nnet.softmax
    scan = engine.scan
    function = engine.function

    def n_readers(fgraph, variable):
        return len(variable.clients)

    def register_after_stabilize(name, rewrite):
        optdb.register(name, rewrite, 1.6, 'fast_run', 'fast_compile')

    def disconnected():
        return engine.gradient.DisconnectedType()()


config = engine.config
check_float(config.floatX)
BY_HAND = not _by_engine
if BY_HAND:
    config.mode = uncompiled(config, Mode)
theano = SimpleNamespace(function=function, scan=scan, shared=engine.shared,
                         grad=engine.grad, config=config, __version__=engine.__version__)


class NumpyOp(Op):
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
                + [disconnected() for _ in range(self.n_integer_inputs)])

    pullback = L_op


def drop_unused(op, plain_op):
    """Have compiled graphs use `plain_op`, whose one output is the first of
    `op`'s, wherever nothing reads the others.
    """
    def only_first_is_read(*arguments):
        # Theano passes the node, PyTensor the graph and the node.
        node, fgraph = arguments[-1], arguments[0]
        if node.op != op or any(n_readers(fgraph, output) for output in node.outputs[1:]):
            return False
        return {node.outputs[0]: plain_op(*node.inputs)}

    rewrite = node_rewriter([type(op)])(only_first_is_read)
    name = 'drop_unused_%s' % type(op).__name__
    while name in optdb:  # a module that is reloaded makes its nodes anew
        name += '_again'
    register_after_stabilize(name, in2out(rewrite, name=name))


def description():
    """One line that names the engine, its version and floatX."""
    name = 'PyTensor' if USES_PYTENSOR else 'Theano'
    device = ON_JAX or getattr(config, 'device', 'cpu')
    how = 'passes by hand' if BY_HAND else 'scan, mode %s' % config.mode
    return '%s %s, %s, %s (%s)' % (name, theano.__version__, device, config.floatX, how)
