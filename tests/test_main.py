"""Tests of `command_line.run`: what the `main` of every script is made of."""

import importlib
import os
import signal
import subprocess
import sys
import warnings

import pytest

import lstm
from lstm_sentiment import __version__, command_line
from lstm_sentiment.errors import DataError


def test_run_gives_the_exit_status(capsys):
    given = []
    assert command_line.run(given.append, ['a', '--b']) == 0
    assert given == [['a', '--b']]
    assert capsys.readouterr() == ('', '')


@pytest.mark.parametrize('error, status, message', [
    (DataError('the pickle is damaged'), 2, 'error: the pickle is damaged\n'),
    (KeyboardInterrupt(), 130, 'Stopped.\n'), (BrokenPipeError(32, 'Broken pipe'), 141, '')])
def test_run_turns_errors_into_a_status(capsys, error, status, message):
    def function(_):
        raise error

    assert command_line.run(function, [], 'Stopped.') == status
    assert capsys.readouterr() == ('', message)


def test_run_leaves_mistakes_of_the_program_and_of_argparse(capsys):
    for error in (ZeroDivisionError, SystemExit):
        def function(_, error=error):
            raise error(2)
        with pytest.raises(error):
            command_line.run(function, [])


def test_run_shows_the_traceback_where_it_is_asked_for(capsys):
    def function(_):
        raise DataError('damaged')

    assert command_line.run(function, ['--debug']) == 2
    assert 'Traceback' in capsys.readouterr().err


def test_run_prints_warnings_as_messages(capsys):
    assert command_line.run(lambda _: warnings.warn('few reviews'), []) == 0
    assert capsys.readouterr() == ('', 'warning: few reviews\n')


@pytest.mark.skipif(os.name != 'posix', reason='signals as on Unix')
@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize('saves', [True, False])
def test_run_ends_by_signals_with_their_status(capsys, number, status, saves):
    before = signal.getsignal(number)

    def function(_):
        try:
            os.kill(os.getpid(), number)
            for _ in range(10 ** 6):  # the handler runs between two instructions
                pass
        except KeyboardInterrupt:
            assert signal.getsignal(number) is signal.SIG_DFL  # a second one ends the program
            if not saves:
                raise

    assert command_line.run(function, []) == status
    assert signal.getsignal(number) is before
    assert capsys.readouterr() == ('', '' if saves else 'Interrupted.\n')


def test_run_needs_no_particular_streams(monkeypatch):
    class Stream:
        text = ''

        def write(self, text):
            self.text += text

        def flush(self):
            raise BrokenPipeError

    monkeypatch.setattr(sys, 'stdout', Stream())
    assert command_line.run(lambda _: None, []) == 141


@pytest.mark.parametrize('typed, expected', [
    ('lstm.py', 'python lstm.py'), ('/usr/bin/lstm-train', 'lstm-train'),
    ('lstm-predict.exe', 'lstm-train'), ('-c', 'python lstm.py'), ('pytest', 'python lstm.py')])
def test_messages_name_what_was_typed(monkeypatch, typed, expected):
    monkeypatch.setattr(sys, 'argv', [typed])
    assert command_line.command('lstm.py') == expected
    monkeypatch.setattr(sys, 'argv', [])
    assert command_line.command('lstm.py') == 'python lstm.py'


@pytest.mark.parametrize('module', ['imdb_preprocess', 'predict',
                                    'lstm_sentiment.text.demo_grammar'])
def test_commands_know_their_version(capsys, module):
    with pytest.raises(SystemExit) as stopped:
        importlib.import_module(module).main(['--version'])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.endswith(' %s\n' % __version__)


RELOAD = """
import importlib, sys
import imdb, imdb_preprocess, lstm, predict
import lstm_sentiment.data.downloads
# Those of the engine that is in use, and no others.
names = [name for name in sys.modules if name.startswith('lstm_sentiment.')]
assert len(names) > 30
for name in names + ['imdb', 'imdb_preprocess', 'lstm', 'predict']:
    importlib.reload(sys.modules[name])
options = dict(dim_proj=2, n_words=5, ydim=2, encoder='lstm', use_dropout=False)
params = lstm.init_params(options)
functions = lstm.build_model(lstm.init_tparams(params), options)
x, mask, _ = imdb.prepare_data([[2, 3], [4]], [0, 1])
print(functions[4](x, mask).shape)
"""


def test_modules_can_be_reloaded():
    output = subprocess.check_output([sys.executable, '-c', RELOAD], env=dict(
        os.environ, PYTHONPATH=os.path.dirname(lstm.__file__)), universal_newlines=True)
    assert output == '(2, 2)\n'
