"""Options of training that fit a corpus where the tutorial's defaults do not."""
import math
from collections import OrderedDict

import numpy

from lstm_sentiment.text.vocabulary import FIRST_WORD_ID

# The defaults of `lstm.py`.
N_WORDS, VALID_PORTION, VALID_FREQ, BATCH_SIZE = 10000, 0.05, 370, 16
# An error measured on fewer validation texts than this is not meaningful.
VALID_TEXTS = 10
# The chosen maxlen keeps this share of the training texts.
KEPT_PORTION = 0.95
# Validations in an epoch of a large corpus; the tutorial's reviews have about three.
VALIDATIONS = 4


def quantile(lengths, portion):
    """The smallest length that this portion of the sorted lengths does not exceed.

    >>> quantile([1, 2, 3, 9], 0.5), quantile([1, 2, 3, 9], 0.51), quantile([1, 2, 3, 9], 1)
    (2, 3, 9)
    """
    return int(lengths[max(1, math.ceil(portion * len(lengths))) - 1])


def choices(lengths, n_words, has_valid=False, all_words=False):
    """Arguments of `lstm.train_lstm` for a corpus, where the defaults do not fit.

    Parameters
    ----------
    lengths : sequence of int
        Number of words of each training text, sorted.
    n_words : int
        Words in the dictionary.
    has_valid : bool
        Whether the dataset has a validation part of its own.
    all_words : bool
        Whether the model takes all words, however many there are.

    Returns
    -------
    OrderedDict

    Examples
    --------
    >>> list(choices(10 * [7] + 20 * [8] + 10 * [9], 90).items())
    [('maxlen', 10), ('n_words', 92), ('valid_portion', 0.25)]
    """
    lengths = numpy.asarray(lengths)
    found = OrderedDict(maxlen=quantile(lengths, KEPT_PORTION) + 1)  # len < maxlen is kept
    n_ids = n_words + FIRST_WORD_ID
    if all_words or n_ids < N_WORDS:
        found['n_words'] = n_ids
    n_kept = numpy.count_nonzero(lengths < found['maxlen'])
    if not has_valid and n_kept * VALID_PORTION < VALID_TEXTS:
        found['valid_portion'] = float('%.2g' % min(0.5, VALID_TEXTS / n_kept))
    return found


def valid_freq(n_texts, batch_size=BATCH_SIZE):
    """Updates between validations: an epoch of a small corpus, a part of that of a large one.

    >>> [valid_freq(n_texts) for n_texts in (40, 8000, 60000)]
    [-1, 370, 937]
    """
    n_updates = math.ceil(n_texts / batch_size)
    return -1 if n_updates < VALID_FREQ else max(VALID_FREQ, n_updates // VALIDATIONS)
