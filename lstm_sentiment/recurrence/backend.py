"""The backend in use: passes by hand and sparse updates, or compiled functions of the engine."""
import warnings

from lstm_sentiment import processes
from lstm_sentiment.engine.backend import Compiled, choose_backend
from lstm_sentiment.engine.names import config
from lstm_sentiment.recurrence import encoder, loading, threads
from lstm_sentiment.recurrence.sparse_updates import SparseOptimizer


class ByHand(Compiled):
    """Passes by hand instead of the scan, and sparse updates instead of dense ones."""

    def prepare(self, options):
        loading.begin_loading(config.floatX, options)

    def encode(self, plain, tparams, x, mask, options):
        if not has_cell(options):
            return plain(tparams, x, mask, options)
        return encoder.encode(tparams, x, mask, options)

    def run_layer(self, plain, tparams, x, options, prefix, mask, initial):
        if not has_cell(options):
            return plain(tparams, x, options, prefix, mask, initial)
        return encoder.run_layer(tparams, x, options, prefix, mask, initial)

    def mean_cost(self, plain, proj, tparams, mask, y, class_weights=None):
        return encoder.mean_cost(proj, tparams, mask, y, class_weights)

    def cross_entropy(self, plain, h, tparams, y):
        return encoder.cross_entropy(h, tparams, y)

    def clipped(self, plain, grads, clip_norm):
        return encoder.clipped(plain, grads, clip_norm) if processes.is_alone() else grads

    def optimizer(self, rule, lr, tparams, grads, x, mask, y, cost, updates=()):
        return SparseOptimizer(rule, lr, tparams, grads, x, mask, y, cost, updates)

    def training(self):
        return threads.one_blas_thread()


def has_cell(options):
    """Whether there are passes by hand for the cell; a warning says if not."""
    if encoder.has_cell(options):
        return True
    warnings.warn('the encoder %s has no passes by hand, and its scan is slow without a '
                  'compiler: set THEANO_FLAGS="mode=FAST_RUN"' % options['encoder'])
    return False


backend = choose_backend(ByHand)
