"""The words of a corpus as numbers in a temporary file, so that memory holds the vocabulary alone.

The texts are tokenized once. Each word gets a number when it first appears, and the numbers of all
texts are written to the file. What becomes of them (parts, counts, ids) is settled afterwards, from
the file, which is read by memory map: its pages are the system's and can be taken back.
"""
import array
import collections
import contextlib
import tempfile
import warnings

import numpy

from lstm_sentiment.errors import DataError

# Numbers that are written, and texts that are read, at a time.
BLOCK, TEXTS = 1 << 18, 10000
# The number of words that were dropped. As an index, it is that of the last element.
DROPPED = -1


class Spill:
    """The numbers of the words of tokenized texts.

    Parameters
    ----------
    folder : str
        Where the temporary file goes. It takes 4 bytes a word, and is gone at the end.
    limit : int, optional
        If there are more different words than this, the rarer half of them is dropped, again and
        again if need be; by default none.

    Attributes
    ----------
    lengths : ndarray of int64, shape (n_texts,)
        Words in each text.
    hashes : ndarray of int64, shape (n_texts,)
        Equal for equal texts; of two others, only once in 2**64.
    numbers : ndarray of int32
        Of all texts, one after another; `DROPPED` for dropped words. Read from the file.
    n_dropped : int
        How many times a word was dropped.
    n_missed : int
        Each word of the index may have occurred this many times more than its numbers say.
    """

    def __init__(self, folder, limit=None):
        self.folder, self.limit = folder, limit
        with self.naming():
            self.file = tempfile.TemporaryFile(dir=folder)
        self.index = collections.defaultdict()
        self.index.default_factory = self.index.__len__
        self.block = array.array('i')
        self.lengths, self.hashes = array.array('i'), array.array('q')
        self.counts = numpy.zeros(0, dtype='int64')
        self.n_written = self.n_dropped = self.n_missed = 0
        self.starts = self.numbers = None

    @contextlib.contextmanager
    def naming(self):
        """Turn an error of the file into one that says where it is."""
        try:
            yield
        except OSError as error:
            raise DataError(f'The temporary file of the words in {self.folder} cannot be written: '
                            f'{error.strerror or error}. It takes 4 bytes for each word of the '
                            'corpus; make room there, or name an output elsewhere.') from error

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.numbers = None
        self.file.close()

    @property
    def words(self):
        """The word of each number."""
        return list(self.index)

    def fill(self, texts):
        """Number the words of the texts, in which spaces separate them."""
        find, block = self.index.__getitem__, self.block
        for text in texts:
            words = text.split()
            self.lengths.append(len(words))
            self.hashes.append(hash(text))
            block.extend(map(find, words))
            if len(block) >= BLOCK:
                self.flush()
        self.flush()
        self.lengths = numpy.asarray(self.lengths).astype('int64')
        self.hashes = numpy.asarray(self.hashes)
        self.starts = numpy.concatenate([[0], numpy.cumsum(self.lengths)])
        self.numbers = self.mapped('r')

    def flush(self):
        """Write the numbers that wait, and drop rare words if there are too many."""
        with self.naming():
            self.file.write(self.block.tobytes())
            self.file.flush()
        self.n_written += len(self.block)
        if self.limit is not None:
            found = numpy.bincount(numpy.asarray(self.block), minlength=len(self.index))
            found[:len(self.counts)] += self.counts
            self.counts = found
        del self.block[:]
        if self.limit is not None and len(self.index) > self.limit:
            self.drop_rare()

    def drop_rare(self):
        """Keep the more frequent half of `limit` words, numbered in order of first appearance."""
        order = numpy.argsort(-self.counts, kind='stable')
        kept = numpy.sort(order[:max(1, self.limit // 2)])
        self.n_dropped += len(order) - len(kept)
        self.n_missed += int(self.counts[order[len(kept)]])
        renumbered = numpy.full(len(order) + 1, DROPPED, dtype='int32')
        renumbered[kept] = numpy.arange(len(kept))
        words = self.words
        self.index.clear()
        self.index.update((words[number], place) for place, number in enumerate(kept.tolist()))
        self.counts = self.counts[kept]
        written = self.mapped('r+')
        for start in range(0, len(written), BLOCK):
            written[start:start + BLOCK] = renumbered[written[start:start + BLOCK]]

    def mapped(self, mode):
        """The numbers in the file."""
        if not self.n_written:
            return numpy.zeros(0, dtype='int32')
        with self.naming():
            # An array of numpy.memmap takes twice as long to slice.
            return numpy.asarray(numpy.memmap(self.file, dtype='int32', mode=mode,
                                              shape=(self.n_written,)))

    def warn(self):
        """Warn if words were dropped."""
        if self.n_dropped:
            warnings.warn(f'Rare words were dropped {self.n_dropped} times, because more than '
                          f'{self.limit} different words were met. A word of the dictionary may '
                          f'have occurred {self.n_missed} times more than was counted; these are '
                          'unknown words. A larger --n-words, or none, counts all.', stacklevel=3)


class SpilledTexts:
    """Some of the texts of a `Spill`.

    Parameters
    ----------
    spill : Spill
    rows : ndarray of int
        Their places in it.
    """

    def __init__(self, spill, rows):
        self.spill, self.rows = spill, rows

    def __len__(self):
        return len(self.rows)

    @property
    def lengths(self):
        return self.spill.lengths[self.rows]

    @property
    def hashes(self):
        return self.spill.hashes[self.rows]

    def blocks(self):
        """Yield the numbers of many texts, one after another, and the length of each text."""
        numbers, starts = self.spill.numbers, self.spill.starts
        for first in range(0, len(self.rows), TEXTS):
            rows = self.rows[first:first + TEXTS]
            if rows[-1] - rows[0] == len(rows) - 1:  # sorted, so none lies between them
                found = numbers[starts[rows[0]]:starts[rows[-1] + 1]]
            else:
                found = numpy.concatenate([numbers[start:end] for start, end in zip(
                    starts[rows].tolist(), starts[rows + 1].tolist())])
            yield found, self.spill.lengths[rows]

    def counts(self):
        """How often each number occurs in these texts, ndarray of int64."""
        n_words = len(self.spill.index)
        counts = numpy.zeros(n_words, dtype='int64')
        for numbers, _ in self.blocks():
            counts += numpy.bincount(numbers + 1, minlength=n_words + 1)[1:]  # DROPPED is first
        return counts
