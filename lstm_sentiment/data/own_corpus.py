"""From a table or a folder of texts to a run, in one command: ``lstm.py --dataset reviews.csv``.

The word ids are kept beside the texts in a file whose name has a key of what is in the texts and of
the settings: a second run with the same texts and settings finds it. For a large corpus it is an
Arrow file, from which training reads ids as it needs them. A small file beside it has the facts by
which options are chosen, so the ids need not be read for that.
"""
import collections
import hashlib
import json
import os
import shlex

import numpy

from lstm_sentiment import __version__
from lstm_sentiment.command_line import command, spellings
from lstm_sentiment.data.choices import choices, valid_freq
from lstm_sentiment.data.finding import data_folders, is_texts
from lstm_sentiment.errors import ConfigError, DataError, reason
from lstm_sentiment.files import leads_up, read_bounded, replace_file
from lstm_sentiment.text.arrow_files import ENDING, is_arrow, load_pyarrow
from lstm_sentiment.text.corpus_options import NAMES
from lstm_sentiment.text.vocabulary import dictionary_path

KEY_LENGTH = 12
# A corpus of more bytes is large: the word ids of a pickle take about ten times as much memory in a
# run.
LARGE = 50 << 20
MAX_FACTS = 10 << 20

Facts = collections.namedtuple('Facts', 'lengths n_words n_valid')
Facts.__doc__ = """The facts of a dataset by which options are chosen.

Attributes
----------
lengths : list of [int, int]
    A number of words, and how many training texts have as many.
n_words, n_valid : int
    Words in the dictionary, and texts of the validation part.
"""


def prepared(options):
    """The arguments of a run; of a dataset that is texts, word ids are made first.

    Parameters
    ----------
    options : dict
        Arguments of `lstm.train_lstm`, ``dataset`` among them, and of `preprocessing.preprocess`,
        those of `corpus_options.NAMES`.

    Returns
    -------
    dict
        Those of `lstm.train_lstm`. Of texts, ``dataset`` is the file of the word ids, and
        ``maxlen``, ``n_words``, ``validFreq``, ``valid_portion`` and ``saveto`` are chosen where
        they are not given.

    Raises
    ------
    ConfigError
        If there are arguments of `preprocess`, but no texts.
    DataError
        If the texts cannot be used.
    """
    settings = {name: options[name] for name in NAMES if name in options}
    options = {name: value for name, value in options.items() if name not in settings}
    source = options['dataset']
    if not is_texts(source):
        if settings:
            raise ConfigError('%s with dataset=%s, which is no table and no folder of texts: '
                              'expected one, such as reviews.csv'
                              % (', '.join(spellings(name)[0] for name in settings), source))
        return options
    dataset, facts = word_ids_of(source, settings)
    return dict(chosen(source, dataset, facts, options), dataset=dataset)


def word_ids_of(source, settings):
    """The file with the word ids of a corpus, and its `Facts`; it is made if it is missing."""
    path = place_for(source, settings)
    facts = read_facts(path)
    if facts is not None and all(map(os.path.isfile, files_of(path))):
        print('The word ids of %s are in %s, from an earlier run' % (source, path))
        return path, facts
    # Most runs make no dataset: the tokenizer alone takes 0.15 s to import.
    from lstm_sentiment.text.preprocessing import preprocess
    summary = preprocess(source, path, progress=True, trainable=True, **settings)
    parts = [(summary.n_train, 'train'), (summary.n_valid, 'validation'), (summary.n_test, 'test')]
    print('%s: %s texts, of the classes %s. Their word ids are in %s'
          % (source, ', '.join('%d %s' % part for part in parts if part[0]),
             ', '.join(summary.classes), path))
    lengths, counts = numpy.unique(summary.lengths, return_counts=True)
    facts = Facts(list(zip(lengths.tolist(), counts.tolist())), summary.n_words, summary.n_valid)
    try:
        replace_file(facts_path(path), json.dumps(facts._asdict()).encode())
    except OSError as error:
        raise DataError('%s cannot be written: %s' % (facts_path(path), error.strerror)) from error
    return path, facts


