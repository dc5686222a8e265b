"""Datasets of word ids and their dictionaries: read them and check their contents.

A dataset is one file, such as ``imdb.pkl``, with two pickles in it: ``(train_x, train_y)`` and
``(test_x, test_y)``. A third may follow, which the tutorial's own reader does not see: a list of
further facts, ``[name, value]`` each. ``groups`` is a number for each training text; texts of one
group, such as the reviews of one film, have the same number. ``valid`` is a validation part,
``[valid_x, valid_y]``. With one, the test part may be empty.

A dataset may come from the network or from other people. So `safe_reading` reads the pickles
without executing anything in them, and their contents are checked before use.
"""
import array
import hashlib
import warnings

import numpy

from lstm_sentiment.command_line import command
from lstm_sentiment.data.safe_reading import open_pickles, read_pickle
from lstm_sentiment.data.splitting import blocks_of_reviews
from lstm_sentiment.errors import DataError, abridged
from lstm_sentiment.text.dataset_files import MAX_LABEL, MAX_LENGTH
from lstm_sentiment.text.vocabulary import (
    CLASSES,
    FIRST_WORD_ID,
    TEXT_SETTINGS,
    UNKNOWN_ID,
    Vocabulary,
)

# SHA-256, before compression, of the tutorial's dataset, and of the dataset that imdb_preprocess.py
# makes from the published reviews.
TUTORIAL_SHA256 = '702fe4ed75ef1b797090e7f54de064b5bb8cbf09b63ebdc24c3cf22c1f83f5a2'
OWN_SHA256 = 'de2459bb93aab521fa2f5811c720a705232c3b6febe459314ff459e8397d5f4a'
IMDB_SHA256 = {TUTORIAL_SHA256, OWN_SHA256}


class Dataset:
    """A dataset in memory, which is used as one in a file is. It has no test part.

    Parameters
    ----------
    train : tuple
        ``(sequences, labels)``: a list of non-empty lists of word ids, and a list of int.
    vocabulary : Vocabulary
    valid : tuple, optional
        The same for validation; by default a share of `train` is split off.
    name : str
        For messages, and for the options of a model.
    """

    def __init__(self, train, vocabulary, valid=None, name='texts'):
        self.train, self.vocabulary, self.valid, self.name = train, vocabulary, valid, name

    def __str__(self):
        return 'the dataset ' + self.name

    def copied(self):
        """The two parts as new lists, which `check_ids` may change; None for a part it lacks."""
        return [part and ([list(sequence) for sequence in part[0]], list(part[1]))
                for part in (self.train, self.valid)]


def read_dataset(path, digest=None, of_training=None, facts=None):
    """Read a dataset and check its structure and labels; `check_ids` checks the ids.

    Parameters
    ----------
    path : str
    digest : hashlib object, optional
        Updated with the content of the file.
    of_training : callable, optional
        Receives the sequences and labels of the training part and returns those to keep. The others
        are freed before the test part is read, which saves a third of the memory.
    facts : dict, optional
        Filled with ``is_imdb``, whether the two parts are the published reviews, and ``groups``,
        a list of int for the training texts with words, or None if the dataset names no groups; and
        ``valid``, its validation part like the others, or None.

    Returns
    -------
    train, test : tuple
        Each ``(sequences, labels)``. Reviews without ids have no mean over time; they are dropped
        with a warning.

    Raises
    ------
    DataError
        If it is not a dataset of word ids.
    """
    expected = ('two pickles, (train_x, train_y) and (test_x, test_y), each a list of lists of '
                f'word ids and a list of as many labels (int, 0 to {MAX_LABEL})')
    parts, digest = [], hashlib.sha256() if digest is None else digest
    with open_pickles(path, expected, IMDB_SHA256, digest) as stream:
        for part in ('train', 'test'):
            if not stream.peek(1):
                raise DataError(f'the file ends before the pickle of {part}')
            sequences, labels = check_part(read_pickle(stream), part)
            may_be_empty = part == 'test' and not sequences and bool(stream.peek(1))
            with_words = [] if may_be_empty else places_with_words(sequences, part, path)
            # Differs from the tutorial: reviews without words are kept there and make the cost NaN.
            parts.append(([sequences[sample] for sample in with_words],
                          [labels[sample] for sample in with_words]))
            if part == 'train':
                n_texts, kept, known = len(sequences), with_words, set(parts[0][1])
                if of_training is not None:
                    parts[0] = of_training(*parts[0])
            del sequences, labels
        train, test = parts
        check_labels('test', test[1], known)
        if facts is not None:
            own = of_two_parts(stream, digest)
            further = read_further(stream)
            groups = checked_groups(further.get('groups'), n_texts)
            facts['valid'] = checked_valid(further.get('valid'), known, path)
            if not test[0] and facts['valid'] is None:
                raise DataError('no review in test, and no validation part')
            facts['is_imdb'] = own in IMDB_SHA256
            if groups is None and own == OWN_SHA256:
                groups = blocks_of_reviews(n_texts)
            facts['groups'] = groups and [groups[sample] for sample in kept]
    return train, test


