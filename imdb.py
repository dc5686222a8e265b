"""The movie reviews as lists of word ids: find them, load them, batch them.

The dataset is one file, ``imdb.pkl``, with two pickles in it: ``(train_x, train_y)`` and
``(test_x, test_y)``. `load_data` reads it, downloads it where it is not on the machine, and splits
off a validation part; `prepare_data` makes a minibatch of some reviews.

What is read comes from the network or from other people. So no pickle can run anything here: one
that asks for a class or a function is refused, and what it holds is checked before use.
"""

import array
import collections
import concurrent.futures
import contextlib
import gc
import gzip
import hashlib
import io
import os
import sys
import tarfile
import tempfile
import threading
import time
import warnings
import zlib

import numpy
from six.moves import cPickle as pickle

from engine import config
from errors import ConfigError, DataError, DownloadError, TutorialError

DATASET = 'imdb.pkl'
DICTIONARY = 'imdb.dict.pkl.gz'

Source = collections.namedtuple('Source', 'url sha256')

# Tried in this order; the archive, which holds the reviews as text, comes last.
TUTORIAL_SHA256 = '702fe4ed75ef1b797090e7f54de064b5bb8cbf09b63ebdc24c3cf22c1f83f5a2'
PICKLE_SOURCES = (
    Source('http://www.iro.umontreal.ca/~lisa/deep/data/imdb.pkl', TUTORIAL_SHA256),
    Source('https://s3.amazonaws.com/text-datasets/imdb.pkl', TUTORIAL_SHA256),
)
ARCHIVE_SOURCE = Source(
    'https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz',
    'c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe')
# No hash of the tutorial's dictionary is known: what it holds is checked instead.
DICTIONARY_SOURCE = Source('http://www.iro.umontreal.ca/~lisa/deep/data/imdb.dict.pkl.gz', None)

# Seconds in which a source must answer, and seconds without a byte after which a download ends.
PROBE_SECONDS = 8.
STALL_SECONDS = 8.

GZIP_MAGIC = b'\x1f\x8b'
GZIP_FORMAT = 31  # of zlib: a gzip header, and the largest window
FIRST_WORD_ID = 2
UNKNOWN_ID = 1


def prepare_data(seqs, labels, maxlen=None):
    """Make a minibatch of sequences of different lengths.

    Parameters
    ----------
    seqs : list of list of int
        Word ids of each sample.
    labels : list of int
        The label of each.
    maxlen : int, optional
        Only sequences with len < maxlen are kept.

    Returns
    -------
    x : ndarray of int64, shape (n_timesteps, n_samples)
        One column for each sample, filled up with 0, the padding.
    mask : ndarray of floatX, shape (n_timesteps, n_samples)
        1 where `x` is a word of the sample, 0 where it is padding.
    labels : list of int
        The labels of the samples kept. All three are None if no sample is left.

    Examples
    --------
    >>> x, mask, labels = prepare_data([[5, 2, 3], [4]], [1, 0])
    >>> x
    array([[5, 4],
           [2, 0],
           [3, 0]])
    >>> mask.tolist()
    [[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
    >>> prepare_data([[5, 2, 3]], [1], maxlen=3)
    (None, None, None)
    """
    if maxlen is not None:
        seqs, labels = keep_shorter(seqs, labels, maxlen)
    if len(seqs) == 0:
        return None, None, None
    lengths = [len(seq) for seq in seqs]
    x = numpy.zeros((max(lengths), len(seqs)), dtype='int64')  # (n_timesteps, n_samples)
    mask = numpy.zeros(x.shape, dtype=config.floatX)
    for sample, (seq, length) in enumerate(zip(seqs, lengths)):
        x[:length, sample] = seq
        mask[:length, sample] = 1
    return x, mask, labels


def keep_shorter(seqs, labels, maxlen):
    """Keep the sequences with len < maxlen, and their labels.

    >>> keep_shorter([[2, 3], [4], [5, 6, 7]], [1, 0, 1], maxlen=3)
    ([[2, 3], [4]], [1, 0])
    """
    kept = [sample for sample, seq in enumerate(seqs) if len(seq) < maxlen]
    return [seqs[sample] for sample in kept], [labels[sample] for sample in kept]


