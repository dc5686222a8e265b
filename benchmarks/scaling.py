"""How the ranks of a shared run scale: milliseconds of an update on one rank and on several.

    python benchmarks/scaling.py             # a quarter of an hour on two quiet cores
    python benchmarks/scaling.py --quick     # a minute, fewer cases and rounds

For each number of units and size of a minibatch there is a row:

1 rank
    an update of the whole minibatch by one process with one thread
share
    the same for the part of the minibatch that one of several ranks has
N ranks
    an update of the whole minibatch by so many ranks with one thread each
exchange
    the part of it that the exchange takes when all ranks begin it at once
kB sum, kB rows
    what a rank sends in it: the packed sum, and the rows of the embedding
efficiency
    share / N ranks: 1 if the others cost nothing
2 threads
    an update of the whole minibatch by one process with two threads

The texts are made up: 10 to 99 words, as long as the tutorial's, and the word k occurs about 1/k as
often as the first. The programs run in turn, round by round; a figure is the median of the rounds,
each the median of its updates. It needs mpi4py and mpiexec (the extra ``mpi``).
"""
import argparse
import collections
import csv
import functools
import json
import os
import shutil
import subprocess
import sys
import time

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
if ROOT not in sys.path:  # the program need not be installed
    sys.path.insert(0, ROOT)

from lstm_sentiment import processes  # noqa: E402 (found in that folder)
from lstm_sentiment.engine.exchange import Deal, Exchange  # noqa: E402

N_WORDS, N_CLASSES, WARM_UPDATES = 10000, 2, 2
Row = collections.namedtuple('Row', 'units batch ranks alone_ms share_ms ranks_ms exchange_ms '
                                    'sum_bytes rows_bytes threads_ms')


def minibatch(batch_size, seed):
    """The texts of a minibatch as lists of word ids."""
    rng = numpy.random.RandomState(seed)
    lengths = 99 - (90 * rng.random_sample(batch_size) ** 2).astype('int64')
    return [(1 + N_WORDS ** rng.random_sample(length)).astype('int64').clip(2, N_WORDS - 1).tolist()
            for length in lengths]


# What a worker does; it runs in processes of its own.


class Model(object):
    """The functions of training at the tutorial's settings but for the number of units."""

    def __init__(self, units):
        import lstm
        from lstm_sentiment.engine.names import config, tensor, theano
        options = dict(n_words=N_WORDS, dim_proj=units, ydim=N_CLASSES, encoder='lstm',
                       use_dropout=True)
        tparams = lstm.init_tparams(lstm.init_params(options))
        use_noise, x, mask, y, _, _, cost = lstm.build_model(tparams, options)
        use_noise.set_value(1.)
        grads = theano.grad(cost, wrt=list(tparams.values()))
        lr = tensor.scalar('lr', dtype=config.floatX)
        self.f_grad_shared, self.f_update = lstm.adadelta(lr, tparams, grads, x, mask, y, cost)
        self.optimizer, self.is_together = self.f_update.__self__, False
        if processes.size() > 1:
            self.exchange = self.optimizer.exchange = Exchange()
            self.combine, self.exchange.combine = self.exchange.combine, self.timed_combine
        self.exchange_seconds, self.bytes_sent = 0., (0, 0)

    def timed_combine(self, cost, grads):
        """The exchange; all ranks begin it at once, if :attr:`is_together`."""
        if self.is_together:
            processes.world().comm.Barrier()
        started, before = time.perf_counter(), self.exchange.n_bytes
        result = self.combine(cost, grads)
        self.exchange_seconds = time.perf_counter() - started
        of_rows = sum(rows.nbytes + 4 * len(words)
                      for words, rows in (grad for grad in grads if isinstance(grad, tuple)))
        self.bytes_sent = self.exchange.n_bytes - before - of_rows, of_rows
        return result


def updates(units, batch, n_updates, of=1, together=False):
    """Measure updates.

    Parameters
    ----------
    units, batch, n_updates : int
    of : int
        If this process is alone, it takes the part of the minibatch that a rank of so many has.
    together : bool
        Whether the ranks wait for one another before each exchange.

    Returns
    -------
    dict of str to float
        Medians: milliseconds of an ``update``, of the ``gradient`` in it, and of the rule that it
        is applied by, ``apply``. With several ranks, of the ``exchange`` in the gradient, and the
        means of ``sum_bytes`` and ``rows_bytes`` that this rank sent.
    """
    import imdb
    if units not in MODELS:
        MODELS.clear()
        MODELS[units] = Model(units)
    model, rows = MODELS[units], []
    model.is_together = together
    for k in range(n_updates + WARM_UPDATES):
        texts = minibatch(batch, seed=k)
        lengths = [len(text) for text in texts]
        processes.barrier()
        started = time.perf_counter()
        if processes.size() > 1:
            deal = Deal(lengths, numpy.ones(batch), processes.rank(), processes.size())
            model.exchange.begin(deal)
        else:
            deal = Deal(lengths, numpy.ones(batch), 0, of)
        x, mask, y = imdb.prepare_data([texts[k] for k in deal.mine], deal.mine % N_CLASSES)
        model.f_grad_shared(x, mask, y)
        applied = time.perf_counter()
        model.f_update(0.1)
        ended = time.perf_counter()
        rows.append((1000 * (ended - started), 1000 * (applied - started), 1000 * (ended - applied),
                     1000 * model.exchange_seconds) + tuple(model.bytes_sent))
    rows = numpy.array(rows[WARM_UPDATES:])
    found = dict(zip(('update', 'gradient', 'apply', 'exchange'), numpy.median(rows, axis=0)))
    found.update(zip(('sum_bytes', 'rows_bytes'), rows[:, 4:].mean(axis=0)))
    return {name: float(value) for name, value in found.items()}


