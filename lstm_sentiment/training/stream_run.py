"""A training run over a text that several streams read; see `characters.minibatch`."""
import numpy

from lstm_sentiment.text.characters import minibatch
from lstm_sentiment.training.resumable import Resumable


class StreamRun(Resumable):
    """What happens around an update; see :class:`resumable.Resumable`.

    Parameters
    ----------
    options : dict
        Settings of the run; a checkpoint is resumed only with the same ones.
    control : Control
    numbers : int array
        The training text.
    carried : dict of shared variables
        h and c of the streams.
    report, write : callables
        ``report(update, mean_cost, last_cost)`` prints the mean cost since the last report and the
        last cost; ``write(update)`` prints texts. Updates are numbered from 0 here.
    own : dict
        ``max_updates``, ``dispFreq`` and ``sampleFreq``, which may change when a run is resumed.
    """

    def __init__(self, options, control, numbers, tparams, optimizer, carried, report, write, own):
        Resumable.__init__(self, options, control, tparams, optimizer)
        self.numbers, self.carried, self.report, self.write = numbers, carried, report, write
        self.own, self.written_at = own, None
        self.costs = numpy.zeros(2)  # since the last report: their sum, and how many

    def minibatches(self):
        """Yield x and y of each update, from the present one on."""
        while self.update < self.own['max_updates']:
            self.interrupts.hold()  # until all that the update brings is done
            yield minibatch(self.numbers, self.options['batch_size'], self.options['n_timesteps'],
                            self.update)

    def updated(self, cost):
        """Count an update; report, write and save where that is due."""
        number = self.update  # from 0
        self.update += 1
        self.costs += cost, 1
        if number % self.own['dispFreq'] == 0:
            mean_cost = self.costs[0] / self.costs[1]
            self.costs[:] = 0
            self.report(number, mean_cost, cost)
        if number % self.own['sampleFreq'] == 0:
            self.write(number)
            self.written_at = self.update
            self.save_checkpoint()
        self.interrupts.release()

    def ended(self):
        if self.written_at != self.update and not self.bad_cost:
            self.write(self.update - 1)

    def values(self):
        values = Resumable.values(self)
        values.update(('carried.' + name, state.get_value())
                      for name, state in self.carried.items())
        return dict(values, costs=self.costs)

    def take_up(self, values, progress):
        Resumable.take_up(self, values, progress)
        for name, state in self.carried.items():
            state.set_value(values['carried.' + name])
        self.costs = values['costs']
