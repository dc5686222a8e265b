"""Checkpoints: all that a training run is, so that it can go on after it was stopped or killed.

A checkpoint is one file, an ``.npz`` of numbers, put in its place when it is whole: parameters and
states of the update rule as they are, the best parameters so far, the states of the random
generators, and how far the run had come. Going on from it gives, bit for bit, the numbers of the
run that was never stopped (with the same versions of Python's libraries).
"""
import copy
import io
import json
import os
from collections import OrderedDict

import numpy

from lstm_sentiment.data.safe_reading import open_arrays
from lstm_sentiment.errors import ConfigError, ModelError, reason
from lstm_sentiment.files import replace_file
from lstm_sentiment.model import saved_model
from lstm_sentiment.model.saved_model import plain
from lstm_sentiment.options import require
from lstm_sentiment.training.provenance import provenance

ENDING = '.checkpoint'
# Options that another run may have and still go on from a checkpoint.
# What a run did whose checkpoint is older than these options.
ADDED = {'word_dropout': 0., 'average': 0}
MAY_CHANGE = {'max_epochs', 'patience', 'dispFreq', 'saveto', 'reload_sha256'}
# How far a run has come that begins.
START = {'update': 0, 'epoch': 0, 'n_done': 0, 'history_errs': []}


def check_places(options):
    """Complete the options that name a model's and a checkpoint's files, if all can be used.

    Raises
    ------
    errors.ConfigError
        Names the first that cannot.
    """
    if options['reload_model']:
        require(os.path.isfile(options['reload_model']), 'reload_model',
                options['reload_model'], 'a saved model file')
    if options['saveto']:
        options['saveto'] = saved_model.check_writable(options['saveto'])
    if options['checkpoint'] == '':
        options['checkpoint'] = options['saveto'] and options['saveto'] + ENDING
    if options['checkpoint']:
        saved_model.require_writable('checkpoint', options['checkpoint'])
        require(options['checkpoint'] not in saved_model.files_of(options['saveto']),
                'checkpoint', options['checkpoint'], 'another file than the model')
    require(options['checkpoint'] or not options['resume'], 'resume', True,
            'a checkpoint to go on from, but there is none: name a file')


