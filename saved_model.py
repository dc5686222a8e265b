"""Saved models: the parameters in an ``.npz``, the options that made them beside it.

``lstm_model.npz`` holds the arrays by name, with ``train_err``, ``valid_err``,
``test_err`` and ``history_errs``; ``lstm_model.npz.json`` holds the options.
The tutorial wrote the options as a pickle, ``lstm_model.npz.pkl``; that is
read too, without running anything that it names.
"""
import io
import json
import os
import tempfile

import numpy

from errors import ConfigError, DataError, ModelError
from options import EXPECTED
from untrusted import open_arrays, read_json, read_options_pickle, reason, shown

PLAIN = (bool, int, float, str, type(None))
MODEL_OPTIONS = ('dim_proj', 'n_words', 'maxlen', 'use_dropout', 'batch_size', 'valid_batch_size')


def check_writable(path):
    """The path with its ``.npz``, if a model can be saved there.

    Raises
    ------
    errors.ConfigError
        If it is a folder, or its folder is missing or not writable.
    """
    path = os.fspath(path)
    if not path.endswith('.npz'):
        path += '.npz'
    folder = os.path.dirname(os.path.abspath(path))
    try:
        for target in (path, path + '.json'):
            if os.path.isdir(target):
                raise OSError('%s is a folder' % target)
        descriptor, trial = tempfile.mkstemp(dir=folder, prefix='.lstm-')
        os.close(descriptor)
        os.remove(trial)
    except OSError as error:
        raise ConfigError('saveto=%s cannot be written: %s. Name a file in a folder that '
                          'exists and may be written to.' % (path, error.strerror or error))
    return path


def replace_file(path, content):
    """Put the bytes in place only when they are whole."""
    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix='.lstm-')
    try:
        with os.fdopen(descriptor, 'wb') as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~current_umask())
        os.replace(temporary, path)
    except BaseException:
        os.remove(temporary)
        raise


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save(path, params, options, **errors):
    """Write the arrays and `errors` to `path`, the options to `path`.json.

    Raises
    ------
    errors.ModelError
        If the file cannot be written; an earlier one is then still whole.
    """
    content = io.BytesIO()
    arrays = dict(params)
    arrays.update((name, numpy.asarray(value)) for name, value in errors.items())
    numpy.savez(content, **arrays)
    text = json.dumps(options, indent=1, sort_keys=True, default=plain) + '\n'
    try:
        replace_file(path, content.getvalue())
        replace_file(path + '.json', text.encode('utf-8'))
    except OSError as error:
        raise ModelError('the model could not be saved to %s: %s'
                         % (path, error.strerror or error))


def plain(value):
    """What JSON can hold of a NumPy number or a function: its value, its name."""
    if isinstance(value, numpy.generic):
        return value.item()
    return getattr(value, '__name__', None) or str(value)


def load_params(path, params):
    """Replace the arrays in `params` by those of the model at `path`; return it.

    Raises
    ------
    errors.ModelError
        If the file cannot be read, or a name is missing or has another shape there.
    """
    try:
        with open_arrays(path) as (arrays, members):
            found = {name: members[name] for name in params if name in members}
            check_shapes(path, found, params)
            found = {name: numpy.asarray(arrays[name], dtype=initial.dtype)
                     for name, initial in params.items()}
    except ModelError:
        raise
    except Exception as error:  # a damaged or foreign file raises almost anything
        raise ModelError('%s is not a model that can be read: expected the .npz that lstm.py '
                         'saves; found: %s' % (path, reason(error)))
    for name, value in found.items():
        if not numpy.isfinite(value).all():
            raise ModelError('the model %s is spoilt: its parameter %s has values that are no '
                             'finite numbers. Expected numbers only; train it again.'
                             % (path, name))
    params.update(found)
    return params


def check_shapes(path, found, params):
    """Raise `ModelError` unless each of `params` is `found`, with its shape."""
    for name, initial in params.items():
        if name not in found:
            raise ModelError('the model %s has no parameter %s: expected one of shape %s'
                             % (path, name, initial.shape))
        if found[name].shape != initial.shape:
            raise ModelError('the model %s does not fit: its parameter %s has the shape %s, '
                             'these options make it %s'
                             % (path, name, found[name].shape, initial.shape))


def load_options(path):
    """The options of the model at `path`, from ``path.json`` or the tutorial's ``path.pkl``.

    Raises
    ------
    errors.ModelError
        If there is neither, or it cannot be read.
    """
    path = os.fspath(path)
    try:
        if os.path.exists(path + '.json'):
            options = read_json(path + '.json')
        else:
            options = read_options_pickle(path + '.pkl')
        check_plain(options)
    except Exception as error:  # a damaged pickle raises almost anything
        raise ModelError('the options of the model %s cannot be read: expected %s.json, or '
                         'the tutorial\'s %s.pkl; found: %s' % (path, path, path, reason(error)))
    return options


def check_plain(options):
    """Raise `DataError` unless these are options by name, none of them out of its range."""
    if type(options) is not dict:
        raise DataError('%s where options by name should be' % type(options).__name__)
    for name, value in options.items():
        if type(value) not in PLAIN or type(value) is int and abs(value) >= 1 << 63:
            raise DataError('the option %s is %s: expected a number, text, True, False or None'
                            % (shown(name), shown(value)))
        # The others change nothing in a model that is there.
        if name in MODEL_OPTIONS and not EXPECTED[name][0](value):
            raise DataError('the option %s is %s: expected %s'
                            % (name, shown(value), EXPECTED[name][1]))
