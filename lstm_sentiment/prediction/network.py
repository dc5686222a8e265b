r"""What a trained model answers, in NumPy alone: from word ids to scores, and word by word.

The model is a mean over time followed by logistic regression, so before the
softmax the score of a class is a sum, with one term for each word and one for
the bias:

.. math::
    z = d U^T \frac{1}{T} \sum_t h_t + b = \sum_t \frac{d}{T} U^T h_t + b

where d is the half that dropout leaves at prediction, 1 without dropout.

No engine is needed: the pass is that of :mod:`passes`, with which training
runs, and dropout and logistic regression are one line.
"""
from collections import namedtuple

import numpy

from lstm_sentiment.recurrence.numpy_recurrence import blocks, forward, groups_of, pack

PADDING = 0

# What the gates and the cell do at each word of a text, (n_words, dim_proj) each: equations 1 to 7
# in `lstm.lstm_layer`.
States = namedtuple('States', 'i f o candidate c h')


def in_columns(sequences):
    """Word ids and mask of sequences that may be empty, (n_timesteps, n_samples) each.

    >>> x, mask = in_columns([[5], [], [2, 3]])
    >>> x.tolist(), mask.tolist()
    ([[5, 0, 2], [0, 0, 3]], [[True, False, True], [False, False, True]])
    """
    lengths = numpy.array([len(sequence) for sequence in sequences])
    mask = numpy.arange(lengths.max()) < lengths[:, None]
    x = numpy.full(mask.shape, PADDING, dtype='int64')
    x[mask] = numpy.concatenate([numpy.array(sequence, dtype='int64') for sequence in sequences])
    return x.T, mask.T


class Network:
    """The parameters of a model, ready for prediction.

    Nothing in it changes once it is made, so threads may share it.

    Parameters
    ----------
    params : dict of float arrays
        ``Wemb``, the three of the encoder, ``U`` and ``b``.
    options : dict
        Of the model: ``encoder`` and ``use_dropout`` are used.
    """

    def __init__(self, params, options):
        self.Wemb = params['Wemb']
        self.weights = [params['%s_%s' % (options['encoder'], name)] for name in 'WUb']
        # What dropout leaves of each unit at prediction.
        self.U_out = params['U'] * params['U'].dtype.type(0.5 if options['use_dropout'] else 1)
        self.b_out = params['b']

    def scores(self, sequences):
        """The scores z of the classes, (n_samples, ydim), before the softmax.

        A sample without words has those of the bias alone.
        """
        words, *packed = pack(*in_columns(sequences))
        pooled, = forward(self.Wemb[words], *self.weights, *packed, keep=False)
        return pooled.dot(self.U_out) + self.b_out

    def word_scores(self, sequences):
        """The scores, and the terms that they are the sums of.

        Returns
        -------
        scores : float array, (n_samples, ydim)
        terms : list of float64 arrays, (n_words of the sample, ydim)
            Their sum over the words, plus the bias, is the score.
        """
        words, tokens, n_alive, order = pack(*in_columns(sequences))
        pooled, _, _, h, _ = forward(self.Wemb[words], *self.weights, tokens, n_alive, order)
        of_words = h[len(order):].dot(self.U_out.astype('float64'))  # (N, ydim)
        group, = groups_of(n_alive, len(order))
        # Within a step, row k belongs to the k-th longest sample.
        starts = numpy.cumsum(group.n_alive) - group.n_alive
        terms = [None] * len(sequences)
        for place, sample in enumerate(order.tolist()):
            n_words = len(sequences[sample])
            terms[sample] = of_words[starts[:n_words] + place] / max(n_words, 1)
        return pooled.dot(self.U_out) + self.b_out, terms

    def states(self, sequence):
        """Gates, candidate, cell and output at each word of one sample.

        Parameters
        ----------
        sequence : sequence of int
            Word ids.

        Returns
        -------
        States
            Float arrays, (n_words, dim_proj) each, in the dtype of the parameters.
        """
        words, *packed = pack(*in_columns([sequence]))
        _, gates, c, h, _ = forward(self.Wemb[words], *self.weights, *packed)
        return States(*blocks(gates), c[1:], h[1:])  # row 0 is the state before the first word
