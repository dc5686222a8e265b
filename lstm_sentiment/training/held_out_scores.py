"""The linear model over n-grams for a run, with its scores of texts that it has not seen.

The LSTM is trained to correct the n-grams: their scores are added to its own in the cost. A model
knows the texts that it was fitted to by heart, and would leave the LSTM nothing to correct. So the
score of each training text is that of a model that was fitted without this text and all others of
its group (D. H. Wolpert, Stacked generalization, Neural Networks 5(2), 1992).
"""
import numpy

from lstm_sentiment.engine.names import config, theano
from lstm_sentiment.ngrams.fitting import fit, known_ngrams
from lstm_sentiment.ngrams.model import NAMES, NGrams, of_classes

FOLDS = 4


def fitted_ngrams(data, options):
    """The model over n-grams that the options want, or None.

    Parameters
    ----------
    data : training_data.Data
    options : dict
        ``ngrams``, ``ydim`` and ``seed`` are used.

    Returns
    -------
    WithHeldOut or None
    """
    if not options['ngrams']:
        return None
    print('Fitting the n-grams')
    labels = numpy.asarray(data.train[1])
    known, x = known_ngrams(data.train[0], options['ngrams'])
    print('%d n-grams have a weight' % len(known))
    folds = folds_of(data.groups or range(len(labels)), options['seed'])
    scores = held_out_scores(x, labels, options['ydim'], folds).astype(config.floatX)
    print('Error of the n-grams on training texts that they have not seen',
          (scores.argmax(axis=1) != labels).mean())
    weights = fit(x, labels, options['ydim'])
    return WithHeldOut(NGrams(dict(zip(NAMES, (known, weights))), options['ngrams']), scores)


def held_out_scores(x, labels, ydim, folds):
    """The scores of each text by a model fitted to the texts of the other folds.

    Parameters
    ----------
    x, labels, ydim
        As of `ngrams.fitting.fit`.
    folds : int array, (n_samples,)

    Returns
    -------
    float64 array, (n_samples, ydim)
    """
    scores = numpy.zeros((len(labels), ydim))
    for fold in range(FOLDS):
        outside = folds == fold
        weights = of_classes(fit(x[~outside], labels[~outside], ydim).astype('float64'))
        scores[outside] = x[outside].dot(weights[:-1]) + weights[-1]
    return scores


def folds_of(groups, seed):
    """The fold of each text, at random, int array; texts of a group have the same.

    >>> folds_of([7, 7, 5, 9, 7, 3], 1).tolist()
    [0, 0, 2, 1, 0, 3]
    """
    names, group_of = numpy.unique(groups, return_inverse=True)
    return (numpy.random.RandomState(seed).permutation(len(names)) % FOLDS)[group_of]


class WithHeldOut(object):
    """A model over n-grams, and its scores of the training texts, which it has not seen.

    Attributes
    ----------
    params : dict of arrays
        Of the model.
    scores_of_batch : shared floatX variable, (n_samples, ydim)
        The scores of the texts of a minibatch.
    """

    def __init__(self, linear, scores):
        self.params, self.joined, self.scores = linear.params, linear.joined, scores
        self.scores_of_batch = theano.shared(scores[:1], name='scores_of_batch')

    def choose(self, batch):
        """Set the scores to those of the training texts with these numbers."""
        self.scores_of_batch.set_value(self.scores[batch])
