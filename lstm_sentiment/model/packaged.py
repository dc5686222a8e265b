"""The model that comes along: where it is, and that nothing is written over it.

``reviews.npz`` is trained on film reviews; ``reviews.md``, its card, says on which, how often it
errs and how it is made again. Its parameters are stored as float16.
"""
import os

import lstm_sentiment
from lstm_sentiment.errors import ConfigError, ModelError

NAME = 'reviews.npz'


def place():
    """The path that the model has, whether it is there or not."""
    # From the package, so that this module may move.
    return os.path.join(os.path.dirname(lstm_sentiment.__file__), 'model', NAME)


def path():
    """The path of the model.

    Raises
    ------
    errors.ModelError
        If it is missing.
    """
    if not os.path.isfile(place()):
        raise ModelError('this installation has no model of its own: expected %s. Name a model, '
                         'or install the program again.' % place())
    return place()


def check_other(option, other):
    """Raise `ConfigError` if a file to be written, which an option names, is the model."""
    if os.path.realpath(other) == os.path.realpath(place()):
        raise ConfigError('%s=%s: this is the model that comes along with the program, and it is '
                          'not replaced. Name another file.' % (option, other))
