"""The parts of a dataset that a run uses, and the vocabulary that belongs to it."""
import functools
import inspect
import warnings
from collections import namedtuple

import numpy

from lstm_sentiment import processes
from lstm_sentiment.data.class_weights import class_weights
from lstm_sentiment.data.datasets import read_vocabulary
from lstm_sentiment.data.finding import find_dictionary
from lstm_sentiment.data.text_ids import labels_in, take, unknown_share
from lstm_sentiment.errors import DataError
from lstm_sentiment.messages import say
from lstm_sentiment.text.vocabulary import Vocabulary

# Limits of the warnings.
MOST_UNKNOWN, FEWEST_VALID, FEWEST_OF_CLASS = 0.2, 50, 5


Data = namedtuple('Data', 'train valid test vocabulary class_weights')
Data.__doc__ = """The parts of a dataset, each (sequences, labels).

Attributes
----------
vocabulary : callable
    Gives the vocabulary, as :func:`load_vocabulary`; it is read at the first call.
class_weights : list of float or None
    Of each label, as from `class_weights.class_weights`.
"""


def load_training_data(load_data, options, rng):
    """Load the parts of a dataset for a run with these options.

    Sets the options ``ydim``, the number of classes, and ``dataset_sha256``, by which a dictionary
    that is given later can be told to belong to the model.

    Parameters
    ----------
    load_data : callable
        As `imdb.load_data`.
    options : dict
    rng : numpy.random.RandomState

    Returns
    -------
    Data
    """
    about = {}  # filled with path, fingerprint and largest_id of the file, where there is one
    extra = {'about': about} if 'about' in inspect.signature(load_data).parameters else {}
    if options.get('valid_split', 'random') != 'random':
        extra['valid_split'] = options['valid_split']
    # Rank 0 downloads or makes the file, and the others find it.
    train, valid, test = processes.first_then_all(functools.partial(
        load_data, n_words=options['n_words'], maxlen=options['maxlen'],
        valid_portion=options['valid_portion'], rng=rng, **extra))
    processes.check_same('data', {'the SHA-256 of the dataset': about.get('fingerprint'),
                                  'the number of texts of its parts': list(
                                      map(len, (train[0], valid[0], test[0])))})
    if not options.get('test', True):
        test = [], []  # nothing after this line can look at it
    n_all_tests = len(test[0])
    if options['test_size'] > 0:
        chosen = numpy.arange(len(test[0]))
        rng.shuffle(chosen)
        chosen = chosen[:options['test_size']]
        test = take(test[0], chosen), take(test[1], chosen)
    has_test = options.get('test', True)
    if has_test and not len(test[0]) and about.get('has_valid'):
        say('The dataset has no test part: there is no test error, as with --no-test')
        has_test = False
    for name, (sequences, _) in (('training', train), ('validation', valid), ('test', test)):
        if not len(sequences) and (name != 'test' or has_test):
            raise DataError('dataset %s: no %s reviews are left with valid_portion=%s and '
                            'maxlen=%s' % (options['dataset'], name, options['valid_portion'],
                                           options['maxlen']))
    if about.get('has_valid'):
        say('Validation has the validation part of the dataset; valid_portion is not used')
    if about.get('stratified'):
        say('Validation has each class in the share that training has (a stratified split)')
    if 'n_groups' in about:
        say('Validation has %d groups of texts of its own; training has %d'
            % tuple(about['n_groups'][::-1]))
    warn_of(train, valid, test, options, n_all_tests, about)
    options['ydim'] = n_classes(train, valid, test)
    options['dataset_sha256'] = about.get('fingerprint')
    vocabulary = functools.lru_cache(maxsize=None)(
        functools.partial(load_vocabulary, about, options))
    weights = (class_weights(options['class_weight'], train[1], options['ydim'], vocabulary)
               if options.get('class_weight') else None)
    return Data(train, valid, test, vocabulary, weights)


def warn_of(train, valid, test, options, n_all_tests, about):
    """Warn of whatever makes the errors less meaningful."""
    if about.get('n_too_long'):
        warnings.warn('%d of the %d training reviews have maxlen=%d words or more and are left out'
                      % (about['n_too_long'], about['n_training'], options['maxlen']))
    share = unknown_share(train[0])
    if share > MOST_UNKNOWN:
        warnings.warn('%.0f %% of the words in the training reviews are unknown with n_words=%d: '
                      'a larger n_words would know more' % (100 * share, options['n_words']))
    if len(valid[0]) < FEWEST_VALID:
        warnings.warn('the validation set has %d reviews only: its error moves in steps of %.3f'
                      % (len(valid[0]), 1. / len(valid[0])))
    for name, (_, labels) in (('validation', valid), ('test', test))[:2 if len(test[0]) else 1]:
        missing = sorted(labels_in(train[1]) - labels_in(labels))
        if missing:
            warnings.warn('no %s review has the label %s: the %s error says nothing of it'
                          % (name, ', '.join(map(str, missing)), name))
    if options.get('valid_metric') == 'f1':
        labels, counts = numpy.unique(numpy.asarray(valid[1]), return_counts=True)
        if counts.min() < FEWEST_OF_CLASS:
            warnings.warn('only %d validation reviews have the label %d: its F1, and so the mean '
                          'that stops the run early, moves in large steps'
                          % (counts.min(), labels[counts.argmin()]))
    n_tests = len(test[0])
    if n_tests < n_all_tests:
        warnings.warn('the test error is measured on %d of the %d test reviews (test_size)'
                      % (n_tests, n_all_tests))


def n_classes(train, valid, test):
    """One more than the largest training label; the other labels must be among these."""
    known = labels_in(train[1])
    if len(known) < 2:
        raise DataError('all training reviews have the label %d: expected two classes or more'
                        % known.pop())
    for name, (_, labels) in (('validation', valid), ('test', test)):
        unknown = sorted(labels_in(labels) - known)
        if unknown:
            raise DataError('the %s set has the label %d, which the training set (labels %s) '
                            'never has' % (name, unknown[0], sorted(known)))
    return int(max(known)) + 1


def load_vocabulary(about, options):
    """The vocabulary of a dataset, limited to the words of a model with these options.

    It is read from the dictionary next to the dataset (`vocabulary.dictionary_path`). If that is
    missing, or belongs to another dataset, a message says so and None is returned: training does
    not need it.

    Parameters
    ----------
    about : dict
        ``path``, ``fingerprint`` and ``largest_id`` of the dataset; its ``vocabulary`` if that is
        in the same file; empty where it is no file.
    options : dict
        ``n_words`` and ``ydim`` are used.
    """
    try:
        if 'vocabulary' in about:
            found = about['vocabulary']
        elif 'path' not in about:
            raise DataError('the dataset %s is no file with a dictionary beside it'
                            % options['dataset'])
        else:
            found = read_vocabulary(find_dictionary(about['path']), about['fingerprint'],
                                    about['largest_id'])
        if len(found.classes) < options['ydim']:
            raise DataError('the dictionary names the classes %s, but there are %d labels'
                            % (', '.join(found.classes), options['ydim']))
    except DataError as error:
        say('The model will be saved without its words; prediction will ask for --dictionary '
            '(%s)' % error)
        return None
    words = found.limited(options['n_words']).words
    return Vocabulary(words, found.settings, found.classes[:options['ydim']], found.fingerprint)


