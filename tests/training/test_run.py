"""Tests of run.py: interrupts, the last evaluation, what a run replaces, when it validates."""
import contextlib
import functools
import os
import signal

import numpy
import pytest
from test_lstm import easy, easy_data  # noqa: F401 (a fixture)

import imdb
import lstm
from lstm_sentiment.engine.names import config
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.training import checkpoint, display, resumable, run, settings
from lstm_sentiment.training.checkpoint import Checkpoint
from lstm_sentiment.training.interrupts import DeferredInterrupts


@pytest.fixture(params=['float64', 'float32'])
def both_floats(request, monkeypatch):
    monkeypatch.setattr(config, 'floatX', request.param)


def arrays(path):
    with numpy.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files if name != 'options'}


def assert_same(path, other):
    one, two = arrays(path), arrays(other)
    assert one.keys() == two.keys()
    for name in one:
        assert one[name].tobytes() == two[name].tobytes(), name


def interrupted(function, n_calls):
    """The function, at whose call of that number a Ctrl-C comes before it returns."""
    calls = []

    @functools.wraps(function)
    def wrapped(*arguments, **more):
        calls.append(1)
        if len(calls) == n_calls:
            os.kill(os.getpid(), signal.SIGINT)
        return function(*arguments, **more)
    return wrapped


def by_an_optimizer_with_interrupts(n_gradients=0, n_updates=0, rule=lstm.rmsprop):
    """An update rule with a Ctrl-C inside of a gradient, or of an update."""
    @functools.wraps(rule)
    def with_interrupts(*arguments):
        gradient, update = rule(*arguments)
        optimizer = update.__self__
        optimizer.gradient = interrupted(gradient, n_gradients)
        optimizer.f_grad = interrupted(optimizer.f_grad, n_gradients)
        for part in list(optimizer.parts.values())[1:2]:
            part.update = interrupted(part.update, n_updates)
        return gradient, update
    return with_interrupts


# Interrupts.


@pytest.mark.parametrize('when', [{'n_gradients': 13}, {'n_updates': 13}])
@pytest.mark.parametrize('options', [{}, {'average': 20, 'word_dropout': 0.3}])
def test_an_interrupt_within_an_update_waits_for_its_end(easy, both_floats, capsys,  # noqa: F811
                                                         when, options):
    arguments = dict(easy, max_epochs=9, **options)
    lstm.train_lstm(saveto='whole.npz', **arguments)
    lstm.train_lstm(saveto='m.npz', **dict(arguments,
                                           optimizer=by_an_optimizer_with_interrupts(**when)))
    assert 'Training interrupted' in capsys.readouterr().out
    lstm.train_lstm(saveto='m.npz', resume=True, **arguments)
    assert 'Resumed after update 13\n' in capsys.readouterr().out
    assert_same('m.npz', 'whole.npz')


def test_the_learning_rate_falls_to_zero(easy):  # noqa: F811
    rates = []

    def rule(lr, tparams, grads, x, mask, y, cost):
        return lambda x, mask, y: 1., rates.append
    arguments = dict(easy, optimizer=rule, lrate=0.5, max_epochs=3, saveto=None, patience=100)
    lstm.train_lstm(**arguments)
    assert set(rates) == {0.5}
    n_updates = len(rates)
    del rates[:]
    lstm.train_lstm(falling_lrate=True, **arguments)
    expected = [0.5 * (n_updates - update) / n_updates for update in range(n_updates)]
    numpy.testing.assert_allclose(rates, expected, rtol=1e-12)


@pytest.mark.parametrize('keep', ['best', 'last'])
def test_the_kept_parameters_are_the_best_or_the_last(easy, keep):  # noqa: F811
    validated, n_updates = [], []

    def rule(lr, tparams, *others):
        gradient, move = lstm.adam(lr, tparams, *others)

        def update(rate):
            move(rate)
            n_updates.append(1)
            if len(n_updates) == 44:  # the last: the classes change places
                for name in 'Ub':
                    tparams[name].set_value(-tparams[name].get_value())
        return gradient, update

    def callback(record):
        if hasattr(record, 'valid_err'):
            validated.append((record.train_err, record.valid_err, record.test_err))
    arguments = dict(easy, optimizer=rule, lrate=0.05, max_epochs=11, validFreq=11, patience=100,
                     keep=keep)
    errors = lstm.train_lstm(saveto='m.npz', callback=callback, checkpoint=None, **arguments)
    least = min(valid_err for _, valid_err, _ in validated)
    assert validated[-1][1] > least  # otherwise nothing is tested
    assert errors == (validated[-1] if keep == 'last' else next(
        each for each in validated[::-1] if each[1] == least))
    saved = saved_model.load_errors('m.npz')
    assert saved[1] == errors[1]


