"""The weights of the classes in the cost."""
import math

import numpy

from lstm_sentiment.errors import ConfigError

BALANCED = 'balanced'
# Weights are not so far apart that float32 loses them.
LEAST = 1e-6


def class_weights(text, labels, ydim, vocabulary):
    """The weight of each class, as a list of ydim floats above 0.

    Parameters
    ----------
    text : str
        ``balanced``: n_samples / (n_classes * n_samples of the class), so that each class has the
        same sum, and the mean weight of a training sample is 1. Or ``neg=1,pos=5``, by names, or by
        labels where the dataset has no names; classes that are not named have the weight 1.
    labels : sequence of int
        Of the training samples.
    ydim : int
    vocabulary : callable
        Gives the vocabulary of the dataset, or None; names need it.

    Raises
    ------
    ConfigError
        If a class or a weight cannot be used.

    Examples
    --------
    >>> class_weights('balanced', [0, 1, 1, 1], 2, None)
    [2.0, 0.6666666666666666]
    >>> class_weights('1=5', [0, 1], 2, lambda: None)
    [1.0, 5.0]
    """
    if text == BALANCED:
        counts = numpy.bincount(numpy.asarray(labels, dtype='int64'), minlength=ydim)
        n_classes = int(numpy.count_nonzero(counts))
        return [len(labels) / (n_classes * float(count)) if count else 1. for count in counts]
    found = vocabulary()
    names = found.classes if found is not None else map(str, range(ydim))
    place = {name: label for label, name in enumerate(names)}
    weights = [1.] * ydim
    for pair in text.split(','):
        # The name of a class may have the sign in it; its weight has none.
        name, _, weight = pair.rpartition('=')
        name = name.strip()
        if name not in place:
            raise ConfigError('class_weight=%r: %r is no class. Expected %s, or weights such as '
                              '%s=5, of %s' % (text, name or pair, BALANCED, list(place)[-1],
                                               ', '.join(place)))
        weights[place[name]] = checked_weight(weight, text)
    return weights


def checked_weight(weight, text):
    try:
        value = float(weight)
    except ValueError:
        value = math.nan
    if not LEAST <= value <= 1 / LEAST:
        raise ConfigError('class_weight=%r: the weight %r: expected a number from %g to %g'
                          % (text, weight, LEAST, 1 / LEAST))
    return value
