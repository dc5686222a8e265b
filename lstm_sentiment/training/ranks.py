"""A run that several ranks share: whose samples are whose, and what they must agree on."""
import hashlib
from collections import OrderedDict

import numpy

from lstm_sentiment import processes
from lstm_sentiment.engine import split_draws
from lstm_sentiment.engine.exchange import Deal, Exchange
from lstm_sentiment.engine.loading import ON_JAX
from lstm_sentiment.engine.names import config
from lstm_sentiment.engine.optimizers import OwnOptimizer
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.training.checkpoint import generator_state, is_generator


class Ranks(object):
    """What a run does differently where each minibatch is shared.

    Parameters
    ----------
    optimizer : engine.optimizers.Optimizer
    interrupts : interrupts.AgreedInterrupts
    clip_norm : float
        As of `lstm.train_lstm`.

    Raises
    ------
    errors.ConfigError
        If the gradients cannot be exchanged.
    """

    def __init__(self, optimizer, interrupts, clip_norm=0.):
        if ON_JAX or isinstance(optimizer, OwnOptimizer):
            raise ConfigError('several processes can share a run only where its gradients are '
                              'known: expected another mode than JAX and an update rule of '
                              'lstm.py. Start it without mpiexec.')
        self.optimizer, self.interrupts = optimizer, interrupts
        self.exchange = optimizer.exchange = Exchange(interrupts.asks_to_stop, clip_norm)
        interrupts.are_to_stop = lambda: self.exchange.stop

    def deal(self, lengths, labels, class_weights=None):
        """The places in a minibatch of this rank's samples, given those facts of all samples."""
        lengths = numpy.asarray(lengths)
        # As in `lstm.mean_cost`: a sample without words has no weight.
        weights = numpy.minimum(lengths, 1)
        if class_weights is not None:
            weights = weights * numpy.asarray(class_weights)[numpy.asarray(labels)]
        deal = Deal(lengths, weights, processes.rank(), processes.size())
        self.exchange.begin(deal)
        return deal.mine

    def only_first(self, callback):
        """The callback on rank 0, whose KeyboardInterrupt ends all ranks; None on the others."""
        if callback is None or not processes.is_first():
            return None

        def call(record):
            try:
                callback(record)
            except KeyboardInterrupt:
                self.interrupts.ask()
        return call

    def measured(self, measure, f_pred, prepare_data, data, minibatches, confusion=None):
        """What `measure`, such as `lstm.pred_error`, gives for a part of the data.

        Each rank takes some of the minibatches. The streams that dropout draws from advance by what
        all minibatches take, for each prediction draws too. `confusion`, as of
        `lstm.pred_error`, or None, gets the counts of all ranks.
        """
        def predict(x, mask):
            split_draws.choose(x.shape[1], numpy.arange(x.shape[1]))
            return f_pred(x, mask)

        own = processes.part_of(minibatches)
        error = measure(predict, prepare_data, data, own, confusion=confusion)
        if confusion is not None:
            confusion[...] = processes.total(confusion)
        if self.optimizer.randoms:
            self.draw_for_others(f_pred, minibatches)
        n_samples = len(data[0])
        n_right = processes.total(int(round((1. - error) * n_samples)))
        return 1. - n_right / float(n_samples)

    def draw_for_others(self, f_pred, minibatches):
        """Draw as the predictions of the other ranks' minibatches do, for a text of one word."""
        x = numpy.ones((1, 1), dtype='int64')
        mask = numpy.ones((1, 1), dtype=config.floatX)
        for number, (_, batch) in enumerate(minibatches):
            if number % processes.size() != processes.rank():
                split_draws.choose(len(batch), [0])
                f_pred(x, mask)

    def align(self, run):
        """If the ranks' parameters differ, as after other processors' rounding, take rank 0's."""
        values = OrderedDict((name, value if is_generator(value) else numpy.asarray(value))
                             for name, value in run.values().items())
        if len(set(processes.gather(digest_of(values)))) > 1:
            print('The parameters of the ranks differ in the last digits, as on processors of '
                  'different kinds: all go on with those of rank 0')
            run.take_values(processes.of_first(values))


def digest_of(values):
    """A digest of arrays and random generators by name."""
    digest = hashlib.sha256()
    for name, value in values.items():
        digest.update(name.encode('utf-8'))
        if is_generator(value):
            digest.update(repr(generator_state(value)).encode('utf-8'))
        else:
            digest.update(value.tobytes())
    return digest.hexdigest()
