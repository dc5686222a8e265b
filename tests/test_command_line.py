"""Tests of command_line.py and of `python lstm.py`: options, errors, the printed lines."""

import functools
import inspect
import io
import json
import math
import os
import re
import subprocess
import sys

import numpy
import pytest
from models import exit_status

import imdb
import imdb_preprocess
import lstm
import lstm_sentiment
import predict
from lstm_sentiment import command_line, options
from lstm_sentiment.data import finding
from lstm_sentiment.errors import ConfigError, DataError, DownloadError
from lstm_sentiment.text import demo_grammar
from lstm_sentiment.training import display

ARGUMENTS = [name for name in inspect.signature(lstm.train_lstm).parameters
             if name != 'callback']


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Each test runs in a folder of its own, where nothing may be left behind by mistake."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def recorded(monkeypatch):
    """What `main` calls `train_lstm` with, which is not run."""
    calls = []

    @functools.wraps(lstm.train_lstm)
    def record(**arguments):
        calls.append(arguments)
        return 0., 0., 0.

    monkeypatch.setattr(lstm, 'train_lstm', record)
    return calls


def arguments_of(recorded, *options):
    """The arguments of `train_lstm` that these options give, IMDB being on the machine."""
    lstm.main(list(options))
    return recorded.pop()


def reviews(n_samples, labels=(0, 1), seed=0):
    """Reviews of 2 to 7 words, whose label the first word tells."""
    rng = numpy.random.RandomState(seed)
    chosen = [labels[k % len(labels)] for k in range(n_samples)]
    return [[2 + label] + rng.randint(5, 20, rng.randint(1, 7)).tolist()
            for label in chosen], chosen


def tiny(train_labels=(0, 1), test_labels=(0, 1)):
    """A `load_data` as imdb's, over 40 reviews; `load_data.calls` is what it was called with."""
    def load_data(path='tiny.pkl', n_words=100000, valid_portion=0.1, maxlen=None,
                  sort_by_len=True, rng=None):
        load_data.calls.append({'n_words': n_words, 'valid_portion': valid_portion,
                                'maxlen': maxlen})
        train_x, train_y = reviews(40, train_labels)
        if maxlen is not None:
            kept = [k for k, review in enumerate(train_x) if len(review) < maxlen]
            train_x, train_y = [train_x[k] for k in kept], [train_y[k] for k in kept]
        n_train = int(numpy.round(len(train_x) * (1. - valid_portion)))
        return ((train_x[:n_train], train_y[:n_train]), (train_x[n_train:], train_y[n_train:]),
                reviews(10, test_labels, seed=1))

    load_data.calls = []
    return load_data


@pytest.fixture
def tiny_dataset(monkeypatch):
    load_data = tiny()
    monkeypatch.setitem(lstm.datasets, 'tiny', (load_data, imdb.prepare_data))
    return load_data


SMALL = ['--dataset', 'tiny', '--dim-proj', '4', '--n-words', '20', '--valid-portion', '0.25',
         '--batch-size', '8', '--maxlen', 'none', '--test-size', '-1']


def refused(capsys, *options):
    """The message of a command line that must end with status 2, and say so on stderr alone."""
    status = exit_status(lstm.main, list(options))
    stdout, stderr = capsys.readouterr()
    assert status == 2
    assert 'Traceback' not in stderr and 'error: ' in stderr
    assert 'Optimization' not in stdout
    assert os.listdir('.') == []
    return stderr


# Options

def test_help_has_an_option_for_every_argument(capsys):
    with pytest.raises(SystemExit) as caught:
        lstm.main(['--help'])
    assert caught.value.code == 0
    shown = ' '.join(capsys.readouterr().out.split())
    defaults = dict(max_epochs=100, test_size=500)
    for name in ARGUMENTS:
        default = defaults.get(name, inspect.signature(lstm.train_lstm).parameters[name].default)
        default = getattr(default, '__name__', default)
        usual = re.sub('([A-Z])', r'-\1', name).lower().replace('_', '-')
        # The option, its spellings and what it is up to its own default.
        pattern = r' --%s\b(?:(?!\(default: ).)*\(default: %s\)' % (usual, re.escape(str(default)))
        assert re.search(pattern, shown), name
    assert 'callback' not in shown
    for title in ('data:', 'model:', 'optimization:', 'bookkeeping:'):
        assert title in shown


