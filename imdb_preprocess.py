"""Turn the movie reviews into lists of word ids, in the tutorial's format.

    python imdb_preprocess.py CORPUS_DIR

`CORPUS_DIR` is the folder ``aclImdb`` of the Large Movie Review Dataset: it holds ``train/pos``,
``train/neg``, ``test/pos`` and ``test/neg``, each full of ``*.txt``. Two files are written:

``imdb.pkl``
    Two pickles in one stream, ``(train_x, train_y)`` and ``(test_x, test_y)``: lists of lists of
    word ids, and lists of labels (1 for pos, 0 for neg; all of pos comes before all of neg).
``imdb.dict.pkl``
    The dictionary, word to id, and after it a second pickle in the same stream: how the text was
    turned into ids, and the fingerprint of the ``imdb.pkl`` that belongs to it.

The words are those of the Moses tokenizer for English, lower-cased. The dictionary is built from
the training reviews alone: the most frequent word has id 2, the next 3, and so on; of equally
frequent words the one that appears first goes first. Id 0 is padding, and id 1 any word that
training never had. A review without any word is left out, with a warning.
"""

import argparse
import array
import collections
import concurrent.futures
import contextlib
import functools
import gzip
import hashlib
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tarfile
import threading
import time
import warnings

import numpy
from sacremoses import MosesTokenizer
from six.moves import cPickle as pickle
from tqdm import tqdm

from errors import ConfigError, DataError, TutorialError

PARTS = ('train', 'test')
# The label of a class is its place in this tuple ...
CLASSES = ('neg', 'pos')
# ... and the folders are read in this order.
FOLDERS = ('pos', 'neg')

# How a text becomes words; saved with the dictionary.
TEXT_SETTINGS = {'tokenizer': 'moses', 'language': 'en', 'lowercase': True,
                 'classes': list(CLASSES)}

# The reviews in the archive that is published; no name leads out of a folder.
REVIEW_MEMBER = re.compile(r'aclImdb/(train|test)/(pos|neg)/([0-9]{1,9}_[0-9]{1,9}\.txt)')
# Bytes of a review, and of the whole archive, unpacked: the longest review has 14,000.
MAX_REVIEW = 1 << 20
MAX_ARCHIVE = 1 << 30

FIRST_WORD_ID = 2
UNKNOWN_ID = 1
# Python 2 could read it too, and so can every Python 3.
PICKLE_PROTOCOL = 2

# Texts travel to the tokenizing processes in chunks of this many characters,
# and a corpus of fewer chunks than POOL_CHUNKS is not worth the processes.
CHUNK_CHARACTERS = 200000
POOL_CHUNKS = 10

Summary = collections.namedtuple(
    'Summary', 'n_train n_test n_dropped n_words n_tokens fingerprint')


class ReviewTokenizer(MosesTokenizer):
    """The Moses tokenizer of sacremoses, word for word, at four times its speed.

    sacremoses builds the set of all lower-case letters anew for each full stop, and runs a regular
    expression over every word to find those that end in one. Here the sets are built once, and
    only words that do end in a full stop are given to its rules.
    """

    def __init__(self, lang='en'):
        super().__init__(lang=lang)
        self.lower_letters = frozenset(self.IsLower)
        self.letters = frozenset(self.IsAlpha)

    def islower(self, text):
        return self.lower_letters.issuperset(text)

    def isanyalpha(self, text):
        return not self.letters.isdisjoint(text)

    def handles_nonbreaking_prefixes(self, text):
        tokens = text.split()
        for position, token in enumerate(tokens):
            if token.endswith('.'):
                # The rules look at a word and at the one after it.
                pair = ' '.join(tokens[position:position + 2])
                split = token[:-1] + ' .'
                rules = super().handles_nonbreaking_prefixes
                if rules(pair).startswith(split):
                    tokens[position] = split
        return ' '.join(tokens)


