"""Labelled texts to word ids: two pickles in the tutorial's format, or one Arrow file.

The words are those of the Moses tokenizer for English, lower-cased, unless other settings are
given. The dictionary is built from the training texts alone: the most frequent word has id 2, the
next 3, and so on. Equally frequent words are numbered in order of first appearance. Id 0 is
padding, and id 1 is any word that does not occur in training. Texts without words are dropped with
a warning.

The texts are read once, one at a time. The numbers of their words wait in a temporary file next to
the output (see `spill`), so memory grows with the vocabulary and, by a few bytes each, with the
number of texts. With ``n_words``, the vocabulary that is counted is bounded too.
"""
import array
import collections
import contextlib
import os
import sys
import warnings

import numpy
from tqdm import tqdm

from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.files import whole_files
from lstm_sentiment.text import arrow_files, corpora, pickle_stream, tokenizing
from lstm_sentiment.text.corpora import ALL_PARTS
from lstm_sentiment.text.corpus_options import TEST_PORTION
from lstm_sentiment.text.dataset_files import Fingerprint, dictionary_pieces, write_content
from lstm_sentiment.text.labels import in_order, join_spellings
from lstm_sentiment.text.spill import Spill, SpilledTexts
from lstm_sentiment.text.text_settings import check_settings
from lstm_sentiment.text.vocabulary import FIRST_WORD_ID, UNKNOWN_ID, dictionary_path

# With n_words, this many different words are counted, or more if it is a larger number.
COUNTED_WORDS, COUNTED_PER_WORD = 1000000, 10

ANOTHER_OUTPUT = ('Name a file in an existing folder in which you may write (the options --output '
                  'and --dictionary).')

Summary = collections.namedtuple(
    'Summary', 'n_train n_test n_dropped n_words n_tokens fingerprint '
               'classes sizes n_cut unknown_portion lengths n_valid')
Summary.__doc__ = """What `preprocess` returns.

Attributes
----------
n_train, n_test, n_dropped : int
    Texts in each part, and texts dropped because they have no words.
n_words, n_cut : int
    Words in the dictionary, and words of the training texts that are not in it.
n_tokens : int
    Tokens in the training texts.
fingerprint : str
    SHA-256 of the dataset before compression.
classes : list of str
    The name of each label.
sizes : dict of (str, str) to (int, int)
    Texts and tokens of each part and class.
unknown_portion : float
    Share of the test tokens that are not in the dictionary.
lengths : ndarray of int
    Number of words of each training text, sorted.
n_valid : int
    Texts of the validation part, if the corpus has one.
"""


