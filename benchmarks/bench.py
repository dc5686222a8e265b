"""Time this project and PyTorch in turn on the same minibatches.

``python benchmarks/bench.py`` prints each figure with its target. It needs the extra ``bench`` and
the reviews. ``--theano-python PATH`` adds a Python 3.8 to 3.10 with the original Theano to the
table.

Each program has two workers, one with one thread and one with two. The workers run in turn, round
by round. The result of a worker is the median of its rounds, and that of a program its faster
worker.
"""
import argparse
import gzip
import json
import os
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
if ROOT not in sys.path:  # the program need not be installed
    sys.path.insert(0, ROOT)

from lstm_sentiment.data import datasets, finding  # noqa: E402 (found in that folder)

FLAGS = 'floatX=float32'
# Of an epoch, each so-many-th minibatch.
EVERY = int(os.environ.get('BENCH_EVERY', '1'))


class Worker(object):
    """A program that times one task after another."""

    def __init__(self, kind, data, threads, python=sys.executable, flags=FLAGS):
        variables = dict.fromkeys(('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'),
                                  str(threads))
        environment = dict(os.environ, THEANO_FLAGS=flags, PYTHONPATH=ROOT, **variables)
        self.name, self.threads = kind, threads
        self.process = subprocess.Popen(
            [python, os.path.join(HERE, 'worker_%s.py' % kind), data, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
            universal_newlines=True)

    def ask(self, task, **arguments):
        print(json.dumps([task, arguments]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit('the worker %s ended while asked for %s' % (self.name, task))
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def write_data(folder):
    """What the workers train on: sequences and labels by name, as a pickle."""
    import imdb
    quiet = numpy.random.RandomState
    short, _, test = imdb.load_data(n_words=10000, valid_portion=0.05, maxlen=100, rng=quiet(123))
    large, _, _ = imdb.load_data(n_words=100000, valid_portion=0.05, maxlen=100, rng=quiet(123))
    path = finding.find_dataset()
    (train_x, train_y), _ = datasets.read_dataset(path)
    datasets.check_ids(train_x, 10000, path)
    path = os.path.join(folder, 'data.pkl')
    with open(path, 'wb') as stream:
        pickle.dump({'short': short, 'large': large, 'long': (train_x, train_y), 'test': test},
                    stream, 2)
    return path


def in_turn(workers, rounds, task, arguments_of_round):
    """Median of each program's answers, at its better number of threads, by name."""
    answers = {worker: [] for worker in workers}
    for k in range(rounds):
        for worker in workers:
            answers[worker].append(worker.ask(task, **arguments_of_round(k)))
    best = {}
    for worker, values in answers.items():
        value = float(numpy.median(values))
        if worker.name not in best or value < best[worker.name][0]:
            best[worker.name] = value, worker.threads
    return best


def line(what, best, unit, target, against='torch'):
    """Print a row: ours, theirs, the ratio and what it should be at most."""
    ours, theirs = best['ours'], best[against]
    print('%-44s %9.1f %s (%d thr) | %-6s %9.1f (%d thr) | ratio %5.2f  target <= %.2f'
          % (what, ours[0], unit, ours[1], against, theirs[0], theirs[1], ours[0] / theirs[0],
             target), flush=True)


def unpack_dataset(folder):
    """The tutorial's `imdb.pkl`, which is not compressed, in the folder."""
    path = finding.find_dataset()
    with (gzip.open if path.endswith('.gz') else open)(path, 'rb') as packed, \
            open(os.path.join(folder, 'imdb.pkl'), 'wb') as plain:
        shutil.copyfileobj(packed, plain)


def time_to_first_cost(data, cold, compiler):
    """Seconds from the start of ``python lstm.py --dispFreq 1`` to the first printed cost."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, THEANO_FLAGS=FLAGS, PYTHONUNBUFFERED='1',
                           IMDB_DATA_DIR=data)
        if cold:
            environment['THEANO_FLAGS'] += ',base_compiledir=' + folder
            environment['NUMBA_CACHE_DIR'] = folder
        if not compiler:
            environment['PATH'] = folder
        start = time.time()
        process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, 'lstm.py'), '--dataset', 'imdb', '--dispFreq',
             '1', '--saveto', 'none'], stdout=subprocess.PIPE, env=environment,
            universal_newlines=True)
        for printed in process.stdout:
            if printed.startswith('Epoch'):
                break
        seconds = time.time() - start
        process.kill()
        process.wait()
        return seconds


def peak_megabytes(command, environment):
    """Peak resident size of a command, in MB (2**20 bytes)."""
    probe = ('import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, '
             'stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); '
             'print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)')
    result = subprocess.run([sys.executable, '-c', probe] + command, env=environment, check=True,
                            stdout=subprocess.PIPE, universal_newlines=True)
    return int(result.stdout) / 1024.


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--theano-python', help='a Python with the original Theano')
    parser.add_argument('--only', help='figures to take, such as 1,2,4 (default: all)')
    options = parser.parse_args()
    wanted = set((options.only or '1,2,3,4,5,6,7,8').split(','))
    os.environ['THEANO_FLAGS'] = FLAGS
    import torch

    from lstm_sentiment.engine.names import description
    print('%s; PyTorch %s; NumPy %s; Python %s; %d cores'
          % (description(), torch.__version__, numpy.__version__, platform.python_version(),
             os.cpu_count()))
    with tempfile.TemporaryDirectory() as folder:
        data = write_data(folder)
        workers = [Worker(kind, data, threads) for threads in (1, 2) for kind in ('ours', 'torch')]
        if options.theano_python:
            workers.append(Worker('ours', data, 2, options.theano_python,
                                  FLAGS + ',mode=FAST_RUN'))
            workers[-1].name = 'theano'
        measure(workers, options.rounds, wanted)
        for worker in workers:
            worker.close()
    if '3' in wanted:
        with tempfile.TemporaryDirectory() as data:
            unpack_dataset(data)
            for cold in (True, False):
                for compiler in (True, False):
                    if compiler and not shutil.which('g++'):
                        continue
                    seconds = numpy.median([time_to_first_cost(data, cold, compiler)
                                            for _ in range(options.rounds)])
                    print('3. to the first cost, %s caches, %s g++: %5.2f s  target <= %d'
                          % ('empty' if cold else 'warm', 'with' if compiler else 'without',
                             seconds, 5 if cold else 3), flush=True)
    environment = dict(os.environ, THEANO_FLAGS=FLAGS)
    if '6' in wanted:
        with tempfile.TemporaryDirectory() as folder:
            start = time.time()
            subprocess.run([sys.executable, os.path.join(ROOT, 'lstm.py'), '--dataset', 'demo',
                            '--saveto', 'none'], env=dict(environment, IMDB_DATA_DIR=folder),
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            print('6. the demo run, its reviews made anew: %.1f s  target <= 60'
                  % (time.time() - start), flush=True)
    if '7' in wanted:
        ours = peak_megabytes([sys.executable, os.path.join(ROOT, 'lstm.py'), '--dataset', 'imdb',
                               '--max-epochs', '4', '--saveto', 'none'], environment)
        theirs = peak_megabytes([sys.executable, os.path.join(HERE, 'worker_torch.py'),
                                 finding.find_dataset(), '2', '--train', '500'], environment)
        print('7. peak resident size: %.0f MB | torch %.0f MB | ratio %.2f  target <= 1.00'
              % (ours, theirs, ours / theirs))


def measure(workers, rounds, wanted):
    """The figures that are taken by asking the workers in turn."""
    pair = [worker for worker in workers if worker.name != 'theano']
    small = None
    if '1' in wanted:
        for rule in ('adadelta', 'rmsprop'):
            best = in_turn(workers, rounds, 'update', lambda k, rule=rule: dict(
                data='short', n_words=10000, optimizer=rule, seed=k))
            line('1. update, 10,000 words, %s' % rule, best, 'ms', 0.6)
            if 'theano' in best:
                line('   the same', best, 'ms', 0.2, 'theano')
    if '2' in wanted:
        for n_words, name in ((10000, 'short'), (100000, 'large')):
            best = in_turn(pair, rounds, 'update', lambda k, n_words=n_words, name=name: dict(
                data=name, n_words=n_words, optimizer='adadelta', seed=k))
            if n_words == 10000:
                small = best['ours'][0]
        line('2. update, 100,000 words, adadelta', best, 'ms', 0.25)
        print('   ours over ours at 10,000 words: %.2f  target <= 1.15' % (best['ours'][0] / small))
    if '4' in wanted:
        best = in_turn(pair, max(1, rounds // 5), 'evaluate', lambda k: {})  # minutes each
        line('4. classify the 25,000 test reviews', best, 's', 1.)
        print('   %s' % ', '.join('%s %.0f reviews/s' % (name, 25000 / seconds)
                                  for name, (seconds, _) in best.items()))
    if '5' in wanted:
        best = in_turn(pair, 1, 'epoch', lambda k: dict(window=100, seed=k))
        line('5. epoch of 25,000 reviews at full length', best, 's', 1.)
    if '8' in wanted:
        layers = dict(bidirectional=True, pooling='max', dim_proj=64)
        best = in_turn(pair, 1, 'epoch', lambda k: dict(window=200, seed=k, every=EVERY, **layers))
        line('8. the same, both directions of 64, max pooling' + (
            '' if EVERY == 1 else ' (1/%d)' % EVERY), best, 's', 0.8)


if __name__ == '__main__':
    main()