@functools.lru_cache(maxsize=None)
def review_tokenizer():
    """Return the tokenizer of this process, made at the first call."""
    return ReviewTokenizer(lang='en')


def tokenize_chunk(texts):
    """Tokenize a list of texts: for each its words in lower case, separated by spaces.

    >>> tokenize_chunk(["It's dull.", "Mr. Bean isn't..."])
    ['it &apos;s dull .', 'mr. bean isn &apos;t ...']
    """
    tokenizer = review_tokenizer()
    return [tokenizer.tokenize(text, return_str=True).lower()
            for text in texts]


def split_into_chunks(texts, n_characters=None):
    """Gather texts into lists of about `n_characters` characters.

    Examples
    --------
    >>> list(split_into_chunks(['abc', 'd', 'efg', 'hi'], n_characters=4))
    [['abc', 'd'], ['efg', 'hi']]
    """
    n_characters = n_characters or CHUNK_CHARACTERS
    chunk, size = [], 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        if size >= n_characters:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def follow_parent():
    """Leave Ctrl-C to the parent process, and end when it has ended, however it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


def tokenize_in_processes(chunks, jobs):
    """Yield ``(chunk, tokenized)`` in order, tokenized by `jobs` processes.

    Only a few chunks for each process are in memory at a time.
    """
    pending = collections.deque()
    with concurrent.futures.ProcessPoolExecutor(
            jobs, initializer=follow_parent) as pool:
        try:
            for chunk in chunks:
                pending.append((chunk, pool.submit(tokenize_chunk, chunk)))
                if len(pending) > 4 * jobs:
                    oldest, future = pending.popleft()
                    yield oldest, future.result()
            while pending:
                oldest, future = pending.popleft()
                yield oldest, future.result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise DataError(
                'A tokenizing process ended before its work was done. Either memory ran out, or a '
                "script that calls preprocess() does so outside `if __name__ == '__main__':`. "
                'Mend that, or call preprocess(..., jobs=1).') from error
        finally:
            for _, future in pending:
                future.cancel()


def tokenize_texts(texts, jobs=None):
    """Tokenize texts, on all cores when there are many.

    Parameters
    ----------
    texts : iterable of str
        Read as it is needed, not all at once.
    jobs : int, optional
        Number of processes; by default one for each core.  A small corpus is
        tokenized in this process.

    Yields
    ------
    str
        For each text, in the same order, its words in lower case, separated
        by spaces.

    Raises
    ------
    DataError
        If the tokenizer returned another number of texts than it was given.
    """
    jobs = number_of_jobs(jobs)
    chunks = split_into_chunks(texts)
    head = list(itertools.islice(chunks, POOL_CHUNKS))
    chunks = itertools.chain(head, chunks)
    if jobs == 1 or len(head) < POOL_CHUNKS:
        results = ((chunk, tokenize_chunk(chunk)) for chunk in chunks)
    else:
        results = tokenize_in_processes(chunks, jobs)
    with contextlib.closing(results):
        for chunk, tokenized in results:
            if len(tokenized) != len(chunk):
                raise DataError(
                    f'The tokenizer was given {len(chunk)} texts and returned {len(tokenized)}: '
                    'the labels would no longer fit the texts. Expected as many; try another '
                    'version of sacremoses.')
            yield from tokenized


def number_of_jobs(jobs=None):
    """Return `jobs`, or the number of cores that this process may use."""
    if jobs is None:
        if hasattr(os, 'sched_getaffinity'):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if jobs < 1:
        raise ConfigError(f'jobs must be 1 or more, but it is {jobs}.')
    return jobs


def find_reviews(corpus_dir):
    """List the reviews of a corpus.

    Parameters
    ----------
    corpus_dir : str
        Folder that holds ``train/pos``, ``train/neg``, ``test/pos`` and
        ``test/neg``.

    Returns
    -------
    dict
        For ``'train'`` and ``'test'`` a list of ``(path, label)``: pos before
        neg, and in each the file names sorted as strings.

    Raises
    ------
    DataError
        If a folder is missing or has no ``*.txt``.
    """
    reviews = {part: [] for part in PARTS}
    for part, folder in itertools.product(PARTS, FOLDERS):
        path = os.path.join(corpus_dir, part, folder)
        try:
            names = os.listdir(path)
        except OSError as error:
            raise DataError(
                f'{path} cannot be read: {error.strerror}. Expected a corpus folder with '
                'train/pos, train/neg, test/pos and test/neg in it, each full of *.txt; give the '
                'folder that holds train and test (of the IMDB reviews, it is aclImdb).'
            ) from error
        names = sorted(name for name in names
                       if name.endswith('.txt') and not name.startswith('.'))
        if not names:
            raise DataError(
                f'{path} has no *.txt in it. Expected one review in each *.txt, and at least one '
                'in each class of train and test; unpack the corpus again, or put texts there.')
        label = CLASSES.index(folder)
        reviews[part] += [(os.path.join(path, name), label) for name in names]
    return reviews


def unpack_reviews(archive, folder):
    """Unpack the reviews of the published archive, and nothing else in it.

    Parameters
    ----------
    archive : str
        The file ``aclImdb_v1.tar.gz``.
    folder : str
        Where the corpus folder ``aclImdb`` is made.

    Raises
    ------
    DataError
        If it holds more than `MAX_REVIEW` bytes in one review or `MAX_ARCHIVE` in all.
    """
    for part, label in itertools.product(PARTS, FOLDERS):
        os.makedirs(os.path.join(folder, 'aclImdb', part, label))
    n_bytes = 0
    with gzip.open(archive) as stream, \
            tarfile.open(fileobj=UpTo(stream, MAX_ARCHIVE), mode='r|') as members:
        for member in members:
            match = REVIEW_MEMBER.fullmatch(member.name)
            if not match or not member.isreg():
                continue
            n_bytes += member.size
            if member.size > MAX_REVIEW or n_bytes > MAX_ARCHIVE:
                raise DataError(f'{archive} holds {member.size} bytes in {member.name}. Expected '
                                f'{MAX_REVIEW} at most, {MAX_ARCHIVE} in all: fetch it again.')
            path = os.path.join(folder, 'aclImdb', *match.groups())
            with open(path, 'wb') as file:
                shutil.copyfileobj(members.extractfile(member), file)


class UpTo:
    """A stream of bytes that has an end, whatever was compressed into it."""

    def __init__(self, stream, n_bytes):
        self.stream, self.n_bytes = stream, n_bytes

    def read(self, size):
        content = self.stream.read(size)
        self.n_bytes -= len(content)
        if self.n_bytes < 0:
            raise DataError('The archive of the reviews unpacks to more than '
                            f'{MAX_ARCHIVE} bytes. Fetch it again.')
        return content


def read_review(path):
    """Return the text of a file, which must be UTF-8.

    Raises
    ------
    DataError
        If it cannot be read or is not UTF-8; names the file and the byte.
    """
    try:
        with open(path, 'rb') as file:
            return file.read().decode('utf-8')
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}. Make it '
                        'readable, or take it out of the corpus.') from error
    except UnicodeDecodeError as error:
        raise DataError(
            f'{path} is not UTF-8: byte 0x{error.object[error.start]:02x} at '
            f'position {error.start} ({error.reason}). Convert the file to '
            'UTF-8, or take it out of the corpus.') from error


def number_words(texts):
    """Number the words of tokenized texts, from 0, in order of first appearance.

    Returns the numbers of each text's words, and the word of each number.

    >>> number_words(['b a b', 'c a'])
    ([array('i', [0, 1, 0]), array('i', [2, 1])], ['b', 'a', 'c'])
    """
    index = collections.defaultdict()
    index.default_factory = index.__len__
    numbers = [array.array('i', map(index.__getitem__, text.split()))
               for text in texts]
    return numbers, list(index)


def rank_words(counts):
    """Give ids to words: the most frequent first.

    Parameters
    ----------
    counts : array_like of int, shape (n_words,)
        How often training has each word, in order of first appearance.

    Returns
    -------
    ids : ndarray of int64, shape (n_words,)
        From 2 on; equal counts in order of first appearance.  A word with
        count 0 gets 1, the id of unknown words.
    order : ndarray of int64
        The words that have an id of their own, by their ids.

    Examples
    --------
    >>> rank_words([3, 0, 5, 3])
    (array([3, 1, 2, 4]), array([2, 0, 3]))
    """
    counts = numpy.asarray(counts)
    order = numpy.argsort(-counts, kind='stable')
    order = order[:numpy.count_nonzero(counts)]
    ids = numpy.full(len(counts), UNKNOWN_ID, dtype='int64')
    ids[order] = numpy.arange(len(order)) + FIRST_WORD_ID
    return ids, order


def build_dictionary(train, words):
    """Build the dictionary of the training texts.

    Parameters
    ----------
    train : list of array.array
        The numbers of the words of each training text (`number_words`).
    words : list of str
        The word of each number.

    Returns
    -------
    dictionary : dict of str to int
        Each word of the training texts, and its id.
    ids : list of int
        The id of each number: 1 where training never has the word.

    Examples
    --------
    >>> numbers, words = number_words(['b a b', 'c a'])
    >>> build_dictionary(numbers[:1], words)
    ({'b': 2, 'a': 3}, [2, 3, 1])
    """
    counts = numpy.zeros(len(words), dtype='int64')
    if any(train):
        counts = numpy.bincount(numpy.concatenate(train),
                                minlength=len(words))
    ids, order = rank_words(counts)
    dictionary = {words[number]: place + FIRST_WORD_ID
                  for place, number in enumerate(order.tolist())}
    return dictionary, ids.tolist()


def drop_empty(numbers, reviews):
    """Leave out the texts that have no words, with one warning.

    Returns
    -------
    numbers : list of array.array
    labels : list of int
    """
    empty = [path for (path, _), words in zip(reviews, numbers) if not words]
    kept = [(words, label) for (_, label), words in zip(reviews, numbers)
            if words]
    if empty:
        warnings.warn(
            f'{len(empty)} of {len(reviews)} texts have no words in them and '
            f'are left out; the first is {empty[0]}.', stacklevel=3)
    if not kept:
        raise DataError(
            f'None of the {len(reviews)} texts beside {empty[0]} has a word '
            'in it. Expected text in UTF-8; look at the files.')
    return [words for words, _ in kept], [label for _, label in kept]


@contextlib.contextmanager
def whole_files(*paths):
    """Open files that appear in their places only when all are whole.

    Parameters
    ----------
    *paths : str
        Where the files belong.  A name that ends in ``.gz`` is compressed.

    Yields
    ------
    callable
        ``write(*contents)``, to be called once with the bytes of each file.

    Raises
    ------
    DataError
        On entry, if one of them cannot be written.
    """
    partial = [f'{path}.{os.getpid()}.part' for path in paths]

    def write(*contents):
        for path, part, content in zip(paths, partial, contents):
            if path.endswith('.gz'):
                # Without a time in it, equal content gives equal files.
                content = gzip.compress(content, 6, mtime=0)
            with writing(path), open(part, 'wb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, part in zip(paths, partial):
            with writing(path):
                os.replace(part, path)

    try:
        for path, part in zip(paths, partial):
            with writing(path), open(part, 'wb'):
                if os.path.isdir(path):
                    raise OSError(None, 'it is a folder')
        yield write
    finally:
        for part in partial:
            with contextlib.suppress(OSError):
                os.remove(part)


@contextlib.contextmanager
def writing(path):
    """Turn the failure to write `path` into a `DataError`."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f'{path} cannot be written: {error.strerror}. Name a file in an existing folder in '
            'which you may write (the options --output and --dictionary).') from error


