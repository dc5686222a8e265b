r"""What a trained model answers, in NumPy alone: from word ids to scores, and word by word.

The model is a pooling over time followed by logistic regression, so before the softmax the score
of a class is a sum, with terms for each word and one for the bias. With the mean:

.. math::
    z = d U^T \frac{1}{T} \sum_t h_t + b = \sum_t \frac{d}{T} U^T h_t + b

where d is the half that dropout leaves at prediction, 1 without dropout. With the maximum each
unit's term belongs to the word at which it took its maximum. With two directions there are terms
of both, each for the word that was read. A model with n-grams has their scores as well
(:mod:`lstm_sentiment.ngrams`): the score of an n-gram belongs to its words in equal parts, and
the shares of both models in the sum depend on the number of words.

No engine is needed: the passes are those of :mod:`layer`, with which training runs, and dropout
and logistic regression are one line.
"""
from collections import namedtuple

import numpy

from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.ngrams.model import HASHES, WEIGHTS, NGrams, shares
from lstm_sentiment.options import EXPECTED, above
from lstm_sentiment.recurrence import layer, pooling
from lstm_sentiment.recurrence.cells.lstm import blocks
from lstm_sentiment.recurrence.cells.table import CELLS, find_form
from lstm_sentiment.recurrence.packing import groups_of, pack, reversed_rows
from lstm_sentiment.recurrence.stack import directions, n_directions, n_inputs

PADDING = 0
# Fewer words are read by loops in NumPy: the native ones must be compiled once on each machine,
# which takes a second or two.
FEW_WORDS = 4096

# What the gates and the cell do at each word of a text, (n_words, dim_proj) each: the equations
# of the cell in `lstm.layers`.
States = namedtuple('States', 'i f o candidate c h')
# One layer: its parameters, and whether it reads from the end.
Reader = namedtuple('Reader', 'W b weights is_reverse')


def shapes_of(options):
    """The shape of each parameter of the encoder, by name.

    >>> shapes = shapes_of({'encoder': 'lstm', 'dim_proj': 3})
    >>> sorted(shapes.items())
    [('lstm_U', (3, 12)), ('lstm_W', (3, 12)), ('lstm_b', (12,))]
    """
    dim_proj, shapes = options['dim_proj'], {}
    for level in range(options.get('n_layers', 1)):
        for prefix, _ in directions(options, level):
            shapes[prefix + '_W'] = n_inputs(options, level), 4 * dim_proj
            shapes[prefix + '_b'] = (4 * dim_proj,)
            for name, shape in find_form(options).shapes(dim_proj).items():
                shapes['%s_%s' % (prefix, name)] = shape
    return shapes


def check_model(path, params, options):
    """Raise `ModelError` unless :class:`Network` can serve a model with these options."""
    expected = [
        ('encoder', options.get('encoder') in CELLS, 'one of ' + ', '.join(sorted(CELLS))),
        ('use_dropout', isinstance(options.get('use_dropout'), (bool, int)), 'true or false')]
    # Models of the tutorial have none of these.
    expected += [(name, EXPECTED[name][0](options[name]), EXPECTED[name][1])
                 for name in ('bidirectional', 'n_layers', 'pooling', 'peephole', 'ngrams',
                              'ngram_share', 'ngram_words')
                 if name in options]
    expected.append(('temperature', above(0)(options.get('temperature', 1.)), 'a number above 0'))
    for name, is_good, values in expected:
        if not is_good:
            raise ModelError('the model %s has the %s %r: expected %s'
                             % (path, name, options.get(name), values))
    for name, shape in shapes_of(options).items():
        found = params[name].shape if name in params else 'none'
        if found != shape:
            raise ModelError('the model %s cannot be used: its encoder %s expects a parameter %s '
                             'of shape %s, found %s'
                             % (path, options['encoder'], name, shape, found))
    if options.get('ngrams'):
        check_ngrams(path, params)