def test_a_preset_is_a_set_of_options_that_others_override(recorded):
    preset = options.PRESETS['full']
    found = arguments_of(recorded, '--dataset', 'demo', '--preset', 'full')
    assert preset.items() <= found.items()
    for order in (['--preset', 'full', '--max-epochs', '2', '--no-bidirectional'],
                  ['--max-epochs', '2', '--no-bidirectional', '--preset', 'full']):
        found = arguments_of(recorded, '--dataset', 'demo', *order)
        assert found['max_epochs'] == 2 and found['bidirectional'] is False
        assert found['ngrams'] == preset['ngrams']


def test_presets_hold_arguments_that_can_be_used():
    signature = inspect.signature(lstm.train_lstm).parameters
    defaults = {name: signature[name].default for name in ARGUMENTS}
    for preset in options.PRESETS.values():
        assert set(preset) <= set(ARGUMENTS)
        options.check_values(dict(defaults, **preset))
        assert all(value != defaults[name] or name == 'test_size'
                   for name, value in preset.items())


def test_help_lists_what_a_preset_is(capsys):
    with pytest.raises(SystemExit):
        lstm.main(['--help'])
    shown = ' '.join(capsys.readouterr().out.split())
    assert '--preset {full}' in shown
    assert command_line.as_options(options.PRESETS['full']) in shown.replace('- ', '-')


def test_every_argument_is_in_one_group_and_described():
    grouped = sum(options.GROUPS.values(), [])
    assert sorted(grouped) == sorted(ARGUMENTS)
    described = command_line.descriptions(lstm.train_lstm)
    assert set(ARGUMENTS) <= set(described)
    assert described['lrate'] == 'Learning rate of sgd and adam; adadelta and rmsprop have none.'
    assert all(text.endswith('.') and '\n' not in text for text in described.values())


def test_the_command_line_differs_in_two_values(recorded, monkeypatch):
    monkeypatch.setattr(finding, 'find_dataset', lambda: 'imdb.pkl')
    found = arguments_of(recorded)
    assert found.pop('callback') is None
    signature = inspect.signature(inspect.unwrap(lstm.train_lstm)).parameters
    complete = dict({name: signature[name].default for name in ARGUMENTS}, **found)
    expected = dict({name: signature[name].default for name in ARGUMENTS},
                    max_epochs=100, test_size=500, dataset='imdb')
    assert complete == expected


@pytest.mark.parametrize('options, expected', [
    (['--max-epochs', '7'], {'max_epochs': 7}),
    (['--max_epochs', '7'], {'max_epochs': 7}),
    (['--max-epochs=7'], {'max_epochs': 7}),
    (['--disp-freq', '5'], {'dispFreq': 5}),
    (['--dispFreq', '5'], {'dispFreq': 5}),
    (['--validFreq', '-1', '--save-freq', '-1'], {'validFreq': -1, 'saveFreq': -1}),
    (['--test-size', '-1'], {'test_size': -1}),
    (['--maxlen', 'none'], {'maxlen': None}),
    (['--maxlen', 'None'], {'maxlen': None}),
    (['--maxlen', '20'], {'maxlen': 20}),
    (['--reload-model', 'none'], {'reload_model': None}),
    (['--reload_model', 'a b.npz'], {'reload_model': 'a b.npz'}),
    (['--saveto', 'none'], {'saveto': None}),
    (['--no-use-dropout'], {'use_dropout': False}),
    (['--no-use_dropout'], {'use_dropout': False}),
    (['--use-dropout'], {'use_dropout': True}),
    (['--no-use-dropout', '--use_dropout'], {'use_dropout': True}),
    (['--lrate', '1', '--decay-c', '1e-3'], {'lrate': 1., 'decay_c': 0.001}),
    (['--optimizer', 'sgd', '--seed', '5'], {'optimizer': 'sgd', 'seed': 5}),
])
def test_options_become_arguments(recorded, options, expected):
    found = arguments_of(recorded, '--dataset', 'demo', *options)
    assert found['dataset'] == 'demo'
    for name, value in expected.items():
        assert found[name] == value and type(found[name]) is type(value)
    assert set(found) == {'callback', 'dataset', 'max_epochs', 'test_size'} | set(expected)


# Bad input

