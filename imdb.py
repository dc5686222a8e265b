"""The film reviews as lists of word ids: find, load and batch them.

The dataset is one file, ``imdb.pkl``, with two pickles in it: ``(train_x, train_y)`` and
``(test_x, test_y)``; or an Arrow file, whose ids stay on disk until they are needed. `load_data`
downloads it if it is not on the machine, reads it, and splits off a validation part. `prepare_data`
makes a minibatch of reviews.
"""
import contextlib
import gc
import hashlib
import os
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

import numpy

from lstm_sentiment.data import finding
from lstm_sentiment.data.arrow_datasets import ArrowDataset
from lstm_sentiment.data.datasets import Dataset, check_ids, read_dataset
from lstm_sentiment.data.splitting import group_split, random_split, stratified_split
from lstm_sentiment.data.text_ids import lengths_of, take
from lstm_sentiment.engine.names import config
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.hints import Numbers, Part, Path, Rng, Sequences
from lstm_sentiment.text.arrow_files import is_arrow

# x, mask and labels, or None three times.
Minibatch = Tuple[Any, Any, Any]
# Train and test, the lengths of all training sequences, and further facts.
Read = Tuple[Part, Part, numpy.ndarray, Dict[str, Any]]


def prepare_data(seqs: Sequences, labels: Numbers,
                 maxlen: Optional[int] = None) -> Minibatch:
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
        One column for each sample, padded with 0.
    mask : ndarray of floatX, shape (n_timesteps, n_samples)
        1 where `x` is a word of the sample, 0 where it is padding.
    labels : list of int
        The labels of these samples. All three are None if no sample is left.

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


def keep_shorter(seqs: Sequences, labels: Numbers, maxlen: int) -> Part:
    """Keep the sequences with len < maxlen, and their labels.

    >>> keep_shorter([[2, 3], [4], [5, 6, 7]], [1, 0, 1], maxlen=3)
    ([[2, 3], [4]], [1, 0])
    """
    short = numpy.flatnonzero(lengths_of(seqs) < maxlen)
    return take(seqs, short), take(labels, short)


def sort_by_length(seqs: Sequences, labels: Numbers) -> Part:
    """Sort by length; samples of equal length keep their order.

    >>> sort_by_length([[2, 3], [4], [5, 6]], [1, 0, 0])
    ([[4], [2, 3], [5, 6]], [0, 1, 0])
    """
    order = numpy.argsort(lengths_of(seqs), kind='stable')
    return take(seqs, order), take(labels, order)


