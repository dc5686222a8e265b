"""The parts of a corpus: which text is in which, and what makes a part useless.

The texts are recorded while they are read, and each is assigned to training, test or validation
afterwards.
"""
import array
import collections
import re
import warnings

import numpy

from lstm_sentiment.errors import DataError, printable
from lstm_sentiment.text.corpora import ALL_PARTS
from lstm_sentiment.text.dataset_files import MAX_LABEL, MAX_LENGTH
from lstm_sentiment.text.labels import in_order, join_spellings
from lstm_sentiment.text.spill import SpilledTexts

# Others, such as <user> in posts, are words.
HTML_TAG = re.compile('</?(?:a|b|blockquote|body|br|div|em|font|h[1-6]|html|i|img|li|ol|p|pre|'
                      'script|span|strong|style|table|t[adhr]|u|ul)(?:[ /][^<>]{0,300})?>',
                      re.IGNORECASE)
TOO_SMALL = ('The corpus is too small to train on: no class has two training texts, one of them to '
             'validate. Expected three texts or more of a class, one of them to test. Add texts.')


class TextRecords:
    """Label, part and source of each text of a corpus, recorded while the texts are read.

    Attributes
    ----------
    classes : list of str
        Names, in order of first appearance.
    labels, parts, groups : array.array of int
        Of each text the place of its class in `classes`, of its part in `ALL_PARTS` (or -1), and
        the number of its group (or -1).
    n_empty : int
        Texts without words.
    first_empty : str or None
        Where the first of these is from.
    n_tagged : int
        Texts with tags of HTML in them.
    tag : str or None
        One of these.
    """

    def __init__(self, rows):
        self.rows, self.waiting = rows, collections.deque()
        self.index = collections.defaultdict()
        self.index.default_factory = self.index.__len__
        self.group_index = collections.defaultdict()
        self.group_index.default_factory = self.group_index.__len__
        self.labels, self.parts, self.groups = (array.array('i') for _ in range(3))
        self.n_empty, self.first_empty = 0, None
        self.n_tagged, self.tag = 0, None

    @property
    def classes(self):
        return list(self.index)

    def texts(self):
        """Yield the texts, to be tokenized."""
        for row in self.rows:
            self.labels.append(self.index[row.label])
            self.parts.append(ALL_PARTS.index(row.part) if row.part else -1)
            self.groups.append(-1 if row.group is None else self.group_index[row.group])
            self.waiting.append(row.where)
            if '<' in row.text:
                self.look_for_tags(row.text)
            yield row.text

    def look_for_tags(self, text):
        found = HTML_TAG.search(text)
        if found:
            self.n_tagged += 1
            self.tag = self.tag or printable(found.group())

    def checked(self, tokenized):
        """Yield the tokenized texts, which come in the order of `texts`; count the empty ones.

        A text of too many words for a dataset is shortened, with a warning.
        """
        for text in tokenized:
            where = self.waiting.popleft()
            if len(text) > 2 * MAX_LENGTH:
                text = shortened(text, where)
            if not text or text.isspace():
                self.n_empty += 1
                self.first_empty = self.first_empty or where
            yield text


def shortened(text, where):
    """The first `MAX_LENGTH` words of a text."""
    words = text.split()
    if len(words) > MAX_LENGTH:
        warnings.warn(f'{where} has {len(words)} words; the first {MAX_LENGTH} of them are used.',
                      stacklevel=3)
    return ' '.join(words[:MAX_LENGTH])


def split_off(labels, portion, rng):
    """Choose the same share of the texts of each class at random.

    If a class has two texts or more, at least one is chosen and at least one is not.

    Parameters
    ----------
    labels : ndarray of int, shape (n_samples,)
    portion : float
        Between 0 and 1.
    rng : numpy.random.RandomState

    Returns
    -------
    ndarray of bool, shape (n_samples,)

    Examples
    --------
    >>> split_off(numpy.array([1, 1, 0, 1, 1]), 0.5, numpy.random.RandomState(1)).tolist()
    [False, False, False, True, True]
    """
    chosen = numpy.zeros(len(labels), dtype=bool)
    for label in numpy.unique(labels):
        members = numpy.flatnonzero(labels == label)
        n_chosen = min(max(1, int(round(len(members) * portion))), len(members) - 1)
        chosen[rng.permutation(members)[:n_chosen]] = True
    return chosen


