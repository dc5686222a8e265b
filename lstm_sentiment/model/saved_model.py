"""Saved models: parameters, options and words in an ``.npz``.

``lstm_model.npz`` holds the arrays by name, with ``train_err``, ``valid_err``,
``test_err``, ``history_errs``, and as JSON ``options`` and, where training knew
them, ``words``: one file, so that all is of one run even if two save to the
same place at once. ``lstm_model.npz.json`` and ``lstm_model.npz.words.json``
are readable copies, used only if the ``.npz`` contains none. The
SHA-256 of the words is among the options: those of another model are refused.
The tutorial wrote the options as a pickle, ``lstm_model.npz.pkl``; that is
read too, without running anything that it names.
"""
import contextlib
import hashlib
import json
import os
from collections import OrderedDict, namedtuple

import numpy

from lstm_sentiment.data.safe_reading import (
    MAX_OPTIONS,
    open_arrays,
    read_json,
    read_options_pickle,
)
from lstm_sentiment.errors import DataError, ModelError, abridged, reason
from lstm_sentiment.files import read_bounded, require_writable, whole_files
from lstm_sentiment.model import packaged
from lstm_sentiment.options import EXPECTED
from lstm_sentiment.text.vocabulary import FIRST_WORD_ID, Vocabulary

WORDS = '.words.json'
# Maximum number of bytes of the words of a model; 100,000 words take 2 million.
MAX_WORDS = 1 << 26
# What an .npz contains besides the parameters.
RESULTS = ('train_err', 'valid_err', 'test_err', 'history_errs', 'options', 'words')
# Parameters that are whole numbers.
WHOLE = ('ngram_hashes',)
PLAIN = (bool, int, float, str, type(None))
# What the layers are, and the tutorial's, which older models do not name.
LAYERS = {'encoder': 'lstm', 'peephole': 'matrix', 'bidirectional': False, 'n_layers': 1,
          'pooling': 'mean'}
MODEL_OPTIONS = ('dim_proj', 'n_words', 'maxlen', 'use_dropout', 'batch_size', 'valid_batch_size')

SavedModel = namedtuple('SavedModel', 'params options vocabulary')


def check_writable(path):
    """The path with the ending ``.npz``, if a model can be saved there.

    Raises
    ------
    errors.ConfigError
        If it is a folder, its folder is missing or not writable, or it is the packaged model.
    """
    path = os.fspath(path)
    if not path.endswith('.npz'):
        path += '.npz'
    packaged.check_other('saveto', path)
    require_writable('saveto', *files_of(path))
    return path


def files_of(path):
    """All files that a model is saved to."""
    return [path, path + '.json', path + WORDS] if path else []


def save(path, params, options, vocabulary=None, beside=True, **errors):
    """Write arrays, options, words and `errors` to `path`; options and words beside it as well.

    Without a vocabulary, the words of an earlier model there are removed. If `beside` is false,
    only `path` is written.

    Raises
    ------
    errors.ModelError
        If the file cannot be written; an earlier one is then still complete.
    """
    arrays = dict(params)
    arrays.update((name, numpy.asarray(value)) for name, value in errors.items())
    options = dict(options)
    options.pop('words_sha256', None)
    words = None
    if vocabulary is not None:
        words = vocabulary.to_json()
        options['words_sha256'] = hashlib.sha256(words).hexdigest()
        arrays['words'] = numpy.frombuffer(words, 'uint8')
    text = (json.dumps(options, indent=1, sort_keys=True, default=plain) + '\n').encode('ascii')
    n_files = 1 if not beside else 2 if vocabulary is None else 3
    try:
        with whole_files(*files_of(path)[:n_files]) as (stream, *others):
            numpy.savez(stream, options=numpy.frombuffer(text, 'uint8'), **arrays)
            for file, content in zip(others, (text, words)):
                file.write(content)
        if vocabulary is None:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path + WORDS)
    except OSError as error:
        raise ModelError('the model could not be saved to %s: %s'
                         % (error.filename or path, error.strerror or error))


def plain(value):
    """A NumPy number as a value, a function as its name, for JSON."""
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
    with model_arrays(path) as (arrays, members):
        check_fit(path, members, params)
        found = {name: finite(path, name, arrays[name], initial.dtype)
                 for name, initial in params.items()}
    params.update(found)
    return params