def files_of(path):
    """The files of a dataset."""
    return [path] if is_arrow(path) else [path, dictionary_path(path)]


def facts_path(path):
    """Where the `Facts` of a dataset are."""
    return os.path.splitext(path)[0] + '.json'


def read_facts(path):
    """The `Facts` of a dataset, or None if they are not there or something else is."""
    try:
        facts = Facts(**json.loads(read_bounded(facts_path(path), MAX_FACTS).decode('utf-8')))
        numbers = [facts.n_words, facts.n_valid] + [number for pair in facts.lengths
                                                    for number in pair]
        is_right = all(len(pair) == 2 for pair in facts.lengths) and facts.lengths
    except (OSError, EOFError, DataError, RecursionError, TypeError, ValueError):
        return None
    return facts if is_right and all(type(number) is int for number in numbers) else None


def place_for(source, settings):
    """The path for the word ids: beside the corpus, or in the folder for data."""
    whole = os.path.abspath(source)
    folder = os.path.dirname(whole)
    if not os.access(folder, os.W_OK):
        folder = data_folders()[-1]
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise DataError('%s is in a folder that cannot be written to, and the folder for data '
                            'cannot be made: %s. Set IMDB_DATA_DIR to one that can be written to.'
                            % (source, reason(error))) from error
    key = hashlib.sha256(json.dumps([__version__, settings], sort_keys=True).encode())
    n_bytes = add_content(key, whole)
    path = os.path.join(folder, '%s-%s%s' % (stem_of(source), key.hexdigest()[:KEY_LENGTH],
                                             ending_for(source, n_bytes)))
    # As it was given, a path is short and stays right if the folder is moved.
    return path if os.path.isabs(source) else os.path.relpath(path)


def ending_for(source, n_bytes):
    """The ending of the file of word ids: that of Arrow for a large corpus, if it can be read."""
    if n_bytes < LARGE:
        return '.pkl'
    try:
        load_pyarrow()
    except ConfigError:
        print('%s is large (%d MB), and training will hold all word ids in memory. With pyarrow '
              '(pip install "pyarrow>=14.0.1") they stay on disk.' % (source, n_bytes >> 20))
        return '.pkl'
    return ENDING


def stem_of(source):
    """The name of a corpus without endings.

    >>> stem_of('data/reviews.csv.gz'), stem_of('shop/')
    ('reviews', 'shop')
    """
    return os.path.basename(os.path.abspath(source)).split('.')[0] or 'corpus'


def add_content(key, path):
    """Add what is in a file, or the names and contents of a folder, to a key; return the bytes."""
    try:
        if os.path.isdir(path):
            n_bytes = 0
            for name in sorted(os.listdir(path)):
                below = os.path.join(path, name)
                if not name.startswith('.') and not leads_up(below):
                    key.update(json.dumps(name).encode())
                    n_bytes += add_content(key, below)
            return n_bytes
        with open(path, 'rb') as file:
            n_bytes = os.fstat(file.fileno()).st_size
            key.update(b'%d ' % n_bytes)
            for block in iter(lambda: file.read(1 << 20), b''):
                key.update(block)
            return n_bytes
    except OSError as error:
        raise DataError('%s cannot be read: %s. Make it readable, or take it away.'
                        % (path, error.strerror)) from error


def chosen(source, dataset, facts, options):
    """The options, completed by what fits the corpus; says what was chosen."""
    lengths = numpy.repeat(*zip(*facts.lengths))  # sorted
    found = choices(lengths, facts.n_words, facts.n_valid > 0)
    found['validFreq'] = valid_freq(len(lengths))
    found['saveto'] = stem_of(source) + '.npz'
    new = {name: value for name, value in found.items() if name not in options}
    if new:
        listed = ' '.join('%s %s' % (spellings(name)[0], shlex.quote(str(value)))
                          for name, value in new.items())
        print('Chosen for it, unless you name another value:')
        print('%s --dataset %s %s' % (command('lstm.py'), shlex.quote(dataset), listed))
    return dict(options, **new)