def sort_by_length(seqs, labels):
    """Sort by length; of equal lengths the first stays first.

    >>> sort_by_length([[2, 3], [4], [5, 6]], [1, 0, 0])
    ([[4], [2, 3], [5, 6]], [0, 1, 0])
    """
    order = sorted(range(len(seqs)), key=lambda sample: len(seqs[sample]))
    return [seqs[sample] for sample in order], [labels[sample] for sample in order]


def load_data(path=DATASET, n_words=100000, valid_portion=0.1, maxlen=None, sort_by_len=True,
              rng=None, about=None):
    """Load the reviews, and split a validation part off the training part.

    Parameters
    ----------
    path : str
        The dataset; see `find_dataset` for where it is looked for.
    n_words : int
        Words with an id of `n_words` or more become 1, the unknown word.
    valid_portion : float
        Part of the training reviews that is set aside, between 0 and 1:
        round(n * (1 - valid_portion)) of them are left.
    maxlen : int, optional
        Only reviews with len < maxlen are kept in train and valid; test is not filtered.
    sort_by_len : bool
        Whether to sort each part by length; of equal lengths the first stays first.
    rng : numpy.random.RandomState, optional
        Draws one permutation, for the split; None means a new one seeded with 123.
    about : dict, optional
        Filled with the ``path`` of the file that was read, its ``fingerprint`` (see there), and
        the ``largest_id`` in it.

    Returns
    -------
    train, valid, test : tuple
        Each is ``(sequences, labels)``: a list of lists of word ids and a list of the labels.

    Raises
    ------
    DataError
        If the file cannot be found or used, or if `maxlen` leaves no review.
    DownloadError
        If it is not on the machine and cannot be downloaded.
    ConfigError
        If an argument has a value that cannot be used.
    """
    check_options(n_words, valid_portion, maxlen)
    if rng is None:
        # Differs from the tutorial: it draws from the global generator, so that a second call
        # gives another split.
        rng = numpy.random.RandomState(123)
    path = find_dataset(path)
    with collector_paused():
        digest = hashlib.sha256()
        (train_x, train_y), (test_x, test_y) = read_dataset(path, digest)
        shortest = min(map(len, train_x))
        if maxlen is not None:
            train_x, train_y = keep_shorter(train_x, train_y, maxlen)
        largest_id = max(check_ids(part, n_words, path) for part in (train_x, test_x))
    if about is not None:
        about.update(path=path, fingerprint=digest.hexdigest(), largest_id=largest_id)
    n_samples = len(train_x)
    n_train = int(numpy.round(n_samples * (1. - valid_portion)))
    if not 0 < n_train < n_samples:
        raise DataError(
            f'{path}: with maxlen={maxlen} and valid_portion={valid_portion}, {n_train} reviews '
            f'are left to train and {n_samples - n_train} to validate; expected one or more of '
            f'each. The shortest training review has {shortest} words: use a larger maxlen than '
            'that, another valid_portion, or a larger dataset.')
    order = rng.permutation(n_samples)
    parts = [([train_x[sample] for sample in half], [train_y[sample] for sample in half])
             for half in (order[:n_train], order[n_train:])]
    parts.append((test_x, test_y))
    if sort_by_len:
        parts = [sort_by_length(*part) for part in parts]
    train, valid, test = parts
    return train, valid, test


def check_options(n_words, valid_portion, maxlen):
    """Raise `ConfigError` for values that `load_data` cannot use."""
    if n_words < 2:
        raise ConfigError(f'n_words must be 2 or more, but it is {n_words}: ids 0 and 1 are '
                          'taken, by padding and by unknown words.')
    if not 0 < valid_portion < 1:
        raise ConfigError('valid_portion must lie between 0 and 1 (0.05 sets 5 % of the training '
                          f'reviews aside), but it is {valid_portion}.')
    if maxlen is not None and maxlen < 1:
        raise ConfigError(f'maxlen must be 1 or more, or None, but it is {maxlen}.')