def preprocess(corpus_dir, output='imdb.pkl', dictionary='imdb.dict.pkl',
               jobs=None, progress=False):
    """Turn a folder of reviews into the pickles that `imdb.load_data` reads.

    Parameters
    ----------
    corpus_dir : str
        Folder with ``train/pos``, ``train/neg``, ``test/pos``, ``test/neg``.
    output, dictionary : str
        The two files to write (see above); each is compressed if its name
        ends in ``.gz``.
    jobs : int, optional
        Number of processes; by default one for each core.
    progress : bool
        Whether to show a progress bar, if standard error is a terminal.

    Returns
    -------
    Summary
        ``n_train`` and ``n_test`` reviews kept, ``n_dropped`` left out for
        having no words, ``n_words`` in the dictionary, ``n_tokens`` in the
        training reviews, and the ``fingerprint`` of the dataset: the SHA-256
        of `output` before compression.

    Raises
    ------
    DataError
        If the corpus cannot be used or a file cannot be written; then neither
        file has been touched.
    """
    output, dictionary = os.fspath(output), os.fspath(dictionary)
    if os.path.abspath(output) == os.path.abspath(dictionary):
        raise ConfigError(f'The word ids and the dictionary cannot both be '
                          f'written to {output}; give two names.')
    reviews = find_reviews(corpus_dir)
    train, test = reviews['train'], reviews['test']
    with whole_files(output, dictionary) as write:
        texts = tokenize_texts((read_review(path) for path, _ in train + test),
                               jobs)
        if progress and sys.stderr.isatty():
            texts = tqdm(texts, total=len(train + test), unit='review',
                         desc='Tokenizing')
        numbers, words = number_words(texts)
        train_x, train_y = drop_empty(numbers[:len(train)], train)
        test_x, test_y = drop_empty(numbers[len(train):], test)
        word_ids, id_of = build_dictionary(train_x, words)
        n_tokens = sum(map(len, train_x))
        content = b''.join(
            pickle.dumps(([list(map(id_of.__getitem__, x)) for x in part_x],
                          part_y), PICKLE_PROTOCOL)
            for part_x, part_y in [(train_x, train_y), (test_x, test_y)])
        fingerprint = hashlib.sha256(content).hexdigest()
        settings = dict(TEXT_SETTINGS, fingerprint=fingerprint)
        write(content, pickle.dumps(word_ids, PICKLE_PROTOCOL)
              + pickle.dumps(settings, PICKLE_PROTOCOL))
    n_dropped = len(train + test) - len(train_x) - len(test_x)
    return Summary(len(train_x), len(test_x), n_dropped, len(word_ids),
                   n_tokens, fingerprint)