def test_a_run_with_all_options_of_the_preset_can_be_resumed(easy, both_floats, capsys):  # noqa: F811
    arguments = dict(easy, max_epochs=9, falling_lrate=True, clip_norm=0.5, forget_bias=1.,
                     spans=0.5, word_dropout=0.3, bidirectional=True, pooling='max', average=9,
                     ngrams=2)
    lstm.train_lstm(saveto='whole.npz', **dict(arguments, optimizer='adam'))
    rule = by_an_optimizer_with_interrupts(n_updates=13, rule=lstm.adam)
    lstm.train_lstm(saveto='m.npz', **dict(arguments, optimizer=rule))
    assert 'Training interrupted' in capsys.readouterr().out
    with pytest.raises(ConfigError, match='max_epochs was 9 and is 12'):
        lstm.train_lstm(saveto='m.npz', resume=True, **dict(arguments, optimizer=lstm.adam,
                                                            max_epochs=12))
    lstm.train_lstm(saveto='m.npz', resume=True, **dict(arguments, optimizer=lstm.adam))
    assert_same('m.npz', 'whole.npz')


def test_what_is_due_after_an_interrupted_update_is_still_done(easy, capsys):  # noqa: F811
    optimizer = by_an_optimizer_with_interrupts(n_updates=25)
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=9, optimizer=optimizer))
    done = capsys.readouterr().out.split('Training interrupted')[0].splitlines()
    assert done[-4].split()[:4] == ['Epoch', '6', 'Update', '25'] and done[-3] == 'Saving...'
    assert done[-1] == 'Done'


def test_an_interrupt_within_a_validation_leaves_no_trace(easy, monkeypatch, capsys):  # noqa: F811
    """Predictions draw from dropout's stream; the validation is made anew when it is resumed."""
    arguments = dict(easy, max_epochs=9)
    lstm.train_lstm(saveto='whole.npz', **arguments)
    with monkeypatch.context() as patch:
        patch.setattr(lstm, 'pred_error', interrupted(lstm.pred_error, 5))
        lstm.train_lstm(saveto='m.npz', **arguments)
    capsys.readouterr()
    lstm.train_lstm(saveto='m.npz', resume=True, **arguments)
    assert 'Resumed after update 20\nTrain ' in capsys.readouterr().out
    assert_same('m.npz', 'whole.npz')


def test_a_checkpoint_that_cannot_be_written_leaves_a_model(easy, monkeypatch):  # noqa: F811
    def full(path, content):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(checkpoint, 'replace_file', full)
    with pytest.raises(ModelError, match='m.npz.checkpoint: No space left'):
        lstm.train_lstm(saveto='m.npz', **easy)
    assert arrays('m.npz')['history_errs'].shape == (1, 2)


def test_nothing_is_evaluated_after_the_last_validation(easy, monkeypatch):  # noqa: F811
    calls = []

    def counted(*arguments, **options):
        calls.append(1)
        return pred_error(*arguments, **options)
    pred_error = lstm.pred_error
    monkeypatch.setattr(lstm, 'pred_error', counted)
    errors = lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=5))
    assert len(calls) == 2 * 3
    found = arrays('m.npz')
    assert errors == tuple(float(found[name]) for name in ('train_err', 'valid_err', 'test_err'))
    assert errors[1] == found['history_errs'][:, 0].min()


def stop_at_once(record):
    raise KeyboardInterrupt


def test_a_run_that_never_validated_is_evaluated_once(easy):  # noqa: F811
    errors = lstm.train_lstm(saveto='m.npz', callback=stop_at_once, **easy)
    assert all(0 <= error <= 1 for error in errors)
    assert float(arrays('m.npz')['test_err']) == errors[2]


