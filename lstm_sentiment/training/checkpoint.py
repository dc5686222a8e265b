"""Checkpoints: the whole state of a training run, from which it can be resumed.

A checkpoint is one file, an ``.npz`` of arrays by name, which is written completely or not at all.
It holds the parameters, the states of the update rule, the best parameters so far, the states of
the random generators, and the progress of the run. A resumed run gives, bit for bit, the numbers of
a run that was never stopped (with the same versions of the libraries).
"""
import copy
import io
import json
import os

import numpy

from lstm_sentiment.data.safe_reading import open_arrays
from lstm_sentiment.errors import ConfigError, ModelError, reason
from lstm_sentiment.files import replace_file
from lstm_sentiment.messages import say
from lstm_sentiment.model.saved_model import plain
from lstm_sentiment.training.provenance import BY_HAND, provenance

FORMAT = 2
# Options that may differ when a run is resumed.
MAY_CHANGE = {'max_epochs', 'patience', 'dispFreq', 'saveto', 'reload_sha256', 'interrupted'}


class Checkpoint(object):
    """The file that holds the state of a run.

    Parameters
    ----------
    path : str or None
        None for no file: then nothing is saved.
    options : dict
        Of the run.
    """

    def __init__(self, path, options):
        self.path, self.options = path, options

    def exists(self):
        return bool(self.path) and os.path.exists(self.path)

    def save(self, values, progress):
        """Write the state of the run to the file.

        Parameters
        ----------
        values : dict
            Arrays and random generators by name.
        progress : dict
            The progress of the run, as values that JSON can hold.

        Raises
        ------
        errors.ModelError
            If the file cannot be written; an earlier one is then unchanged.
        """
        if not self.path:
            return
        generators = {name: generator_state(value) for name, value in values.items()
                      if is_generator(value)}
        arrays = {name: value for name, value in values.items() if name not in generators}
        text = json.dumps(dict(progress, format=FORMAT, generators=generators,
                               options=as_json_has_them(self.options))).encode('ascii')
        content = io.BytesIO()
        numpy.savez(content, progress=numpy.frombuffer(text, 'uint8'), **arrays)
        try:
            replace_file(self.path, content.getvalue())
        except OSError as error:
            raise ModelError('the checkpoint could not be saved to %s: %s. An earlier one is '
                             'whole; make room, or name another file by --checkpoint.'
                             % (self.path, error.strerror or error))

    def load(self, expected, optional):
        """Read what `save` wrote.

        Parameters
        ----------
        expected, optional : dict
            The run's own values by name. The values that are read have the same kinds, shapes and
            dtypes. Those of `optional` are read if the file has all of them.

        Returns
        -------
        values : dict
            Without those of `optional` if the file does not have all of them.
        progress : dict

        Raises
        ------
        errors.ConfigError
            If the run in the file had other options or other data.
        errors.ModelError
            If the file cannot be used.
        """
        try:
            with open_arrays(self.path) as (found, members):
                progress = read_progress(found)
                check_same_run(self.path, progress['options'], self.options)
                if all(name in members for name in optional):
                    expected = dict(expected, **optional)
                values = {}
                for name, value in expected.items():
                    if is_generator(value):
                        values[name] = generator_from(value, progress['generators'][name])
                    else:
                        check_like(name, members[name].shape, value.shape)
                        values[name] = numpy.asarray(found[name], value.dtype)
            check_progress(progress)
        except ConfigError:
            raise
        except Exception as error:  # a damaged or foreign file raises almost anything
            raise ModelError('%s is not a checkpoint of this run that can be used; found: %s. '
                             'Remove it to start anew.' % (self.path, reason(error)))
        return values, progress

    def check_replaceable(self):
        """Raise `ConfigError` if a new run would replace a different, unfinished run."""
        if not self.exists():
            return
        try:
            with open_arrays(self.path) as (found, _):
                progress = read_progress(found)
            differences = differing(progress['options'], self.options)
        except Exception as error:  # a damaged or foreign file raises almost anything
            raise ConfigError('%s is not a checkpoint that this run could replace; found: %s. Name '
                              'another file by --checkpoint, or replace it by --overwrite.'
                              % (self.path, reason(error)))
        if differences and not progress.get('finished'):
            raise ConfigError('%s holds an unfinished run with other settings: %s. Go on with that '
                              'one by --resume and its settings, name another file by --saveto or '
                              '--checkpoint, or replace it by --overwrite.'
                              % (self.path, '; '.join(differences)))