def make_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description='Turn the movie reviews of aclImdb into lists of word '
                    'ids, and their dictionary.')
    parser.add_argument(
        'corpus_dir', metavar='CORPUS_DIR',
        help='folder that holds train/pos, train/neg, test/pos and test/neg')
    parser.add_argument(
        '--output', default='imdb.pkl', metavar='FILE',
        help='where the word ids go; compressed if the name ends in .gz '
             '(default: %(default)s)')
    parser.add_argument(
        '--dictionary', default='imdb.dict.pkl', metavar='FILE',
        help='where the dictionary goes; compressed if the name ends in .gz '
             '(default: %(default)s)')
    return parser


def main(argv=None):
    """Run the command line; return the exit status."""
    options = make_parser().parse_args(argv)
    started = time.time()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = (
                lambda message, *_, **__: print(f'warning: {message}',
                                                file=sys.stderr))
            summary = preprocess(options.corpus_dir, options.output,
                                 options.dictionary, progress=True)
    except TutorialError as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('Interrupted; no file was written.', file=sys.stderr)
        return 130
    print(f'{summary.n_train} train and {summary.n_test} test reviews, '
          f'{summary.n_words} words, {summary.n_tokens} training tokens')
    print(f'{options.output} and {options.dictionary} written in '
          f'{time.time() - started:.1f} s')
    return 0


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does
    sys.exit(main())