def test_an_interrupt_within_that_evaluation_loses_no_model(easy, monkeypatch):  # noqa: F811
    monkeypatch.setattr(lstm, 'pred_error', interrupted(lstm.pred_error, 2))
    errors = lstm.train_lstm(saveto='m.npz', callback=stop_at_once, **easy)
    assert numpy.isnan(errors).all()
    assert {'Wemb', 'lstm_U', 'U'} <= set(saved_model.load('m.npz').params)
    assert Checkpoint('m.npz.checkpoint', {}).exists()


def test_held_signals_come_at_the_release():
    received = []
    before = signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    try:
        with DeferredInterrupts() as interrupts:
            interrupts.hold()
            os.kill(os.getpid(), signal.SIGINT)
            assert not received
            interrupts.release()
            assert received == [signal.SIGINT]
            os.kill(os.getpid(), signal.SIGINT)
            assert len(received) == 2
        os.kill(os.getpid(), signal.SIGINT)
        assert len(received) == 3
    finally:
        signal.signal(signal.SIGINT, before)


# What a run replaces.


def test_an_unfinished_run_with_other_settings_is_not_replaced(easy):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', callback=stop_at_once, **easy)
    before = arrays('m.npz.checkpoint')
    with pytest.raises(ConfigError, match='unfinished run with other settings: seed was 123 and '
                                          'is 4.*--overwrite'):
        lstm.train_lstm(saveto='m.npz', seed=4, **dict(easy, max_epochs=3))
    assert arrays('m.npz.checkpoint').keys() == before.keys()
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3))  # its own settings
    lstm.train_lstm(saveto='m.npz', seed=4, **dict(easy, max_epochs=3))  # that one has ended
    lstm.train_lstm(saveto='n.npz', callback=stop_at_once, **easy)
    lstm.train_lstm(saveto='n.npz', seed=4, overwrite=True, **dict(easy, max_epochs=3))


def test_a_file_that_is_no_checkpoint_is_not_replaced(easy):  # noqa: F811
    with open('m.npz.checkpoint', 'w') as stream:
        stream.write('my notes')
    with pytest.raises(ConfigError, match='m.npz.checkpoint is not a checkpoint'):
        lstm.train_lstm(saveto='m.npz', **easy)
    with open('m.npz.checkpoint') as stream:
        assert stream.read() == 'my notes'


def with_fingerprint(fingerprint, monkeypatch):
    def load_data(about, **arguments):
        about['fingerprint'] = fingerprint
        return easy_data(**arguments)
    monkeypatch.setitem(lstm.datasets, 'easy', (load_data, imdb.prepare_data))


def test_a_model_of_another_dataset_is_not_replaced(easy, monkeypatch):  # noqa: F811
    arguments = dict(easy, max_epochs=3, saveto='m.npz', checkpoint=None)
    with_fingerprint('ab', monkeypatch)
    lstm.train_lstm(**arguments)
    lstm.train_lstm(seed=5, **arguments)  # the same data
    with_fingerprint('cd', monkeypatch)
    with pytest.raises(ConfigError, match=r'm.npz.* a model of another dataset \(easy\)'):
        lstm.train_lstm(**arguments)
    assert saved_model.load_options('m.npz')['dataset_sha256'] == 'ab'
    with pytest.raises(ConfigError, match='a model of another dataset'):  # no checkpoint is there
        lstm.train_lstm(**dict(arguments, checkpoint='m.checkpoint', resume=True))
    lstm.train_lstm(overwrite=True, **arguments)
    assert saved_model.load_options('m.npz')['dataset_sha256'] == 'cd'


def test_a_file_that_is_no_model_is_not_replaced(easy):  # noqa: F811
    with open('m.npz', 'w') as stream:
        stream.write('my notes')
    with pytest.raises(ConfigError, match='m.npz.*is no model that this program made'):
        lstm.train_lstm(saveto='m.npz', **easy)


# Which runs are the same.


