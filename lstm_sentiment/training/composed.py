"""The composed sentences that an update has beside its reviews: the option `composed`."""
import numpy

from lstm_sentiment.errors import ConfigError
from lstm_sentiment.training.samples import sample_of_words

# What tells the seeds of composed sentences from those of word dropout.
STREAM = 1
# The class of blame and that of praise.
CLASS_NAMES = (('neg', 'pos'), ('negative', 'positive'))


class ComposedSentences(object):
    """Draws the composed sentences of each update.

    Parameters
    ----------
    data : training_data.Data
    options : dict
        ``composed``, sentences for each review, and ``seed`` are used.

    Raises
    ------
    errors.ConfigError
        If the dataset has another language, or other classes than praise and blame.
    """

    def __init__(self, data, options):
        self.share, self.seed, self.composer = options['composed'], options['seed'], None
        if not self.share:
            return
        vocabulary = data.vocabulary()
        labels = labels_of(vocabulary, self.share)
        from lstm_sentiment.text.composing import Composer  # imports the tokenizer
        self.composer = Composer(*sample_of_words(data.train, self.seed), vocabulary, labels)

    def draw(self, n_reviews, update):
        """The sentences beside so many reviews, and their labels.

        They depend on the update alone: a run that is resumed has the same, and so has each rank.

        Returns
        -------
        sequences : list of list of int
        labels : list of int
        """
        if self.composer is None:
            return [], []
        rng = numpy.random.RandomState([self.seed, update, STREAM])
        return self.composer.compose(int(round(self.share * n_reviews)), rng)


def labels_of(vocabulary, share):
    """The labels of blame and of praise, if sentences can be composed in a vocabulary."""
    if vocabulary is None:
        raise ConfigError('composed=%s: expected a dataset with a dictionary, which has the words '
                          'to compose of' % share)
    settings = vocabulary.settings
    if settings['tokenizer'] != 'moses' or settings['language'] != 'en':
        raise ConfigError('composed=%s: expected English texts and the tokenizer moses, found the '
                          'language %s and the tokenizer %s. Give --composed 0.' % (
                              share, settings['language'], settings['tokenizer']))
    found = order_of(vocabulary.classes)
    if found is None:
        raise ConfigError('composed=%s: expected the two classes neg and pos, or negative and '
                          'positive, found %s. Give --composed 0.' % (
                              share, ', '.join(vocabulary.classes)))
    return found


def order_of(classes):
    """The labels of blame and praise, or None if the names of the classes do not say so.

    >>> order_of(['neg', 'pos']), order_of(['Positive', 'Negative']), order_of(['a', 'b'])
    ((0, 1), (1, 0), None)
    """
    names = [name.lower() for name in classes]
    for pair in CLASS_NAMES:
        if sorted(names) == sorted(pair):
            return names.index(pair[0]), names.index(pair[1])
    return None
