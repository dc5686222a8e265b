"""The training reviews that the training error is measured on at each validation."""
import numpy

from lstm_sentiment.data.text_ids import take


def sample_of(part, size, seed):
    """The part itself, or `size` of its reviews if there are more; always the same ones.

    The reviews keep their order: those of similar length stay together.

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
    # A generator of its own: the order of the minibatches stays that of a run without a sample.
    order = numpy.random.RandomState(seed).permutation(len(sequences))
    places = numpy.sort(order[:size])
    return take(sequences, places), take(labels, places)