def test_the_same_data_by_another_path_are_the_same_run(easy, monkeypatch):  # noqa: F811
    with_fingerprint('ab', monkeypatch)
    arguments = dict(easy, max_epochs=3, saveto='m.npz')
    lstm.train_lstm(callback=stop_at_once, **arguments)
    monkeypatch.setitem(lstm.datasets, './easy', lstm.datasets['easy'])
    lstm.train_lstm(resume=True, **dict(arguments, dataset='./easy'))


def test_a_partial_optimizer_has_a_name_of_its_own(easy):  # noqa: F811
    def rule(decay, *arguments):
        return lstm.sgd(*arguments)
    assert settings.name_of(functools.partial(rule, 0.5)) == 'rule(0.5)'
    for options in ({'callback': stop_at_once}, {'resume': True}):
        lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3, **options,
                                               optimizer=functools.partial(rule, 0.5)))
    with pytest.raises(ConfigError, match=r'optimizer was .rule\(0.5\). and is .rule\(0.25\).'):
        lstm.train_lstm(saveto='m.npz', resume=True,
                        **dict(easy, max_epochs=3, optimizer=functools.partial(rule, 0.25)))


def test_a_checkpoint_is_no_model(easy):  # noqa: F811
    os.symlink('m.npz', 'link')
    for path in ('./m.npz', os.path.abspath('m.npz'), 'link'):
        with pytest.raises(ConfigError, match='another file than the model'):
            lstm.train_lstm(saveto='m.npz', checkpoint=path, **easy)


def test_another_float_names_the_flag(easy, monkeypatch):  # noqa: F811
    arguments = dict(easy, max_epochs=3, saveto='m.npz')
    monkeypatch.setattr(config, 'floatX', 'float64')
    lstm.train_lstm(callback=stop_at_once, **arguments)
    monkeypatch.setattr(config, 'floatX', 'float32')
    with pytest.raises(ConfigError, match='THEANO_FLAGS="floatX=float64"'):
        lstm.train_lstm(resume=True, **arguments)


def test_another_backend_is_named(easy, monkeypatch):  # noqa: F811
    arguments = dict(easy, max_epochs=3, saveto='m.npz')
    lstm.train_lstm(callback=stop_at_once, **arguments)
    monkeypatch.setattr(run.provenance, 'IS_BY_HAND', False)
    with pytest.raises(ConfigError, match='used passes by hand, this one uses compiled functions'):
        lstm.train_lstm(resume=True, **arguments)


# When a run validates, and how long it took.


def test_a_validation_that_is_never_reached_comes_with_each_epoch(easy, capsys):  # noqa: F811
    records = []
    lstm.train_lstm(callback=records.append, **dict(easy, max_epochs=3, validFreq=13))
    validated = [record for record in records if isinstance(record, display.Validated)]
    assert [record.update for record in validated] == [4, 8, 12]
    assert '12 updates in 3 epochs never reach validFreq=13' in capsys.readouterr().out
    del records[:]
    lstm.train_lstm(callback=records.append, **dict(easy, max_epochs=3, validFreq=12))
    validated = [record for record in records if isinstance(record, display.Validated)]
    assert [record.update for record in validated] == [12]
    assert 'never reach' not in capsys.readouterr().out


# The training error on a sample.


@pytest.fixture
def measured(monkeypatch):
    """The sequences of each call of `pred_error`, and the error that it returned."""
    calls, pred_error = [], lstm.pred_error

    def recorded(f_pred, prepare_data, data, *arguments, **more):
        error = pred_error(f_pred, prepare_data, data, *arguments, **more)
        calls.append((data[0], error))
        return error
    monkeypatch.setattr(lstm, 'pred_error', recorded)
    return calls


