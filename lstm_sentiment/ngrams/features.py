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


def in_order_of_words(sequences, longest):
    """The n-grams of texts, of one length after the other.

    Parameters
    ----------
    sequences : list of sequences of int
    longest : int

    Yields
    ------
    samples : int64 array, (n_ngrams,)
        The text of each n-gram, ascending.
    values : uint32 array, (n_ngrams,)
        Its hash.
    """
    lengths = numpy.array([len(sequence) for sequence in sequences], dtype='int64')
    words = numpy.concatenate([numpy.asarray(sequence, dtype='uint32') for sequence in sequences])
    of_word = numpy.repeat(numpy.arange(len(lengths)), lengths)
    for n, value in enumerate(hashes(words, longest)):
        # An n-gram of all texts in a row may begin in one text and end in the next.
        inside = of_word[:len(value)] == of_word[n:]
        yield of_word[:len(value)][inside], value[inside]


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
    pairs = [samples.astype('uint64') << numpy.uint64(32) | values
             for samples, values in in_order_of_words(sequences, longest)]
    pairs = numpy.unique(numpy.concatenate(pairs))
    return ((pairs >> numpy.uint64(32)).astype('int64'),
            (pairs & numpy.uint64(0xFFFFFFFF)).astype('uint32'))


class Index(object):
    """Finds hashes among those that are known, several times as fast as a binary search.

    Hashes are spread evenly. So their first bits say, nearly, where one is in an ascending array.

    Parameters
    ----------
    known : uint32 array, (n_known,)
        Ascending.
    """

    def __init__(self, known):
        self.known, n_bits = known, min(20, len(known).bit_length())
        self.shift = numpy.uint32(32 - n_bits) if n_bits else numpy.uint32(31)
        counts = numpy.bincount(known >> self.shift, minlength=(0xFFFFFFFF >> int(self.shift)) + 1)
        self.starts = numpy.concatenate([[0], numpy.cumsum(counts)]).astype('int64')

    def rows(self, values):
        """Where each of some hashes is in `known`, int64; -1 for one that is not there.

        >>> Index(numpy.array([3, 70000, 4000000000], 'uint32')).rows(
        ...     numpy.array([70000, 5, 4000000000], 'uint32')).tolist()
        [1, -1, 2]
        """
        first = (values >> self.shift).astype('int64')
        row, stop = self.starts[first], self.starts[first + 1]
        found, left = numpy.full(len(values), -1), numpy.flatnonzero(row < stop)
        row, stop, values = row[left], stop[left], values[left]
        while len(left):
            is_found = self.known[row] == values
            found[left[is_found]] = row[is_found]
            row = row + 1
            goes_on = ~is_found & (row < stop)
            left, row, stop, values = (array[goes_on] for array in (left, row, stop, values))
        return found
