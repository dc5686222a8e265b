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
import collections
import contextlib
import os
import sys
import warnings
from typing import Any, Dict, Optional, Sequence, Tuple, Union

import numpy
from tqdm import tqdm

from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.files import whole_files
from lstm_sentiment.hints import Function, Path
from lstm_sentiment.text import arrow_files, corpora, pickle_stream, tokenizing
from lstm_sentiment.text.corpora import ALL_PARTS
from lstm_sentiment.text.corpus_options import TEST_PORTION
from lstm_sentiment.text.dataset_files import Fingerprint, dictionary_pieces, write_content
from lstm_sentiment.text.parts import (
    TextRecords,
    assign,
    check_size,
    part_sizes,
    warn_of_parts,
)
from lstm_sentiment.text.spill import Spill
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


def rank_words(counts: Union[Sequence[int], numpy.ndarray], n_words: Optional[int] = None,
               min_count: int = 1) -> Tuple[numpy.ndarray, numpy.ndarray]:
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


def check_options(output: str, dictionary: Optional[str], settings: Dict[str, Any],
                  n_words: Optional[int], min_count: int, test_portion: Optional[float]) -> None:
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


def preprocess(source: Any, output: Path = 'imdb.pkl', dictionary: Optional[Path] = None,
               jobs: Optional[int] = None, progress: bool = False,
               text_column: Optional[str] = None, label_column: Optional[str] = None,
               test_portion: Optional[float] = None, seed: int = 123,
               n_words: Optional[int] = None, min_count: int = 1, tokenizer: str = 'moses',
               language: str = 'en', lowercase: bool = True, split_column: Optional[str] = None,
               delimiter: Optional[str] = None, quotes: Optional[bool] = None,
               header: bool = True, encoding: str = 'utf-8', strict: bool = False,
               strip_html: bool = False, group_column: Optional[str] = None,
               trainable: bool = False, tokenize: Function = tokenizing.tokenize_texts) -> Summary:
    """Turn a corpus into the pickles, or the Arrow file, that `imdb.load_data` reads.

    Parameters
    ----------
    source : str, list of str, or DataFrame of pandas or polars
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
    tokenize : callable
        Tokenizes the texts: `tokenizing.tokenize_texts` or `tokenizing.tokenize_over_ranks`.

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
        texts = tokenize(records.texts(), settings, jobs)
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
            warnings.warn(f'{records.n_tagged} texts have {records.tag:.60} in them, or other '
                          'tags, whose parts become words; --strip-html makes spaces of tags.',
                          stacklevel=2)
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
                       numpy.count_nonzero(counts) - len(order),
                       (n_tests - n_known) / max(n_tests, 1),
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
