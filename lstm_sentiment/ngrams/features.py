"""The n-grams of texts: all sequences of one to a few neighbouring words, as numbers.

The number of an n-gram is a hash of 32 bits of its word ids. Of five million n-grams, as the
reviews have them, one in a thousand shares its number with another.
"""
import numpy

MULTIPLIER = numpy.uint32(0x9E3779B1)  # 2³² over the golden ratio, odd
SHIFT = numpy.uint32(15)


def hashes(words, longest):
    """The hash of each n-gram of a text.

    Parameters
    ----------
    words : int array, (n_words,)
        Word ids.
    longest : int
        Words of the longest n-grams.

    Returns
    -------
    list of uint32 arrays
        Of the n-grams of 1, 2, ... words, the k-th of which begins at word k.

    Examples
    --------
    >>> [len(found) for found in hashes(numpy.array([5, 2, 5]), 4)]
    [3, 2, 1, 0]
    >>> one, two = hashes(numpy.array([5, 2, 5, 2]), 2)
    >>> bool(one[0] == one[2]), bool(two[0] == two[2]), bool(two[0] == two[1])
    (True, True, False)
    """
    words = numpy.asarray(words, dtype='uint32')
    found, value = [], numpy.zeros(len(words), dtype='uint32')
    for n in range(longest):
        n_grams = max(0, len(words) - n)
        value = (value[:n_grams] ^ words[n:]) * MULTIPLIER
        value ^= value >> SHIFT
        # One that goes on must not begin like a shorter one that ends here.
        value += numpy.uint32(n + 1)
        found.append(value)
    return found


def distinct(sequences, longest):
    """The distinct n-grams of each text.

    Parameters
    ----------
    sequences : list of sequences of int
    longest : int

    Returns
    -------
    samples : int64 array, (n_pairs,)
        The text of each pair, ascending.
    values : uint32 array, (n_pairs,)
        The hash of an n-gram in it; each once for each text.
    """
    lengths = numpy.array([len(sequence) for sequence in sequences], dtype='int64')
    words = numpy.concatenate([numpy.asarray(sequence, dtype='uint32') for sequence in sequences])
    of_word = numpy.repeat(numpy.arange(len(lengths)), lengths).astype('uint64')
    pairs = []
    for n, value in enumerate(hashes(words, longest)):
        # An n-gram of all texts in a row may begin in one text and end in the next.
        inside = of_word[:len(value)] == of_word[n:]
        pairs.append(of_word[:len(value)][inside] << numpy.uint64(32) | value[inside])
    pairs = numpy.unique(numpy.concatenate(pairs))
    return ((pairs >> numpy.uint64(32)).astype('int64'),
            (pairs & numpy.uint64(0xFFFFFFFF)).astype('uint32'))


def places(values, known):
    """Where each value is in the sorted array `known`, and whether it is there at all."""
    if not len(known):
        return numpy.zeros(len(values), dtype='int64'), numpy.zeros(len(values), dtype=bool)
    found = numpy.minimum(numpy.searchsorted(known, values), len(known) - 1)
    return found, known[found] == values