@contextlib.contextmanager
def collector_paused():
    """Pause the garbage collector, which would walk over millions of ids again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class PlainUnpickler(pickle.Unpickler):
    """Read pickles of plain values; one that names anything is refused."""

    def find_class(self, module, name):
        raise DataError(f'it asks for {module}.{name}, which plain data never needs')


def read_pickle(stream):
    """Read the next pickle of a stream; text that Python 2 pickled is UTF-8."""
    return PlainUnpickler(stream, encoding='utf-8', errors='surrogateescape').load()


@contextlib.contextmanager
def open_pickles(path, expected, digest=None):
    """Open a file of pickles, compressed or not.

    All that is in it updates the `digest`, if one is given. Whatever goes wrong inside the
    ``with`` becomes a `DataError` that names the file and says what was `expected`.
    """
    try:
        with open(path, 'rb') as file:
            packed = file.peek(2)[:2] == GZIP_MAGIC
            blocks = decompress(file) if packed else iter(lambda: file.read(1 << 20), b'')
            if digest is not None:
                blocks = digested(blocks, digest)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                stream = io.BufferedReader(ReadAhead(blocks, pool), 1 << 18)
                yield stream
                while stream.read(1 << 20):
                    pass  # the checksum comes last
    # A foreign or damaged pickle can raise almost anything.
    except Exception as error:
        found = f'{type(error).__name__}: {error}'
        if isinstance(error, OSError) and error.strerror:
            found = error.strerror
        elif isinstance(error, DataError):
            found = str(error)
        raise DataError(
            f'{path} cannot be used. Expected {expected}; found: {found}. If it is damaged, '
            'remove it and fetch it again; files of your own are made by imdb_preprocess.py.'
        ) from error


class ReadAhead(io.RawIOBase):
    """A stream of blocks of bytes, of which a thread always makes the next one.

    zlib and the digest work beside the unpickler: that saves a third of a second.
    """

    def __init__(self, blocks, pool):
        self.blocks, self.pool = blocks, pool
        self.rest = memoryview(b'')
        self.ahead = pool.submit(next, blocks, b'')

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self.rest:
            self.rest = memoryview(self.ahead.result())
            self.ahead = self.pool.submit(next, self.blocks, b'')
        size = min(len(buffer), len(self.rest))
        buffer[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size


def digested(blocks, digest):
    """Yield the blocks; each has updated the digest before."""
    for block in blocks:
        digest.update(block)
        yield block


def decompress(file):
    """Yield the blocks, none empty, of a gzip file of one member or several."""
    member = zlib.decompressobj(GZIP_FORMAT)
    while True:
        block = member.unused_data or file.read(1 << 20)
        if member.eof and block:
            member = zlib.decompressobj(GZIP_FORMAT)
        elif member.eof:
            return
        elif not block:
            raise EOFError('the compressed file is cut off')
        block = member.decompress(block)
        if block:
            yield block


def fingerprint(path):
    """Return the SHA-256 of a dataset before compression, in hexadecimal."""
    digest = hashlib.sha256()
    with open_pickles(path, 'a dataset of word ids', digest):
        pass
    return digest.hexdigest()


def read_dataset(path, digest=None):
    """Read a dataset and check its structure and labels; `check_ids` checks the ids.

    Returns
    -------
    train, test : tuple
        Each ``(sequences, labels)``. Reviews without any id are left out, with a warning: they
        have no mean over time. The content of the file updates the `digest`, if one is given.

    Raises
    ------
    DataError
        If it is not a dataset of word ids.
    """
    expected = ('two pickles, (train_x, train_y) and (test_x, test_y), each a list of lists of '
                'word ids and a list of as many labels (int, 0 or more)')
    parts = []
    with open_pickles(path, expected, digest) as stream:
        for part in ('train', 'test'):
            if not stream.peek(1):
                raise DataError(f'the file ends before the pickle of {part}')
            sequences, labels = check_part(read_pickle(stream), part)
            kept = [sample for sample, seq in enumerate(sequences) if seq]
            n_dropped = len(sequences) - len(kept)
            if not kept:
                raise DataError(f'no review with a word in it in {part}')
            if n_dropped:
                warnings.warn(f'{n_dropped} of the {len(sequences)} {part} reviews in {path} have '
                              'no words in them and are left out.', stacklevel=3)
            # Differs from the tutorial: they are kept there, and make the cost NaN.
            parts.append(([sequences[sample] for sample in kept],
                          [labels[sample] for sample in kept]))
        train, test = parts
        unseen = set(test[1]) - set(train[1])
        if unseen:
            raise DataError(f'the test label {min(unseen)}, which no training review has')
    return train, test


def check_part(value, part):
    """Check the structure of one part; return its sequences, as lists, and its labels."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise DataError(f'{type(value).__name__} where the pair of {part} should be')
    for values in value:
        if not isinstance(values, (tuple, list)):
            raise DataError(f'{type(values).__name__} where a list of {part} should be')
    sequences, labels = value
    if len(sequences) != len(labels):
        raise DataError(f'{len(sequences)} sequences and {len(labels)} labels in {part}')
    for sequence in sequences:
        if not isinstance(sequence, (tuple, list)):
            raise DataError(f'{type(sequence).__name__} where a review of {part} should be')
    for label in labels:
        if type(label) is not int or label < 0:
            raise DataError(f'the label {label!r:.40} in {part}')
    return [seq if type(seq) is list else list(seq) for seq in sequences], labels