@contextlib.contextmanager
def model_arrays(path):
    """`safe_reading.open_arrays`; what goes wrong inside becomes a `ModelError`."""
    try:
        with open_arrays(path) as (arrays, members):
            yield arrays, members
    except ModelError:
        raise
    except Exception as error:  # a damaged or foreign file raises almost anything
        raise ModelError('%s is not a model that can be read: expected the .npz that '
                         'training saves; found: %s' % (path, reason(error)))


def finite(path, name, value, dtype=None):
    """The array in the given type, if all numbers in it are finite.

    Numbers stored in float16 become float32 where no type is given.
    """
    if value.dtype.kind != 'f':
        raise ModelError('the model %s is damaged: its parameter %s is of type %s. Expected '
                         'floating-point numbers.' % (path, name, value.dtype))
    dtype = dtype or ('float32' if value.dtype == 'float16' else value.dtype)
    value = numpy.asarray(value, dtype=dtype)
    if not numpy.isfinite(value).all():
        raise ModelError('the model %s is damaged: its parameter %s has values that are not '
                         'finite. Expected finite numbers; train it again.' % (path, name))
    return value


def check_fit(path, found, params):
    """Raise `ModelError` unless each of `params` is in `found` with the same shape."""
    for name, initial in params.items():
        if name not in found:
            raise ModelError('the model %s has no parameter %s: expected one of shape %s'
                             % (path, name, initial.shape))
        if found[name].shape != initial.shape:
            raise ModelError('the model %s does not fit: its parameter %s has the shape %s, '
                             'these options make it %s'
                             % (path, name, found[name].shape, initial.shape))


def load_options(path):
    """The options of the model at `path`, or of ``path.json`` or the tutorial's ``path.pkl``.

    Raises
    ------
    errors.ModelError
        If there are none, or they cannot be read.
    """
    path = os.fspath(path)
    try:
        within = read_within(path, 'options', MAX_OPTIONS) if os.path.isfile(path) else None
        if within is not None:
            options = json.loads(within.decode('utf-8'))
        elif os.path.exists(path + '.json'):
            options = read_json(path + '.json')
        else:
            options = read_options_pickle(path + '.pkl')
        check_plain(options)
    except Exception as error:  # a damaged pickle raises almost anything
        raise ModelError('the options of the model %s cannot be read: expected %s.json, or '
                         'the tutorial\'s %s.pkl; found: %s' % (path, path, path, reason(error)))
    return options


def made_from(path):
    """The options that the model at `path` was made with, whatever stands there.

    Returns
    -------
    dict or None
        None where there is no file; empty where there is one that is not a model of this program,
        or is damaged.
    """
    if not os.path.lexists(path):
        return None
    try:
        return load_options(path)
    except ModelError:
        return {}


def read_within(path, name, limit):
    """The bytes of a text in the ``.npz``; None if it is not there."""
    with model_arrays(path) as (arrays, members):
        if name not in members:
            return None
        if members[name].n_bytes > limit:
            raise DataError('more than %d bytes of %s' % (limit, name))
        return arrays[name].tobytes()


def check_plain(options):
    """Raise `DataError` unless these are options by name with valid values."""
    if type(options) is not dict:
        raise DataError('%s where options by name should be' % type(options).__name__)
    for name, value in options.items():
        if type(value) not in PLAIN or type(value) is int and abs(value) >= 1 << 63:
            raise DataError('the option %s is %s: expected a number, text, True, False or None'
                            % (abridged(name), abridged(value)))
        # The other options have no effect on a saved model.
        if name in MODEL_OPTIONS and not EXPECTED[name][0](value):
            raise DataError('the option %s is %s: expected %s'
                            % (name, abridged(value), EXPECTED[name][1]))


