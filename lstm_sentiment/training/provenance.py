"""What is needed to repeat a run. It is saved with the model; ``--repeat`` reads it."""
import inspect
import os

import numpy

from lstm_sentiment import __version__
from lstm_sentiment.data.finding import find_dataset
from lstm_sentiment.engine.names import BY_HAND as IS_BY_HAND
from lstm_sentiment.engine.names import config, description
from lstm_sentiment.errors import ConfigError, DataError, ModelError
from lstm_sentiment.files import fingerprint
from lstm_sentiment.model import saved_model

# Arguments that a repetition may change.
OWN = {'saveto', 'checkpoint', 'resume', 'overwrite', 'dispFreq', 'verbose', 'callback'}
# The backend whose state differs from that of compiled functions.
BY_HAND = 'passes by hand'


def provenance(reload_model=None):
    """What options and seed do not say: versions, device, floatX, the initial model."""
    found = {'engine': description(), 'numpy': numpy.__version__, 'project': __version__,
             'floatX': config.floatX, 'backend': BY_HAND if IS_BY_HAND else 'compiled functions'}
    if reload_model:
        found['reload_sha256'] = fingerprint(reload_model)
    return found


def arguments_of(path, train, own):
    """The arguments of the run that made a model.

    Parameters
    ----------
    path : str
        The model, as training saved it.
    train : callable
        ``lstm.train_lstm``, whose signature lists the arguments.
    own : dict
        Arguments given in addition; only those in `OWN` are valid.

    Returns
    -------
    dict
        ``saveto`` is a new file, by default ``MODEL.repeat.npz``.

    Raises
    ------
    errors.ConfigError
        If other arguments are given, floatX differs, or `saveto` exists.
    errors.DataError
        If the dataset has changed.
    errors.ModelError
        If the model has no options that can be read.
    """
    options = saved_model.load_options(path)
    others = sorted(set(own) - OWN)
    if others:
        raise ConfigError('%s with repeat: expected only %s, because the others are those of '
                          'the repeated run' % (', '.join(others),
                                                        ', '.join(sorted(OWN - {'callback'}))))
    if options.get('floatX', config.floatX) != config.floatX:
        raise ConfigError('the run of %s had floatX=%s, this one has %s. Set '
                          'THEANO_FLAGS="floatX=%s".'
                          % (path, options['floatX'], config.floatX, options['floatX']))
    check_dataset(path, options)
    found = {name: options[name] for name in inspect.signature(train).parameters
             if name in options and name not in OWN}
    found.update(own)
    stem = path[:-len('.npz')] if path.endswith('.npz') else path
    found.setdefault('saveto', stem + '.repeat.npz')
    if found['saveto']:
        found['saveto'] = saved_model.check_writable(found['saveto'])
    for name in ('saveto', 'checkpoint'):
        value = found.get(name)
        if value and os.path.exists(value) and (os.path.samefile(value, path) or not (
                own.get('resume') or own.get('overwrite'))):
            raise ConfigError('%s already exists: name a new file by %s (--%s FILE)'
                              % (value, name, name))
    say_what_differs(path, options)
    return found


def check_replaceable(path, options):
    """Raise `ConfigError` if a run with these options would replace a different model or file.

    Parameters
    ----------
    path : str or None
        Where the run saves its model.
    options : dict
    """
    found = saved_model.made_from(path) if path else None
    if found is None:
        return
    if not found:
        raise ConfigError('saveto=%s: the file exists and is no model that this program made. Name '
                          'another file, or replace it by --overwrite (overwrite=True).' % path)
    then, now = found.get('dataset_sha256'), options.get('dataset_sha256')
    if None not in (then, now) and then != now:
        raise ConfigError('saveto=%s: the file holds a model of another dataset (%s). Name another '
                          'file by --saveto, or replace it by --overwrite (overwrite=True).'
                          % (path, found.get('dataset')))


def say_what_differs(path, options):
    """Refuse another initial model, report other versions, and say if the run was interrupted."""
    reload_model = options.get('reload_model')
    if reload_model and not (os.path.isfile(reload_model) and options.get('reload_sha256')
                             == fingerprint(reload_model)):
        raise ConfigError('the run of %s started from %s, which is gone or another file now. '
                          'Put it back as it was.' % (path, reload_model))
    for name, now in provenance().items():
        if options.get(name, now) != now:
            print('The run of %s had %s %s: numbers may differ in the last digits'
                  % (path, name, options[name]))
    if options.get('interrupted'):
        print('The run of %s was interrupted; this one continues to its end' % path)


def check_dataset(path, options):
    """Raise `DataError` unless the dataset is the one that the model was trained on."""
    expected, dataset = options.get('dataset_sha256'), options.get('dataset')
    if expected is None:
        return
    if not isinstance(dataset, str):
        raise ModelError('the options of %s name no dataset: expected text, found %r'
                         % (path, dataset))
    file = find_dataset(*[] if dataset == 'imdb' else [dataset])
    if fingerprint(file) != expected:
        raise DataError('%s is not the dataset that %s was trained on. Expected the SHA-256 %s '
                        '(before compression), found %s.'
                        % (file, path, expected, fingerprint(file)))