def check_ngrams(path, params):
    """Raise `ModelError` unless the parameters of the n-grams fit each other."""
    known, weights = params.get(HASHES), params.get(WEIGHTS)
    n_scores = len(params['b']) if len(params['b']) > 2 else 1
    if known is None or known.dtype != 'uint32' or known.ndim != 1 or (
            known[1:] <= known[:-1]).any():
        raise ModelError('the model %s cannot be used: expected a parameter %s of ascending '
                         'uint32' % (path, HASHES))
    expected = len(known) + 1, n_scores
    if weights is None or weights.shape != expected:
        raise ModelError('the model %s cannot be used: expected a parameter %s of shape %s, '
                         'found %s' % (path, WEIGHTS, expected,
                                       'none' if weights is None else weights.shape))


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
        ``Wemb``, those of the encoder, ``U`` and ``b``.
    options : dict
        Of the model: those of the encoder, ``use_dropout``, ``ngrams`` with their shares, and
        ``temperature`` are used.
    """

    def __init__(self, params, options):
        self.Wemb = params['Wemb']
        self.form, self.pooling = find_form(options), options.get('pooling', pooling.MEAN)
        self.plain_form = self.form.without_native_code()
        self.levels = [
            [Reader(params[prefix + '_W'], params[prefix + '_b'],
                    [params['%s_%s' % (prefix, name)] for name in self.form.names], is_reverse)
             for prefix, is_reverse in directions(options, level)]
            for level in range(options.get('n_layers', 1))]
        # It divides all scores (`model.calibration`).
        self.temperature = params['b'].dtype.type(options.get('temperature', 1.))
        # What dropout leaves of each unit at prediction.
        share = params['U'].dtype.type(0.5 if options['use_dropout'] else 1)
        self.U_out = params['U'] * (share / self.temperature)
        self.b_out = params['b'] / self.temperature
        self.ngrams = None
        self.options = options
        if options.get('ngrams'):
            weights = params[WEIGHTS] / float(self.temperature)
            self.ngrams = NGrams(dict(params, **{WEIGHTS: weights}), options['ngrams'])
        self.dim_proj = len(self.U_out) // n_directions(options)

    @property
    def is_running(self):
        """As of `explanation.Explanation`."""
        return (self.pooling == pooling.MEAN and len(self.levels[0]) == 1
                and self.ngrams is None)

    @property
    def has_shares(self):
        """Whether the score is a sum over words, as for :meth:`word_scores`."""
        return self.pooling != pooling.LAST

    def form_for(self, n_words):
        """The form by hand of the cell, to read so many words with."""
        return self.form if n_words >= FEW_WORDS else self.plain_form

    def read(self, sequences, n_levels, keep):
        """Run the layers of some levels over some samples.

        Parameters
        ----------
        sequences : list of sequences of int
        n_levels : int
            From below.
        keep : bool
            Whether the layers of the last level return all that `layer.forward` does, or their
            pooled outputs alone.

        Returns
        -------
        results : list
            Of each layer of the last level.
        packed : tuple
            n_alive, order, and the rows of :func:`packing.reversed_rows`.
        """
        words, tokens, n_alive, order = pack(*in_columns(sequences))
        from_the_end = reversed_rows(n_alive, len(order))
        zeros = numpy.zeros((len(order), self.dim_proj), dtype=self.Wemb.dtype)
        below, form = self.Wemb[words], self.form_for(len(tokens))

        def run(passes, reader, *others):
            inputs = tokens[from_the_end] if reader.is_reverse else tokens
            return passes(form, below.dot(reader.W) + reader.b, inputs, n_alive,
                          reader.weights, zeros, zeros, *others)

        for level in self.levels[:n_levels - 1]:
            h = [run(layer.forward_lean, reader) for reader in level]
            below = join(h, from_the_end)
            tokens = numpy.arange(len(tokens))
        last = self.levels[n_levels - 1]
        results = [run(layer.forward, reader) if keep
                   else run(layer.forward_pooled, reader, self.pooling) for reader in last]
        return results, (n_alive, order, from_the_end)

    def scores(self, sequences):
        """The scores z of the classes, (n_samples, ydim), before the softmax.

        A sample without words has those of the bias alone.
        """
        pooled, (_, order, _) = self.read(sequences, len(self.levels), keep=False)
        return self.scores_of(pooled, order, sequences)

    def scores_of(self, pooled, order, sequences):
        """The scores, given the pooled outputs of each direction in packed order."""
        features = pooling.in_order(numpy.concatenate(pooled, axis=1), order)
        return self.scores_of_features(features, sequences)

    def scores_of_features(self, features, sequences):
        """The scores of some samples, given what the layers make of them."""
        scores = features.dot(self.U_out) + self.b_out
        return self.pooled(scores, lambda: self.ngrams.scores(sequences),
                           [len(sequence) for sequence in sequences])

    def pooled(self, of_lstm, of_ngrams, lengths):
        """What both models give, by their shares for texts of so many words.

        Parameters
        ----------
        of_lstm : float array, (n_samples, ydim)
        of_ngrams : callable
            Gives an array like it; it is not called if the model has no n-grams.
        lengths : list of int

        Returns
        -------
        float array, (n_samples, ydim)
        """
        if self.ngrams is None:
            return of_lstm
        share = shares(lengths, self.options)[:, None]
        return ((1 - share) * of_lstm + share * of_ngrams()).astype(of_lstm.dtype)

    def bias_of(self, n_words):
        """The part of the scores of a text that is of none of its words, (ydim,)."""
        return self.pooled(self.b_out[None], lambda: self.ngrams.bias[None], [n_words])[0]

    def word_scores(self, sequences):
        """The scores, and the terms that they are the sums of.

        Returns
        -------
        scores : float array, (n_samples, ydim)
        terms : list of float64 arrays, (n_words of the sample, ydim)
            Their sum over the words, plus :meth:`bias_of`, is the score.

        Raises
        ------
        errors.ConfigError
            If the model has the pooling last: its score is no sum over words.
        """
        if not self.has_shares:
            raise ConfigError('a model with the pooling last gives no share to each word: its '
                              'score comes from the last output alone. Expected a model with the '
                              'pooling mean or max; or use --explain leave-out.')
        results, (n_alive, order, from_the_end) = self.read(sequences, len(self.levels), keep=True)
        outputs = [result[0] for result in results]
        pooled, wheres = zip(*[pooling.pool(self.pooling, h, n_alive, len(order))
                               for h in outputs])
        U_out = self.U_out.astype('float64')
        lengths = numpy.array([len(sequences[sample]) for sample in order.tolist()])
        group, = groups_of(n_alive, len(order))
        places, _ = group.places()
        if self.pooling == pooling.MEAN:
            of_words = join(outputs, from_the_end).dot(U_out)  # (N, ydim)
            of_words /= lengths[places][:, None]
        else:
            of_words = numpy.zeros((len(places), U_out.shape[1]))
            for reader, largest, where, U in zip(self.levels[-1], pooled, wheres,
                                                 numpy.split(U_out, len(pooled))):
                samples, units = numpy.nonzero(where >= 0)
                rows = where[samples, units]
                rows = from_the_end[rows] if reader.is_reverse else rows
                numpy.add.at(of_words, rows, largest[samples, units][:, None] * U[units])
        terms = [None] * len(sequences)
        starts = group.starts()
        for place, sample in enumerate(order.tolist()):
            # Within a step, row k belongs to the k-th longest sample.
            of_lstm, n_words = of_words[starts[:lengths[place]] + place], lengths[place]
            terms[sample] = self.pooled(
                of_lstm, lambda sequence=sequences[sample]: self.ngrams.word_scores(sequence),
                [n_words] * n_words)
        return self.scores_of(pooled, order, sequences), terms

    def states(self, sequence, level=1, reverse=False):
        """Gates, candidate, cell and output at each word of one sample.

        Parameters
        ----------
        sequence : sequence of int
            Word ids.
        level : int
            Which of the layers, 1 for the one at the words.
        reverse : bool
            Whether that of the two directions is meant that reads from the end.

        Returns
        -------
        States
            Float arrays, (n_words, dim_proj) each, in the dtype of the parameters, the first
            row for the first word.
        """
        results, _ = self.read([sequence], level, keep=True)
        h, gates, c, _ = results[int(reverse)]
        return States(*[array[::-1] if reverse else array for array in blocks(gates) + [c, h]])


def join(outputs, from_the_end):
    """The h of one direction, or those of both side by side, a row for each word."""
    if len(outputs) == 1:
        return outputs[0]
    return numpy.concatenate([outputs[0], outputs[1][from_the_end]], axis=1)
