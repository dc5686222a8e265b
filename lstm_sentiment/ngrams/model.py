r"""A linear model over n-grams, and its answers joined with those of the LSTM.

The two are trained apart, and their opinions are pooled: a class has the probability

.. math:: p(y) \propto p_{LSTM}(y)^{1-s} \, e^{s z_y}

where z is the score of the n-grams and s their share (T. Heskes, Selecting weighting factors in
logarithmic opinion pools, NIPS 1997). If they were trained together, the n-grams would know the
training texts by heart after an epoch, and leave the LSTM nothing to learn.
"""
import numpy
from scipy import sparse

from lstm_sentiment.messages import say
from lstm_sentiment.ngrams.features import Index, hashes, in_order_of_words
from lstm_sentiment.ngrams.fitting import fit

HASHES, WEIGHTS = NAMES = ('ngram_hashes', 'ngram_weights')


class NGrams(object):
    """Scores of the classes, by the n-grams that are in a text.

    Parameters
    ----------
    params : dict of arrays
        ``ngram_hashes`` and ``ngram_weights``, as from `fitting.fit`.
    longest : int
        Words of the longest n-grams.

    Attributes
    ----------
    bias : float64 array, (ydim,)
        The scores of a text without known n-grams.
    """

    def __init__(self, params, longest):
        self.params, self.longest = {name: params[name] for name in NAMES}, longest
        weights = of_classes(params[WEIGHTS].astype('float64'))
        self.index, self.weights, self.bias = Index(params[HASHES]), weights[:-1], weights[-1]

    @classmethod
    def fitted(cls, part, options):
        """The model fitted to a part of a dataset, or None if the options have no n-grams."""
        if not options.get('ngrams'):
            return None
        sequences, labels = part
        say('Fitting the n-grams')
        found = fit(sequences, labels, options['ydim'], options['ngrams'])
        say('%d n-grams have a weight' % len(found[0]))
        return cls(dict(zip(NAMES, found)), options['ngrams'])

    def scores(self, sequences):
        """The scores of the classes, (n_samples, ydim) float64, with the bias."""
        samples, rows = [], []
        for samples_of_length, values in in_order_of_words(sequences, self.longest):
            found = self.index.rows(values)
            samples.append(samples_of_length[found >= 0])
            rows.append(found[found >= 0])
        samples, rows = numpy.concatenate(samples), numpy.concatenate(rows)
        x = sparse.coo_matrix((numpy.ones(len(rows)), (samples, rows)),
                              shape=(len(sequences), len(self.weights))).tocsr()
        x.data[:] = 1  # an n-gram counts once for each text
        return x.dot(self.weights) + self.bias

    def word_scores(self, sequence):
        """The share of each word in the scores without the bias, (n_words, ydim) float64.

        The weight of an n-gram belongs to its words in equal parts; if it is several times in the
        text, each time has its part.
        """
        terms = numpy.zeros((len(sequence), len(self.bias)))
        for n, values in enumerate(hashes(sequence, self.longest), 1):
            rows = self.index.rows(values)
            _, same, counts = numpy.unique(values, return_inverse=True, return_counts=True)
            shares = numpy.zeros((len(values), len(self.bias)))
            shares[rows >= 0] = self.weights[rows[rows >= 0]]
            shares /= (n * counts[same])[:, None]
            for place in range(n):
                terms[place:place + len(values)] += shares
        return terms

    def joined(self, f_pred_prob, share):
        """The function of x and mask that gives the likeliest class by both models.

        Parameters
        ----------
        f_pred_prob : callable
            As from `lstm.build_model`.
        share : float
            Of the n-grams in the pool.
        """
        def f_pred(x, mask):
            sequences = [column[inside] for column, inside in zip(x.T, mask.T > 0)]
            likelihoods = numpy.maximum(f_pred_prob(x, mask), 1e-38)
            scores = (1 - share) * numpy.log(likelihoods) + share * self.scores(sequences)
            return scores.argmax(axis=1)

        return f_pred


def of_classes(weights):
    """The weights by each class; with two classes, the score of class 1 against 0 is halved.

    >>> of_classes(numpy.array([[3.], [-1.]])).tolist()
    [[-1.5, 1.5], [0.5, -0.5]]
    """
    if weights.shape[1] > 1:
        return weights
    return numpy.concatenate([-weights / 2, weights / 2], axis=1)