def check_ids(sequences, n_words=None, path='the dataset'):
    """Check that all ids are int, 0 or more; return the largest; make those from `n_words` on 1.

    One pass in C turns all ids into an array, and what is rare (ids to cap, and the values that a
    bool could have) is then looked at one by one: 7 million ids take half a second.

    >>> sequences = [[2, 7], [9, 3]]
    >>> check_ids(sequences, n_words=7)
    9
    >>> sequences
    [[2, 1], [1, 3]]
    """
    wrong = '{} has the id {!r} in it. Expected word ids: int, 0 or more. Make the dataset again.'
    ids = array.array('q')
    for sequence in sequences:
        try:
            ids.fromlist(sequence)
        except (TypeError, OverflowError) as error:
            found = next((value for value in sequence if type(value) is not int), max)
            found = max(sequence, key=abs) if found is max else found
            raise DataError(wrong.format(path, found)) from error
    ids = numpy.asarray(ids)
    for sequence, place in locate(numpy.flatnonzero(ids < FIRST_WORD_ID), sequences):
        found = sequence[place]
        if type(found) is not int or found < 0:
            raise DataError(wrong.format(path, found))
    if n_words is not None:
        for sequence, place in locate(numpy.flatnonzero(ids >= n_words), sequences):
            sequence[place] = UNKNOWN_ID
    return int(ids.max()) if len(ids) else 0


def locate(positions, sequences):
    """Yield ``(sequence, place in it)`` of positions in all of them joined.

    >>> list(locate([1, 2], [[5, 6], [7]]))
    [([5, 6], 1), ([7], 0)]
    """
    starts = numpy.cumsum([0] + [len(seq) for seq in sequences])
    rows = numpy.searchsorted(starts, positions, side='right') - 1
    for row, place in zip(rows.tolist(), (positions - starts[rows]).tolist()):
        yield sequences[row], place


def load_dictionary(path, fingerprint=None, largest_id=None):
    """Load the dictionary of a dataset.

    Parameters
    ----------
    path : str
        The dictionary.
    fingerprint : str, optional
        That of the dataset which the dictionary is to be used with; a dictionary that was made
        for another one is refused.
    largest_id : int, optional
        The largest id in that dataset, to be checked against a dictionary that does not say
        which dataset it belongs to, as the tutorial's own.

    Returns
    -------
    dictionary : dict of str to int
        Words, and their ids from 2 on.
    settings : dict
        How text becomes words (``tokenizer``, ``language``, ``lowercase``, ``classes``), and the
        ``fingerprint`` of the dataset; empty where the file does not say.

    Raises
    ------
    DataError
        If it is not a dictionary or does not belong to the dataset.
    """
    settings = {}
    with open_pickles(path, 'a pickle of a dict of words (str) to distinct ids from 2') as stream:
        dictionary = read_pickle(stream)
        check_dictionary(dictionary)
        # Differs from the tutorial: a second pickle follows the dictionary.
        if stream.peek(1):
            settings = read_pickle(stream)
            if not isinstance(settings, dict):
                raise DataError(f'{type(settings).__name__} where a dict of text settings '
                                'should follow the words')
    made_for = settings.get('fingerprint')
    if made_for is None and largest_id is not None:
        if largest_id > max(dictionary.values()):
            raise DataError(
                f'{path} does not belong to this dataset. Expected a dictionary with ids up to '
                f'{largest_id} or more, found ids up to {max(dictionary.values())}. Use the one '
                'that came with the dataset.')
    elif None not in (made_for, fingerprint) and made_for != fingerprint:
        raise DataError(
            f'{path} does not belong to this dataset. Expected the fingerprint {fingerprint}, '
            f'found {made_for}: the same word has different ids in the two. Use the dictionary '
            'that was made with the dataset.')
    return dictionary, settings