def places_with_words(sequences, part, path):
    """The places of the texts with words; a warning counts the others.

    Raises
    ------
    DataError
        If there are none.
    """
    with_words = [sample for sample, seq in enumerate(sequences) if seq]
    n_dropped = len(sequences) - len(with_words)
    if not with_words:
        raise DataError(f'no review with a word in it in {part}')
    if n_dropped:
        warnings.warn(f'{n_dropped} of the {len(sequences)} {part} reviews in {path} have '
                      'no words in them and are left out.', stacklevel=4)
    return with_words


def check_labels(part, labels, known):
    """Raise `DataError` for a label that no training text has."""
    unseen = set(labels) - known
    if unseen:
        raise DataError(f'the {part} label {min(unseen)}, which no training review has')


def checked_valid(value, known, path):
    """The validation part that a dataset brings, without texts that have no words, or None."""
    if value is None:
        return None
    sequences, labels = check_part(value, 'valid')
    check_labels('valid', labels, known)
    with_words = places_with_words(sequences, 'valid', path)
    return [sequences[sample] for sample in with_words], [labels[sample] for sample in with_words]


def of_two_parts(stream, digest):
    """The SHA-256 of what was read, which is that of the file where nothing follows."""
    if not stream.peek(1):
        return digest.hexdigest()
    return hashlib.sha256(stream.raw.getbuffer()[:stream.tell()]).hexdigest()


def read_further(stream):
    """The facts of the third pickle by name, if there is one."""
    facts = read_pickle(stream) if stream.peek(1) else []
    # No dict: beside one, the scan of `safe_reading` lets no tuple pass.
    if type(facts) is not list or not all(type(fact) is list and len(fact) == 2
                                          and type(fact[0]) is str for fact in facts):
        raise DataError('a third pickle that is no list of further facts, [name, value] each')
    return dict(facts)


def checked_groups(groups, n_texts):
    """The group of each training text, or None.

    Raises
    ------
    DataError
        If they are not a number for each text.
    """
    if groups is None:
        return None
    if type(groups) is not list or len(groups) != n_texts:
        raise DataError(f'groups that are not a list of {n_texts} numbers, one for each training '
                        'text')
    for group in groups:
        if type(group) is not int or not 0 <= group < 1 << 62:
            raise DataError(f'the group {abridged(group)}')
    return groups


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
            raise DataError(f'the label {abridged(label)} in {part}')
    return [seq if type(seq) is list else list(seq) for seq in sequences], labels


def check_ids(sequences, n_words=None, path='the dataset'):
    """Check the ids (int, 0 or more), replace those from `n_words` on by 1, return the largest.

    All ids become an array in one pass in C. Only rare ids (those to replace, and values that a
    bool could have) are then checked one by one. 7 million ids take half a second.

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
            raise DataError(wrong.format(path, abridged(found))) from error
    ids = numpy.asarray(ids)
    for sequence, place in locate(numpy.flatnonzero(ids < FIRST_WORD_ID), sequences):
        found = sequence[place]
        if type(found) is not int or found < 0:
            raise DataError(wrong.format(path, abridged(found)))
    if n_words is not None:
        for sequence, place in locate(numpy.flatnonzero(ids >= n_words), sequences):
            sequence[place] = UNKNOWN_ID
    return int(ids.max()) if len(ids) else 0


def locate(positions, sequences):
    """Yield ``(sequence, place in it)`` for positions in the concatenation of all sequences.

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
        Fingerprint of the dataset that the dictionary is used with. A dictionary that was made for
        another dataset is refused.
    largest_id : int, optional
        The largest id in that dataset. It is checked if the dictionary does not say which dataset
        it belongs to, like the tutorial's own.

    Returns
    -------
    dictionary : dict of str to int
        Words, and their ids from 2 on.
    settings : dict
        How text becomes words (``tokenizer``, ``language``, ``lowercase``, ``classes``), and the
        ``fingerprint`` of the dataset; empty if the file has none.

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


def read_vocabulary(path, fingerprint=None, largest_id=None):
    """Read a dictionary that `imdb_preprocess` or the tutorial wrote.

    If it has no text settings, like the tutorial's own, it is treated as one of the IMDB reviews.

    Parameters
    ----------
    path, fingerprint, largest_id
        As in `load_dictionary`.

    Returns
    -------
    Vocabulary

    Raises
    ------
    DataError
        If it cannot be used.
    """
    dictionary, settings = load_dictionary(path, fingerprint, largest_id)
    words = sorted(dictionary, key=dictionary.get)
    if dictionary[words[-1]] != len(words) + UNKNOWN_ID:
        raise DataError(f'{path} cannot be used. Expected {len(words)} words with the ids 2 to '
                        f'{len(words) + UNKNOWN_ID}; found ids up to {dictionary[words[-1]]}.')
    if not settings:
        settings = dict(TEXT_SETTINGS, classes=CLASSES)
    try:
        return Vocabulary(words, settings, settings.get('classes'), settings.get('fingerprint'))
    except DataError as error:
        raise DataError(f'{path} cannot be used. Found {error}. Make the dictionary again '
                        f'with {command("imdb_preprocess.py")}.') from error
