"""From a table or a folder of texts to a run, in one command: ``lstm.py --dataset reviews.csv``.

The word ids are kept beside the texts in a file whose name has a key of what is in the texts and of
the settings: a second run with the same texts and settings finds it.
"""
import hashlib
import json
import os
import shlex

import numpy

from lstm_sentiment import __version__
from lstm_sentiment.command_line import command, spellings
from lstm_sentiment.data.choices import choices, valid_freq
from lstm_sentiment.data.datasets import read_dataset
from lstm_sentiment.data.finding import data_folders, is_texts
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.text.corpus_options import NAMES
from lstm_sentiment.text.vocabulary import FIRST_WORD_ID, dictionary_path

KEY_LENGTH = 12


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
    dataset = word_ids_of(source, settings)
    return dict(chosen(source, dataset, options), dataset=dataset)


def word_ids_of(source, settings):
    """The file with the word ids of a corpus; it is made if it is missing."""
    path = place_for(source, settings)
    if os.path.isfile(path) and os.path.isfile(dictionary_path(path)):
        print('The word ids of %s are in %s, from an earlier run' % (source, path))
        return path
    # Most runs make no dataset: the tokenizer alone takes 0.15 s to import.
    from lstm_sentiment.text.preprocessing import preprocess
    summary = preprocess(source, path, progress=True, trainable=True, **settings)
    parts = [(summary.n_train, 'train'), (summary.n_valid, 'validation'), (summary.n_test, 'test')]
    print('%s: %s texts, of the classes %s. Their word ids are in %s'
          % (source, ', '.join('%d %s' % part for part in parts if part[0]),
             ', '.join(summary.classes), path))
    return path


def place_for(source, settings):
    """The path for the word ids: beside the corpus, or in the folder for data."""
    whole = os.path.abspath(source)
    folder = os.path.dirname(whole)
    if not os.access(folder, os.W_OK):
        folder = data_folders()[-1]
        os.makedirs(folder, exist_ok=True)
    key = hashlib.sha256(json.dumps([__version__, settings], sort_keys=True).encode())
    add_content(key, whole)
    path = os.path.join(folder, '%s-%s.pkl' % (stem_of(source), key.hexdigest()[:KEY_LENGTH]))
    # As it was given, a path is short and stays right if the folder is moved.
    return path if os.path.isabs(source) else os.path.relpath(path)


def stem_of(source):
    """The name of a corpus without endings.

    >>> stem_of('data/reviews.csv.gz'), stem_of('shop/')
    ('reviews', 'shop')
    """
    return os.path.basename(os.path.abspath(source)).split('.')[0] or 'corpus'


def add_content(key, path):
    """Add what is in a file, or the names and contents of a folder, to a key."""
    try:
        if os.path.isdir(path):
            for name in sorted(os.listdir(path)):
                if not name.startswith('.'):
                    key.update(json.dumps(name).encode())
                    add_content(key, os.path.join(path, name))
            return
        with open(path, 'rb') as file:
            key.update(b'%d ' % os.fstat(file.fileno()).st_size)
            for block in iter(lambda: file.read(1 << 20), b''):
                key.update(block)
    except OSError as error:
        raise DataError('%s cannot be read: %s. Make it readable, or take it away.'
                        % (path, error.strerror)) from error


def chosen(source, dataset, options):
    """The options, completed by what fits the corpus; says what was chosen."""
    facts = {}
    train, _ = read_dataset(dataset, facts=facts)
    lengths = numpy.sort([len(sequence) for sequence in train[0]])
    n_words = max(map(max, train[0])) + 1 - FIRST_WORD_ID
    found = choices(lengths, n_words, facts['valid'] is not None)
    found['validFreq'] = valid_freq(len(lengths))
    found['saveto'] = stem_of(source) + '.npz'
    new = {name: value for name, value in found.items() if name not in options}
    if new:
        listed = ' '.join('%s %s' % (spellings(name)[0], shlex.quote(str(value)))
                          for name, value in new.items())
        print('Chosen for it, unless you name another value:')
        print('%s --dataset %s %s' % (command('lstm.py'), shlex.quote(dataset), listed))
    return dict(options, **new)