@pytest.mark.parametrize('options, named', [
    (['--%s' % name, value], [name.replace('-', '_'), value])
    for name in ('dim-proj', 'batch-size', 'maxlen', 'max-epochs', 'valid-batch-size', 'patience',
                 'dispFreq', 'validFreq', 'saveFreq') for value in ('0', '-2')
] + [
    (['--n-words', '1'], ['n_words=1', '2 or more']),
    (['--noise-std', '0.1'], ['noise_std=0.1', '0']),
    (['--valid-portion', '0'], ['valid_portion=0.0', 'between 0 and 1']),
    (['--valid-portion', '1'], ['valid_portion=1.0', 'between 0 and 1']),
    (['--valid-portion', 'nan'], ['valid_portion', 'between 0 and 1']),
    (['--valid-portion', 'none'], ['valid_portion', 'between 0 and 1']),
    (['--lrate', 'none'], ['lrate']), (['--lrate', '0'], ['lrate=0.0']),
    (['--decay-c', 'none'], ['decay_c']), (['--decay-c', '-1'], ['decay_c=-1.0']),
    (['--noise-std', 'none'], ['noise_std']), (['--dim-proj', 'none'], ['dim_proj']),
    (['--seed', '-1'], ['seed=-1']), (['--test-size', 'none'], ['test_size']),
    (['--optimizer', 'newton'], ["optimizer='newton'", 'adadelta', 'adam', 'rmsprop', 'sgd']),
    (['--encoder', 'gru'], ["encoder='gru'", 'lstm']),
    (['--dataset', 'mnist'], ["dataset='mnist'", 'demo', 'imdb', 'tiny']),
    (['--dim-proj', '12.5'], ['--dim-proj', '12.5']), (['--seed', 'x'], ['--seed', 'x']),
    (['--no-such-option'], ['--no-such-option']),
    (['--saveto', os.path.join('nowhere', 'model.npz')], ['model.npz', 'No such file']),
    (['--reload-model', 'nowhere.npz'], ["reload_model='nowhere.npz'", 'saved model file']),
    (['--maxlen', '1'], ['maxlen=1', 'tiny']),
], ids=lambda value: ' '.join(value) if '--' in value[0] else '')
def test_bad_options_are_refused(capsys, tiny_dataset, options, named):
    message = refused(capsys, *(SMALL + options))
    for part in named:
        assert part in message
    if not set(options) & {'nowhere.npz', '--maxlen'}:
        assert tiny_dataset.calls == []  # before the data are read


def test_a_folder_as_saveto_is_refused_before_training(capsys, tiny_dataset, tmp_path):
    for name in ('model', 'model.npz'):
        (tmp_path / 'inner' / 'model.npz').mkdir(parents=True, exist_ok=True)
        status = exit_status(lstm.main, SMALL + ['--saveto', os.path.join('inner', name)])
        stderr = capsys.readouterr().err
        assert status == 2 and 'is a folder' in stderr
        assert os.path.join('inner', 'model.npz') in stderr and 'Traceback' not in stderr
    assert tiny_dataset.calls == []


def test_a_test_label_that_training_never_had_is_refused(capsys, monkeypatch):
    monkeypatch.setitem(lstm.datasets, 'tiny', (tiny(test_labels=(0, 1, 2)), imdb.prepare_data))
    message = refused(capsys, *SMALL)
    assert 'test set' in message and 'label 2' in message and '[0, 1]' in message


def test_one_class_alone_is_refused(capsys, monkeypatch):
    monkeypatch.setitem(lstm.datasets, 'tiny', (tiny((1,), (1,)), imdb.prepare_data))
    message = refused(capsys, *SMALL)
    assert 'label 1' in message and 'two classes' in message


def test_errors_reach_callers_from_code_unchanged(tiny_dataset):
    with pytest.raises(ConfigError, match='dim_proj=0'):
        lstm.train_lstm(dataset='tiny', dim_proj=0)


def test_plain_errors(capsys):
    with pytest.raises(SystemExit) as caught, command_line.plain_errors():
        raise DataError('the pickle is damaged')
    assert caught.value.code == 2
    assert capsys.readouterr() == ('', 'error: the pickle is damaged\n')
    with pytest.raises(DataError), command_line.plain_errors(active=False):
        raise DataError('the pickle is damaged')
    with pytest.raises(ZeroDivisionError), command_line.plain_errors():
        raise ZeroDivisionError  # a mistake in the program keeps its traceback


# A run

NUMBER = r'(?:\d+(?:\.\d+)?(?:e-\d+)?)'
ERRORS = r'^Train  ({0}) Valid  ({0}) Test  ({0})$'.format(NUMBER)


