"""Imports the engine under the user's flags: Theano below CPython 3.11, PyTensor from there on.

Attributes
----------
engine : module
    ``theano`` or ``pytensor``.
COMPILES : bool
    Whether the flags ask the engine to compile the scan.
ON_JAX : str or None
    JAX's version and device, where the mode is JAX.
FLOATX_BY_DEFAULT : bool
    Whether floatX is the default of the scripts, because the user's configuration names none.
"""
import logging
import os
import sys
import warnings

from lstm_sentiment.engine import jax_functions
from lstm_sentiment.engine.flags import (
    DEFAULTS,
    check_float,
    compiles,
    join_flags,
    parse_flags,
    temporary_environment,
)
from lstm_sentiment.errors import ConfigError

USES_PYTENSOR = sys.version_info >= (3, 11)


def translate(theano_flags):
    """PyTensor's spelling of Theano's flags: ``gcc.cxxflags`` is ``gcc__cxxflags``.

    ``device`` is not PyTensor's: a GPU is reached by its mode JAX, which is put in its place.

    Returns
    -------
    flags : dict
    device : str
    """
    flags = {name.replace('.', '__'): value for name, value in theano_flags.items()}
    device = flags.pop('device', 'cpu')
    if device != 'cpu' and flags.setdefault('mode', 'JAX') != 'JAX':
        raise ConfigError('device=%s,mode=%s: expected mode=JAX, or no mode, with a GPU'
                          % (device, flags['mode']))
    return flags, device


def import_pytensor(flags):
    """Import PyTensor with the flags; where it was imported before, set them."""
    if 'pytensor' in sys.modules:
        import pytensor
        for name, value in flags.items():
            if str(getattr(pytensor.config, name, value)) != value:
                try:
                    setattr(pytensor.config, name, value)
                except Exception as error:
                    raise ConfigError('%s=%s: this flag can no longer be set, for PyTensor '
                                      'was imported before (%s)' % (name, value, error))
        return pytensor
    with temporary_environment('PYTENSOR_FLAGS', join_flags(flags)), \
            warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='PyTensor does not recognise')
        import pytensor
        return pytensor


def load_pytensor():
    """PyTensor under the user's flags, whether these let it compile, and JAX's device."""
    flags, device = translate(parse_flags(os.environ.get('THEANO_FLAGS', '')))
    flags.update(parse_flags(os.environ.get('PYTENSOR_FLAGS', ''), 'PYTENSOR_FLAGS'))
    if device != 'cpu' and flags['mode'] != 'JAX':
        raise ConfigError('device=%s with PYTENSOR_FLAGS="mode=%s": expected mode=JAX, or no '
                          'mode, with a GPU' % (device, flags['mode']))
    by_engine = compiles(flags)
    if not by_engine:
        flags.setdefault('cxx', '')
    check_float(flags.get('floatX', 'float64'))
    on_device = jax_functions.choose_device(device) if flags.get('mode') == 'JAX' else None
    try:
        pytensor = import_pytensor(flags)
        unknown = sorted(name for name in flags if not hasattr(pytensor.config, name))
    except ValueError as error:
        raise ConfigError('THEANO_FLAGS="%s": %s' % (join_flags(flags), error))
    if unknown:
        print('warning: PyTensor knows no flag named %s; ignored' % ', '.join(unknown),
              file=sys.stderr)
    return pytensor, by_engine, on_device


def load_theano():
    """Import Theano under the user's flags; return it and whether it compiles."""
    flags = parse_flags(os.environ.get('THEANO_FLAGS', ''))
    by_engine = compiles(flags)
    check_float(flags.get('floatX', 'float64'))
    if not by_engine:
        flags.setdefault('cxx', '')
    logging.getLogger('theano.tensor.blas').setLevel(logging.ERROR)
    with temporary_environment('THEANO_FLAGS', join_flags(flags)), \
            warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*there is no c')
        warnings.filterwarnings('ignore', category=DeprecationWarning)
        try:
            import theano as genuine
        except ValueError as error:
            raise ConfigError('THEANO_FLAGS="%s": %s' % (join_flags(flags), error))
    return genuine, by_engine, None


def set_default_float(config):
    """Set floatX to the script's default, unless a flag or a configuration file names one."""
    present = config.floatX  # once it is read, the engine knows where its value comes from
    if DEFAULTS['floatX'] in (None, present) or not type(config).floatX.is_default:
        return False
    config.floatX = DEFAULTS['floatX']
    return True


engine, COMPILES, ON_JAX = load_pytensor() if USES_PYTENSOR else load_theano()
FLOATX_BY_DEFAULT = set_default_float(engine.config)
check_float(engine.config.floatX)
