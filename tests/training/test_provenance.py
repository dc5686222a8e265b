"""Tests of repeat.py: a model says how it was made, and the run can be made again."""
import os

import numpy
import pytest
from models import exit_status
from shop import dataset, make_dataset, train  # noqa: F401 (a fixture)
from test_lstm import easy  # noqa: F401 (a fixture)

import lstm
import lstm_sentiment
from lstm_sentiment.engine import names as engine
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.training import provenance


def test_a_model_says_what_its_run_was(easy, capsys):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', seed=7, **dict(easy, max_epochs=2))
    options = saved_model.load_options('m.npz')
    assert options['engine'] == engine.description() and options['numpy'] == numpy.__version__
    assert options['floatX'] == engine.config.floatX and options['seed'] == 7
    assert options['project'] == lstm_sentiment.__version__
    printed = capsys.readouterr().out
    assert options['engine'] in printed and options['numpy'] in printed
    assert 'SHA-256 of the dataset:' in printed


def test_a_repeated_run_ends_with_the_same_parameters(dataset, capsys):  # noqa: F811
    make_dataset(dataset)
    train(seed=5, max_epochs=3, optimizer='rmsprop', lrate=0.3, n_words=12)
    before = open('model.npz', 'rb').read()
    lstm.main(['--repeat', 'model.npz'])
    with open('model.npz', 'rb') as stream:
        assert stream.read() == before
    first, second = (saved_model.load(path) for path in ('model.npz', 'model.repeat.npz'))
    for name in first.params:
        assert (first.params[name] == second.params[name]).all()
    assert first.options.pop('saveto') != second.options.pop('saveto')
    assert first.options == second.options
    lstm.main(['--repeat', 'model.npz', '--saveto', 'third.npz', '--dispFreq', '3'])
    for name, value in saved_model.load('third.npz').params.items():
        assert (value == first.params[name]).all()
    assert 'third.npz already exists' in refused(capsys, '--saveto', 'third.npz')
    assert lstm.main(['--repeat', 'model.npz', '--saveto', 'third.npz', '--overwrite']) == 0


def refused(capsys, *arguments):
    status = exit_status(lstm.main, ['--repeat', 'model.npz'] + list(arguments))
    assert status == 2
    return capsys.readouterr().err


def test_what_cannot_be_repeated_is_refused(dataset, capsys):  # noqa: F811
    make_dataset(dataset)
    train()
    assert 'seed with repeat' in refused(capsys, '--seed', '3')
    before = open('model.npz', 'rb').read()
    for name in ('model.npz', 'model', './model'):
        assert 'model.npz already exists' in refused(capsys, '--saveto', name)
        assert 'model.npz already exists' in refused(capsys, '--saveto', name, '--overwrite')
    assert 'model.npz already exists' in refused(capsys, '--checkpoint', 'model.npz')
    with open('model.npz', 'rb') as stream:
        assert stream.read() == before
    options = dict(saved_model.load_options('model.npz'), floatX='float16')
    params = dict(saved_model.load('model.npz').params)
    saved_model.save('model.npz', params, options)
    assert 'THEANO_FLAGS="floatX=float16"' in refused(capsys)
    saved_model.save('model.npz', params, dict(options, floatX=engine.config.floatX))
    make_dataset(dataset, labels=(0, 2, 1))
    assert 'not the dataset that model.npz was trained on' in refused(capsys)
    os.remove('model.npz')
    os.remove('model.npz.json')
    assert 'cannot be read' in refused(capsys)
    assert not os.path.exists('model.repeat.npz')


def test_another_start_is_refused(dataset, capsys):  # noqa: F811
    make_dataset(dataset)
    train(saveto='first.npz')
    train(reload_model='first.npz')
    lstm.main(['--repeat', 'model.npz', '--saveto', 'again.npz'])
    first, second = (saved_model.load(path).params for path in ('model.npz', 'again.npz'))
    assert all((first[name] == second[name]).all() for name in first)
    train(saveto='first.npz', seed=9)
    assert 'started from first.npz, which is gone or another file' in refused(capsys)


def test_a_model_is_no_checkpoint(easy):  # noqa: F811
    for name in ('m.npz', 'm.npz.json'):
        with pytest.raises(ConfigError, match='another file than the model'):
            lstm.train_lstm(saveto='m', checkpoint=name, **easy)


def test_other_versions_are_named(dataset, capsys):  # noqa: F811
    make_dataset(dataset)
    train()
    options = dict(saved_model.load_options('model.npz'), numpy='1.0')
    saved_model.save('model.npz', saved_model.load('model.npz').params, options)
    provenance.arguments_of('model.npz', lstm.train_lstm, {})
    assert 'had numpy 1.0: numbers may differ' in capsys.readouterr().out


def test_parameters_and_options_are_of_one_run(easy):  # noqa: F811
    """Two runs that save to one file may interleave: the second of the files is the other's."""
    lstm.train_lstm(saveto='a.npz', **dict(easy, max_epochs=2))
    lstm.train_lstm(saveto='b.npz', **dict(easy, max_epochs=2, dim_proj=5, seed=9))
    os.replace('b.npz.json', 'a.npz.json')
    params, options, _ = saved_model.load('a.npz')
    assert options['dim_proj'] == params['U'].shape[0] == 8 and options['seed'] == 123


def test_options_within_that_are_no_options_are_refused(easy):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=2))
    with numpy.load('m.npz') as found:
        arrays = dict(found)
    for text in (b'[1]', b'{"dim_proj": "8"}', b'\xff', b'{' * 70000):
        numpy.savez('m.npz', **dict(arrays, options=numpy.frombuffer(text, 'uint8')))
        with pytest.raises(ModelError, match='options of the model m.npz cannot be read'):
            saved_model.load('m.npz')


def test_debug_shows_where_an_error_arose(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments, traceback in ((['--max-epochs', 'x'], False), (['--seed=-1'], False),
                                 (['--seed=-1', '--debug'], True)):
        status = exit_status(lstm.main, arguments + ['--dataset', 'demo', '--saveto',
                                                     'no/such/folder/m.npz'])
        assert status == 2
        assert ('Traceback' in capsys.readouterr().err) == traceback


def test_every_command_line_has_debug(capsys, tmp_path):
    import imdb_preprocess
    import predict
    from lstm_sentiment.text import demo_grammar
    missing = str(tmp_path / 'missing')
    (tmp_path / 'file').write_text('')
    for main, argument in ((imdb_preprocess.main, missing), (predict.main, missing),
                           (demo_grammar.main, str(tmp_path / 'file'))):
        for debug in ([], ['--debug']):
            try:
                assert main([argument] + debug) == 2
            except SystemExit as stopped:
                assert stopped.code == 2
            assert ('Traceback' in capsys.readouterr().err) == bool(debug)