def load_data(path: Union[Path, Dataset] = 'imdb.pkl', n_words: int = 100000,
              valid_portion: float = 0.1, maxlen: Optional[int] = None, sort_by_len: bool = True,
              rng: Rng = None, about: Optional[Dict[str, Any]] = None,
              valid_split: str = 'random') -> Tuple[Part, Part, Part]:
    """Load the reviews, and split a validation part off the training part.

    Parameters
    ----------
    path : str or Dataset
        The dataset; `find_dataset` says where it is searched.
    n_words : int
        Words with an id of `n_words` or more become 1, the unknown word.
    valid_portion : float
        Share of the training reviews used for validation, between 0 and 1; round(n * (1 -
        valid_portion)) of them are left for training. Of the tutorial's own reviews and of
        ``demo`` they are drawn from all; of other datasets from each class its share (see
        `splitting.stratified_split`). A dataset with a validation part of its own is not split.
    maxlen : int, optional
        Only reviews with len < maxlen are kept in train and valid; test is not filtered.
    sort_by_len : bool
        Whether to sort each part by length; reviews of equal length keep their order.
    rng : numpy.random.RandomState, optional
        Draws one permutation, for the split; by default a new one seeded with 123.
    about : dict, optional
        Filled with the ``path`` of the file that was read, its ``fingerprint`` (see there), the
        ``largest_id`` in what is kept of it, ``n_training`` reviews in it, ``n_too_long`` of
        them dropped, whether the split is ``stratified``, whether the dataset ``has_valid``, a
        validation part of its own, and for a split by groups ``n_groups``, how many of them are in
        train and in valid. Of an Arrow file and of a `Dataset` also the ``vocabulary``.
    valid_split : str
        random, or group: then all texts of a group, such as the reviews of one film, are in the
        same part (see `splitting.group_split`). The groups come with the dataset.

    Returns
    -------
    train, valid, test : tuple
        Each is ``(sequences, labels)``: a list of lists of word ids and a list of the labels; of
        an Arrow file, `text_ids.TextIds` and an array.

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
        # Differs from the tutorial: its global generator gives another split at a second call.
        rng = numpy.random.RandomState(123)
    is_demo = os.fspath(finding.name_of(path)) == finding.DEMO
    path = finding.find_dataset(path)
    read: Any
    if isinstance(path, Dataset):
        read = read_memory
    else:
        read = read_arrow if is_arrow(path) else read_pickles
    (train_x, train_y), (test_x, test_y), lengths, facts = read(path, n_words, maxlen)
    own_valid: Part = facts['valid'] or ([], [])
    has_valid = facts['valid'] is not None
    by_group = valid_split == 'group' and not has_valid
    stratified = not (is_demo or facts['is_imdb'] or by_group or has_valid)
    if about is not None:
        about.update(facts['about'], path=path,
                     n_training=len(lengths), n_too_long=len(lengths) - len(train_x),
                     stratified=stratified, has_valid=has_valid)
    n_samples = len(train_x)
    n_valid = n_samples - int(numpy.round(n_samples * (1. - valid_portion)))
    order = rng.permutation(n_samples)
    # Differs from the tutorial: a corpus that is not its own is split class by class.
    if has_valid:
        halves = order, order[:0]
    elif by_group:
        groups = groups_of(facts['groups'], lengths, maxlen, path)
        halves = group_split(order, n_valid, train_y, groups)
        if about is not None:
            about['n_groups'] = [len({groups[sample] for sample in half}) for half in halves]
    else:
        halves = (stratified_split(order, n_valid, train_y) if stratified
                  else random_split(order, n_valid))
    parts = [(take(train_x, half), take(train_y, half)) for half in halves]
    if has_valid:
        parts[1] = own_valid if maxlen is None else keep_shorter(*own_valid, maxlen=maxlen)
    if not all(len(sequences) for sequences, _ in parts):
        raise DataError(
            f'{path}: with maxlen={maxlen} and valid_portion={valid_portion}, {len(parts[0][0])} '
            f'reviews are left to train and {len(parts[1][0])} to validate; expected one or more '
            f'of each. The shortest training review has {lengths.min()} words: use a larger maxlen '
            'than that, another valid_portion, or a larger dataset.')
    parts.append((test_x, test_y))
    if sort_by_len:
        parts = [sort_by_length(*part) for part in parts]
    train, valid, test = parts
    return train, valid, test


def read_pickles(path: str, n_words: int, maxlen: Optional[int]) -> Read:
    """Read and check the pickles of a dataset.

    Returns
    -------
    train, test : tuple
        Each ``(sequences, labels)``; only training sequences with len < maxlen.
    lengths : ndarray of int64
        Of all training sequences.
    facts : dict
        ``is_imdb``, ``groups`` and ``valid``, as by `datasets.read_dataset`; and ``about``, with
        the ``fingerprint`` and the ``largest_id``.
    """
    lengths: List[numpy.ndarray] = []
    facts: Dict[str, Any] = {}

    def shorter(sequences: Sequences, labels: Numbers) -> Part:
        lengths.append(lengths_of(sequences))
        return (sequences, labels) if maxlen is None else keep_shorter(sequences, labels, maxlen)

    with collector_paused():
        digest = hashlib.sha256()
        train, test = read_dataset(path, digest, shorter, facts)
        largest_id = max(check_ids(sequences, n_words, path)
                         for sequences, _ in (train, test, facts['valid'] or ([], [])))
    facts['about'] = {'fingerprint': digest.hexdigest(), 'largest_id': largest_id}
    return train, test, lengths[0], facts


def read_arrow(path: str, n_words: int, maxlen: Optional[int]) -> Read:
    """The same of an Arrow file; ``about`` has the ``vocabulary`` too."""
    found = ArrowDataset(path, n_words)
    train, test = found.parts['train'], found.parts['test']
    facts = {'valid': found.parts.get('valid'), 'is_imdb': found.is_imdb, 'groups': found.groups,
             'about': {'fingerprint': found.about['fingerprint'], 'vocabulary': found.vocabulary,
                       'largest_id': found.about['largest_id']}}
    lengths = train[0].lengths
    if maxlen is not None:
        train = keep_shorter(train[0], train[1], maxlen)
    return train, test, lengths, facts


def read_memory(dataset: Dataset, n_words: int, maxlen: Optional[int]) -> Read:
    """The same of a dataset in memory, which has no test part."""
    train, valid = dataset.copied()
    largest_id = max(check_ids(sequences, n_words, dataset)
                     for sequences, _ in (train, valid or ([], [])))
    facts = {'valid': valid, 'is_imdb': False, 'groups': None,
             'about': {'fingerprint': dataset.vocabulary.fingerprint, 'largest_id': largest_id,
                       'vocabulary': dataset.vocabulary}}
    lengths = lengths_of(train[0])
    if maxlen is not None:
        train = keep_shorter(train[0], train[1], maxlen)
    return train, ([], []), lengths, facts


def groups_of(groups: Optional[Numbers], lengths: numpy.ndarray, maxlen: Optional[int],
              path: Union[Path, Dataset]) -> List[int]:
    """The groups of the training reviews with len < maxlen."""
    if groups is None:
        raise DataError(f'{path} does not say which texts belong together, so valid_split=group '
                        'cannot be used. Expected groups in the dataset; split at random, or make '
                        'the dataset again with groups.')
    return [group for group, length in zip(groups, lengths) if maxlen is None or length < maxlen]


def check_options(n_words: int, valid_portion: float, maxlen: Optional[int]) -> None:
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
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector, which would visit millions of ids repeatedly."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
