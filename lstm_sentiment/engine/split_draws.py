"""Random draws for a minibatch of which this rank has some samples.

The draws are those of one process that has all samples: each rank draws for the whole minibatch and
takes the rows of its own. So a run has the same dropout on any number of ranks, and the streams of
all ranks stay in the same state.
"""
import functools
from types import SimpleNamespace

import numpy

from lstm_sentiment import processes
from lstm_sentiment.engine.names import RandomStreams as WholeStreams
from lstm_sentiment.engine.names import theano


@functools.lru_cache(maxsize=1)
def minibatch():
    """The shared variables that say of the present minibatch how many samples are mine."""
    return SimpleNamespace(
        n_samples=theano.shared(numpy.int64(1), name='n_samples'),
        mine=theano.shared(numpy.zeros(1, dtype='int64'), name='mine'))


def choose(n_samples, mine):
    """Say which samples, of how many, the next minibatch has."""
    minibatch().n_samples.set_value(numpy.int64(n_samples))
    minibatch().mine.set_value(numpy.asarray(mine, dtype='int64'))


class SplitStreams(object):
    """Streams whose draws have a row for each of this rank's samples."""

    def __init__(self, seed):
        self.streams = WholeStreams(seed)

    def binomial(self, size, **options):
        """As of Theano's `RandomStreams`; the first number of `size` is that of the samples."""
        _, *others = [size[axis] for axis in range(2)]
        draws = self.streams.binomial(size=(minibatch().n_samples, *others), **options)
        return draws[minibatch().mine]


def RandomStreams(seed):
    """The streams that dropout draws from, whether one rank has all samples or several share."""
    return WholeStreams(seed) if processes.is_alone() else SplitStreams(seed)
