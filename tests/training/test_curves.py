"""Tests of curves.py: what is drawn and written while training goes on."""

import csv
import os
import subprocess
import sys

import numpy
import pytest
from models import exit_status

import imdb
import lstm
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.training import curves, display

ROOT = os.path.dirname(os.path.abspath(lstm.__file__))
PNG = b'\x89PNG\r\n'
RECORDS = [display.Displayed(0, 10, 0.75, 40, 5), display.Displayed(0, 20, 0.5, 40, 5),
           display.Validated(0, 20, 0.5, 0.25, 0.125, True, 70),
           display.Displayed(0, 30, 0.25, 40, 5),
           display.Validated(0, 30, 0.25, 0.25, 0.5, True),
           display.Validated(0, 40, 0.125, 0.375, 0.25, False)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read_log(path='run.csv'):
    with open(path, newline='') as stream:
        return list(csv.reader(stream))


# The log

def test_each_row_is_written_at_once(folder):
    with open('run.csv', 'w') as stream:
        stream.write('of an earlier run\n' * 100)
    with curves.Curves(log='run.csv') as record:
        assert len(read_log()) == 100
        for number, made in enumerate(RECORDS, 2):
            record(made)
            assert len(read_log()) == number
    assert read_log()[0] == ['epoch', 'update', 'cost', 'train_err', 'valid_err', 'test_err',
                             'is_best', 'train_err_of']
    assert read_log()[2:5] == [['0', '20', '0.5', '', '', '', '', ''],
                               ['0', '20', '', '0.5', '0.25', '0.125', 'True', '70'],
                               ['0', '30', '0.25', '', '', '', '', '']]
    assert os.listdir('.') == ['run.csv']


def test_a_log_without_the_last_column_is_continued(folder):
    with open('run.csv', 'w') as stream:
        stream.write('epoch,update,cost,train_err,valid_err,test_err,is_best\n0,10,0.75,,,,\n')
    with curves.Curves(log='run.csv', resume=True) as record:
        record(RECORDS[1])
    assert read_log()[1:] == [['0', '10', '0.75', '', '', '', '', ''],
                              ['0', '20', '0.5', '', '', '', '', '']]


def test_the_log_of_a_resumed_run_is_continued(folder):
    with curves.Curves(log='run.csv') as record:
        for made in RECORDS:
            record(made)
    before = read_log()
    again = RECORDS[3:]  # from update 30 on
    with curves.Curves(log='run.csv', resume=True) as record:
        for made in again:
            record(made)
    assert read_log() == before
    with curves.Curves(log='run.csv') as record:  # a run of its own
        record(RECORDS[3])
    assert len(read_log()) == 2


def test_a_file_that_is_no_log_is_not_continued(folder):
    (folder / 'run.csv').write_text('a,b\n1,2\n')
    with curves.Curves(log='run.csv', resume=True) as record:
        record(RECORDS[0])
    assert len(read_log()) == 2 and read_log()[0][0] == 'epoch'


def test_training_goes_on_when_the_log_cannot(folder, capsys):
    record = curves.Curves(log='run.csv')
    os.mkdir('run.csv')
    for made in RECORDS:
        record(made)
    stderr = capsys.readouterr().err
    assert stderr.startswith('warning: run.csv can no longer be written: Is a directory')
    assert stderr.count('\n') == 1


def easy_data(n_words=100000, valid_portion=0.1, maxlen=None, rng=None):
    part = [[2, 5], [3, 6, 7], [2, 6], [3, 5]] * 5, [0, 1] * 10
    return part, part, part


@pytest.fixture
def easy(monkeypatch):
    monkeypatch.setitem(lstm.datasets, 'easy', (easy_data, imdb.prepare_data))
    return ['--dataset', 'easy', '--dim-proj', '4', '--n-words', '20', '--batch-size', '5',
            '--max-epochs', '2', '--disp-freq', '2', '--valid-freq', '4', '--saveto', 'none',
            '--test-size', '-1']


def test_the_command_line_logs_what_is_printed(easy, capsys):
    lstm.main(easy + ['--log', 'run.csv'])
    lines = capsys.readouterr().out.splitlines()
    printed = []
    for line in lines[:-2]:  # the last errors are no validation
        words = line.split()
        if words[0] == 'Epoch':
            printed.append((words[1], words[3], words[5], '', '', ''))
        elif words[0] == 'Train':
            printed.append(printed[-1][:2] + ('',) + tuple(words[1::2]))
    assert [tuple(row[:6]) for row in read_log()[1:]] == printed and len(printed) == 6


def test_a_quiet_run_prints_no_costs(easy, capsys):
    lstm.main(easy + ['--log', 'run.csv', '--quiet'])
    out = capsys.readouterr().out
    assert 'Cost' not in out and out.count('Train ') == 3 and 'The code run for' in out
    logged = read_log()
    lstm.main(easy + ['--log', 'again.csv'])
    assert capsys.readouterr().out.count('Cost') == 4
    assert read_log('again.csv') == logged


@pytest.mark.parametrize('option, path, said', [
    ('--log', 'nowhere/run.csv', 'log=nowhere/run.csv cannot be written: No such file'),
    ('--plot', '.', 'plot=.: expected a name that ends in one of')])
def test_a_file_that_cannot_be_written_is_found_before_training(easy, capsys, option, path, said):
    status = exit_status(lstm.main, easy + [option, path])
    stdout, stderr = capsys.readouterr()
    assert status == 2 and stdout == '' and said in stderr and os.listdir('.') == []


# The picture

def test_missing_matplotlib_is_named_before_training(easy, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    monkeypatch.setitem(sys.modules, 'matplotlib.backend_bases', None)
    status = exit_status(lstm.main, easy + ['--plot', 'curves.png'])
    stdout, stderr = capsys.readouterr()
    assert status == 2 and stdout == '' and os.listdir('.') == []
    assert "pip install -e '.[plot]'" in stderr and 'Traceback' not in stderr


def test_matplotlib_is_imported_only_for_a_picture():
    code = ('import sys, lstm; from lstm_sentiment.training import curves; '
            'curves.Curves(log="a.csv"); '
            'assert "matplotlib" not in sys.modules')
    subprocess.check_call([sys.executable, '-c', code], env=dict(os.environ, PYTHONPATH=ROOT))


def test_a_picture_is_drawn_again_at_each_validation(folder, monkeypatch):
    pytest.importorskip('matplotlib')
    seen, honest = [], curves.figure
    monkeypatch.setattr(curves, 'figure', lambda *records: seen.append(list(map(len, records)))
                        or honest(*records))
    with curves.Curves(plot='curves.png') as record:
        for made in RECORDS + RECORDS[:1]:
            record(made)
            assert os.listdir('.') == (['curves.png'] if seen else [])
    assert seen == [[2, 1], [3, 2], [3, 3], [4, 3]]
    with open('curves.png', 'rb') as stream:
        assert stream.read(6) == PNG


def test_the_figure_shows_the_numbers(monkeypatch):
    pytest.importorskip('matplotlib')
    monkeypatch.setattr(curves, 'MEAN_OF', 2)
    costs = [made for made in RECORDS if hasattr(made, 'cost')]
    validations = [made for made in RECORDS if not hasattr(made, 'cost')]
    above, below = curves.figure(costs, validations).axes
    lines = {line.get_label(): numpy.array(line.get_data()).T.tolist()
             for axes in (above, below) for line in axes.lines}
    assert lines['of a minibatch'] == [[10, 0.75], [20, 0.5], [30, 0.25]]
    assert lines['mean of 2'] == [[20, 0.625], [30, 0.375]]
    assert lines['train'] == [[20, 0.5], [30, 0.25], [40, 0.125]]
    assert lines['valid'] == [[20, 0.25], [30, 0.25], [40, 0.375]]
    assert lines['test'] == [[20, 0.125], [30, 0.5], [40, 0.25]]
    # Of two equally good validations the parameters of the later are kept.
    assert lines['best, 0.2500'] == [[30, 0.25]]
    # Where the three errors coincide, each can be seen: other dashes, a smaller marker on top.
    errors = below.lines[:3]
    assert len({line.get_linestyle() for line in errors}) == 3
    sizes = [line.get_markersize() for line in errors]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 3


def test_the_figure_is_shown_as_often_as_it_is_drawn(folder):
    pytest.importorskip('matplotlib')
    shown = []
    with curves.Curves(show=shown.append) as record:
        for made in RECORDS:
            record(made)
    points = [[len(line.get_xdata()) for line in drawn.axes[0].lines[:1] + drawn.axes[1].lines[:1]]
              for drawn in shown]
    assert points == [[2, 1], [3, 2], [3, 3], [3, 3]]  # costs and validations so far; the end
    assert os.listdir('.') == []


def test_showing_needs_matplotlib_before_training(monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    monkeypatch.setitem(sys.modules, 'matplotlib.backend_bases', None)
    with pytest.raises(ConfigError, match='show needs matplotlib'):
        curves.Curves(show=print)


def test_a_picture_that_cannot_be_replaced_stays_as_it_was(folder, monkeypatch, capsys):
    pytest.importorskip('matplotlib')
    record = curves.Curves(plot='curves.png')
    record(RECORDS[2])
    with open('curves.png', 'rb') as stream:
        earlier = stream.read()

    def full(_):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(os, 'fsync', full)
    for made in RECORDS[3:]:
        record(made)
    stderr = capsys.readouterr().err
    assert stderr.count('warning: curves.png can no longer be written: No space') == 1
    with open('curves.png', 'rb') as stream:
        assert stream.read() == earlier
    assert os.listdir('.') == ['curves.png']


def test_the_command_line_draws(easy, capsys):
    pytest.importorskip('matplotlib')
    lstm.main(easy + ['--plot', 'curves.svg', '--log', 'run.csv'])
    with open('curves.svg') as stream:
        assert '<svg' in stream.read()
    assert len(read_log()) == 7
    for path, said in (('curves.txt', 'ends in one of'), ('no/a.png', 'No such file')):
        with pytest.raises(ConfigError, match=said):
            curves.Curves(plot=path)
