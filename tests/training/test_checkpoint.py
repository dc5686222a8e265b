"""Tests of checkpoint.py: a run that was stopped or killed goes on as if it had not been."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy
import pytest
from models import stop_after
from test_lstm import easy, easy_data  # noqa: F401 (a fixture)

import lstm
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.training import checkpoint

ROOT = os.path.dirname(os.path.abspath(lstm.__file__))


def arrays(path):
    with numpy.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files if name != 'options'}


def assert_same(path, other):
    one, two = arrays(path), arrays(other)
    assert one.keys() == two.keys()
    for name in one:
        assert one[name].dtype == two[name].dtype
        assert one[name].tobytes() == two[name].tobytes(), name


@pytest.mark.parametrize('optimizer, options', [
    ('sgd', {}), ('adadelta', {}), ('rmsprop', {}), ('rmsprop', {'length_window': 2}),
    ('sgd', {'word_dropout': 0.3}), ('rmsprop', {'average': 100})])
def test_a_resumed_run_ends_with_the_same_bits(easy, capsys, optimizer, options):  # noqa: F811
    arguments = dict(easy, optimizer=optimizer, max_epochs=5, batch_size=7, validFreq=11,
                     saveFreq=5, lrate=0.5, **options)
    expected = lstm.train_lstm(saveto='whole.npz', **arguments)
    # Stopped at a displayed cost, after a validation, before one that was due, and within an epoch.
    for n_records, n_kept in ((1, 5), (3, 11), (4, 15), (8, 30)):
        for path in ('m.npz', 'm.npz.checkpoint'):
            if os.path.exists(path):
                os.remove(path)
        lstm.train_lstm(saveto='m.npz', callback=stop_after(n_records), **arguments)
        capsys.readouterr()
        assert lstm.train_lstm(saveto='m.npz', resume=True, **arguments) == expected
        output = capsys.readouterr().out
        assert 'Resumed after update %d\n' % n_kept in output
        assert_same('m.npz', 'whole.npz')


def test_a_run_may_be_stopped_again_and_again(easy):  # noqa: F811
    arguments = dict(easy, max_epochs=12, saveFreq=5)
    lstm.train_lstm(saveto='whole.npz', **arguments)
    for n_records in (3, 4, 5):
        lstm.train_lstm(saveto='m.npz', resume=True, callback=stop_after(n_records), **arguments)
    lstm.train_lstm(saveto='m.npz', resume=True, **arguments)
    assert_same('m.npz', 'whole.npz')


def test_patience_and_epochs_may_change(easy, capsys):  # noqa: F811
    arguments = dict(easy, optimizer='adadelta', saveFreq=5)
    lstm.train_lstm(saveto='whole.npz', **dict(arguments, max_epochs=9, patience=7))
    lstm.train_lstm(saveto='m.npz', **dict(arguments, max_epochs=4, patience=6))
    lstm.train_lstm(saveto='n.npz', checkpoint='m.npz.checkpoint', resume=True,
                    **dict(arguments, max_epochs=9, patience=7, dispFreq=3))
    assert_same('n.npz', 'whole.npz')
    assert 'Resumed after update 16' in capsys.readouterr().out


def test_other_options_are_refused_by_name(easy):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3))
    before = arrays('m.npz.checkpoint')
    with pytest.raises(ConfigError, match='batch_size was 16 and is 8; seed was 123 and is 4'):
        lstm.train_lstm(saveto='m.npz', resume=True, seed=4, batch_size=8, **easy)
    assert before.keys() == arrays('m.npz.checkpoint').keys()


def test_other_data_are_refused(easy, monkeypatch):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3))
    load = lstm.load_training_data

    def other(load_data, options, rng):
        found = load(load_data, options, rng)
        options['dataset_sha256'] = 'ab'
        return found
    monkeypatch.setattr(lstm, 'load_training_data', other)
    with pytest.raises(ConfigError, match="dataset_sha256 was None and is 'ab'"):
        lstm.train_lstm(saveto='m.npz', resume=True, **easy)


def test_a_spoilt_checkpoint_is_refused(easy):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3))
    with open('m.npz.checkpoint', 'rb') as file:
        content = file.read()
    for spoilt in (b'', content[:-9], content.replace(b'"epoch": ', b'"epach": '),
                   content.replace(b'progress', b'prograss'),
                   content.replace(b'"update": ', b'"update":-')):
        with open('m.npz.checkpoint', 'wb') as file:
            file.write(spoilt)
        with pytest.raises(ModelError, match='m.npz.checkpoint is not a checkpoint'):
            lstm.train_lstm(saveto='m.npz', resume=True, **easy)


def test_no_checkpoint_where_none_is_asked_for(easy):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', checkpoint=None, **dict(easy, max_epochs=3))
    lstm.train_lstm(saveto=None, **dict(easy, max_epochs=3))
    assert sorted(os.listdir('.')) == ['m.npz', 'm.npz.json']
    with pytest.raises(ConfigError, match='resume'):
        lstm.train_lstm(saveto=None, resume=True, **easy)


def test_an_optimizer_that_hides_its_state_has_no_checkpoint(easy, capsys):  # noqa: F811
    def mine(*arguments):
        f_grad_shared, f_update = lstm.sgd(*arguments)
        return lambda x, mask, y: f_grad_shared(x, mask, y), lambda lr: f_update(lr)
    lstm.train_lstm(saveto='m.npz', **dict(easy, optimizer=mine, max_epochs=3))
    assert 'mine does not say what its state is' in capsys.readouterr().out
    assert not os.path.exists('m.npz.checkpoint')
    with pytest.raises(ConfigError, match='mine does not say what its state is'):
        lstm.train_lstm(saveto='m.npz', resume=True, **dict(easy, optimizer=mine, max_epochs=3))


def test_dense_rules_are_kept_too(easy):  # noqa: F811
    """Functions of the engine, as all are when it compiles; here one that is not row-wise."""
    def dense(*arguments):
        return lstm.adadelta(*arguments)
    arguments = dict(easy, optimizer=dense, max_epochs=8, saveFreq=5)
    lstm.train_lstm(saveto='whole.npz', **arguments)
    lstm.train_lstm(saveto='m.npz', callback=stop_after(6), **arguments)
    lstm.train_lstm(saveto='m.npz', resume=True, **arguments)
    assert_same('m.npz', 'whole.npz')


# Other processes: signals, and a full disk

RUN = """
import sys
sys.path[:0] = {paths!r}
import imdb, lstm
from test_lstm import easy_data
lstm.datasets['easy'] = (easy_data, imdb.prepare_data)
sys.exit(lstm.main({arguments!r}))
"""
ARGUMENTS = ['--dataset', 'easy', '--n-words', '12', '--dim-proj', '8', '--max-epochs', '60',
             '--valid-freq', '10', '--save-freq', '3', '--maxlen', 'none', '--disp-freq', '1',
             '--optimizer', 'rmsprop', '--patience', '50', '--resume']


def start(saveto, *more):
    code = RUN.format(paths=[os.path.join(ROOT, 'tests'), ROOT],
                      arguments=ARGUMENTS + ['--saveto', saveto] + list(more))
    return subprocess.Popen([sys.executable, '-u', '-c', code], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, universal_newlines=True)


def lines_until(process, start_of_line):
    for line in process.stdout:
        if line.startswith(start_of_line):
            return line
    return pytest.fail('the run ended before')


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """The model of a run that nobody stopped, and the seconds that it took."""
    path = str(tmp_path_factory.mktemp('whole') / 'whole.npz')
    started = time.monotonic()
    process = start(path)
    lines_until(process, 'Optimization')
    before = time.monotonic() - started
    assert process.wait() == 0
    return path, before, time.monotonic() - started


@pytest.mark.parametrize('kills', [pytest.param(3, marks=pytest.mark.slow),
                                   pytest.param(100, marks=pytest.mark.long)])
def test_a_killed_run_goes_on(whole, tmp_path, monkeypatch, kills):
    monkeypatch.chdir(tmp_path)
    path, before, seconds = whole
    rng = random.Random(kills)
    n_kills, n_runs, n_resumed = 0, 0, 0
    while n_kills < kills or n_runs == 0:
        process = start('m.npz')
        if n_kills < kills:
            time.sleep(rng.uniform(before * 0.8, seconds))
            process.kill()
        output = process.communicate()[0]
        n_resumed += 'Resumed after' in output
        if process.returncode == 0:  # it had ended, or was left to
            n_runs += 1
            assert_same('m.npz', path)
            os.remove('m.npz.checkpoint')
        else:
            n_kills += 1
            if os.path.exists('m.npz.checkpoint'):
                assert 'progress' in arrays('m.npz.checkpoint')  # whole, whenever it was
    print('%d kills, %d times resumed, %d runs ended' % (n_kills, n_resumed, n_runs))


@pytest.mark.slow
@pytest.mark.skipif(os.name != 'posix', reason='signals as on Unix')
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_with_its_status_and_the_best(whole, tmp_path, monkeypatch, number):
    monkeypatch.chdir(tmp_path)
    path, _, _ = whole
    process = start('m.npz')
    lines_until(process, 'Train ')
    process.send_signal(number)
    output = process.communicate()[0]
    assert process.returncode == 128 + number and 'Traceback' not in output
    assert 'Training interrupted' in output and 'train_err' in arrays('m.npz')
    process = start('m.npz')
    assert 'Resumed after update' in process.communicate()[0]
    assert_same('m.npz', path)


@pytest.mark.skipif(os.name != 'posix', reason='limits as on Unix')
def test_a_checkpoint_that_cannot_be_written_leaves_the_earlier(easy, monkeypatch):  # noqa: F811
    import resource
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3))
    before = arrays('m.npz.checkpoint')
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        with pytest.raises(ModelError, match='m.npz.checkpoint|m.npz: File too large'):
            # Quiet: the limit holds for the file that has the output too.
            lstm.train_lstm(saveto='m.npz', verbose=0, **easy)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    after = arrays('m.npz.checkpoint')
    assert all((before[name] == after[name]).all() for name in before)
    assert not [name for name in os.listdir('.') if name.startswith('.lstm-')]


def test_the_versions_are_named(easy, monkeypatch, capsys):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3))
    now = checkpoint.provenance()
    monkeypatch.setattr(checkpoint, 'provenance', lambda: dict(
        now, engine=now['engine'] + ' of old', numpy='1'))
    lstm.train_lstm(saveto='m.npz', resume=True, **dict(easy, max_epochs=3))
    assert 'numbers may differ in the last digits' in capsys.readouterr().out


TWICE = """
import sys, time
sys.path.insert(0, {path!r})
from lstm_sentiment import command_line
def work(arguments):
    try:
        print('ready', flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print('saving', flush=True)
        {then}
sys.exit(command_line.run(work))
"""


@pytest.mark.skipif(os.name != 'posix', reason='signals as on Unix')
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(number):
    here = ROOT
    for then, status in (('time.sleep(60)', -number), ('pass', 128 + number)):
        process = subprocess.Popen([sys.executable, '-c', TWICE.format(path=here, then=then)],
                                   stdout=subprocess.PIPE, universal_newlines=True)
        lines_until(process, 'ready')
        process.send_signal(number)
        lines_until(process, 'saving')
        if status < 0:
            process.send_signal(number)
        assert process.wait(timeout=50) == status