def test_a_run_prints_the_tutorials_lines(capsys, tiny_dataset):
    lstm.main(SMALL + ['--max-epochs', '2', '--dispFreq', '2', '--validFreq', '3',
                       '--saveFreq', '4', '--saveto', 'model'])
    stdout, stderr = capsys.readouterr()
    assert tiny_dataset.calls == [{'n_words': 20, 'valid_portion': 0.25, 'maxlen': None}]
    lines = stdout.splitlines()
    start = lines.index('Optimization')
    assert lines[start + 1:start + 4] == ['30 train examples', '10 valid examples',
                                          '10 test examples']
    assert any(line.startswith('model options') and "'dataset': 'tiny'" in line
               for line in lines[:start])
    # 30 reviews in minibatches of 8: 4 updates an epoch.
    kinds = [(r'^Epoch  0 Update  2 Cost  (0\.\d{6,})$', 1), (ERRORS, 3),
             (r'^Epoch  0 Update  4 Cost  (0\.\d{6,})$', 1), (r'^Saving\.\.\.$', 0),
             (r'^Done$', 0), (r'^Seen 30 samples$', 0),
             (r'^Epoch  1 Update  6 Cost  (0\.\d{6,})$', 1), (ERRORS, 3),
             (r'^Epoch  1 Update  8 Cost  (0\.\d{6,})$', 1), (r'^Saving\.\.\.$', 0),
             (r'^Done$', 0), (r'^Seen 30 samples$', 0), (ERRORS, 3),
             (r'^The code run for 2 epochs, with \d+\.\d{6} sec/epochs$', 0),
             (r'^The model is in model\.npz\. To ask it:$', 0),
             (r'^python predict\.py model\.npz "A film to see again\."$', 0)]
    printed = [line for line in lines[start + 4:] if 'saved without its words' not in line]
    assert len(printed) == len(lines) - start - 5
    assert len(printed) == len(kinds), stdout
    for line, (pattern, n_numbers) in zip(printed, kinds):
        match = re.match(pattern, line)
        assert match, line
        assert len(match.groups()) == n_numbers
        if n_numbers == 1:  # the first costs of two classes
            assert abs(float(match.group(1)) - math.log(2)) < 0.1
        if n_numbers == 3:
            assert all(0 <= float(number) <= 1 for number in match.groups())
    # No bar where the output is redirected: stderr has what matters of the data, and one line more.
    assert re.match(r'^(warning: .*\n)*Training took \d+\.\ds\n$', stderr), stderr
    assert sorted(os.listdir('.')) == ['model.npz', 'model.npz.checkpoint', 'model.npz.json']
    last = [float(number) for number in re.match(ERRORS, printed[-4]).groups()]
    with numpy.load('model.npz', allow_pickle=False) as model:
        assert [float(model[name]) for name in ('train_err', 'valid_err', 'test_err')] == last
        assert model['history_errs'].shape == (2, 2)
        assert last[1] == model['history_errs'][:, 0].min()
    with open('model.npz.json') as stream:
        options = json.load(stream)
    assert options['dataset'] == 'tiny' and options['max_epochs'] == 2
    assert options['optimizer'] == 'adadelta' and options['saveto'] == 'model.npz'
    # The model that was saved is the one that --reload-model takes up; a wider one is refused.
    status = exit_status(lstm.main, SMALL + ['--dim-proj', '5', '--reload-model', 'model.npz',
                                             '--saveto', 'none'])
    stderr = capsys.readouterr().err
    assert status == 2 and 'Traceback' not in stderr
    assert 'Wemb' in stderr and '(20, 4)' in stderr and '(20, 5)' in stderr


# Where there is no dataset

def no_imdb(*arguments):
    raise DownloadError('no source could be used:\n  http://one: the connection was refused')


def test_without_imdb_the_demo_is_trained_on(recorded, capsys, monkeypatch):
    monkeypatch.setattr(finding, 'find_dataset', no_imdb)
    assert arguments_of(recorded)['dataset'] == 'demo'
    stdout = capsys.readouterr().out
    assert 'http://one: the connection was refused' in stdout
    assert 'demo' in stdout.splitlines()[-1]


def test_with_imdb_nothing_is_said(recorded, capsys, monkeypatch):
    monkeypatch.setattr(finding, 'find_dataset', lambda: 'imdb.pkl')
    assert arguments_of(recorded)['dataset'] == 'imdb'
    assert capsys.readouterr() == ('', '')


def test_a_damaged_imdb_is_no_reason_for_the_demo(recorded, capsys, monkeypatch):
    def damaged():
        raise DataError('imdb.pkl cannot be used')

    monkeypatch.setattr(finding, 'find_dataset', damaged)
    assert 'imdb.pkl cannot be used' in refused(capsys)
    assert recorded == []


