"""The part of a run that does not depend on what is trained: counts, clock, checkpoint."""
import math
import time
from collections import OrderedDict

import numpy

from lstm_sentiment import processes
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.messages import say
from lstm_sentiment.training.checkpoint import Checkpoint, is_generator
from lstm_sentiment.training.interrupts import AgreedInterrupts, DeferredInterrupts

COUNTS = ('update', 'epoch', 'n_done', 'validated_at')


class Resumable(object):
    """A run that can be stopped and resumed.

    It is a context: entering it resumes a stopped run, if that is wanted. An interrupt inside it
    ends the run after the current update, in the same way as a finished run. A subclass extends
    :meth:`values` and :meth:`take_up` by its state beyond parameters and optimizer.

    Parameters
    ----------
    options : dict
        A checkpoint is resumed only with the same options.
    control : settings.Control
    tparams : dict of shared variables
    optimizer : engine.optimizers.Optimizer

    Attributes
    ----------
    update, epoch, n_done, validated_at : int
        Updates so far, the epoch (from 0), updates in it, and the update after which the last
        validation was.
    history_errs : list of [float, float]
        Two errors of each validation.
    best_errors : tuple of three floats or None
    bad_cost : bool
        Whether a cost was NaN or infinite.
    """

    def __init__(self, options, control, tparams, optimizer):
        self.options, self.control = options, control
        self.tparams, self.optimizer = tparams, optimizer
        self.update, self.epoch, self.n_done, self.validated_at = 0, 0, 0, 0
        self.history_errs, self.best_errors = [], None
        self.bad_cost, self.seconds_before = False, 0.
        self.checkpoint = Checkpoint(self.checkpoint_path(), options)
        self.interrupts = DeferredInterrupts() if processes.is_alone() else AgreedInterrupts()

    def checkpoint_path(self):
        path, state = self.control.checkpoint, self.optimizer.state()
        if state is None and self.control.resume:
            raise ConfigError('resume=True: the optimizer %s does not say what its state is, so no '
                              'checkpoint was kept that it could go on from. Start anew without '
                              '--resume.' % self.options['optimizer'])
        if state is None and path:
            say('The optimizer %s does not say what its state is: no checkpoints are kept'
                % self.options['optimizer'])
        return None if state is None else path

    def __enter__(self):
        if not self.control.overwrite:
            processes.by_first(self.check_files)
        if self.control.resume:
            self.resume()
        self.started = time.monotonic()
        self.interrupts.__enter__()
        return self

    def check_files(self):
        """Raise `ConfigError` if the run would replace files of another run."""
        if not self.control.resume:
            self.checkpoint.check_replaceable()
        self.check_replaceable()

    def check_replaceable(self):
        """The same for files other than the checkpoint."""

    def is_bad(self, cost):
        """Whether the cost is NaN or infinite: then the run must end."""
        # Differs from the tutorial: checked before the update, while the parameters are good.
        self.bad_cost = not math.isfinite(cost)
        if self.bad_cost:
            say('bad cost detected: ', cost)
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
            say('Training interrupted')
            self.options['interrupted'] = True
            self.save_checkpoint()
            return True
        return False

    def ended(self):
        """Called when a run ends without an interrupt."""

    def save_model(self):
        """Save the model, if the run has a file for it."""

    # Checkpoints.

    def values(self):
        """The arrays and generators that are the state of a run, by name."""
        values = OrderedDict(('param.' + name, p.get_value()) for name, p in self.tparams.items())
        values.update(('state.' + name, value) for name, value in self.optimizer.state().items())
        return values

    def best_values(self):
        """The best parameters so far, by name, if there are any."""
        return {}

    def further_progress(self):
        """Further progress, as values that JSON can hold."""
        return {}

    def best_like(self):
        """Arrays with the names, shapes and dtypes of :meth:`best_values`."""
        return {}

    def save_checkpoint(self, finished=False):
        if not self.checkpoint.path:
            return
        values = as_arrays(self.values())
        values.update(self.best_values())
        seconds = self.seconds_before + time.monotonic() - self.started
        progress = dict({name: getattr(self, name) for name in COUNTS}, seconds=seconds,
                        history_errs=self.history_errs, best_errors=self.best_errors,
                        finished=finished, **self.further_progress())
        try:
            processes.by_first(lambda: self.checkpoint.save(values, progress))
        except ModelError:
            self.save_model()  # it takes a quarter of the room
            raise

    def resume(self):
        """Restore the state of the run from its checkpoint; without one, start anew."""
        if not processes.by_first(self.checkpoint.exists):
            say('There is no checkpoint %s: training starts anew' % self.checkpoint.path)
            return
        self.take_up(*processes.by_first(
            lambda: self.checkpoint.load(as_arrays(self.values()), self.best_like())))
        say('Resumed after update', self.update)

    def take_values(self, values):
        """Restore the parameters and the state of the optimizer, as :meth:`values` gave them."""
        for name, variable in self.tparams.items():
            variable.set_value(values['param.' + name])
        self.optimizer.set_state({name: values['state.' + name] for name in self.optimizer.state()})

    def take_up(self, values, progress):
        """Restore the state that `Checkpoint.save` was given."""
        self.take_values(values)
        for name in COUNTS + ('history_errs',):
            setattr(self, name, progress[name])
        self.seconds_before = progress['seconds']


def as_arrays(values):
    """The values, each an array or a generator, in the same order."""
    return OrderedDict((name, value if is_generator(value) else numpy.asarray(value))
                       for name, value in values.items())
