"""The word ids of many texts, as lists or in a file that is read by memory map.

A part of a dataset is a list of lists, as the tutorial has it, or `TextIds`. The functions here
take either. Of labels, they take a list or an array.
"""
import collections.abc

import numpy

from lstm_sentiment.text.vocabulary import UNKNOWN_ID

# Texts whose unknown words are counted.
COUNTED_TEXTS = 100000


class TextIds(collections.abc.Sequence):
    """Word ids of texts that lie one after another; an item is the array of the ids of a text.

    No ids are copied before they are asked for.

    Parameters
    ----------
    flat : ndarray of int32
        The ids of all texts, and whatever else is in the file.
    starts, lengths : ndarray of int64, shape (n_texts,)
        Where in `flat` each text begins, and its number of words.
    n_words : int
        Ids that are not below this become 1, the unknown word; so do ids below 0.

    Examples
    --------
    >>> flat = numpy.array([0, 5, 7, 9, 3], dtype='int32')
    >>> texts = TextIds(flat, numpy.array([1, 3]), numpy.array([2, 2]), n_words=9)
    >>> [ids.tolist() for ids in texts], len(texts), texts[1].tolist()
    ([[5, 7], [1, 3]], 2, [1, 3])
    >>> texts.take([1]).lengths
    array([2])
    """

    def __init__(self, flat, starts, lengths, n_words):
        self.flat, self.starts, self.lengths, self.n_words = flat, starts, lengths, n_words

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, place):
        start = self.starts[place]
        ids = self.flat[start:start + self.lengths[place]]
        # Without a sign, ids below 0 are large numbers.
        return numpy.where(ids.view('uint32') < self.n_words, ids, UNKNOWN_ID)

    def take(self, places):
        """These texts, in the given order."""
        return TextIds(self.flat, self.starts[places], self.lengths[places], self.n_words)


def lengths_of(sequences):
    """The number of words of each text, ndarray of int64."""
    if isinstance(sequences, TextIds):
        return sequences.lengths
    return numpy.fromiter(map(len, sequences), dtype='int64', count=len(sequences))


def take(values, places):
    """The texts or labels at some places, an ndarray of int.

    >>> take(['a', 'b', 'c'], numpy.array([2, 0]))
    ['c', 'a']
    """
    if isinstance(values, TextIds):
        return values.take(places)
    if isinstance(values, numpy.ndarray):
        return values[places]
    return [values[place] for place in places.tolist()]


def labels_in(labels):
    """The set of the labels, each an int."""
    return set(numpy.unique(labels).tolist()) if isinstance(labels, numpy.ndarray) else set(labels)


def unknown_share(sequences, n_texts=COUNTED_TEXTS):
    """The share of unknown words, in `n_texts` texts at regular distances if there are more.

    >>> unknown_share([[1, 2, 1], [3]])
    0.5
    """
    step = max(1, -(-len(sequences) // n_texts))
    n_unknown = n_tokens = 0
    for place in range(0, len(sequences), step):
        sequence = sequences[place]
        n_tokens += len(sequence)
        n_unknown += (numpy.count_nonzero(sequence == UNKNOWN_ID)
                      if isinstance(sequence, numpy.ndarray) else list(sequence).count(UNKNOWN_ID))
    return n_unknown / max(n_tokens, 1)
