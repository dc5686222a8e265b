"""The cells, a second direction, depth and pooling: test errors on `demo`, and time of an update.

Each variant is trained with the seeds 1, 2 and 3 as by ``python lstm.py --dataset demo --dim-proj
64 --test-size -1 --valid-freq -1 --seed SEED``, with its own options. Its errors are those of the
1,000 test reviews, under the parameters with the best validation error.

An update is timed at the sizes of the default run: 128 units, AdaDelta, float32, and the same 100
minibatches of 16 reviews for all variants, which take turns. The table holds the median over the
minibatches of the time divided by that of the tutorial's cell on the same minibatch: a ratio
depends less on the machine than a time, and on what else the machine does.
"""
import contextlib
import os
import time

import numpy
from tables import write_table

from lstm_sentiment.options import COMMAND_LINE_DEFAULTS

SEEDS = (1, 2, 3)
N_MINIBATCHES = 100
# Name, and the arguments that differ from the defaults; the first is what the others are compared
# with.
VARIANTS = (
    ('lstm', {}),
    ('lstm_standard', {'encoder': 'lstm_standard'}),
    ('lstm_peephole', {'encoder': 'lstm_peephole'}),
    ('lstm_peephole, diagonal', {'encoder': 'lstm_peephole', 'peephole': 'diagonal'}),
    ('bidirectional', {'bidirectional': True}),
    ('2 layers', {'n_layers': 2}),
    ('max pooling', {'pooling': 'max'}),
    ('last output', {'pooling': 'last'}))


def test_error(changes, seed):
    """Train on `demo`; return the share of test reviews that are misclassified."""
    import lstm
    options = dict(COMMAND_LINE_DEFAULTS, dataset='demo', dim_proj=64, test_size=-1, validFreq=-1,
                   saveto=None, checkpoint=None, seed=seed, **changes)
    # The run prints a line for every tenth update; nobody needs these lines.
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        return lstm.train_lstm(**options)[2]


def make_update(changes):
    """A function that does one update of a new model of the default sizes on x, mask, y."""
    import lstm
    options = dict(n_words=10000, dim_proj=128, ydim=2, use_dropout=True,
                   **dict({'encoder': 'lstm'}, **changes))
    tparams = lstm.init_tparams(lstm.init_params(options))
    use_noise, x, mask, y, _, _, cost = lstm.build_model(tparams, options)
    use_noise.set_value(1.)
    lr = lstm.tensor.scalar('lr', dtype=lstm.config.floatX)
    f_grad_shared, f_update = lstm.adadelta(
        lr, tparams, lstm.theano.grad(cost, list(tparams.values())), x, mask, y, cost)

    def update(*minibatch):
        f_grad_shared(*minibatch)
        f_update(0.)
    return update


def seconds_of(task, *arguments):
    start = time.perf_counter()
    task(*arguments)
    return time.perf_counter() - start


def update_times(minibatches):
    """Seconds of an update of each variant on each minibatch, (n_minibatches, n_variants)."""
    import lstm
    updates = [make_update(changes) for _, changes in VARIANTS]
    with lstm.backend.training():
        for update in updates:  # the first calls read or compile native code
            update(*minibatches[0])
        return numpy.array([[seconds_of(update, *minibatch) for update in updates]
                            for minibatch in minibatches])


def minibatches_of_reviews():
    """Minibatches as those of the default run."""
    import imdb
    (sequences, labels), _, _ = imdb.load_data(n_words=10000, maxlen=100)
    order = numpy.random.RandomState(0).permutation(len(sequences))
    return [imdb.prepare_data([sequences[k] for k in batch], [labels[k] for k in batch])
            for batch in order[:16 * N_MINIBATCHES].reshape(N_MINIBATCHES, 16)]


def compute(table):
    """Time the variants and train them; write the table."""
    times = update_times(minibatches_of_reviews())
    columns = {'variant': [name for name, _ in VARIANTS],
               'update_ratio': numpy.median(times / times[:, :1], axis=0).tolist()}
    for seed in SEEDS:
        columns['test_err_%d' % seed] = []
        for name, changes in VARIANTS:
            print('Training %s with seed %d' % (name, seed), flush=True)
            columns['test_err_%d' % seed].append(test_error(changes, seed))
    write_table(table, columns)


if __name__ == '__main__':
    compute(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'cells.csv'))