def check_dictionary(dictionary):
    """Raise `DataError` unless it maps words to distinct ids from 2 on."""
    if not isinstance(dictionary, dict) or not dictionary:
        raise DataError(f'{type(dictionary).__name__} without words')
    if set(map(type, dictionary)) != {str}:
        raise DataError('a word that is not a str')
    ids = dictionary.values()
    if set(map(type, ids)) != {int} or min(ids) < FIRST_WORD_ID:
        raise DataError('an id that is not an int of 2 or more')
    if len(set(ids)) != len(dictionary):
        raise DataError('two words with the same id')


def find_dataset(path=DATASET, download=True):
    """Find a dataset on this machine, or download it.

    A path with a folder in it is taken as it is. A bare name is looked for in the current folder,
    in the folder that the environment variable ``IMDB_DATA_DIR`` names, and in ``data/`` beside
    the scripts (in a user cache folder where they are installed and not a checkout); at each
    place the name, then the name with ``.gz``.

    Parameters
    ----------
    path : str
        The dataset.
    download : bool
        Whether to download ``imdb.pkl``, the only name that can be, if it is nowhere.

    Returns
    -------
    str
        The path of an existing file.

    Raises
    ------
    DownloadError
        If it is nowhere and no source can be used.
    DataError
        If it is nowhere and is not to be downloaded.
    """
    path = os.fspath(path)
    candidates = [path]
    if not os.path.dirname(path):
        candidates += [os.path.join(folder, path) for folder in data_folders()]
    for candidate in candidates:
        for ending in [''] if path.endswith('.gz') else ['', '.gz']:
            if os.path.isfile(candidate + ending):
                return candidate + ending
    looked_in = ', '.join(os.path.dirname(os.path.abspath(place)) for place in candidates)
    if download and path == DATASET:
        return download_dataset(data_folders()[0], looked_in)
    raise DataError(f'There is no dataset {path}. Expected the file, or the same with .gz added, '
                    f'in {looked_in}. Put it there, or name the folder that holds it in '
                    'IMDB_DATA_DIR and give the bare name.')


def data_folders():
    """Return the folders for data; a download goes to the first."""
    folders = []
    if os.environ.get('IMDB_DATA_DIR'):
        folders.append(os.environ['IMDB_DATA_DIR'])
    scripts = os.path.dirname(os.path.abspath(__file__))
    if os.path.isfile(os.path.join(scripts, 'setup.py')):
        folders.append(os.path.join(scripts, 'data'))
    else:
        import pooch
        folders.append(str(pooch.os_cache('lstm-sentiment')))
    return folders


def download_dataset(folder, looked_in):
    """Download ``imdb.pkl`` into `folder` from the first source that works; return its path.

    All sources are asked at once whether they answer, so that the attempt soon ends where there
    is no network.

    Raises
    ------
    DownloadError
        If none works; names each, and the reason.
    """
    fetchers = [(source, fetch_pickle) for source in PICKLE_SOURCES]
    fetchers.append((ARCHIVE_SOURCE, fetch_archive))
    reasons = probe([source.url for source, _ in fetchers] + [DICTIONARY_SOURCE.url])
    for source, fetcher in fetchers:
        if reasons[source.url] is not None:
            continue
        print(f'Downloading {source.url} to {folder}', file=sys.stderr)
        try:
            os.makedirs(folder, exist_ok=True)
            return fetcher(source, folder, reasons[DICTIONARY_SOURCE.url])
        except (OSError, ValueError, EOFError, tarfile.TarError, TutorialError) as error:
            reasons[source.url] = plain_reason(error)
    tried = '\n'.join(f'  {source.url}: {reasons[source.url]}' for source, _ in fetchers)
    raise DownloadError(
        f'The IMDB reviews are not on this machine (looked for {DATASET} and {DATASET}.gz in '
        f'{looked_in}), and no source of them could be used:\n{tried}\n'
        'What you can do:\n'
        f'  - put {DATASET} or {DATASET}.gz into {folder}, or name the folder that holds it in '
        'IMDB_DATA_DIR;\n'
        '  - make it from the reviews (the folder aclImdb): python imdb_preprocess.py aclImdb;\n'
        '  - train on the dataset that this project makes itself: python lstm.py --dataset demo')


