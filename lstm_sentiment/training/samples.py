"""Samples of a part of a dataset: always the same texts for a seed, in the order of the part."""
import numpy

from lstm_sentiment.data.text_ids import lengths_of, take

# What looks at all words together takes memory for each. Of a part with more words, it gets some
# texts.
MOST_WORDS = 10000000


def sample_of(part, size, seed):
    """The part itself, or `size` of its texts if there are more.

    Texts of similar length stay together, because the order is kept.

    Parameters
    ----------
    part : (sequences, labels)
    size : int
        All if not positive.
    seed : int

    Examples
    --------
    >>> sequences, labels = sample_of(([[2], [3], [4, 5]], [0, 1, 1]), size=2, seed=123)
    >>> len(sequences), labels == [[0, 1, 1][k - 2] for k, *_ in sequences]
    (2, True)
    """
    sequences, labels = part
    if not 0 < size < len(sequences):
        return part
    places = numpy.sort(shuffled(part, seed)[:size])
    return take(sequences, places), take(labels, places)


def sample_of_words(part, seed):
    """The part itself, or, if it has more than `MOST_WORDS` words, texts with so many at most."""
    lengths = lengths_of(part[0])
    if lengths.sum() <= MOST_WORDS:
        return part
    n_words = numpy.cumsum(lengths[shuffled(part, seed)])
    return sample_of(part, int(numpy.searchsorted(n_words, MOST_WORDS, 'right')), seed)


def shuffled(part, seed):
    # A generator of its own: the order of the minibatches stays that of a run without a sample.
    return numpy.random.RandomState(seed).permutation(len(part[0]))
