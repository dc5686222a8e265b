"""What runs a model: here the engine; another wing may offer passes by hand."""
import contextlib

from lstm_sentiment import processes
from lstm_sentiment.engine.names import BY_HAND
from lstm_sentiment.engine.optimizers import DenseOptimizer


class Compiled(object):
    """The engine compiles the graph as `lstm.py` states it."""

    def prepare(self, options):
        """Begin what a model of these options needs and can be made ready while data is read."""

    def encode(self, plain, tparams, x, mask, options):
        """The texts of a minibatch as vectors, (n_samples, width) floatX.

        Parameters
        ----------
        plain : callable
            ``plain(tparams, x, mask, options)``, the graph as `lstm.encode` states it.
        others : as of `lstm.encode`
        """
        return plain(tparams, x, mask, options)

    def run_layer(self, plain, tparams, x, options, prefix, mask, initial):
        """A layer over symbols, with a state that is handed on; see `encoder.run_layer`.

        `plain` is the same by the scan.
        """
        return plain(tparams, x, options, prefix, mask, initial)

    def mean_cost(self, plain, proj, tparams, mask, y, class_weights=None):
        """The cost of a minibatch, given its texts as vectors; `plain` is `lstm.mean_cost`."""
        return plain(proj, tparams, mask, y, class_weights)

    def cross_entropy(self, plain, h, tparams, y):
        """The mean cross-entropy of a softmax over outputs; see `encoder.cross_entropy`.

        `plain` is the same as a graph.
        """
        return plain(h, tparams, y)

    def clipped(self, plain, grads, clip_norm):
        """Gradients whose norm is at most `clip_norm`; `plain` is `lstm.clipped`.

        Where several ranks share a minibatch, :class:`exchange.Exchange` clips their sum.
        """
        return plain(grads, clip_norm) if processes.is_alone() else grads

    def optimizer(self, rule, lr, tparams, grads, x, mask, y, cost, updates=()):
        """An optimizer by this rule; see :class:`optimizers.DenseOptimizer`."""
        return DenseOptimizer(rule, lr, tparams, grads, x, mask, y, cost, updates)

    def training(self):
        """The context in which to train."""
        return contextlib.nullcontext()


def choose_backend(by_hand):
    """An instance of the class `by_hand` where nothing is compiled, else of :class:`Compiled`."""
    return by_hand() if BY_HAND else Compiled()
