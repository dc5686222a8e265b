"""A running mean of the parameters, which changes less from update to update than they do."""
import contextlib
from collections import OrderedDict

import numpy

from lstm_sentiment.engine.names import theano

# How many times the parameters are added within the span of the mean.
TIMES = 50


def array_of(shared):
    """A copy of the value of a shared variable, which may be on a device, as a NumPy array."""
    return numpy.asarray(shared.get_value())


class RunningMean(object):
    r"""The mean of the parameters over the last updates, which is validated and saved instead.

    They are added every e = max(1, N // 50) updates, where N is `n_updates`, with exponentially
    decreasing weights. The n-th time

    .. math:: \bar p \leftarrow d \bar p + (1 - d) p, \quad d = \min(1 - e/N, 1 - 1/n)

    Before the first time, the mean is the parameters themselves.

    After B. T. Polyak, A. B. Juditsky, Acceleration of stochastic approximation
    by averaging, SIAM Journal on Control and Optimization 30(4), 1992.

    Parameters
    ----------
    tparams : dict of shared variables
        The parameters; training continues from these, not from the mean.
    n_updates : int
        After this many updates a weight has fallen to about a third. With 0, the parameters
        themselves are used.
    settle : callable
        Brings the parameters up to date, as `engine.optimizers.Optimizer.settle`.

    Attributes
    ----------
    shared : OrderedDict of shared variables
        The mean; empty if `n_updates` is 0.
    """

    def __init__(self, tparams, n_updates, settle):
        self.tparams, self.settle = tparams, settle
        self.every = max(1, n_updates // TIMES)
        self.share = self.every / float(n_updates or 1)
        self.shared = OrderedDict((name, theano.shared(p.get_value(), name='mean_' + name))
                                  for name, p in tparams.items() if n_updates)

    def add(self, update):
        """Add the parameters as they are, if they are due after this update (from 1)."""
        n, between = divmod(update, self.every)
        if not self.shared or (n and between):
            return
        self.settle()
        share = max(self.share, 1. / max(n, 1))
        for name, mean in self.shared.items():
            value = mean.get_value()
            mean.set_value(value + value.dtype.type(share) * (array_of(self.tparams[name]) - value))

    @contextlib.contextmanager
    def in_use(self):
        """A context in which the parameters have the values of the mean; yields them."""
        self.settle()
        present = [(p, array_of(p)) for name, p in self.tparams.items() if name in self.shared]
        try:
            for name, mean in self.shared.items():
                self.tparams[name].set_value(mean.get_value())
            yield OrderedDict((name, array_of(p)) for name, p in self.tparams.items())
        finally:
            for p, value in present:
                p.set_value(value)
