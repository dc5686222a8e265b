"""Tests of runs that several processes share: the same numbers as of one, and no end without one.

They need mpiexec and mpi4py (the extra `mpi`), and start both on this machine.
"""
import itertools
import json
import os
import re
import select
import subprocess
import sys
import time

import numpy
import pytest
from launcher import MPIEXEC, command, needs_mpi

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORKER = os.path.join(HERE, 'ranks_worker.py')
pytestmark = needs_mpi

# A few that together have each rule, cell, pooling, kind of dropout, and averaging.
FEW = [
    {},
    {'optimizer': 'rmsprop', 'word_dropout': 0.3, 'average': 7, 'bidirectional': True},
    {'optimizer': 'adam', 'lrate': 0.01, 'clip_norm': 0.2, 'spans': 0.3,
     'class_weight': 'balanced', 'valid_metric': 'f1'},
    {'optimizer': 'sgd', 'lrate': 0.5, 'use_dropout': False, 'n_layers': 2, 'decay_c': 0.01,
     'encoder': 'lstm_peephole', 'pooling': 'last', 'batch_size': 3},
    {'dataset': 'reviews', 'composed': 0.7, 'bidirectional': True},
    {'dataset': 'reviews', 'composed': 1.3, 'spans': 0.4, 'word_dropout': 0.3},
]
MAX_POOLING = {'encoder': 'lstm_standard', 'pooling': 'max', 'length_window': 3}
TOLERANCE = {'float64': 1e-12, 'float32': 1e-6}


def environment(floatX='float64', flags=''):
    return dict(os.environ, THEANO_FLAGS='floatX=%s%s' % (floatX, flags), OMP_NUM_THREADS='1',
                OPENBLAS_NUM_THREADS='1', PYTHONPATH=ROOT)


def start(runs, folder, n_ranks, floatX='float64', flags='', timeout=240):
    """Train on so many ranks; return the finished process."""
    return subprocess.run(
        command(n_ranks) + [WORKER, json.dumps(runs), 'records.json'], cwd=str(folder),
        env=environment(floatX, flags), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, timeout=timeout)


def train(runs, folder, n_ranks, floatX='float64', flags='', timeout=240):
    """The records of these runs on so many ranks."""
    done = start(runs, folder, n_ranks, floatX, flags, timeout)
    assert done.returncode == 0, done.stdout
    assert 'differ in the last digits' not in done.stdout
    with open(str(folder / 'records.json')) as stream:
        return json.load(stream)


def assert_agree(found, expected, tolerance):
    """Costs agree to the tolerance, errors to the last digit."""
    assert len(found) == len(expected)
    for own, other in zip(found, expected):
        assert list(map(len, own)) == list(map(len, other)) and len(own) > 40
        assert [row for row in own if len(row) > 1] == [row for row in other if len(row) > 1]
        costs, wanted = (numpy.array([row[0] for row in rows if len(row) == 1])
                         for rows in (own, other))
        assert abs(costs / wanted - 1).max() <= tolerance


# The same numbers.


@pytest.mark.parametrize('floatX', TOLERANCE)
def test_two_ranks_train_as_one_process(tmp_path, floatX):
    runs = FEW + ([MAX_POOLING] if floatX == 'float64' else [])
    assert_agree(train(runs, tmp_path, 2, floatX), train(runs, tmp_path, 1, floatX),
                 TOLERANCE[floatX])


@pytest.mark.slow
@pytest.mark.parametrize('floatX', TOLERANCE)
def test_three_and_four_ranks_train_as_one_process(tmp_path, floatX):
    cells = [{'encoder': 'lstm'}, {'encoder': 'lstm_standard'}, {'encoder': 'lstm_peephole'},
             {'encoder': 'lstm_peephole', 'peephole': 'diagonal'}]
    poolings = ['mean', 'last'] + ['max'] * (floatX == 'float64')
    runs = FEW + [dict(cell, pooling=pooling) for cell in cells for pooling in poolings]
    runs += [{'optimizer': rule, 'use_dropout': dropout, 'word_dropout': words, 'average': average}
             for rule, dropout, words, average in itertools.product(
                 ('adadelta', 'rmsprop', 'sgd'), (True, False), (0., 0.3), (0, 7))]
    alone = train(runs, tmp_path, 1, floatX, timeout=600)
    for n_ranks in (2, 3, 4):
        assert_agree(train(runs, tmp_path, n_ranks, floatX, timeout=600), alone, TOLERANCE[floatX])