def test_imdb_asked_for_is_never_substituted(capsys, monkeypatch):
    monkeypatch.setattr(finding, 'find_dataset', no_imdb)
    monkeypatch.setitem(lstm.datasets, 'demo', None)
    message = refused(capsys, '--dataset', 'imdb')
    assert 'http://one: the connection was refused' in message
    with pytest.raises(DownloadError):
        lstm.train_lstm(dataset='imdb')


# The bar

class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, stdout, stderr):
    monkeypatch.setattr(sys, 'stdout', stdout)
    monkeypatch.setattr(sys, 'stderr', stderr)
    with command_line.progress_bar() as callback:
        if callback is not None:
            print('Epoch ', 0, 'Update ', 10, 'Cost ', 0.6875)
            callback(display.Displayed(0, 10, 0.6875, 40, 5))
            print('Train ', 0.5, 'Valid ', 0.25, 'Test ', 0.125)
            callback(display.Validated(0, 10, 0.5, 0.25, 0.125, True))
            callback(display.Displayed(0, 20, 0.5, 40, 5))
    monkeypatch.undo()
    return callback, stdout.getvalue(), stderr.getvalue()


def screen(text):
    """What a terminal shows: after a carriage return, the line is written over."""
    lines = []
    for line in text.split('\n'):
        seen = ''
        for part in line.split('\r'):
            seen = part + seen[len(part):]
        lines.append(seen.rstrip())
    return lines


def test_the_bar_stays_below_the_lines(monkeypatch):
    terminal = Terminal()
    _, text, _ = shown(monkeypatch, terminal, terminal)
    lines = screen(text)
    assert lines[:2] == ['Epoch  0 Update  10 Cost  0.6875', 'Train  0.5 Valid  0.25 Test  0.125']
    assert lines[2].startswith('epoch 0, cost 0.5000') and not ''.join(lines[3:])


def test_redirected_output_has_no_bar(monkeypatch):
    for streams in ((io.StringIO(), Terminal()), (Terminal(), io.StringIO()),
                    (io.StringIO(), io.StringIO())):
        assert shown(monkeypatch, *streams) == (None, '', '')


BAR = """
import sys
from lstm_sentiment import command_line
from lstm_sentiment.training import display
with command_line.progress_bar() as callback:
    for update in (10, 20):
        print('Epoch ', 0, 'Update ', update, 'Cost ', 0.5)
        callback(display.Displayed(0, update, 0.5, 40, 5))
    print('Training took 1.0s', file=sys.stderr)
"""


@pytest.mark.skipif(not hasattr(os, 'forkpty'), reason='there are no pseudo-terminals here')
def test_a_real_terminal_shows_whole_lines_and_the_bar_below():
    import fcntl
    import pty
    import struct
    import termios
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 100, 0, 0))
    process = subprocess.Popen([sys.executable, '-c', BAR], stdout=follower, stderr=follower,
                               env=dict(os.environ, PYTHONPATH=os.path.dirname(lstm.__file__)))
    os.close(follower)
    shown_bytes = b''
    while True:
        try:
            block = os.read(leader, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not block:
            break
        shown_bytes += block
    os.close(leader)
    assert process.wait() == 0
    lines = [line for line in screen(shown_bytes.decode().replace('\r\n', '\n')) if line]
    assert lines[:-1] == ['Epoch  0 Update  10 Cost  0.5', 'Epoch  0 Update  20 Cost  0.5',
                          'Training took 1.0s']
    assert 'epoch 0, cost 0.5000' in lines[-1] and '20/200' in lines[-1]


@pytest.mark.parametrize('started, expected', [
    ('lstm.py', 'python predict.py'), ('/usr/bin/lstm-train', 'lstm-predict'),
    ('lstm-train.exe', 'lstm-predict'), ('pytest', 'python predict.py')])
def test_other_commands_are_named_as_this_one_was_typed(monkeypatch, started, expected):
    monkeypatch.setattr(sys, 'argv', [started])
    assert command_line.command('predict.py') == expected
    assert command_line.program('predict.py') == expected.split()[-1]


def test_every_parser_knows_the_version(capsys):
    for main in (lstm.main, imdb_preprocess.main, predict.main, demo_grammar.main):
        with pytest.raises(SystemExit) as stopped:
            main(['--version'])
        assert stopped.value.code == 0
        assert capsys.readouterr().out.split()[-1] == lstm_sentiment.__version__