def assign(records, spill, portion, seed):
    """Settle the label and the part of each text; texts without words are left out.

    Returns
    -------
    classes : list of str
        Names, sorted.
    train, test, valid : tuple
        Each ``(texts, labels)``: `SpilledTexts`, an ndarray of int. `valid` is None if the corpus
        has no such part; if it has one, `test` may be empty.
    groups : list of int or None
        Of each training text; None if some have none.

    Raises
    ------
    DataError
        If a part has no text, or training has not all classes, or only one.
    """
    if records.n_empty:
        warnings.warn(f'{records.n_empty} of {len(spill.lengths)} texts have no words in them and '
                      f'are left out; the first is {records.first_empty}.', stacklevel=3)
    spellings = records.classes
    counts = numpy.bincount(numpy.asarray(records.labels, dtype='int64'), minlength=len(spellings))
    joined, said = join_spellings(spellings, counts.tolist())
    if said:
        warnings.warn(f'Spellings of the same class are joined: {"; ".join(said)}.', stacklevel=3)
    classes = in_order(set(joined.values()))
    check_classes(classes, len(spill.lengths))
    label_of = numpy.array([classes.index(joined[name]) for name in spellings], dtype='int64')
    with_words = numpy.flatnonzero(spill.lengths)
    labels = label_of[numpy.asarray(records.labels, dtype='int64')[with_words]]
    parts = numpy.asarray(records.parts, dtype='int64')[with_words]
    is_split = not len(parts) or parts[0] >= 0
    if not is_split:
        parts = split_off(labels, portion, numpy.random.RandomState(seed)).astype('int64')
    found, groups = [], None
    # Training can do without test texts if it has its own validation texts, and not the reverse.
    has = {part: number in parts for number, part in enumerate(ALL_PARTS)}
    without_test = is_split and has['valid'] and ALL_PARTS.index('test') not in records.parts
    if without_test:
        warnings.warn('There is no test part: training validates on the validation part, and no '
                      'test error is measured.', stacklevel=3)
    for number, part in enumerate(ALL_PARTS):
        members = numpy.flatnonzero(parts == number)
        if not len(members) and part == 'valid':
            found.append(None)
            continue
        if not len(members) and part == 'test' and without_test:
            found.append((SpilledTexts(spill, with_words[members]), labels[members]))
            continue
        if not len(members) and not is_split:
            raise DataError(TOO_SMALL)
        if not len(members):
            raise DataError(f'There is no {part} text with a word in it: {len(spill.lengths)} '
                            f'texts were read, {records.n_empty} of them without words. Expected '
                            'texts in train, and in test or validation; look at the corpus.')
        found.append((SpilledTexts(spill, with_words[members]), labels[members]))
        of_part = numpy.asarray(records.groups, dtype='int64')[with_words[members]]
        if part == 'train':
            groups = of_part
        warn_of_groups(part, groups, of_part)
    trained = numpy.unique(found[0][1])
    if len(trained) < max(2, len(classes)):
        raise DataError(f'The corpus has the classes {", ".join(classes)}; with words to train on: '
                        f'{", ".join(classes[label] for label in trained)}. Expected two classes '
                        'or more, each with such texts; take texts of other classes out.')
    return (classes, *found, None if groups.min() < 0 else groups.tolist())


def warn_of_groups(part, groups, of_part):
    """Warn of test or validation texts of a group that is in training too."""
    n_known = numpy.isin(of_part, groups[groups >= 0]).sum()
    if part != 'train' and n_known:
        warnings.warn(f'{n_known} of the {len(of_part)} {part} texts are of groups that training '
                      f'has too: the {part} error says less about new groups. A column of parts '
                      '(--split-column) can keep them apart.', stacklevel=4)


def check_size(train, valid):
    """Raise `DataError` if the training part has no text to spare for validation."""
    if valid is None and numpy.bincount(train[1]).max() < 2:
        raise DataError(TOO_SMALL)


def check_classes(classes, n_texts):
    """Raise `DataError` if there are too many classes, or about as many as texts."""
    if len(classes) > MAX_LABEL + 1 or len(classes) > 2 and (
            len(classes) == n_texts or 9 < n_texts < 2 * len(classes)):
        raise DataError(f'There are {len(classes)} classes for {n_texts} texts, such as '
                        f'{", ".join(classes[:3])}. Expected a few, with many texts each; perhaps '
                        'the label column is the wrong one: give --label-column.')


def warn_of_parts(classes, train, test, valid=None):
    """Warn of texts that are in training as well, and of classes that another part lacks."""
    for name, part in (('test', test), ('validation', valid)):
        n_known = numpy.isin(part[0].hashes, train[0].hashes).sum() if part else 0
        if n_known:
            warnings.warn(f'{n_known} of the {len(part[0])} {name} texts are in training as well: '
                          f'the {name} error says less about new texts.', stacklevel=3)
    for label, name in enumerate(classes):
        n_texts = int((train[1] == label).sum())
        lacking = ['test'] if len(test[1]) and not (test[1] == label).any() else []
        # Of a class of one text, training leaves none to validate.
        if n_texts < 2 if valid is None else not (valid[1] == label).any():
            lacking.append('validation')
        if lacking:
            warnings.warn(f'The class {name} has {n_texts} text{"s" * (n_texts > 1)} to train on '
                          f'and none in the {" or ".join(lacking)} part, whose error says nothing '
                          'of it.', stacklevel=3)


def part_sizes(classes, *parts):
    """Texts and tokens by part and class."""
    sizes = collections.OrderedDict()
    for part, found in zip(ALL_PARTS, parts):
        if found is None or not len(found[0]):
            continue
        texts, labels = found
        n_texts = numpy.bincount(labels, minlength=len(classes))
        # Whole numbers in float64 are exact, far beyond the number of words of a corpus.
        n_tokens = numpy.bincount(labels, texts.lengths, len(classes)).astype('int64')
        for name, *size in zip(classes, n_texts.tolist(), n_tokens.tolist()):
            sizes[part, name] = tuple(size)
    return sizes