@pytest.mark.slow
def test_compiled_functions_are_shared_too(tmp_path):
    alone, both = (train(FEW[1:2], tmp_path, n_ranks, flags=',mode=FAST_COMPILE', timeout=300)
                   for n_ranks in (1, 2))
    assert_agree(both, alone, 1e-12)


# Interrupts, and going on with any number of ranks.


def arrays(path):
    with numpy.load(str(path), allow_pickle=False) as found:
        return {name: found[name] for name in found.files if found[name].dtype.kind == 'f'}


def assert_goes_on(folder, options, done, n_ranks):
    """The run that was stopped gives, resumed by other ranks, what a run without a stop gives."""
    assert (folder / 'm.npz.checkpoint').exists(), done.stdout
    train([dict(options, saveto='whole.npz', checkpoint='')], folder, 1)
    resumed = start([dict(options, saveto='m.npz', checkpoint='', resume=True)], folder, n_ranks)
    assert 'Resumed after update ' in resumed.stdout
    found, expected = arrays(folder / 'm.npz'), arrays(folder / 'whole.npz')
    assert found.keys() == expected.keys()
    for name in found:
        numpy.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-12)


OPTIONS = {'optimizer': 'rmsprop', 'word_dropout': 0.2, 'average': 7}


@pytest.mark.parametrize('kind', [
    'SIGTERM', pytest.param('SIGINT', marks=pytest.mark.slow)])
def test_a_signal_to_one_rank_stops_all_after_the_same_update(tmp_path, kind):
    run = dict(OPTIONS, saveto='m.npz', checkpoint='', fault=kind, at=20, on=1)
    done = start([run], tmp_path, 2)
    assert done.stdout.count('Training interrupted') == 1, done.stdout
    assert_goes_on(tmp_path, OPTIONS, done, 1)


def start_and_kill(folder, at, on):
    """Kill a rank at a minibatch; return the finished process, which must end soon after."""
    run = dict(OPTIONS, saveto='m.npz', checkpoint='', fault='SIGKILL', at=at, on=on)
    done = start([run], folder, 2, timeout=60)
    assert time.time() - os.path.getmtime(str(folder / 'fault')) < 10
    assert done.returncode != 0
    return done


# After the first checkpoint, which is written after 9 updates.
@pytest.mark.slow
@pytest.mark.parametrize('at', numpy.random.RandomState(3).randint(16, 60, size=3).tolist())
def test_a_killed_rank_ends_all_and_the_run_goes_on(tmp_path, at):
    assert_goes_on(tmp_path, OPTIONS, start_and_kill(tmp_path, at, 1), 1)


@pytest.mark.slow
@pytest.mark.parametrize('n_ranks', [1, 2, 4])
def test_any_number_of_ranks_goes_on(tmp_path, n_ranks):
    run = dict(OPTIONS, saveto='m.npz', checkpoint='', fault='SIGTERM', at=20, on=2)
    assert_goes_on(tmp_path, OPTIONS, start([run], tmp_path, 3), n_ranks)


@pytest.mark.long
@pytest.mark.parametrize('at', numpy.random.RandomState(4).randint(16, 60, size=20).tolist())
def test_a_killed_rank_ends_all_each_time(tmp_path, at):
    assert_goes_on(tmp_path, OPTIONS, start_and_kill(tmp_path, at, at % 2), 2)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists('/proc/self/stat'), reason='processes as on Linux')
