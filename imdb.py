"""The movie reviews as lists of word ids: find them, load them, batch them.

The dataset is one file, ``imdb.pkl``, with two pickles in it: ``(train_x, train_y)`` and
``(test_x, test_y)``. `load_data` reads it, downloads it where it is not on the machine, and splits
off a validation part; `prepare_data` makes a minibatch of some reviews.

What is read comes from the network or from other people. So pickles are read by `untrusted`, which
lets none of them run anything, and what they hold is checked before use.
"""

import array
import contextlib
import gc
import hashlib
import os
import warnings

import numpy

from lstm_sentiment.data.safe_reading import fingerprint, open_pickles, read_pickle, shown
from lstm_sentiment.engine.names import config
from lstm_sentiment.errors import ConfigError, DataError

__all__ = ['drop_words', 'find_dataset', 'fingerprint', 'load_data', 'load_dictionary',
           'prepare_data', 'read_dataset']

DATASET = 'imdb.pkl'

# SHA-256, before compression, of the tutorial's dataset, and of what imdb_preprocess.py makes of
# the reviews as they are published.
TUTORIAL_SHA256 = '702fe4ed75ef1b797090e7f54de064b5bb8cbf09b63ebdc24c3cf22c1f83f5a2'
OWN_SHA256 = 'de2459bb93aab521fa2f5811c720a705232c3b6febe459314ff459e8397d5f4a'

# Bounds of what is sensible: more would fill the memory with padding, or with weights.
MAX_LABEL = 9999
MAX_LENGTH = 100000
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


def drop_words(seqs, share, rng):
    """Leave words out at random: word dropout (Iyyer et al., ACL 2015).

    Parameters
    ----------
    seqs : list of list of int
        Word ids of each sample.
    share : float
        Probability with which each word is left out, 0 to 1.
    rng : numpy.random.RandomState

    Returns
    -------
    list of int64 array
        What is left of each, in its order; the first word of one of which nothing would be left.

    Examples
    --------
    >>> rng = numpy.random.RandomState(2)
    >>> [kept.tolist() for kept in drop_words([[5, 2, 3, 7], [4]], 0.5, rng)]
    [[3], [4]]
    """
    kept = []
    for seq in seqs:
        words = numpy.asarray(seq, dtype='int64')
        remain = words[rng.random_sample(len(words)) >= share]
        kept.append(remain if len(remain) else words[:1])
    return kept


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
        Filled with the ``path`` of the file that was read, its ``fingerprint`` (see there), the
        ``largest_id`` in what is kept of it, ``n_training`` reviews in it, and ``n_too_long`` of
        them dropped.

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
    lengths = []

    def shorter(sequences, labels):
        lengths[:] = map(len, sequences)
        return (sequences, labels) if maxlen is None else keep_shorter(sequences, labels, maxlen)

    with collector_paused():
        digest = hashlib.sha256()
        (train_x, train_y), (test_x, test_y) = read_dataset(path, digest, shorter)
        largest_id = max(check_ids(part, n_words, path) for part in (train_x, test_x))
    if about is not None:
        about.update(path=path, fingerprint=digest.hexdigest(), largest_id=largest_id,
                     n_training=len(lengths), n_too_long=len(lengths) - len(train_x))
    n_samples = len(train_x)
    n_train = int(numpy.round(n_samples * (1. - valid_portion)))
    if not 0 < n_train < n_samples:
        raise DataError(
            f'{path}: with maxlen={maxlen} and valid_portion={valid_portion}, {n_train} reviews '
            f'are left to train and {n_samples - n_train} to validate; expected one or more of '
            f'each. The shortest training review has {min(lengths)} words: use a larger maxlen '
            'than that, another valid_portion, or a larger dataset.')
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


def read_dataset(path, digest=None, of_training=None):
    """Read a dataset and check its structure and labels; `check_ids` checks the ids.

    Parameters
    ----------
    path : str
    digest : hashlib object, optional
        Updated by the content of the file.
    of_training : callable, optional
        Given sequences and labels of the training part, it returns those to keep. What it leaves
        out is freed before the test part is read: that saves a third of the memory.

    Returns
    -------
    train, test : tuple
        Each ``(sequences, labels)``. Reviews without any id are left out, with a warning: they
        have no mean over time.

    Raises
    ------
    DataError
        If it is not a dataset of word ids.
    """
    expected = ('two pickles, (train_x, train_y) and (test_x, test_y), each a list of lists of '
                f'word ids and a list of as many labels (int, 0 to {MAX_LABEL})')
    parts = []
    with open_pickles(path, expected, {TUTORIAL_SHA256, OWN_SHA256}, digest) as stream:
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
            if part == 'train':
                known = set(parts[0][1])
                if of_training is not None:
                    parts[0] = of_training(*parts[0])
            del sequences, labels
        train, test = parts
        unseen = set(test[1]) - known
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
        if len(sequence) > MAX_LENGTH:
            raise DataError(f'a review of {len(sequence)} words in {part}; {MAX_LENGTH} at most '
                            'can be used')
    for label in labels:
        if type(label) is not int or not 0 <= label <= MAX_LABEL:
            raise DataError(f'the label {shown(label)} in {part}')
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
    wrong = '{} has the id {} in it. Expected word ids: int, 0 or more. Make the dataset again.'
    ids = array.array('q')
    for sequence in sequences:
        try:
            ids.fromlist(sequence)
        except (TypeError, OverflowError) as error:
            found = next((value for value in sequence if type(value) is not int), max)
            found = max(sequence, key=abs) if found is max else found
            raise DataError(wrong.format(path, shown(found))) from error
    ids = numpy.asarray(ids)
    for sequence, place in locate(numpy.flatnonzero(ids < FIRST_WORD_ID), sequences):
        found = sequence[place]
        if type(found) is not int or found < 0:
            raise DataError(wrong.format(path, shown(found)))
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
        from lstm_sentiment.data.downloads import (
            download_dataset,  # it needs this room, and requests
        )
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