def as_json_has_them(options):
    return json.loads(json.dumps(options, default=plain))


def read_progress(found):
    """The progress of the run in these arrays.

    Raises
    ------
    errors.ModelError
        If an earlier version of this program wrote it.
    """
    progress = json.loads(found['progress'].tobytes().decode('ascii'))
    if progress.get('format') != FORMAT:
        raise ModelError('a checkpoint of another version of this program (format %s, expected %d)'
                         % (progress.get('format', 1), FORMAT))
    return progress


def check_progress(progress):
    """Raise `ModelError` unless this is the progress of a run."""
    counts = [progress[name] for name in ('update', 'epoch', 'n_done', 'validated_at')]
    pairs, best = progress['history_errs'], progress['best_errors'] or []
    numbers = [error for pair in pairs for error in pair] + list(best) + [progress['seconds']]
    numbers += progress.get('judged', [])
    if not (all(type(count) is int and count >= 0 for count in counts) and type(pairs) is list
            and all(type(pair) is list and len(pair) == 2 for pair in pairs)
            and len(best) in (0, 3) and all(type(number) is float for number in numbers)):
        raise ModelError('counts of updates, epochs and minibatches, and errors are expected; '
                         'found %s and %.80s' % (counts, pairs))


def check_like(name, found, expected):
    """Raise `ModelError` unless two shapes are the same."""
    if found != expected:
        raise ModelError('%s of shape %s where %s is expected' % (name, found, expected))


def differing(kept, options):
    """How two runs differ in options and data, as sentences; versions are ignored."""
    options = as_json_has_them(options)
    ignored = MAY_CHANGE.union(provenance())
    if options.get('falling_lrate'):
        ignored.remove('max_epochs')  # the learning rate falls over them
    if kept.get('dataset_sha256') and kept['dataset_sha256'] == options.get('dataset_sha256'):
        ignored.add('dataset')  # the same file by another name
    return ['%s was %r and is %r' % (name, kept.get(name), options.get(name))
            for name in sorted(set(kept) | set(options))
            if name not in ignored and kept.get(name) != options.get(name)]


def check_same_run(path, kept, options):
    """Raise `ConfigError` if a run with these options cannot resume the run in the file."""
    now = provenance()
    engine, here = str(kept.get('engine')).split()[0], now['engine'].split()[0]
    if engine != here:
        raise ConfigError('the run in %s was one of %s: expected the engine of this Python, %s. '
                          'Resume it on the Python it ran on.' % (path, engine, here))
    if kept.get('floatX') != now['floatX']:
        raise ConfigError('the run in %s had floatX=%s, this one has %s. Set '
                          'THEANO_FLAGS="floatX=%s".'
                          % (path, kept.get('floatX'), now['floatX'], kept.get('floatX')))
    if (kept.get('backend') == BY_HAND) != (now['backend'] == BY_HAND):
        raise ConfigError('the run in %s used %s, this one uses %s. Their states differ: resume it '
                          'with the THEANO_FLAGS it had.'
                          % (path, kept.get('backend'), now['backend']))
    for name, value in now.items():
        if kept.get(name) != value:
            say('The checkpoint is from a run with %s %s: numbers may differ in the last digits'
                % (name, kept.get(name)))
    differences = differing(kept, options)
    if differences:
        raise ConfigError('the run in %s cannot be resumed with other options or other data: %s. '
                          'Give the same ones, or start anew without --resume.'
                          % (path, '; '.join(differences)))


# Random generators: NumPy's RandomState, which Theano uses too, or PyTensor's Generator.

def is_generator(value):
    return isinstance(value, (numpy.random.RandomState, numpy.random.Generator))


def generator_state(generator):
    """The state as JSON can hold it.

    >>> rng = numpy.random.RandomState(3)
    >>> same = generator_from(rng, json.loads(json.dumps(generator_state(rng))))
    >>> rng.randn() == same.randn()
    True
    """
    if isinstance(generator, numpy.random.RandomState):
        name, keys, place, has_gauss, gauss = generator.get_state()
        return [name, keys.tolist(), place, has_gauss, gauss]
    return generator.bit_generator.state


def generator_from(generator, state):
    """A generator of the same kind in that state."""
    generator = copy.deepcopy(generator)
    if isinstance(generator, numpy.random.RandomState):
        name, keys, place, has_gauss, gauss = state
        generator.set_state((name, numpy.array(keys, 'uint32'), place, has_gauss, gauss))
    else:
        generator.bit_generator.state = state
    return generator