def rank_words(counts, n_words=None, min_count=1):
    """Give ids to words: the most frequent first.

    Parameters
    ----------
    counts : array_like of int, shape (n_words,)
        How often each word occurs in training, in order of first appearance.
    n_words : int, optional
        Only ids below this are used.
    min_count : int
        Rarer words are unknown words.

    Returns
    -------
    ids : ndarray of int64, shape (n_words,)
        From 2 on; equal counts in order of first appearance. Words without an id of their own, and
        words with the count 0, get 1, the id of unknown words.
    order : ndarray of int64
        The words that have an id of their own, by their ids.

    Examples
    --------
    >>> rank_words([3, 0, 5, 3])
    (array([3, 1, 2, 4]), array([2, 0, 3]))
    >>> rank_words([3, 0, 5, 3], n_words=4)
    (array([3, 1, 2, 1]), array([2, 0]))
    >>> rank_words([3, 0, 5, 3], min_count=4)
    (array([1, 1, 2, 1]), array([2]))
    """
    counts = numpy.asarray(counts)
    order = numpy.argsort(-counts, kind='stable')
    order = order[:numpy.count_nonzero(counts >= max(1, min_count))]
    if n_words is not None:
        order = order[:n_words - FIRST_WORD_ID]
    ids = numpy.full(len(counts), UNKNOWN_ID, dtype='int64')
    ids[order] = numpy.arange(len(order)) + FIRST_WORD_ID
    return ids, order


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
        Texts with ``<br />`` in them.
    """

    def __init__(self, rows):
        self.rows, self.waiting = rows, collections.deque()
        self.index = collections.defaultdict()
        self.index.default_factory = self.index.__len__
        self.group_index = collections.defaultdict()
        self.group_index.default_factory = self.group_index.__len__
        self.labels, self.parts, self.groups = (array.array('i') for _ in range(3))
        self.n_empty, self.first_empty, self.n_tagged = 0, None, 0

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
            self.n_tagged += '<br' in row.text
            yield row.text

    def checked(self, tokenized):
        """Yield the tokenized texts, which come in the order of `texts`; count the empty ones."""
        for text in tokenized:
            where = self.waiting.popleft()
            if not text or text.isspace():
                self.n_empty += 1
                self.first_empty = self.first_empty or where
            yield text


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
        has no such part.
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
    if len(parts) and parts[0] < 0:
        parts = split_off(labels, portion, numpy.random.RandomState(seed)).astype('int64')
    found, groups = [], None
    for number, part in enumerate(ALL_PARTS):
        members = numpy.flatnonzero(parts == number)
        if not len(members) and part == 'valid':
            found.append(None)
            continue
        if not len(members):
            raise DataError(f'There is no {part} text with a word in it: {len(spill.lengths)} '
                            f'texts were read, {records.n_empty} of them without words. Expected '
                            'texts in train and in test, in UTF-8; look at the corpus.')
        found.append((SpilledTexts(spill, with_words[members]), labels[members]))
        of_part = numpy.asarray(records.groups, dtype='int64')[with_words[members]]
        if part == 'train':
            groups = of_part
        warn_of_groups(part, groups, of_part)
    trained = numpy.unique(found[0][1])
    if len(trained) < max(2, len(classes)):
        raise DataError(f'The corpus has the classes {", ".join(classes)}; with words to train on: '
                        f'{", ".join(classes[label] for label in trained)}. Expected two classes '
                        'or more, each with such texts.')
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
        raise DataError('The corpus is too small to train on: no class has two training texts, '
                        'one of them to validate. Expected three texts or more of a class, one of '
                        'them to test. Add texts.')


def check_classes(classes, n_texts):
    """Raise `DataError` if there are about as many classes as texts: the label is no class."""
    if len(classes) > 2 and (len(classes) == n_texts or 9 < n_texts < 2 * len(classes)):
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
        lacking = [] if (test[1] == label).any() else ['test']
        # Of a class of one text, training leaves none to validate.
        if n_texts < 2 if valid is None else not (valid[1] == label).any():
            lacking.append('validation')
        if lacking:
            warnings.warn(f'The class {name} has {n_texts} text{"s" * (n_texts > 1)} to train on '
                          f'and none in the {" or ".join(lacking)} part, whose error says nothing '
                          'of it.', stacklevel=3)


def check_options(output, dictionary, settings, n_words, min_count, test_portion):
    """Raise `ConfigError` for options that cannot be used."""
    check_settings(settings)
    if arrow_files.is_arrow(output):
        arrow_files.load_pyarrow()
    if output.endswith(arrow_files.ENDING + '.gz'):
        raise ConfigError(f'{output}: an Arrow file is read by memory map, so it cannot be '
                          'compressed. Leave .gz out.')
    if dictionary is not None and os.path.realpath(output) == os.path.realpath(dictionary):
        raise ConfigError(f'The word ids and the dictionary cannot both be '
                          f'written to {output}; give two names.')
    if n_words is not None and n_words <= FIRST_WORD_ID:
        raise ConfigError(f'n_words must be {FIRST_WORD_ID + 1} or more, but it is {n_words}: ids '
                          '0 and 1 are padding and unknown words.')
    if min_count < 1:
        raise ConfigError(f'min_count must be 1 or more, but it is {min_count}.')
    if test_portion is not None and not 0 < test_portion < 1:
        raise ConfigError('test_portion must lie between 0 and 1 (0.2 makes 20 % of each class '
                          f'test texts), but it is {test_portion}.')


def preprocess(source, output='imdb.pkl', dictionary=None, jobs=None, progress=False,
               text_column=None, label_column=None, test_portion=None, seed=123, n_words=None,
               min_count=1, tokenizer='moses', language='en', lowercase=True, split_column=None,
               delimiter=None, quotes=None, header=True, encoding='utf-8', strict=False,
               strip_html=False, group_column=None, trainable=False):
    """Turn a corpus into the pickles, or the Arrow file, that `imdb.load_data` reads.

    Parameters
    ----------
    source : str, list of str or pandas.DataFrame
        A folder or a table, or the tables of train and test; see `corpora`.
    output, dictionary : str
        The two files to write (see above); each is compressed if its name ends in ``.gz``. The
        dictionary goes beside the output by default, where training looks for it: see
        `vocabulary.dictionary_path`. An output whose name ends in ``.arrow`` is an Arrow file (see
        `arrow_files`), which has the words in it; a dictionary is written if one is named.
    jobs : int, optional
        Number of processes; by default one for each core.
    progress : bool
        Whether to show a progress bar, if standard error is a terminal.
    text_column, label_column : str, optional
        Columns of a table; by default text or review, and label or sentiment.
    test_portion : float, optional
        Share of each class that becomes test if the corpus has no train and test, 0.2 by default.
        The `seed` selects the texts.
    n_words : int, optional
        The dictionary has only ids below this, like the training option of the same name. No more
        than a million different words are counted then (ten for each of `n_words` if that is more);
        if rare ones had to be dropped, a warning says how much the counts may have missed.
    min_count : int
        Words that occur less often in training are not in the dictionary.
    tokenizer, language, lowercase, strip_html
        See `tokenizing`.
    split_column, delimiter, quotes, header, encoding, strict, group_column
        See `table_files.TableOptions`.
    trainable : bool
        Refuse a corpus that is too small to train on.

    Returns
    -------
    Summary

    Raises
    ------
    DataError
        If the corpus cannot be used or a file cannot be written. Then neither file has changed.
    ConfigError
        If an option cannot be used.
    """
    output = os.fspath(output)
    if dictionary is not None or not arrow_files.is_arrow(output):
        dictionary = os.fspath(dictionary or dictionary_path(output))
    settings = {'tokenizer': tokenizer, 'language': language, 'lowercase': lowercase}
    if strip_html:
        settings['strip_html'] = True
    check_options(output, dictionary, settings, n_words, min_count, test_portion)
    corpus = corpora.open_corpus(source, text_column=text_column, label_column=label_column,
                                 split_column=split_column, delimiter=delimiter, quotes=quotes,
                                 header=header, encoding=encoding, strict=strict,
                                 group_column=group_column)
    if corpus.is_split and test_portion is not None:
        raise ConfigError('the corpus already has train and test: remove --test-portion.')
    limit = None if n_words is None else max(COUNTED_WORDS, COUNTED_PER_WORD * n_words)
    paths = [output] if dictionary is None else [output, dictionary]
    with contextlib.ExitStack() as opened:
        # Opened first: what cannot be written is told before the work.
        streams = opened.enter_context(whole_files(*paths, error=DataError,
                                                   advice=ANOTHER_OUTPUT))
        spill = opened.enter_context(Spill(os.path.dirname(os.path.abspath(output)), limit))
        records = TextRecords(corpus.rows)
        texts = tokenizing.tokenize_texts(records.texts(), settings, jobs)
        if progress and sys.stderr.isatty():
            texts = tqdm(texts, total=corpus.total, unit=' texts', desc='Tokenizing')
        spill.fill(records.checked(texts))
        spill.warn()
        classes, train, test, valid, groups = assign(records, spill, test_portion or TEST_PORTION,
                                                     seed)
        if trainable:
            check_size(train, valid)
        warn_of_parts(classes, train, test, valid)
        if records.n_tagged and not strip_html:
            warnings.warn(f'{records.n_tagged} texts have <br /> in them, whose parts become '
                          'words; --strip-html makes spaces of tags.', stacklevel=2)
        counts = train[0].counts()
        ids, order = rank_words(counts, n_words, min_count)
        words = spill.words
        settings['classes'] = classes
        fingerprint = write_files(zip(paths, streams), (train, test, valid), groups,
                                  numpy.append(ids, UNKNOWN_ID),  # the last is that of DROPPED
                                  [words[number] for number in order.tolist()], settings)
        n_known = test[0].counts()[ids != UNKNOWN_ID].sum()
        n_tests = test[0].lengths.sum()
        return Summary(len(train[0]), len(test[0]), records.n_empty, len(order),
                       int(train[0].lengths.sum()), fingerprint, classes,
                       part_sizes(classes, train, test, valid),
                       numpy.count_nonzero(counts) - len(order), (n_tests - n_known) / n_tests,
                       numpy.sort(train[0].lengths), len(valid[0]) if valid else 0)


def write_files(targets, parts, groups, ids, words, settings):
    """Write the dataset and, if there are two targets, its dictionary.

    Parameters
    ----------
    targets : iterable of (str, binary stream)
        Paths and what is written in their places.
    parts : tuple
        Train, test and valid, as `assign` gives them.
    groups : list of int or None
    ids : ndarray of int
        Of each number of the texts, and of `spill.DROPPED`.
    words : list of str
        In the order of their ids.
    settings : dict
        Text settings and classes; the fingerprint is added.

    Returns
    -------
    str
        The fingerprint, which is the same in both formats.
    """
    (path, stream), *others = targets
    fingerprint = Fingerprint()
    pieces = fingerprint.of(pickle_stream.dataset(*parts, groups, ids))
    if arrow_files.is_arrow(path):
        collections.deque(pieces, maxlen=0)
        settings['fingerprint'] = fingerprint.whole
        by_name = {name: part for name, part in zip(ALL_PARTS, parts) if part is not None}
        arrow_files.write_arrow(stream, by_name, groups, ids, dict(
            words=words, of_texts=fingerprint.of_texts, largest_id=int(ids.max()),
            settings={name: value for name, value in settings.items()
                      if name not in ('classes', 'fingerprint')},
            classes=settings['classes'], fingerprint=fingerprint.whole))
    else:
        write_content(path, stream, pieces)
        settings['fingerprint'] = fingerprint.whole
    for path, stream in others:
        write_content(path, stream, dictionary_pieces(words, settings))
    return fingerprint.whole


def part_sizes(classes, *parts):
    """Texts and tokens by part and class."""
    sizes = collections.OrderedDict()
    for part, found in zip(ALL_PARTS, parts):
        if found is None:
            continue
        texts, labels = found
        n_texts = numpy.bincount(labels, minlength=len(classes))
        # Whole numbers in float64 are exact, far beyond the number of words of a corpus.
        n_tokens = numpy.bincount(labels, texts.lengths, len(classes)).astype('int64')
        for name, *size in zip(classes, n_texts.tolist(), n_tokens.tolist()):
            sizes[part, name] = tuple(size)
    return sizes
