"""What a run needs to be repeated: it is saved with the model, and ``--repeat`` goes by it."""
import inspect
import os

import numpy

import demo_reviews
import imdb
import saved_model
from engine import config, description
from errors import ConfigError, DataError

PROJECT_VERSION = '0.1.0'
# Arguments that a repetition may have of its own.
OWN = {'saveto', 'checkpoint', 'resume', 'dispFreq', 'callback'}


def provenance():
    """What options and seed leave open: versions, device and floatX, by name."""
    return {'engine': description(), 'numpy': numpy.__version__, 'project': PROJECT_VERSION,
            'floatX': config.floatX}


def arguments_of(path, train, own):
    """The arguments of the run that made a model.

    Parameters
    ----------
    path : str
        The model, as training saved it.
    train : callable
        ``lstm.train_lstm``: its signature says what an argument is.
    own : dict
        Arguments given beside; they may be those in `OWN`.

    Returns
    -------
    dict
        With a ``saveto`` that is a new file, by default ``MODEL.repeat.npz``.

    Raises
    ------
    errors.ConfigError
        If other arguments are given, floatX is another one, or `saveto` is there.
    errors.DataError
        If the dataset is another one now.
    errors.ModelError
        If the model has no options that can be read.
    """
    options = saved_model.load_options(path)
    others = sorted(set(own) - OWN)
    if others:
        raise ConfigError('%s beside repeat: expected none but %s, since the others are those of '
                          'the run that is repeated' % (', '.join(others),
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
    found['saveto'] = own.get('saveto') or stem + '.repeat.npz'
    if os.path.exists(found['saveto']):
        raise ConfigError('%s is there already: name a new file by saveto (--saveto FILE)'
                          % found['saveto'])
    for name, now in provenance().items():
        if options.get(name, now) != now:
            print('The run of %s had %s %s: numbers may differ in the last digits'
                  % (path, name, options[name]))
    return found


def check_dataset(path, options):
    """Raise `DataError` unless the dataset is the one that the model was trained on."""
    expected, dataset = options.get('dataset_sha256'), options.get('dataset')
    if expected is None:
        return
    if dataset == 'demo':  # it is written anew where it is missing, always the same
        file = demo_reviews.dataset_path('demo.pkl')
    else:
        file = imdb.find_dataset(*[] if dataset == 'imdb' else [dataset])
    if os.path.isfile(file) and imdb.fingerprint(file) != expected:
        raise DataError('%s is not the dataset that %s was trained on. Expected the SHA-256 %s '
                        '(before compression), found %s.'
                        % (file, path, expected, imdb.fingerprint(file)))
