"""A run that can be stopped and taken up again: its counts, its clock, its interrupts."""
import math
import time
from collections import OrderedDict

import numpy

from lstm_sentiment.errors import ConfigError
from lstm_sentiment.training.checkpoint import Checkpoint, is_generator
from lstm_sentiment.training.interrupts import DeferredInterrupts

COUNTS = ('update', 'epoch', 'n_done', 'validated_at')


class Resumable(object):
    """As a context it is the run itself.

    On entry a run that was stopped is taken up again, and an interrupt inside ends it as a finished
    run ends, after the update that it came in. A subclass extends :meth:`values` and
    :meth:`take_up` by what it consists of besides parameters and optimizer.

    Parameters
    ----------
    options : dict
        What makes it another run if it is changed.
    control : settings.Control
    tparams : dict of shared variables
    optimizer : engine.optimizers.Optimizer

    Attributes
    ----------
    update, epoch, n_done, validated_at : int
        Updates so far, the epoch (from 0), updates in it, and the update after which the last
        validation was.
    history_errs : list of [float, float]
        Two numbers of each validation.
    best_errors : tuple of three floats or None
    bad_cost : bool
        Whether a cost was no number.
    """

    def __init__(self, options, control, tparams, optimizer):
        self.options, self.control = options, control
        self.tparams, self.optimizer = tparams, optimizer
        self.update, self.epoch, self.n_done, self.validated_at = 0, 0, 0, 0
        self.history_errs, self.best_errors = [], None
        self.bad_cost, self.seconds_before = False, 0.
        self.checkpoint = Checkpoint(self.checkpoint_path(), options)
        self.interrupts = DeferredInterrupts()

    def checkpoint_path(self):
        path, state = self.control.checkpoint, self.optimizer.state()
        if state is None and self.control.resume:
            raise ConfigError('resume=True: the optimizer %s does not say what its state is, so no '
                              'checkpoint was kept that it could go on from. Start anew without '
                              '--resume.' % self.options['optimizer'])
        if state is None and path:
            print('The optimizer %s does not say what its state is: no checkpoints are kept'
                  % self.options['optimizer'])
        return None if state is None else path

    def __enter__(self):
        if self.control.resume:
            self.resume()
        elif not self.control.overwrite:
            self.checkpoint.check_replaceable()
            self.check_replaceable()
        self.started = time.monotonic()
        self.interrupts.__enter__()
        return self

    def check_replaceable(self):
        """Raise `ConfigError` if the run would replace what other runs left."""

    def is_bad(self, cost):
        """Whether the cost is no number: then the run must end."""
        # Differs from the tutorial: noticed before the update it would spoil.
        self.bad_cost = not math.isfinite(cost)
        if self.bad_cost:
            print('bad cost detected: ', cost)
            self.interrupts.release()
        return self.bad_cost

    def __exit__(self, kind, error, traceback):
        self.interrupts.__exit__()
        self.seconds_before += time.monotonic() - self.started
        self.started = time.monotonic()
        if kind is None:
            self.ended()
            if not self.bad_cost:
                self.save_checkpoint(finished=True)
        elif issubclass(kind, KeyboardInterrupt):
            print('Training interrupted')
            self.options['interrupted'] = True
            self.save_checkpoint()
            return True
        return False

    def ended(self):
        """Called when the run has come to its end."""

    # What is kept.

    def values(self):
        """The arrays and generators that a run consists of, by name."""
        values = OrderedDict(('param.' + name, p.get_value()) for name, p in self.tparams.items())
        values.update(('state.' + name, value) for name, value in self.optimizer.state().items())
        return values

    def best_values(self):
        """The arrays, if there are any yet, that :meth:`best_like` describes."""
        return {}

    def best_like(self):
        """Arrays like those of :meth:`best_values`."""
        return {}

    def save_checkpoint(self, finished=False):
        if not self.checkpoint.path:
            return
        values = as_arrays(self.values())
        values.update(self.best_values())
        seconds = self.seconds_before + time.monotonic() - self.started
        self.checkpoint.save(values, dict(
            {name: getattr(self, name) for name in COUNTS}, history_errs=self.history_errs,
            best_errors=self.best_errors, seconds=seconds, finished=finished))

    def resume(self):
        """Make the run what its checkpoint says; without one, a run begins."""
        if not self.checkpoint.exists():
            print('There is no checkpoint %s: training starts anew' % self.checkpoint.path)
            return
        self.take_up(*self.checkpoint.load(as_arrays(self.values()), self.best_like()))
        print('Resumed after update', self.update)

    def take_up(self, values, progress):
        """Make the run what a checkpoint said; arguments are those of `Checkpoint.save`."""
        for name, variable in self.tparams.items():
            variable.set_value(values['param.' + name])
        self.optimizer.set_state({name: values['state.' + name] for name in self.optimizer.state()})
        for name in COUNTS + ('history_errs',):
            setattr(self, name, progress[name])
        self.seconds_before = progress['seconds']


def as_arrays(values):
    """The values, each an array or a generator, in the same order."""
    return OrderedDict((name, value if is_generator(value) else numpy.asarray(value))
                       for name, value in values.items())