def load(path):
    """Read a model that training or the original program saved.

    Returns
    -------
    params : OrderedDict of arrays
        ``Wemb`` (n_words, dim_proj), the encoder's, ``U`` (dim_proj, ydim), ``b`` (ydim,).
    options : dict
    vocabulary : Vocabulary or None
        None if the model was saved without its words.

    Raises
    ------
    errors.ModelError
        If a file cannot be read, or the three do not match.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise ModelError('there is no model %s: expected the .npz that training saves' % path)
    options = load_options(path)
    with model_arrays(path) as (arrays, members):
        check_shapes(path, members, options)
        params = OrderedDict((name, arrays[name] if name in WHOLE else
                              finite(path, name, arrays[name])) for name in members
                             if name not in RESULTS)
    vocabulary = load_vocabulary(path, options)
    if vocabulary is not None:
        check_vocabulary(path, params, vocabulary)
    return SavedModel(params, options, vocabulary)


def check_shapes(path, params, options):
    """Raise `ModelError` unless embedding and logistic regression match the options."""
    sizes = [options.get(name) for name in ('n_words', 'dim_proj', 'ydim')]
    n_words, dim_proj, ydim = sizes
    n_features = 2 * dim_proj if options.get('bidirectional') is True and dim_proj else dim_proj
    expected = {'Wemb': (n_words, dim_proj), 'U': (n_features, ydim), 'b': (ydim,)}
    for name, shape in expected.items():
        if name not in params:
            raise ModelError('the model %s has no parameter %s: expected one of shape %s'
                             % (path, name, shape))
        if params[name].shape != shape:
            raise ModelError('the model %s does not fit its options: its parameter %s has the '
                             'shape %s, the options say %s. Use the .npz with the options that '
                             'were saved with it.' % (path, name, params[name].shape, shape))


def load_errors(path):
    """The errors on training, validation and test that were saved with a model; NaN for none.

    Raises
    ------
    errors.ModelError
        If the file cannot be read.
    """
    with model_arrays(path) as (arrays, members):
        return tuple(float(arrays[name]) if name in members and members[name].shape == ()
                     else float('nan') for name in RESULTS[:3])


def load_vocabulary(path, options):
    """The vocabulary in the model at `path`, or in a file next to it; None if there is none.

    Raises
    ------
    errors.ModelError
        If it cannot be read, or was saved with another model.
    """
    try:
        content = read_within(path, 'words', MAX_WORDS) if os.path.isfile(path) else None
        if content is None:
            content = read_bounded(path + WORDS, MAX_WORDS)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, DataError) as error:
        raise ModelError('%s cannot be read: %s. Make it readable.'
                         % (path + WORDS, reason(error)))
    found = hashlib.sha256(content).hexdigest()
    if found != options.get('words_sha256'):
        raise ModelError('%s is not of this model. Expected the SHA-256 %s, which is among its '
                         'options, found %s. Put the file back that was saved with the model, or '
                         'remove it and give the dictionary.'
                         % (path + WORDS, options.get('words_sha256'), found))
    try:
        return Vocabulary.from_json(content, path + WORDS)
    except DataError as error:
        raise ModelError(str(error))


def check_start(path, options, vocabulary):
    """Raise `ModelError` if training cannot start from a model: other layers, or other words.

    Parameters
    ----------
    path : str
        The model. The words of a model that was saved without them cannot be checked.
    options : dict
        Of the run.
    vocabulary : Vocabulary or None
        That of the dataset, limited to the words of the new model.
    """
    path = os.fspath(path)
    of_model = load_options(path)
    for name, tutorial in LAYERS.items():
        then, now = of_model.get(name, tutorial), options.get(name, tutorial)
        if then != now:
            raise ModelError('the model %s has %s=%r, this run has %s=%r: its parameters have '
                             'another meaning. Start from it with the same layers.'
                             % (path, name, then, name, now))
    found = None if vocabulary is None else load_vocabulary(path, of_model)
    if found is None:
        return
    for what in ('settings', 'classes', 'words'):
        if getattr(found, what) != getattr(vocabulary, what):
            raise ModelError('the model %s does not fit the dataset: it was trained with other %s, '
                             'so that its ids or labels mean something else. Train from the '
                             'start, or on the dataset it was made with.'
                             % (path, what if what != 'settings' else 'text settings'))


def check_vocabulary(path, params, vocabulary):
    """Raise `ModelError` unless a vocabulary has a word for each embedding and a name a class."""
    (n_words, _), (ydim,) = params['Wemb'].shape, params['b'].shape
    if len(vocabulary.words) + FIRST_WORD_ID > n_words:
        raise ModelError('the words of the model %s do not fit it: expected %d or fewer, found %d'
                         % (path, n_words - FIRST_WORD_ID, len(vocabulary.words)))
    if len(vocabulary.classes) != ydim:
        raise ModelError('the classes of the model %s do not fit it: expected %d, found %s'
                         % (path, ydim, ', '.join(vocabulary.classes)))
