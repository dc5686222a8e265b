"""The gradients of a minibatch that several ranks compute: each its samples', then their sum.

The cost is a mean over the samples, so the gradient of the whole is the sum of the gradients,
each times the share of the samples that are its own. One sum over all ranks (Allreduce) takes the
cost and all dense gradients, packed into one array. The gradient of an embedding is in few rows:
these are sent to all (Allgatherv), and each rank adds up those of the same word.
"""
import time

import numpy
from scipy import sparse

from lstm_sentiment import processes
from lstm_sentiment.engine import split_draws
from lstm_sentiment.engine.clipping import clipped


class Deal(object):
    """Which samples of a minibatch are this rank's.

    Longest first, they are dealt out forth and back, so that each rank has about as many words.

    Parameters
    ----------
    lengths : int array, (n_samples,)
        Words of each sample.
    weights : float array, (n_samples,)
        The weight of each sample in the cost.

    Attributes
    ----------
    mine : int array
        Their numbers, ascending. A rank without samples has the first one, with a share of 0.
    share : float
        Their part of the weights; the shares of all ranks add up to 1.
    """

    def __init__(self, lengths, weights, rank, size):
        lengths, weights = numpy.asarray(lengths), numpy.asarray(weights, dtype='float64')
        order = numpy.argsort(-lengths, kind='stable')
        turn, place = numpy.divmod(numpy.arange(len(order)), size)
        owner = numpy.where(turn % 2 == 0, place, size - 1 - place)
        self.n_samples, self.mine = len(lengths), numpy.sort(order[owner == rank])
        whole = weights.sum()
        self.share = weights[self.mine].sum() / whole if whole else 1. / size
        if not len(self.mine):
            self.mine, self.share = numpy.zeros(1, dtype='int64'), self.share * (not whole)


class Exchange(object):
    """Adds up the gradients of all ranks.

    Parameters
    ----------
    clip_norm : float
        If not 0, the largest norm of all gradients together; larger ones are scaled down.

    Attributes
    ----------
    asks_to_stop : callable
        Whether this rank wants the run to end; sent with the gradients.
    stop : bool
        Whether any rank wanted it at the last exchange.
    n_bytes : int
        What this rank has sent: sums and rows, so far.
    seconds : float
        Spent in exchanges so far, with the wait for the slowest rank.
    """

    def __init__(self, asks_to_stop=bool, clip_norm=0.):
        self.asks_to_stop, self.stop, self.share = asks_to_stop, False, 1.
        self.clip_norm = clip_norm
        self.n_bytes, self.seconds, self.n_exchanges, self.sent = 0, 0., 0, None

    def begin(self, deal):
        """Take note of the minibatch that the next gradients are of."""
        self.share = deal.share
        split_draws.choose(deal.n_samples, deal.mine)

    def combine(self, cost, grads):
        """From the cost and gradients of this rank's samples, those of the whole minibatch.

        Parameters
        ----------
        cost : float
        grads : list
            Arrays, or for few rows of a parameter pairs ``words, d_rows`` of distinct words.

        Returns
        -------
        cost, grads : of the same kinds; the same numbers on each rank
            Arrays hold them until the next exchange.
        """
        started = time.perf_counter()
        cost = numpy.asarray(cost)
        pairs = [grad for grad in grads if isinstance(grad, tuple)]
        if not self.share:
            pairs = [(words[:0], d_rows[:0]) for words, d_rows in pairs]
        dense = [grad for grad in grads if not isinstance(grad, tuple)]
        packed, n_rows = self.summed(cost, dense, pairs)
        found = iter(unpacked(packed, [cost] + dense))
        cost, rows = next(found).copy(), (self.joined(pair, n) for pair, n in zip(pairs, n_rows))
        grads = [next(rows) if isinstance(grad, tuple) else next(found) for grad in grads]
        if self.clip_norm:
            scaled = clipped([grad[1] if isinstance(grad, tuple) else grad for grad in grads],
                             self.clip_norm)
            grads = [(grad[0], array) if isinstance(grad, tuple) else array
                     for grad, array in zip(grads, scaled)]
        self.seconds, self.n_exchanges = (self.seconds + time.perf_counter() - started,
                                          self.n_exchanges + 1)
        return cost, grads

    def summed(self, cost, dense, pairs):
        """Cost and dense gradients, packed and summed, and how many rows each rank has of a pair.

        The sum also has a place for each rank's number of rows, and one for the wish to stop. The
        array is used again at the next exchange: a new one of megabytes takes longer to fill.
        """
        rank, size = processes.rank(), processes.size()
        arrays, n_first = [cost] + dense, 1 + len(pairs) * size
        n_numbers = n_first + sum(array.size for array in arrays)
        if self.sent is None or (len(self.sent), self.sent.dtype) != (n_numbers, cost.dtype):
            self.sent = numpy.empty(n_numbers, dtype=cost.dtype)
        first, packed = self.sent[:n_first], self.sent[n_first:]
        first[:], first[0] = 0, self.asks_to_stop()
        counts = first[1:].reshape(len(pairs), size)
        counts[:, rank] = [len(words) for words, _ in pairs]
        for place, array in zip(unpacked(packed, arrays), arrays):
            numpy.multiply(array, array.dtype.type(self.share), out=place)
        self.n_bytes += self.sent.nbytes
        processes.add_up(self.sent)
        self.stop = bool(first[0] > 0)
        return packed, numpy.rint(counts).astype('int64')

    def joined(self, pair, n_rows):
        """The pair of all words of the minibatch, ascending, and the sums of their rows."""
        words, d_rows = pair
        d_rows = numpy.ascontiguousarray(d_rows * d_rows.dtype.type(self.share))
        words = numpy.ascontiguousarray(words, dtype='int32').reshape(-1, 1)
        self.n_bytes += d_rows.nbytes + words.nbytes
        all_words = processes.join_rows(words, n_rows).ravel()
        all_rows = processes.join_rows(d_rows, n_rows)
        union, where = numpy.unique(all_words, return_inverse=True)
        belongs = sparse.csr_matrix(
            (numpy.ones(len(where), dtype=d_rows.dtype), (where.ravel(), numpy.arange(len(where)))),
            shape=(len(union), len(where)))
        return union.astype('int64'), belongs.dot(all_rows)


def unpacked(packed, like):
    """The arrays that are packed in one, with the shapes of these."""
    ends = numpy.cumsum([array.size for array in like])[:-1]
    return [part.reshape(array.shape) for part, array in zip(numpy.split(packed, ends), like)]
