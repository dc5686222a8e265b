r"""A linear model over n-grams, and its answers joined with those of the LSTM.

The two are trained apart, and their opinions are pooled: a class has the probability

.. math:: p(y) \propto p_{LSTM}(y)^{1-s} \, e^{s z_y}

where z is the score of the n-grams and s their share, which may be smaller for a short text
(:func:`shares`; T. Heskes, Selecting weighting factors in logarithmic opinion pools, NIPS 1997).
If they were trained together, the n-grams would fit the training texts exactly after an epoch, and
no gradient would be left for the LSTM.
"""
import numpy
from scipy import sparse

from lstm_sentiment.ngrams.features import Index, hashes, in_order_of_words

HASHES, WEIGHTS = NAMES = ('ngram_hashes', 'ngram_weights')


def shares(lengths, options):
    """The share of the n-grams in the pool, for texts of so many words.

    Parameters
    ----------
    lengths : int array, (n_samples,)
    options : dict
        ``ngram_share``, the share in a text of ``ngram_words`` words or more. In a shorter one it
        is smaller, in proportion: few n-grams know little, and order counts.

    Returns
    -------
    float64 array, (n_samples,)

    Examples
    --------
    >>> shares(numpy.array([0, 5, 20, 300]), {'ngram_share': 0.5, 'ngram_words': 20}).tolist()
    [0.0, 0.125, 0.5, 0.5]
    >>> shares(numpy.array([0, 5]), {'ngram_share': 0.5, 'ngram_words': 0}).tolist()
    [0.5, 0.5]
    """
    share, n_words = options.get('ngram_share', 0.75), options.get('ngram_words', 0)
    lengths = numpy.asarray(lengths, dtype='float64')
    return share * (numpy.minimum(lengths / n_words, 1) if n_words else numpy.ones(len(lengths)))


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
            of_each = numpy.zeros((len(values), len(self.bias)))
            of_each[rows >= 0] = self.weights[rows[rows >= 0]]
            of_each /= (n * counts[same])[:, None]
            for place in range(n):
                terms[place:place + len(values)] += of_each
        return terms

    def joined(self, f_pred_prob, options):
        """The function of x and mask that gives the likeliest class by both models.

        Parameters
        ----------
        f_pred_prob : callable
            As from `lstm.build_model`.
        options : dict
            As of :func:`shares`.
        """
        def f_pred(x, mask):
            sequences = [column[inside] for column, inside in zip(x.T, mask.T > 0)]
            likelihoods = numpy.maximum(f_pred_prob(x, mask), 1e-38)
            share = shares(mask.sum(axis=0), options)[:, None]
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