def collectives(n_bytes, n_calls):
    """Median milliseconds of a sum of so many bytes over all ranks, and nothing but the sum."""
    array, seconds = numpy.ones(max(1, n_bytes // 4), dtype='float32'), []
    for _ in range(n_calls):
        processes.world().comm.Barrier()
        started = time.perf_counter()
        processes.add_up(array)
        array[:] = 1
        seconds.append(time.perf_counter() - started)
    return 1000 * float(numpy.median(seconds))


TASKS = {'updates': updates, 'collectives': collectives}


def work():
    """Do the tasks that rank 0 reads; it prints what it measured."""
    import lstm
    with lstm.backend.training():
        while True:
            line = sys.stdin.readline() if processes.is_first() else None
            processes.barrier()  # the others wait without keeping a core busy
            line = processes.of_first(line)
            if not line:
                return
            task, arguments = json.loads(line)
            found = TASKS[task](**arguments)
            if processes.is_first():
                print(json.dumps(found), flush=True)


# The main program.


class Worker(object):
    """Processes that do one task after another, each with so many threads."""

    def __init__(self, n_ranks, n_threads):
        variables = dict.fromkeys(('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'),
                                  str(n_threads))
        environment = dict(os.environ, THEANO_FLAGS='floatX=float32', PYTHONPATH=ROOT, **variables)
        command = [sys.executable, '-m', 'mpi4py'] if n_ranks > 1 else [sys.executable]
        if n_ranks > 1:
            command = [find_mpiexec(), '-n', str(n_ranks)] + command
        self.process = subprocess.Popen(
            command + [os.path.abspath(__file__), '--worker'], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=environment, universal_newlines=True)

    def ask(self, task, **arguments):
        print(json.dumps([task, arguments]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit('a worker ended while asked for %s' % task)
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def find_mpiexec():
    beside_python = os.path.join(os.path.dirname(sys.executable), 'mpiexec')
    found = beside_python if os.path.exists(beside_python) else shutil.which('mpiexec')
    if not found:
        raise SystemExit("there is no mpiexec. Install it with: pip install -e '.[mpi]'")
    return found


def in_turn(asked, rounds):
    """The medians, name by name, of what each of these functions returns in its rounds."""
    answers = [[] for _ in asked]
    for _ in range(rounds):
        for function, found in zip(asked, answers):
            found.append(function())
    return [{name: float(numpy.median([answer[name] for answer in found])) for name in found[0]}
            for found in answers]


def measure(units, batch, workers, options):
    """The row of one case."""
    n_updates = max(4, options.updates * 16 // batch)
    alone, ranks, threads = (functools.partial(workers[name].ask, 'updates', units=units,
                                               batch=batch, n_updates=n_updates)
                             for name in ('alone', 'ranks', 'threads'))
    whole, share, shared, together, two = in_turn(
        [alone, functools.partial(alone, of=options.ranks), ranks,
         functools.partial(ranks, together=True), threads], options.rounds)
    return Row(units, batch, options.ranks, whole['update'], share['update'], shared['update'],
               together['exchange'], shared['sum_bytes'], shared['rows_bytes'], two['update'])


def show(row):
    print('%5d %5d | %8.1f %8.1f %8.1f | %8.1f %8.0f %8.0f | %10.2f | %9.1f'
          % (row.units, row.batch, row.alone_ms, row.share_ms, row.ranks_ms, row.exchange_ms,
             row.sum_bytes / 1e3, row.rows_bytes / 1e3, row.share_ms / row.ranks_ms,
             row.threads_ms), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--units', type=int, nargs='+', default=[128, 512], metavar='N')
    parser.add_argument('--batch', type=int, nargs='+', default=[16, 64, 256], metavar='N')
    parser.add_argument('--ranks', type=int, default=2, metavar='N')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--updates', type=int, default=60,
                        help='of minibatches of 16; of larger ones fewer (default: %(default)s)')
    parser.add_argument('--quick', action='store_true', help='few cases, rounds and updates')
    parser.add_argument('--output', metavar='FILE', help='write the figures as a .csv too')
    parser.add_argument('--worker', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work()
        return
    if options.quick:
        options.batch, options.rounds, options.updates = options.batch[:2], 2, 20
    workers = {'alone': Worker(1, 1), 'ranks': Worker(options.ranks, 1), 'threads': Worker(1, 2)}
    print('units batch |   1 rank    share %6s | exchange   kB sum  kB rows | efficiency | '
          '2 threads' % ('%d ranks' % options.ranks))
    rows = []
    for units in options.units:
        for batch in options.batch:
            rows.append(measure(units, batch, workers, options))
            show(rows[-1])
    for worker in workers.values():
        worker.close()
    if options.output:
        with open(options.output, 'w', newline='') as stream:
            csv.writer(stream).writerows([Row._fields] + rows)


MODELS = {}
if __name__ == '__main__':
    main()
