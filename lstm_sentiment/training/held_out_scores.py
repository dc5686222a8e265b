"""The linear model over n-grams for a run, with its scores of texts that it has not seen.

The LSTM is trained to correct the n-grams: their scores are added to its own in the cost. A model
knows the texts that it was fitted to by heart, and would leave the LSTM nothing to correct. So the
score of each training text is that of a model that was fitted without this text and all others of
its group (D. H. Wolpert, Stacked generalization, Neural Networks 5(2), 1992).
"""
import numpy

from lstm_sentiment.engine.names import config, theano
from lstm_sentiment.ngrams.model import NGrams

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
    sequences, labels = data.train
    given = options['ydim'], options['ngrams']
    linear = NGrams.fitted(sequences, labels, *given)
    print('%d n-grams have a weight' % len(linear.known))
    folds = folds_of(data.groups or range(len(labels)), options['seed'])
    scores = numpy.zeros((len(labels), options['ydim']), dtype=config.floatX)
    for fold in range(FOLDS):
        inside, outside = (numpy.flatnonzero(chosen).tolist()
                           for chosen in (folds != fold, folds == fold))
        part = NGrams.fitted([sequences[k] for k in inside], [labels[k] for k in inside], *given)
        scores[outside] = part.scores([sequences[k] for k in outside])
    error = (scores.argmax(axis=1) != numpy.asarray(labels)).mean()
    print('Error of the n-grams on training texts that they have not seen', error)
    return WithHeldOut(linear, scores)


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