def test_no_process_is_left_where_mpiexec_is_killed(tmp_path):
    """All of them hold the end of a pipe, which is closed when the last has ended."""
    run = dict(OPTIONS, saveto='m.npz', checkpoint='', fault='launcher', at=20, on=1,
               max_epochs=1000000)
    reading, held = os.pipe()
    try:
        with subprocess.Popen(command(2) + [WORKER, json.dumps([run]), 'records.json'],
                              cwd=str(tmp_path), env=environment(), pass_fds=[held],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            os.close(held)
            assert process.wait(timeout=60) == -9
            are_gone, _, _ = select.select([reading], [], [], 10)
        assert are_gone and os.read(reading, 1) == b''
    finally:
        os.close(reading)
    assert (tmp_path / 'm.npz.checkpoint').exists()


# Errors.


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize('fault, says', [
    ({'fault': 'unreadable', 'on': 1}, 'on rank 1 .*: the file is cut off'),
    slow({'fault': 'unreadable', 'on': 0}, 'the file is cut off'),
    slow({'fault': 'other data', 'on': 1},
         r'data must be the same on all ranks: the number of texts of its parts is '
         r'\[105, 31, 33\] on rank 0 and \[104, 30, 32\] on rank 1'),
    ({'fault': 'raise', 'at': 20, 'on': 1}, 'ZeroDivisionError: made for a test'),
    slow({'fault': 'callback', 'at': 20}, 'ZeroDivisionError: made for a test'),
    slow({'saveto': 'nowhere/m.npz'}, 'saveto=nowhere/m.npz')])
def test_an_error_of_one_rank_ends_all(tmp_path, fault, says):
    done = start([fault], tmp_path, 2, timeout=60)
    assert done.returncode != 0
    assert len(re.findall(says, done.stdout)) == 1, done.stdout


@pytest.mark.slow
def test_a_full_disk_ends_all(tmp_path):
    """Rank 0 alone writes; the error is that of all."""
    code = ('import sys\nfrom lstm_sentiment.training import checkpoint\n'
            'def full(path, content):\n    raise OSError(28, "No space left on device")\n'
            'checkpoint.replace_file = full\n'
            'sys.path.insert(0, %r)\nimport ranks_worker\n'
            'sys.exit(ranks_worker.command_line.run(ranks_worker.work, shared=True))' % HERE)
    runs = json.dumps([{'saveto': 'm.npz', 'checkpoint': ''}])
    done = subprocess.run(command(2) + ['-c', code, runs, 'records.json'], cwd=str(tmp_path),
                          env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout.count('the checkpoint could not be saved to m.npz.checkpoint: No space') == 1
    assert (tmp_path / 'm.npz').exists()


def start_two(first, second, folder):
    """Start two ranks with commands of their own."""
    return subprocess.run([MPIEXEC, '-n', '1'] + first + [':', '-n', '1'] + second,
                          cwd=str(folder), env=environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, timeout=60)


LSTM = [sys.executable, os.path.join(ROOT, 'lstm.py'), '--dataset', 'demo']


@pytest.mark.slow
@pytest.mark.parametrize('flags, says', [
    ('floatX=float32', 'versions and flags must be the same on all ranks'),
    ('floatX=float16', 'floatX=float16: expected float32 or float64')])
def test_flags_that_differ_are_named(tmp_path, flags, says):
    done = start_two(LSTM, ['env', 'THEANO_FLAGS=' + flags] + LSTM, tmp_path)
    assert done.returncode == 2
    assert done.stdout.count('error: ' + says) == 1


WITHOUT = ("import sys, runpy; sys.modules['mpi4py'] = None; sys.argv = ['lstm.py']; "
           "runpy.run_path(%r, run_name='__main__')" % LSTM[1])


@pytest.mark.slow
@pytest.mark.parametrize('first', [LSTM, [sys.executable, '-c', WITHOUT]])
def test_a_rank_without_mpi4py_says_how_to_install_it(tmp_path, first):
    done = start_two(first, [sys.executable, '-c', WITHOUT], tmp_path)
    assert done.returncode != 0
    assert "pip install -e '.[mpi]'" in done.stdout