def probe(urls):
    """Ask all `urls` at once; return for each None if it answers, else the reason why not."""
    import requests
    answers = {}

    def ask(url):
        try:
            with requests.get(url, stream=True, timeout=PROBE_SECONDS) as response:
                response.raise_for_status()
            answers[url] = None
        except (OSError, ValueError) as error:
            answers[url] = plain_reason(error)

    # Looking up a name cannot be interrupted: a thread that hangs in it must not keep the program
    # from going on, or from ending.
    threads = [threading.Thread(target=ask, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PROBE_SECONDS
    for thread in threads:
        thread.join(max(0., deadline - time.monotonic()))
    return {url: answers.get(url, f'no answer within {PROBE_SECONDS:g} s') for url in urls}


def plain_reason(error):
    """Say in plain words why a source could not be used."""
    from requests import exceptions
    text = str(error)
    if isinstance(error, exceptions.HTTPError):
        return f'the server answers {error.response.status_code} {error.response.reason}'
    if isinstance(error, exceptions.ProxyError):
        return 'the proxy cannot be used'
    if isinstance(error, exceptions.SSLError):
        return 'no secure connection to it can be made'
    for sign, reason in [('timed out', f'no answer within {STALL_SECONDS:g} s'),
                         ('refused', 'the connection was refused'),
                         ('unreachable', 'the network is unreachable'),
                         ('esol', 'its name cannot be looked up'),
                         ('getaddrinfo', 'its name cannot be looked up')]:
        if isinstance(error, exceptions.RequestException) and sign in text:
            return reason
    if isinstance(error, exceptions.RequestException):
        return f'the connection failed ({type(error).__name__})'
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename or "the file"}: {error.strerror}'
    return text


def fetch(source, folder, name):
    """Download a file with pooch: it is in its place only when whole and as expected."""
    import pooch
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel('WARNING')
    try:
        return pooch.retrieve(source.url, source.sha256, fname=name, path=folder,
                              downloader=pooch.HTTPDownloader(progressbar=sys.stderr.isatty(),
                                                              chunk_size=1 << 16,
                                                              timeout=STALL_SECONDS))
    finally:
        logger.setLevel(level)


def fetch_pickle(source, folder, no_dictionary):
    """Download the tutorial's pickle, and its dictionary if that answers; return the path."""
    path = fetch(source, folder, DATASET)
    if no_dictionary is None:
        try:
            fetch_dictionary(folder, path)
        except (OSError, ValueError, TutorialError) as error:
            no_dictionary = plain_reason(error)
    if no_dictionary is not None:
        warnings.warn(f'The dictionary of the reviews, {DICTIONARY_SOURCE.url}, could not be had: '
                      f'{no_dictionary}. Training does not need it.', stacklevel=2)
    return path


def fetch_dictionary(folder, dataset):
    """Download the tutorial's dictionary, check it, and tie it to `dataset`."""
    from imdb_preprocess import PICKLE_PROTOCOL, TEXT_SETTINGS
    parts = read_dataset(dataset)
    largest_id = max(max(map(max, sequences)) for sequences, _ in parts)
    settings = dict(TEXT_SETTINGS, fingerprint=fingerprint(dataset))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = fetch(DICTIONARY_SOURCE, scratch, DICTIONARY)
        if not load_dictionary(path, settings['fingerprint'], largest_id)[1]:
            with open(path, 'ab') as file:
                file.write(gzip.compress(pickle.dumps(settings, PICKLE_PROTOCOL), mtime=0))
        os.replace(path, os.path.join(folder, DICTIONARY))


def fetch_archive(source, folder, _):
    """Download the reviews as text, and turn them into the two pickles; return the path."""
    from imdb_preprocess import preprocess, unpack_reviews
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        archive = fetch(source, scratch, 'aclImdb.tar.gz')
        unpack_reviews(archive, scratch)
        path = os.path.join(folder, DATASET)
        preprocess(os.path.join(scratch, 'aclImdb'), path, os.path.join(folder, 'imdb.dict.pkl'),
                   progress=True)
    return path
