"""The names of :mod:`names` over Theano."""
# The engine must be loaded before its parts, and some are for others to import.
# ruff: noqa: I001, F401
from lstm_sentiment.engine.loading import engine as theano  # imported under the user's flags
from theano import tensor
from theano.compile.mode import Mode, optdb
from theano.gof import Apply, Op
from theano.gof.opt import in2out
from theano.gof.opt import local_optimizer as node_rewriter
from theano.tensor import shared_randomstreams

sigmoid = tensor.nnet.sigmoid
softmax = tensor.nnet.softmax
scan = theano.scan
function = theano.function


class RandomStreams(shared_randomstreams.RandomStreams):
    """Theano's own, with a name for the state of each stream."""

    def gen(self, op, *arguments, **options):
        draw = shared_randomstreams.RandomStreams.gen(self, op, *arguments, **options)
        draw.rng.name = 'random_%d' % (len(self.state_updates) - 1)
        return draw


def n_readers(fgraph, variable):
    return len(variable.clients)


def register_after_stabilize(name, rewrite):
    optdb.register(name, rewrite, 1.6, 'fast_run', 'fast_compile')


def disconnected():
    return theano.gradient.DisconnectedType()()


def is_disconnected(gradient):
    return isinstance(gradient.type, theano.gradient.DisconnectedType)
