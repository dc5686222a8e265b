r"""What a trained model answers, in NumPy alone: from word ids to scores, and word by word.

The model is a mean over time followed by logistic regression, so before the
softmax the score of a class is a sum, with one term for each word and one for
the bias:

.. math::
    z = d U^T \frac{1}{T} \sum_t h_t + b = \sum_t \frac{d}{T} U^T h_t + b

where d is the half that dropout leaves at prediction, 1 without dropout.

Nothing is compiled and no engine is needed. :mod:`fast` makes the same pass
and keeps what training needs for the way back; this one keeps nothing but the
sum, which stays in the processor's cache, and takes half the time.
"""
import numpy

PADDING = 0


def softmax(z):
    """Probabilities from scores, over the last axis.

    >>> softmax(numpy.array([[0., numpy.log(3.)], [1000., 1000.]])).round(2).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    exps = numpy.exp(z - z.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def in_columns(sequences):
    """The samples as columns, longest first.

    Returns
    -------
    x : int64 array, (n_timesteps, n_samples)
        Padded with 0.
    order : int64 array, (n_samples,)
        Which sample each column is.
    n_alive : int64 array, (n_timesteps,)
        How many samples have a word at each step: the first so many columns.

    Examples
    --------
    >>> x, order, n_alive = in_columns([[5], [], [2, 3]])
    >>> x.tolist(), order.tolist(), n_alive.tolist()
    ([[2, 5, 0], [3, 0, 0]], [2, 0, 1], [2, 1])
    """
    lengths = numpy.array([len(sequence) for sequence in sequences])
    order = numpy.argsort(-lengths, kind='stable')
    x = numpy.full((lengths.max(), len(sequences)), PADDING, dtype='int64')
    for column, sample in enumerate(order.tolist()):
        x[:lengths[sample], column] = sequences[sample]
    n_alive = (lengths > numpy.arange(lengths.max())[:, None]).sum(axis=1)
    return x, order, n_alive


def gate_blocks(array):
    """The columns for i, f, o and the candidate, each a contiguous block; those of gates halved.

    sigmoid(z) = (1 + tanh(z / 2)) / 2, so one tanh serves all four.

    Parameters
    ----------
    array : float array, (n, 4 * dim_proj)

    Returns
    -------
    float array, (4, n, dim_proj)
    """
    blocks = numpy.stack(numpy.split(array, 4, axis=1))
    blocks[:3] *= 0.5
    return blocks


class Network:
    """The parameters of a model, laid out for prediction.

    Nothing in it changes once it is made, so threads may share it.

    Parameters
    ----------
    params : dict of float arrays
        ``Wemb``, the three of the encoder, ``U`` and ``b``.
    options : dict
        Of the model: ``encoder`` and ``use_dropout`` are used.
    """

    def __init__(self, params, options):
        W, U, b = (params['%s_%s' % (options['encoder'], name)] for name in 'WUb')
        self.Wemb = params['Wemb']
        self.W, self.U, self.b = gate_blocks(W), gate_blocks(U), gate_blocks(b[None])
        # What dropout leaves of each unit at prediction.
        self.U_out = params['U'] * params['U'].dtype.type(0.5 if options['use_dropout'] else 1)
        self.b_out = params['b']

    def hidden_states(self, x, n_alive):
        """Yield h at each step, (n_alive[t], dim_proj); it is overwritten at the next.

        Equations 1 to 7 of `lstm.lstm_layer`; parameters as from :func:`in_columns`.
        """
        words, position = numpy.unique(x, return_inverse=True)
        position = position.reshape(x.shape)
        projected = numpy.matmul(self.Wemb[words], self.W) + self.b  # (4, n_distinct, dim_proj)
        dim_proj, n_samples, dtype = self.U.shape[1], x.shape[1], self.U.dtype
        h_all, c_all, scratch = (numpy.zeros((n_samples, dim_proj), dtype=dtype)
                                 for _ in range(3))
        rooms = numpy.empty((2, 4 * n_samples * dim_proj), dtype=dtype)
        for step, n in enumerate(n_alive.tolist()):
            h, c, tanh_c = h_all[:n], c_all[:n], scratch[:n]
            z, recurrent = (room[:4 * n * dim_proj].reshape(4, n, dim_proj) for room in rooms)
            for block, rows in zip(z, projected):
                numpy.take(rows, position[step, :n], axis=0, out=block, mode='clip')
            z += numpy.matmul(h, self.U, out=recurrent)
            numpy.tanh(z, out=z)
            z[:3] += 1
            i, f, o, candidate = z  # the gates doubled
            c *= f
            i *= candidate
            c += i
            c *= 0.5
            numpy.tanh(c, out=tanh_c)
            numpy.multiply(o, tanh_c, out=h)
            h *= 0.5
            yield h

    def scores(self, sequences):
        """The scores z of the classes, (n_samples, ydim), before the softmax.

        A sample without words has those of the bias alone.
        """
        x, order, n_alive = in_columns(sequences)
        total = numpy.zeros((len(order), self.U.shape[1]), dtype=self.U.dtype)
        for h in self.hidden_states(x, n_alive):
            total[:len(h)] += h
        return self.from_total(total, order, sequences)

    def word_scores(self, sequences):
        """The scores, and the terms that they are the sums of.

        Returns
        -------
        scores : float array, (n_samples, ydim)
        terms : list of float64 arrays, (n_words of the sample, ydim)
            Their sum over the words, plus the bias, is the score.
        """
        x, order, n_alive = in_columns(sequences)
        total = numpy.zeros((len(order), self.U.shape[1]), dtype=self.U.dtype)
        U_out = self.U_out.astype('float64')
        each = numpy.zeros(x.shape + self.b_out.shape)  # (n_timesteps, n_samples, ydim)
        for at_step, h in zip(each, self.hidden_states(x, n_alive)):
            total[:len(h)] += h
            at_step[:len(h)] = h.dot(U_out)
        terms = [None] * len(sequences)
        for column, sample in enumerate(order.tolist()):
            length = len(sequences[sample])
            terms[sample] = each[:length, column] / max(length, 1)
        return self.from_total(total, order, sequences), terms

    def from_total(self, total, order, sequences):
        """The scores, given the sum of h over each column's words."""
        pooled = numpy.empty_like(total)
        lengths = [max(len(sequences[sample]), 1) for sample in order.tolist()]
        pooled[order] = total / numpy.array(lengths, dtype=total.dtype)[:, None]
        return pooled.dot(self.U_out) + self.b_out
