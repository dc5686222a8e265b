"""`examples/characters.py` beside the same program in PyTorch, `characters_torch.py`.

    python benchmarks/characters_bench.py --text reviews --torch-python /path/to/python

Both start from the same weights, read the same minibatches, and run in turn: with each seed first
one and then the other, in processes of their own. Without --n-updates they take 7,001 updates.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), 'examples')]

import characters as example  # noqa: E402 (found in the folder above)

import lstm  # noqa: E402
from lstm_sentiment.data import character_text  # noqa: E402
from lstm_sentiment.engine.names import config, theano  # noqa: E402
from lstm_sentiment.recurrence.backend import backend  # noqa: E402
from lstm_sentiment.text.characters import LETTERS, minibatch, to_numbers  # noqa: E402

SETTINGS = dict(dim_proj=64, lrate=10., decay_every=example.DECAY_EVERY, clip=1.25, n_streams=64,
                n_timesteps=10)


def train(path):
    """The same as `characters_torch.train`, by the functions of the example."""
    with numpy.load(path) as found:
        start = {name: found[name] for name in found.files}
    settings = json.loads(start['settings'].tobytes().decode('ascii'))
    options = dict(settings, encoder='lstm', peephole='matrix', optimizer='sgd')
    training, held_out = start['training'], start['held_out']
    backend.prepare(options)
    params = OrderedDict((name, start[name].astype(config.floatX))
                         for name in ('lstm_W', 'lstm_U', 'lstm_b', 'U', 'b'))
    tparams = lstm.init_tparams(params)
    n_streams, n_timesteps, dim_proj = (
        settings[name] for name in ('n_streams', 'n_timesteps', 'dim_proj'))
    carried = OrderedDict((name, theano.shared(value, name=name)) for name, value in
                          zip('hc', example.zero_state(n_streams, dim_proj)))
    f_cost, _ = example.build_reading(tparams, options)
    f_grad_shared, f_update = example.build_update(tparams, options, carried)
    mask = numpy.ones((n_timesteps, n_streams), dtype=config.floatX)
    losses, perplexities = [], {}
    started, started_cpu = time.perf_counter(), time.process_time()
    with backend.training():
        for update in range(settings['n_updates']):
            x, y = minibatch(training, n_streams, n_timesteps, update)
            losses.append(float(f_grad_shared(x, mask, y)))
            f_update(settings['lrate'] * 0.1 ** (update // settings['decay_every']))
            if update % 100 == 0:
                perplexities[update] = example.perplexity(f_cost, held_out, dim_proj)
    return dict(losses=losses, perplexities=perplexities, seconds=time.perf_counter() - started,
                cpu_seconds=time.process_time() - started_cpu)


def make_start(path, text, seed, n_updates):
    """Write the text, the initial weights and the settings."""
    params = example.init_params(dict(SETTINGS, encoder='lstm', peephole='matrix'), len(LETTERS),
                                 numpy.random.RandomState(seed))
    settings = json.dumps(dict(SETTINGS, n_updates=n_updates)).encode('ascii')
    numpy.savez(path, training=to_numbers(text.training, LETTERS),
                held_out=to_numbers(text.held_out, LETTERS),
                settings=numpy.frombuffer(settings, 'uint8'), **params)


def result(command, floatX):
    environment = dict(os.environ, THEANO_FLAGS='floatX=' + floatX)
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return json.loads(output.decode('ascii').splitlines()[-1])


def compare(one, other):
    """One line about a run of ours and one of PyTorch's."""
    n_first = min(100, len(one['losses']))
    apart = max(abs(a - b) / b for a, b in zip(one['losses'][:n_first], other['losses']))
    last = max(one['perplexities'], key=int)
    return ('the first %d losses differ by %.1e at most; after update %s held-out perplexity '
            '%.4f, PyTorch %.4f; %.2f s (%.2f s of processor), PyTorch %.2f s (%.2f s)'
            % (n_first, apart, last, one['perplexities'][last], other['perplexities'][last],
               one['seconds'], one['cpu_seconds'], other['seconds'], other['cpu_seconds']))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--text', default=None, help='as of examples/characters.py')
    parser.add_argument('--torch-python', default=sys.executable,
                        help='a Python that has PyTorch')
    parser.add_argument('--floatX', default='float32', choices=['float32', 'float64'])
    parser.add_argument('--threads', default='2', help='of both')
    parser.add_argument('--n-updates', type=int, default=7001)
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3, 4, 5])
    parser.add_argument('--train', metavar='START', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        print(json.dumps(train(options.train)))
        return
    if options.threads == '1':
        os.environ['OMP_NUM_THREADS'] = '1'
    text = character_text.find_text(options.text, 'letters', 1000)
    character_text.say(text)
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'start.npz')
        for seed in options.seeds:
            make_start(path, text, seed, options.n_updates)
            commands = [[sys.executable, os.path.abspath(__file__), '--train', path],
                        [options.torch_python, os.path.join(HERE, 'characters_torch.py'), path,
                         options.threads, options.floatX]]
            turns = [result(command, options.floatX) for command in commands[::(-1) ** seed]]
            pairs.append(turns[::(-1) ** seed])
            print('seed %d: %s' % (seed, compare(*pairs[-1])), flush=True)
    ends = numpy.array([[run['perplexities'][max(run['perplexities'], key=int)] for run in pair]
                        for pair in pairs])
    seconds, cpu = (numpy.array([[run[name] for run in pair] for pair in pairs])
                    for name in ('seconds', 'cpu_seconds'))
    ours, theirs = ends.mean(axis=0)
    print('mean of %d seeds: perplexity %.4f, PyTorch %.4f (%+.2f %%); time over PyTorch\'s: '
          '%.2f (sums), %.2f (of the processor)'
          % (len(pairs), ours, theirs, 100 * (ours / theirs - 1),
             math.fsum(seconds[:, 0]) / math.fsum(seconds[:, 1]),
             math.fsum(cpu[:, 0]) / math.fsum(cpu[:, 1])))


if __name__ == '__main__':
    main()
