"""What the arguments of `train_lstm` may be, and how the command line groups them."""
import numbers
import os
from collections import OrderedDict

from lstm_sentiment.errors import ConfigError


def whole(low, high=float('inf')):
    """A test for whole numbers from `low` to `high`.

    >>> whole(1)(3), whole(1)(0), whole(1)(True), whole(1)(2.), whole(1)(None)
    (True, False, False, False, False)
    """
    return lambda value: (isinstance(value, numbers.Integral) and not isinstance(value, bool)
                          and low <= value <= high)


def above(low, high=float('inf')):
    """A test for numbers greater than `low` and less than `high`."""
    return lambda value: isinstance(value, numbers.Real) and low < value < high


def one_of(*names):
    """A test for one of these names, and what passes it."""
    return lambda value: value in names, 'one of ' + ', '.join(names)


def is_path(value):
    return value is None or isinstance(value, (str, os.PathLike))


COUNT = whole(1), 'a whole number of 1 or more'
FREQUENCY = (lambda value: whole(-1)(value) and value != 0,
             'a whole number of 1 or more, or -1 for once an epoch')
PATH = is_path, 'the path of a file, or None'
FLAG = (lambda value: isinstance(value, bool)), 'True or False'
# So that a damaged model is refused and not computed.
MAX_LAYERS, MAX_NGRAM = 100, 10
MAX_COMPOSED, MAX_NGRAM_WORDS = 10, 10 ** 6
# name: (test, description of the valid values)
EXPECTED = {
    'dim_proj': COUNT, 'batch_size': COUNT, 'valid_batch_size': COUNT, 'max_epochs': COUNT,
    'patience': COUNT, 'dispFreq': COUNT, 'validFreq': FREQUENCY, 'saveFreq': FREQUENCY,
    'maxlen': (lambda value: value is None or whole(1)(value),
               'a whole number of 1 or more, or None'),
    'n_words': (whole(2), 'a whole number of 2 or more: ids 0 and 1 are padding and unknown'),
    'length_window': (whole(0), 'a whole number of 0 or more'),
    'test_size': (whole(-float('inf')), 'a whole number; all if not positive'),
    'train_error_size': (whole(-float('inf')), 'a whole number; all if not positive'),
    'seed': (whole(0, 2 ** 32 - 1), 'a whole number from 0 to 2**32 - 1'),
    'valid_portion': (above(0, 1), 'a number between 0 and 1'),
    'average': (whole(0), 'a whole number of 0 or more'),
    'word_dropout': (lambda value: above(0, 1)(value) or value == 0,
                     'a number from 0 to less than 1'),
    'decay_c': (lambda value: above(0)(value) or value == 0, 'a number of 0 or more'),
    'lrate': (above(0), 'a number above 0'),
    # Differs from the tutorial: noise_std was accepted there but had no effect.
    'noise_std': (lambda value: value == 0, '0; noise on the weights is not implemented'),
    'use_dropout': FLAG,
    'bidirectional': FLAG,
    'n_layers': (whole(1, MAX_LAYERS), 'a whole number from 1 to %d' % MAX_LAYERS),
    'ngrams': (whole(0, MAX_NGRAM), 'a whole number from 0 to %d' % MAX_NGRAM),
    'ngram_share': (lambda value: above(0, 1)(value) or value in (0, 1), 'a number from 0 to 1'),
    'ngram_words': (whole(0, MAX_NGRAM_WORDS), 'a whole number from 0 to %d' % MAX_NGRAM_WORDS),
    'forget_bias': (above(-float('inf')), 'a number'),
    'clip_norm': (lambda value: above(0)(value) or value == 0, 'a number of 0 or more'),
    'falling_lrate': FLAG,
    'spans': (lambda value: above(0, 1)(value) or value in (0, 1), 'a number from 0 to 1'),
    'composed': (lambda value: above(0, MAX_COMPOSED)(value) or value == 0,
                 'a number from 0 to less than %d' % MAX_COMPOSED),
    'valid_split': one_of('random', 'group'), 'test': FLAG,
    'class_weight': (lambda value: value is None or isinstance(value, str),
                     'balanced, such as neg=1,pos=5, or empty'),
    'valid_metric': one_of('error', 'f1'), 'keep': one_of('best', 'last'),
    'pooling': one_of('mean', 'max', 'last'), 'peephole': one_of('matrix', 'diagonal'),
    'saveto': (lambda value: is_path(value) or callable(value),
               'the path of a file, a function, or None'),
    'reload_model': PATH, 'checkpoint': PATH,
    'resume': FLAG, 'overwrite': FLAG,
    'verbose': (whole(0, 2), '2 for lines, 1 for a bar, or 0 for nothing'),
}


def require(condition, name, value, expected):
    """Raise `ConfigError` unless the condition holds."""
    if not condition:
        raise ConfigError('%s=%r: expected %s' % (name, value, expected))


def check_values(options):
    """Raise `ConfigError` for the first option whose value cannot be used."""
    for name, (test, expected) in EXPECTED.items():
        require(test(options[name]), name, options[name], expected)


GROUPS = OrderedDict([
    ('data', ['dataset', 'n_words', 'maxlen', 'valid_portion', 'valid_split', 'test_size',
              'test']),
    ('model', ['dim_proj', 'encoder', 'peephole', 'bidirectional', 'n_layers', 'pooling',
               'forget_bias', 'use_dropout', 'word_dropout', 'spans', 'composed', 'ngrams',
               'ngram_share', 'ngram_words', 'noise_std', 'reload_model']),
    ('optimization', ['optimizer', 'lrate', 'falling_lrate', 'clip_norm', 'decay_c', 'batch_size',
                      'length_window', 'average', 'class_weight', 'max_epochs', 'patience',
                      'valid_metric', 'keep', 'seed']),
    ('bookkeeping', ['saveto', 'checkpoint', 'resume', 'overwrite', 'verbose', 'dispFreq',
                     'validFreq', 'saveFreq', 'valid_batch_size', 'train_error_size'])])
# The two values that the tutorial's own main passes.
COMMAND_LINE_DEFAULTS = {'max_epochs': 100, 'test_size': 500}
# Named sets of arguments; docs/results.md has the reasons and the errors of `full`.
PRESETS = {'full': OrderedDict([
    ('maxlen', None), ('n_words', 20000), ('dim_proj', 64), ('bidirectional', True),
    ('pooling', 'max'), ('ngrams', 4), ('ngram_words', 30), ('word_dropout', 0.5), ('spans', 0.2),
    ('composed', 2.5), ('keep', 'last'),
    ('optimizer', 'adam'), ('lrate', 0.002), ('falling_lrate', True), ('clip_norm', 1.),
    ('forget_bias', 1.), ('batch_size', 32), ('length_window', 100), ('average', 625),
    ('max_epochs', 8), ('validFreq', -1), ('saveFreq', -1), ('dispFreq', 100), ('test_size', -1),
    ('valid_split', 'group')])}
