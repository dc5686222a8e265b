"""The flags of ``THEANO_FLAGS``: reading and writing them, and what they ask for."""
import os
import re
import shlex
from typing import Dict, Optional

from lstm_sentiment.errors import ConfigError

# What a script that is run sets: the engine's floatX where the user's configuration names none.
# None leaves it to the engine, whose default is float64.
DEFAULTS: Dict[str, Optional[str]] = {'floatX': None}


def parse_flags(text, variable='THEANO_FLAGS'):
    """Split ``'name=value,name=value'`` into a dictionary; later ones win.

    >>> parse_flags('floatX=float32, gcc.cxxflags=-O3 -g,')
    {'floatX': 'float32', 'gcc.cxxflags': '-O3 -g'}
    """
    splitter = shlex.shlex(text, posix=True)
    splitter.whitespace, splitter.whitespace_split, splitter.commenters = ',', True, ''
    try:
        parts = [part.strip() for part in splitter]
    except ValueError as error:
        raise ConfigError('%s: %s in %r' % (variable, error, text))
    flags = {}
    for part in filter(None, parts):
        name, equals, value = (piece.strip() for piece in part.partition('='))
        if not name or not equals:
            raise ConfigError('%s: expected name=value, separated by commas, but found %r. '
                              'For example: %s="floatX=float32"' % (variable, part, variable))
        flags[name] = value
    return flags


def join_flags(flags):
    r"""The text that :func:`parse_flags`, and either engine, reads as these flags.

    >>> print(join_flags({'gcc.cxxflags': '-DX="a,b"'}))
    gcc.cxxflags="-DX=\"a,b\""
    """
    quoted = (re.sub(r'(["\\])', r'\\\1', value) for value in flags.values())
    return ','.join('%s="%s"' % item for item in zip(flags, quoted))


def compiles(flags):
    """Whether the flags name a mode, a linker or a GPU, so that the engine compiles the scan.

    >>> compiles({'floatX': 'float32'}), compiles({'mode': 'FAST_RUN'})
    (False, True)
    """
    return 'mode' in flags or 'linker' in flags or flags.get('device', 'cpu') != 'cpu'


class temporary_environment(object):
    """Set one environment variable while an engine is imported."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __enter__(self):
        self.before = os.environ.get(self.name)
        os.environ[self.name] = self.value

    def __exit__(self, *exc_info):
        if self.before is None:
            del os.environ[self.name]
        else:
            os.environ[self.name] = self.before


def check_float(name):
    if name not in ('float32', 'float64'):
        raise ConfigError('floatX=%s: expected float32 or float64. '
                          'For example: THEANO_FLAGS="floatX=float32"' % name)
