"""Write the files of a dataset: its pickles, its dictionary."""
import hashlib
import zlib

from six.moves import cPickle as pickle

from lstm_sentiment.text.vocabulary import FIRST_WORD_ID

# Python 2 and every Python 3 can read it.
PICKLE_PROTOCOL = 2
# A larger label would fill the memory with weights.
MAX_LABEL = 9999
# Words of a text. A longer one would fill the memory with the padding of its minibatch.
MAX_LENGTH = 100000


class Gzipped:
    """Compresses what is written to a stream. Equal content gives equal files: no time is in it."""

    def __init__(self, stream):
        self.stream, self.deflate = stream, zlib.compressobj(6, zlib.DEFLATED, 31)

    def write(self, content):
        self.stream.write(self.deflate.compress(content))

    def close(self):
        self.stream.write(self.deflate.flush())


def write_content(path, stream, pieces):
    """Write pieces of bytes, compressed if the name ends in ``.gz``."""
    target = Gzipped(stream) if path.endswith('.gz') else stream
    for piece in pieces:
        target.write(piece)
    if target is not stream:
        target.close()


class Fingerprint:
    """Passes the pickles of a dataset on, as pieces, and hashes them.

    Attributes
    ----------
    whole, of_texts : str
        SHA-256 of all pickles, and of the first two, when they have passed.
    """

    def __init__(self):
        self.whole = self.of_texts = None

    def of(self, pickles):
        digest = hashlib.sha256()
        for number, pieces in enumerate(pickles):
            if number == 2:
                self.of_texts = digest.hexdigest()
            for piece in pieces:
                digest.update(piece)
                yield piece
        self.whole = digest.hexdigest()
        self.of_texts = self.of_texts or self.whole


def dictionary_pieces(words, settings):
    """Yield the two pickles of a dictionary: the ids of the words, and the text settings."""
    yield pickle.dumps(dict(zip(words, range(FIRST_WORD_ID, FIRST_WORD_ID + len(words)))),
                       PICKLE_PROTOCOL)
    yield pickle.dumps(settings, PICKLE_PROTOCOL)