class Checkpoint(object):
    """Where a run is kept, and the variables that it consists of.

    Parameters
    ----------
    path : str or None
        None for no file: then `save` does nothing.
    model : lstm.Model
    rng : numpy.random.RandomState
        Shuffles the minibatches.
    """

    def __init__(self, path, model, rng):
        self.path, self.model, self.rng = path, model, rng
        functions = (model.f_grad_shared, model.f_update)
        if path and not all(hasattr(function, 'get_shared') for function in functions):
            print('The optimizer %s does not say what its state is: no checkpoints are kept'
                  % model.options['optimizer'])
            self.path = None
        self.variables = list(model.tparams.values()) + list(model.mean.shared.values())
        for function in functions if self.path else ():
            self.variables += [variable for variable in function.get_shared()
                               if not any(variable is other for other in self.variables)]
        self.rules = getattr(model.f_update, 'rules', [])

    def arrays(self):
        """The arrays that change, by name; those of the rules are the ones in use."""
        arrays = OrderedDict()
        for place, variable in enumerate(self.variables):
            value = variable.get_value()
            if not is_generator(value):
                arrays['shared_%d' % place] = numpy.asarray(value)
        for place, rule in enumerate(self.rules):
            for n_state, state in enumerate(rule.states):
                arrays['rule_%d_state_%d' % (place, n_state)] = state
            if hasattr(rule, 'seen'):
                arrays['rule_%d_seen' % place] = rule.seen
        return arrays

    def save(self, best, **progress):
        """Put the run as it is in the file; `progress` is what JSON can hold.

        Raises
        ------
        errors.ModelError
            If it cannot be written; an earlier one is then still whole.
        """
        if not self.path:
            return
        progress.update(
            options=json.loads(json.dumps(self.model.options, default=plain)),
            n_updates=[getattr(rule, 'n_updates', 0) for rule in self.rules],
            generators={str(place): generator_state(variable.get_value())
                        for place, variable in enumerate(self.variables)
                        if is_generator(variable.get_value())})
        arrays = self.arrays()
        arrays.update(('best_' + name, value) for name, value in (best or {}).items())
        text = json.dumps(progress).encode('ascii')
        content = io.BytesIO()
        numpy.savez(content, progress=numpy.frombuffer(text, 'uint8'), **arrays)
        try:
            replace_file(self.path, content.getvalue())
        except OSError as error:
            raise ModelError('the checkpoint could not be saved to %s: %s. An earlier one is '
                             'whole; make room, or name another file by --checkpoint.'
                             % (self.path, error.strerror or error))

    def resume(self):
        """As :meth:`restore`; where there is no file, the beginning of a run. Says which it is."""
        if not (self.path and os.path.exists(self.path)):
            print('There is no checkpoint %s: training starts anew' % self.path)
            return None, START
        best, progress = self.restore()
        print('Resumed after update', progress['update'])
        return best, progress

    def restore(self):
        """Make the run what the file says.

        Returns
        -------
        best : OrderedDict of arrays or None
        progress : dict

        Raises
        ------
        errors.ConfigError
            If the run that was kept had other options, or other data.
        errors.ModelError
            If the file cannot be used.
        """
        try:
            with open_arrays(self.path) as (found, members):
                progress = json.loads(found['progress'].tobytes().decode('ascii'))
                check_options(self.path, progress['options'], self.model.options)
                arrays = self.arrays()
                for name, value in arrays.items():
                    check_like(name, members[name].shape, value.shape)
                arrays = {name: numpy.asarray(found[name], value.dtype)
                          for name, value in arrays.items()}
                best = OrderedDict((name, found['best_' + name]) for name in self.model.tparams
                                   if 'best_' + name in members)
            check_progress(progress)
            self.put_back(arrays, progress)
        except ConfigError:
            raise
        except Exception as error:  # a damaged or foreign file raises almost anything
            raise ModelError('%s is not a checkpoint of this run that can be used; found: %s. '
                             'Remove it to start anew.' % (self.path, reason(error)))
        return best or None, progress

    def put_back(self, arrays, progress):
        """Set variables, states of the rules and generators."""
        for place, variable in enumerate(self.variables):
            value = variable.get_value()
            if is_generator(value):
                variable.set_value(generator_from(value, progress['generators'][str(place)]))
            else:
                variable.set_value(arrays['shared_%d' % place])
        for place, (rule, n_updates) in enumerate(zip(self.rules, progress['n_updates'])):
            for n_state, state in enumerate(rule.states):
                state[...] = arrays['rule_%d_state_%d' % (place, n_state)]
            if hasattr(rule, 'seen'):
                rule.seen[...], rule.n_updates = arrays['rule_%d_seen' % place], n_updates
        self.rng.set_state(generator_from(self.rng, progress['rng']).get_state())


def check_progress(progress):
    """Raise `ModelError` unless this says how far a run had come."""
    counts = [progress[name] for name in ('update', 'epoch', 'n_done')]
    pairs = progress['history_errs']
    if not (all(type(count) is int and count >= 0 for count in counts) and type(pairs) is list
            and all(type(pair) is list and len(pair) == 2 for pair in pairs)
            and all(type(error) is float for pair in pairs for error in pair)):
        raise ModelError('counts of updates, epochs and minibatches, and pairs of errors are '
                         'expected; found %s and %.80s' % (counts, pairs))


def check_like(name, found, expected):
    """Raise `ModelError` unless two shapes are the same."""
    if found != expected:
        raise ModelError('%s of shape %s where %s is expected' % (name, found, expected))


def check_options(path, kept, options):
    """Raise `ConfigError` if a run with these options cannot go on from the one that was kept."""
    kept = dict(ADDED, **kept)
    options = dict(ADDED, **json.loads(json.dumps(options, default=plain)))
    versions = {name: now for name, now in provenance().items() if name != 'floatX'}
    engine, here = str(kept.get('engine')).split()[0], versions['engine'].split()[0]
    if engine != here:
        raise ConfigError('the run in %s was one of %s: expected the engine of this Python, %s. '
                          'Resume it on the Python it ran on.' % (path, engine, here))
    for name, now in versions.items():
        if kept.get(name) != now:
            print('The checkpoint is from a run with %s %s: numbers may differ in the last digits'
                  % (name, kept.get(name)))
    differences = ['%s was %r and is %r' % (name, kept.get(name), options.get(name))
                   for name in sorted(set(kept) | set(options))
                   if name not in MAY_CHANGE.union(versions)
                   and kept.get(name) != options.get(name)]
    if differences:
        raise ConfigError('the run in %s cannot be resumed with other options or other data: %s. '
                          'Give the same ones, or start anew without --resume.'
                          % (path, '; '.join(differences)))


# Random generators: NumPy's old one, which Theano uses too, or the new ones of PyTensor.

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
