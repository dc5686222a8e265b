"""TensorBoard's own reader finds what a run wrote."""
import csv
import os
import subprocess
import sys

import numpy
import pytest
from models import exit_status

import lstm
from lstm_sentiment import command_line
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.training import curves, display, tensorboard

ROOT = os.path.dirname(os.path.abspath(lstm.__file__))
RECORDS = [display.Displayed(0, 10, 0.75, 40, 5), display.Displayed(0, 20, 0.5, 40, 5),
           display.Validated(0, 20, 0.5, 0.25, 0.125, True, 160),
           display.Displayed(1, 30, 0.25, 40, 5),
           display.Validated(1, 40, 0.125, 0.375, 0.25, False, 160)]
VALIDATIONS = [record for record in RECORDS if hasattr(record, 'valid_err')]


class Shared:
    """A parameter as an engine has it."""

    def __init__(self, value):
        self.value = numpy.array(value)

    def get_value(self):
        return self.value


TPARAMS = {'U': Shared([[0.5, -1.], [2., 3.]]), 'b': Shared([0.25, float('inf')])}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    pytest.importorskip('tensorboardX')
    monkeypatch.chdir(tmp_path)


def read(folder):
    """The events that TensorBoard shows."""
    reader = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    found = reader.EventAccumulator(str(folder), size_guidance={
        reader.SCALARS: 0, reader.HISTOGRAMS: 0})
    return found.Reload()


def scalars(found, name):
    return [(event.step, event.value) for event in found.Scalars(name)]


def write(records, resume=False, options=None, tparams=None):
    with tensorboard.Events('runs/', resume) as events:
        if options is not None:
            events.started(options, tparams or {})
        for record in records:
            events(record)


def test_scalars_have_the_names_of_the_columns():
    write(RECORDS)
    found = read('runs/run')
    assert sorted(found.Tags()['scalars']) == sorted(set(curves.COLUMNS) - {'update'})
    assert scalars(found, 'cost') == [(10, 0.75), (20, 0.5), (30, 0.25)]
    assert scalars(found, 'train_err') == [(20, 0.5), (40, 0.125)]
    assert scalars(found, 'valid_err') == [(20, 0.25), (40, 0.375)]
    assert scalars(found, 'test_err') == [(20, 0.125), (40, 0.25)]
    assert scalars(found, 'train_err_of') == [(20, 160.), (40, 160.)]
    assert scalars(found, 'is_best') == [(20, 1.), (40, 0.)]
    assert scalars(found, 'epoch') == [(10, 0.), (20, 0.), (20, 0.), (30, 1.), (40, 1.)]


def test_options_and_parameters():
    write(RECORDS, options={'saveto': 'models/small.npz', 'seed': 5}, tparams=TPARAMS)
    found = read('runs/small')
    text, = found.Tensors('options/text_summary')
    assert b'| seed | `5` |' in text.tensor_proto.string_val[0]
    # Values that are not finite have no histogram.
    assert found.Tags()['histograms'] == ['U']
    histograms = found.Histograms('U')
    assert [event.step for event in histograms] == [record.update for record in VALIDATIONS]
    values = histograms[0].histogram_value
    assert (values.min, values.max, values.num, values.sum) == (-1., 3., 4., 4.5)


def test_each_run_has_its_folder_and_a_resumed_one_that_of_the_run_before():
    write(RECORDS[:2])
    write(RECORDS[1:2])
    assert sorted(os.listdir('runs')) == ['run', 'run-2']
    write([display.Displayed(0, 20, 0.125, 40, 5), RECORDS[3]], resume=True)
    assert sorted(os.listdir('runs')) == ['run', 'run-2']
    # What was after the first new record is left out.
    assert scalars(read('runs/run-2'), 'cost') == [(20, 0.125), (30, 0.25)]
    assert scalars(read('runs/run'), 'cost') == [(10, 0.75), (20, 0.5)]


def test_a_log_is_a_folder_or_a_file(tmp_path):
    (tmp_path / 'there').mkdir()
    for log, is_folder in (('runs/', True), ('there', True), ('run.csv', False), ('new', False)):
        with curves.recorder(log=log) as record:
            record(RECORDS[0])
        assert os.path.isfile(log) is not is_folder
        assert bool(is_folder and read(os.path.join(log, 'run')).Scalars('cost')) is is_folder
    with curves.recorder() as record:
        assert record is None


def test_callbacks_are_told_what_runs():
    class Silent:
        def __call__(self, record):
            """Have no method started."""

    with tensorboard.Events('runs/') as events:
        joined = command_line.joined_callback(Silent(), None, events)
        settings = {'dispFreq': 1, 'max_epochs': 1}
        display.Display(settings, 1, 16, 16, joined).started({'seed': 1}, TPARAMS)
        assert events.options == {'seed': 1} and events.tparams is TPARAMS
    display.Display(settings, 1, 16, 16, None).started({}, {})


def test_a_folder_that_cannot_be_is_refused_before_training(tmp_path, capsys, monkeypatch):
    (tmp_path / 'file').write_text('')
    assert exit_status(lstm.main, ['--dataset', 'demo', '--log', 'file/']) == 2
    assert 'log=file/ is no folder that can be made' in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, 'tensorboardX', None)
    with pytest.raises(ConfigError, match=r"pip install -e '\.\[tensorboard\]'"):
        tensorboard.Events('runs/')
    assert not os.path.exists('runs')


@pytest.mark.slow
def test_a_whole_run_has_the_scalars_of_its_csv():
    """The same run twice: its scalars are the numbers of the .csv, in float32."""
    for log in ('run.csv', 'runs/'):
        subprocess.run([sys.executable, os.path.join(ROOT, 'lstm.py'), '--dataset', 'demo',
                        '--dim-proj', '8', '--max-epochs', '1', '--valid-freq', '50',
                        '--test-size', '50', '--saveto', 'small.npz', '--log', log],
                       check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, THEANO_FLAGS='floatX=float32'))
    found = read('runs/small')
    with open('run.csv', newline='') as stream:
        rows = list(csv.DictReader(stream))
    for name in set(curves.COLUMNS) - {'update'}:
        expected = [(int(row['update']), float({'True': 1, 'False': 0}.get(row[name], row[name])))
                    for row in rows if row[name] != '']
        assert len(expected) > 2
        numpy.testing.assert_allclose(scalars(found, name), expected, rtol=1e-6)
    assert {'Wemb', 'U', 'b', 'lstm_W'} <= set(found.Tags()['histograms'])