def test_a_large_training_set_is_measured_on_a_sample_and_whole_at_the_end(
        easy, measured, capsys):  # noqa: F811
    records, arguments = [], dict(easy, max_epochs=6, use_dropout=False, optimizer='adam',
                                  lrate=0.05)
    whole = lstm.train_lstm(callback=records.append, saveto='whole.npz', **arguments)
    n_all = len(measured[0][0])
    validated = [record for record in records if isinstance(record, display.Validated)]
    assert [record.train_err_of for record in validated] == [n_all] * 2
    assert ' reviews) Valid ' not in capsys.readouterr().out
    of_all = [error for sequences, error in measured if len(sequences) == n_all]
    del measured[:], records[:]
    errors = lstm.train_lstm(callback=records.append, saveto='m.npz', train_error_size=20,
                             **arguments)
    assert errors == whole
    assert_same_but_errors('m.npz', 'whole.npz')
    on_train = [sequences for sequences, _ in measured[::3]]
    assert list(map(len, on_train)) == [20, 20, n_all] and on_train[0] == on_train[1]
    places = [on_train[2].index(sequence) for sequence in on_train[0]]
    assert places == sorted(set(places)) != list(range(20))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('Train ')]
    says = ' (of 20 of the %d reviews) Valid ' % n_all
    assert [says in line for line in lines] == [True, True, False]
    assert float(lines[-1].split()[1]) == errors[0] in of_all
    assert [getattr(record, 'train_err_of', 20) for record in records] == [20] * len(records)


def assert_same_but_errors(path, other):
    """The errors and options of two models may differ."""
    for name, array in arrays(path).items():
        if array.dtype.kind == 'f' and not name.endswith('err'):
            numpy.testing.assert_array_equal(array, arrays(other)[name], name)


def test_all_are_measured_if_the_size_says_so(easy, measured):  # noqa: F811
    for size in (0, -1, 10 ** 6):
        lstm.train_lstm(saveto=None, train_error_size=size, **dict(easy, max_epochs=3))
    assert len({len(sequences) for sequences, _ in measured[::3]}) == 1
    assert len(measured) == 9


def test_an_interrupted_run_keeps_the_error_of_the_sample(easy, measured, capsys):  # noqa: F811
    def stop(record):
        if record.update == 11:
            raise KeyboardInterrupt
    errors = lstm.train_lstm(saveto='m.npz', train_error_size=20, callback=stop,
                             **dict(easy, max_epochs=6, dispFreq=1))
    assert len(measured) == 3 and errors[0] == measured[0][1]
    assert capsys.readouterr().out.count('(of 20 of the ') == 2


def test_an_interrupt_of_the_last_measurement_keeps_what_there_was(
        easy, measured, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr(lstm, 'pred_error', interrupted(lstm.pred_error, 7))
    errors = lstm.train_lstm(saveto='m.npz', train_error_size=20, **dict(easy, max_epochs=6))
    assert 'Evaluation interrupted' in capsys.readouterr().out
    assert errors[0] in (measured[0][1], measured[3][1])
    assert arrays('m.npz')['train_err'] == errors[0]


def test_seconds_of_a_resumed_run_are_those_of_both_parts(easy, monkeypatch, capsys):  # noqa: F811
    now = [0.]
    monkeypatch.setattr(resumable.time, 'monotonic', lambda: now[0])

    def slowly(n_records):
        def callback(record):
            now[0] += 3.
            if now[0] == 3. * n_records:
                raise KeyboardInterrupt
        return callback
    arguments = dict(easy, max_epochs=2, dispFreq=4, validFreq=100)
    lstm.train_lstm(saveto='m.npz', callback=slowly(1), **arguments)
    capsys.readouterr()
    now[0] = 100.
    lstm.train_lstm(saveto='m.npz', resume=True, callback=slowly(0), **arguments)
    # A displayed cost and a validation before, and as many after: 12 seconds for two epochs.
    assert 'run for 2 epochs, with 6.000000 sec/epochs' in capsys.readouterr().out


def test_a_run_ends_with_what_to_type_next(easy, capsys):  # noqa: F811
    lstm.train_lstm(saveto='m.npz', **dict(easy, max_epochs=3))
    last = capsys.readouterr().out.splitlines()[-2:]
    assert last == ['The model is in m.npz. To ask it:',
                    'python predict.py m.npz "A film to see again."']
    lstm.train_lstm(saveto='a model.npz', **dict(easy, max_epochs=3))
    assert "python predict.py 'a model.npz' " in capsys.readouterr().out
    with contextlib.suppress(FileNotFoundError):
        os.remove('m.npz.checkpoint')
    lstm.train_lstm(saveto=None, **dict(easy, max_epochs=3))
    assert 'The model is in' not in capsys.readouterr().out
