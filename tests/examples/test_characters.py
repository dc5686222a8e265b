"""The example that writes characters: network, update, reading, writing, resuming, errors."""
import csv
import json
import math
import os
import re
import subprocess
import sys
from collections import OrderedDict

import numpy
import pytest
from models import CELLS, exit_status
from oracles import plain_layer

import lstm
from examples import characters as example
from lstm_sentiment.engine.backend import Compiled
from lstm_sentiment.engine.names import config, theano
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.recurrence.backend import backend
from lstm_sentiment.text.characters import LETTERS, minibatch

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(lstm.__file__)))
each_cell = pytest.mark.parametrize('encoder, peephole', CELLS)
TEXT = 'the cat sat on the mat and the rat ran at the cat that sat on a hat by the oak tree ' * 4
# Losses of benchmarks/characters_torch.py from the weights of `recorded_start`, float64.
RECORDED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'reference',
                        'characters_torch.json')


@pytest.fixture(params=['float64', 'float32'])
def both_floats(request, monkeypatch):
    monkeypatch.setattr(config, 'floatX', request.param)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A current folder with a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'book.txt').write_text(TEXT, encoding='utf-8')
    return tmp_path


SMALL = dict(text='book.txt', n_held_out=20, dim_proj=4, batch_size=3, n_timesteps=5, max_updates=9,
             dispFreq=3, sampleFreq=4, n_samples=2, sample_length=12)


def make_options(encoder='lstm', peephole='matrix', dim_proj=3, optimizer='sgd', clip=1.25):
    return dict(encoder=encoder, peephole=peephole, dim_proj=dim_proj, optimizer=optimizer,
                clip=clip)


def make_params(options, n_symbols=5, seed=0):
    """Parameters far from zero."""
    params = example.init_params(options, n_symbols, numpy.random.RandomState(seed))
    rng = numpy.random.RandomState(seed + 1)
    return OrderedDict((name, rng.randn(*value.shape).astype(config.floatX))
                       for name, value in params.items())


def plain_probabilities(params, options, numbers):
    """The probability of each symbol after each of these, by a plain loop."""
    one_hot = numpy.eye(len(params['b']))[numbers]
    h, _ = plain_layer(one_hot, params, options['encoder'], options)
    exps = numpy.exp(h.dot(params['U']) + params['b'])
    return exps / exps.sum(axis=1, keepdims=True)


# The network.

@each_cell
def test_initial_parameters(encoder, peephole):
    options = make_options(encoder, peephole, dim_proj=20)
    params = example.init_params(options, 27, numpy.random.RandomState(0))
    expected, _ = lstm.layers[encoder]
    like = expected(options, OrderedDict(), encoder, numpy.random.RandomState(0))
    assert set(params) == set(like) | {'U', 'b'}
    for name, value in params.items():
        assert value.dtype == config.floatX
        if name in ('b', encoder + '_b'):
            assert not value.any()
        else:
            assert value.std() == pytest.approx(0.1, rel=0.2)
        if name in like and name != encoder + '_W':
            assert value.shape == like[name].shape
    assert params[encoder + '_W'].shape == (27, 80) and params['U'].shape == (20, 27)


@each_cell
def test_reading_is_that_of_a_plain_loop(encoder, peephole):
    options = make_options(encoder, peephole)
    params = make_params(options)
    f_cost, f_next = example.build_reading(lstm.init_tparams(params), options)
    numbers = numpy.random.RandomState(2).randint(0, 5, 12)
    expected = plain_probabilities(params, options, numbers[:-1])
    right = expected[numpy.arange(11), numbers[1:]]
    state = example.zero_state(1, 3)
    x, y = numbers[:-1, None], numbers[1:, None]
    assert float(f_cost(x, y, *state)[0]) == pytest.approx(-numpy.log(right).mean(), rel=1e-6)
    for n in (1, 4, 11):
        numpy.testing.assert_allclose(f_next(x[:n], *state)[0][0], expected[n - 1], rtol=1e-5)
    # Read in two parts, with the state handed on.
    _, h, c = f_cost(x[:4], y[:4], *state)
    cost, h, c = f_cost(x[4:], y[4:], h, c)
    assert float(cost) == pytest.approx(-numpy.log(right[4:]).mean(), rel=1e-6)


@pytest.mark.parametrize('window', [1, 4, 11, 100])
def test_perplexity_is_two_to_the_mean_of_the_binary_logarithms(monkeypatch, window):
    monkeypatch.setattr(example, 'WINDOW', window)
    options = make_options()
    params = make_params(options)
    f_cost, _ = example.build_reading(lstm.init_tparams(params), options)
    numbers = numpy.random.RandomState(2).randint(0, 5, 12).astype('uint8')
    right = plain_probabilities(params, options, numbers[:-1])[numpy.arange(11), numbers[1:]]
    expected = 2 ** -numpy.log2(right).mean()
    assert example.perplexity(f_cost, numbers, 3) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('encoder, peephole', CELLS[:1] + [
    pytest.param(*cell, marks=pytest.mark.slow) for cell in CELLS[1:]])
def test_by_hand_and_by_the_scan(monkeypatch, encoder, peephole):
    """Costs, carried states and parameters over updates, for each update rule once."""
    rules = dict(zip(CELLS, ('sgd', 'adadelta', 'rmsprop', 'sgd')))
    options = make_options(encoder, peephole, optimizer=rules[encoder, peephole], dim_proj=2)
    results = []
    for ours in (backend, Compiled()):
        monkeypatch.setattr(example, 'backend', ours)
        tparams = lstm.init_tparams(make_params(options))
        carried = {name: theano.shared(value, name=name)
                   for name, value in zip('hc', example.zero_state(3, 2))}
        f_grad_shared, f_update = example.build_update(tparams, options, carried)
        found = []
        for update in range(4):
            x, y = minibatch(numpy.arange(37) ** 2 % 5, 3, 4, update)
            found.append(f_grad_shared(x, numpy.ones((4, 3), dtype=config.floatX), y))
            f_update(0.5)
            found += [carried[name].get_value() for name in 'hc']
        results.append(found + [p.get_value() for p in tparams.values()])
    tolerance = 1e-10 if config.floatX == 'float64' else 1e-5
    for expected, one in zip(*results):
        assert abs(expected).max() > 1e-3
        numpy.testing.assert_allclose(one, expected, rtol=0, atol=tolerance)


def recorded_start():
    """Weights and a text that numpy.random.RandomState gives on every machine."""
    rng = numpy.random.RandomState(7)
    params = OrderedDict((name, 0.5 * rng.randn(*shape)) for name, shape in (
        ('lstm_W', (5, 16)), ('lstm_U', (4, 16)), ('lstm_b', (16,)), ('U', (4, 5)), ('b', (5,))))
    return params, rng.randint(0, 5, 200).astype('uint8')


RECORDED_SETTINGS = dict(dim_proj=4, lrate=2., decay_every=15, clip=0.2, n_streams=3, n_timesteps=6,
                         n_updates=30)


def test_losses_are_those_of_pytorch():
    with open(RECORDED) as file:
        expected = json.load(file)
    params, numbers = recorded_start()
    options = make_options(dim_proj=4, clip=0.2)
    tparams = lstm.init_tparams(OrderedDict((name, value.astype(config.floatX))
                                            for name, value in params.items()))
    carried = {name: theano.shared(value, name=name)
               for name, value in zip('hc', example.zero_state(3, 4))}
    f_grad_shared, f_update = example.build_update(tparams, options, carried)
    losses, mask = [], numpy.ones((6, 3), dtype=config.floatX)
    for update in range(30):
        x, y = minibatch(numbers[20:], 3, 6, update)
        losses.append(float(f_grad_shared(x, mask, y)))
        f_update(2. * 0.1 ** (update // 15))
    tolerance = 1e-10 if config.floatX == 'float64' else 1e-5
    numpy.testing.assert_allclose(losses, expected['losses'], rtol=tolerance)
    assert min(losses) < 0.99 * losses[0]
    f_cost, _ = example.build_reading(tparams, options)
    found = example.perplexity(f_cost, numbers[:20], 4)
    assert found == pytest.approx(expected['perplexity'], rel=tolerance)


# Writing.

def test_what_is_written_follows_the_prime():
    # A network that gives each letter but the last with certainty the letter after it.
    def f_next(x, h, c):
        seen.append((x.copy(), h[0, 0]))
        return numpy.eye(27)[(x[-1] + 1) % 27], h + 1, c
    seen = []
    rng = numpy.random.RandomState(0)
    assert example.write(f_next, LETTERS, 2, 2, 4, 'xa', 1., rng) == ['xabcde'] * 2
    assert seen[0][0].tolist() == [[24, 24], [1, 1]]
    # The state goes on from character to character.
    assert [state for _, state in seen] == [0, 1, 2, 3]
    for text in example.write(f_next, LETTERS, 2, 3, 4, '', 1., rng):
        start = LETTERS.index(text[0])
        assert text == ''.join(LETTERS[(start + k) % 27] for k in range(4))


def test_the_temperature_is_used():
    p = numpy.array([[0.4, 0.6]])
    texts = {temperature: example.write(lambda x, h, c: (p, h, c), 'ab', 1, 1, 400, '', temperature,
                                        numpy.random.RandomState(0))[0]
             for temperature in (0.02, 1., 50.)}
    shares = [text[1:].count('b') / 399 for _, text in sorted(texts.items())]
    assert shares[0] == 1 and abs(shares[1] - 0.6) < 0.1 and abs(shares[2] - 0.5) < 0.1


# Training.

def test_training_learns_the_text(book):
    trained = example.train_characters(**dict(SMALL, dim_proj=12, batch_size=4, max_updates=250,
                                              dispFreq=50, lrate=2.))
    letters = len(set(TEXT))
    assert trained.held_out_perplexity < 0.6 * letters
    assert trained.alphabet == LETTERS


@pytest.mark.parametrize('optimizer, encoder, peephole', [
    ('sgd',) + CELLS[3], ('adadelta',) + CELLS[2], ('rmsprop',) + CELLS[1]])
def test_cells_and_update_rules_combine(book, optimizer, encoder, peephole):
    trained = example.train_characters(encoder=encoder, peephole=peephole, optimizer=optimizer,
                                       checkpoint=None, **SMALL)
    other = example.init_params(make_options(encoder, peephole, 4), 27,
                                numpy.random.RandomState(123))
    assert all(abs(trained.params[name] - other[name]).max() > 1e-7 for name in other)
    assert os.listdir('.') == ['book.txt']


def test_the_learning_rate_falls(book, monkeypatch):
    monkeypatch.setattr(example, 'DECAY_EVERY', 4)
    rates, build = [], example.build_update

    def build_update(*arguments):
        f_grad_shared, f_update = build(*arguments)
        optimizer = f_update.__self__
        update = optimizer.update
        monkeypatch.setattr(optimizer, 'update', lambda lr: rates.append(lr) or update(lr),
                            raising=False)
        return optimizer.gradient, optimizer.update
    monkeypatch.setattr(example, 'build_update', build_update)
    monkeypatch.setattr(example, 'optimizer_of', lambda tparams, f_grad, f_update: found[0])
    found = []
    original = backend.optimizer

    def optimizer(*arguments, **others):
        found.append(original(*arguments, **others))
        return found[0]
    monkeypatch.setattr(backend, 'optimizer', optimizer, raising=False)
    example.train_characters(**SMALL)
    numpy.testing.assert_allclose(rates, [10.] * 4 + [1.] * 4 + [0.1])


def stop_after(n_records):
    """A callback that is a Ctrl-C at the record of that number."""
    seen = []

    def callback(record):
        seen.append(record)
        if len(seen) == n_records:
            raise KeyboardInterrupt
    return callback


def values_of(path):
    with numpy.load(path) as found:
        return {name: found[name] for name in found.files if name != 'progress'}


@pytest.mark.parametrize('optimizer', example.RULES)
def test_a_resumed_run_ends_with_the_same_bits(both_floats, book, capsys, optimizer):
    arguments = dict(SMALL, optimizer=optimizer)
    example.train_characters(checkpoint='whole', **arguments)
    lines = capsys.readouterr().out.splitlines()
    expected = values_of('whole')
    assert {'carried.h', 'carried.c', 'costs', 'param.lstm_W'} <= set(expected)
    assert expected['carried.c'].any()
    for n_records, n_kept in ((3, 4), (6, 7)):
        with pytest.warns(UserWarning, match='interrupted after %d of 9 updates' % n_kept):
            example.train_characters(checkpoint='part', callback=stop_after(n_records),
                                     overwrite=True, **arguments)
        before = capsys.readouterr().out
        assert 'Training interrupted' in before
        example.train_characters(checkpoint='part', resume=True, **arguments)
        after = capsys.readouterr().out
        assert 'Resumed after update %d\n' % n_kept in after
        assert found_lines(before.splitlines() + after.splitlines()) == found_lines(lines)
        found = values_of('part')
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert found[name].dtype == value.dtype and found[name].tobytes() == value.tobytes()


def found_lines(lines):
    """The reports, which are the same in a run that was stopped and in one that was not."""
    return [line for line in lines if line.startswith('Update ')]


def test_an_interrupt_waits_for_the_end_of_the_update(book, monkeypatch, capsys):
    # The signal comes while the cost is computed: the update is completed, counted and kept.
    import signal
    original = example.build_update

    def build_update(*arguments):
        f_grad_shared, f_update = original(*arguments)

        def signalled(x, mask, y):
            if next(numbers) == 4:
                os.kill(os.getpid(), signal.SIGINT)
            return f_grad_shared(x, mask, y)
        return signalled, f_update
    numbers = iter(range(100))
    monkeypatch.setattr(example, 'build_update', build_update)
    with pytest.warns(UserWarning, match='interrupted after 5 of 9 updates'):
        example.train_characters(checkpoint='part', **SMALL)
    monkeypatch.setattr(example, 'build_update', original)
    example.train_characters(checkpoint='part', resume=True, **SMALL)
    example.train_characters(checkpoint='whole', **SMALL)
    one, other = values_of('part'), values_of('whole')
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_a_finished_run_writes_again(book, capsys):
    example.train_characters(**SMALL)
    capsys.readouterr()
    example.train_characters(resume=True, prime='the ', temperature=0.5, sample_length=7,
                             n_samples=3, **{name: value for name, value in SMALL.items()
                                             if name not in ('sample_length', 'n_samples')})
    lines = capsys.readouterr().out.splitlines()
    assert 'Resumed after update 9' in lines and not found_lines(lines)
    assert sum(bool(re.fullmatch('the [a-z ]{7}', line)) for line in lines) == 3


def test_more_updates_may_follow(book):
    example.train_characters(checkpoint='part', **dict(SMALL, max_updates=5))
    example.train_characters(checkpoint='part', resume=True, **SMALL)
    example.train_characters(checkpoint='whole', **SMALL)
    one, other = values_of('part'), values_of('whole')
    for name in other:
        assert one[name].tobytes() == other[name].tobytes()


def test_a_checkpoint_belongs_to_its_text_and_settings(book):
    example.train_characters(**SMALL)
    with pytest.raises(ConfigError, match='dim_proj was 4 and is 5'):
        example.train_characters(resume=True, **dict(SMALL, dim_proj=5))
    (book / 'book.txt').write_text(TEXT + 'more', encoding='utf-8')
    with pytest.raises(ConfigError, match='dataset_sha256 was'):
        example.train_characters(resume=True, **SMALL)


def test_an_unfinished_run_is_not_replaced(book):
    with pytest.warns(UserWarning, match='interrupted'):
        example.train_characters(callback=stop_after(2), **SMALL)
    with pytest.raises(ConfigError, match='holds an unfinished run with other settings: seed'):
        example.train_characters(seed=4, **SMALL)
    example.train_characters(seed=4, overwrite=True, **SMALL)


def test_a_cost_that_is_no_number_ends_the_run(book, capsys):
    trained = example.train_characters(**dict(SMALL, lrate=1e308, clip=1e308, max_updates=50))
    assert 'bad cost detected' in capsys.readouterr().out
    assert trained is not None


# The command line.

ARGUMENTS = ['--text', 'book.txt', '--n-held-out', '20', '--dim-proj', '4', '--batch-size', '3',
             '--n-timesteps', '5', '--max-updates', '9', '--disp-freq', '3', '--sample-freq', '4',
             '--n-samples', '2', '--sample-length', '12']


def test_the_printed_lines(book, capsys):
    assert exit_status(example.main, ARGUMENTS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == 'Text: book.txt, %d characters to train on, 20 held out' % (len(TEXT) - 21)
    kinds = [re.sub('[0-9.]+', '#', line) if line.startswith('Update') else
             'text' if re.fullmatch('[a-z ]{12}', line) else line[:5] for line in lines[2:-2]]
    update = 'Update #, mean loss #, perplexity of the minibatch #, held-out #'
    texts = ['=====', 'text', 'text', '=====']
    assert kinds == [update] + texts + [update] + texts + [update] + texts
    assert [line.split(',')[0] for line in found_lines(lines)] == ['Update 0', 'Update 3',
                                                                   'Update 6']
    assert lines[-2].startswith('The run is in characters.checkpoint. The same command with '
                                '--resume writes more')
    assert re.fullmatch(r'Held-out perplexity \d+\.\d{4} after 9 updates, \d+\.\d s', lines[-1])


def test_the_mean_loss_is_that_of_all_updates_since_the_last_line(book, monkeypatch):
    costs, records, updated = [], [], example.StreamRun.updated
    monkeypatch.setattr(example.StreamRun, 'updated',
                        lambda run, cost: costs.append(cost) or updated(run, cost))
    example.train_characters(callback=records.append, **SMALL)
    means = [record.cost for record in records if hasattr(record, 'cost')]
    numpy.testing.assert_allclose(means, [costs[0], numpy.mean(costs[1:4]), numpy.mean(costs[4:7])])
    perplexities = [record.minibatch for record in records if not hasattr(record, 'cost')]
    numpy.testing.assert_allclose(perplexities, [math.exp(costs[k]) for k in (0, 3, 6)])


def test_the_grammar_prints_the_least_perplexity(book, monkeypatch, capsys):
    monkeypatch.setattr(example.character_text, 'N_DEMO', 1000)
    assert exit_status(example.main, ['--text', 'demo'] + ARGUMENTS[2:]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r'No model can have a perplexity below (\d\.\d{4}) on the held-out part\.',
                        lines[2])
    for line in found_lines(lines):
        assert re.search(r', held-out \d+\.\d{4}, least possible \d\.\d{4}$', line)
    assert re.search(r'\(least possible \d\.\d{4}\)', lines[-1])


def test_log_and_plot(book, capsys):
    pytest.importorskip('matplotlib')
    assert exit_status(example.main, ARGUMENTS + ['--log', 'run.csv', '--plot', 'run.svg']) == 0
    with open('run.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ['update', 'cost', 'minibatch', 'held_out', 'least']
    assert [row['update'] for row in rows] == ['0', '0', '3', '3', '6', '6']
    lines = found_lines(capsys.readouterr().out.splitlines())
    for line, cost, measured in zip(lines, rows[::2], rows[1::2]):
        found = [float(number) for number in re.findall(r'\d+\.\d+', line)]
        assert found == [round(float(cost['cost']), 4), round(float(measured['minibatch']), 2),
                         round(float(measured['held_out']), 4)]
    with open('run.svg', encoding='utf-8') as file:
        assert '<svg' in file.read()


def test_the_log_goes_on(book):
    arguments = ARGUMENTS + ['--log', 'run.csv']
    assert exit_status(example.main, arguments) == 0
    with open('run.csv') as file:
        expected = file.read()
    os.remove('characters.checkpoint')
    shorter = [{'9': '5'}.get(word, word) for word in arguments]
    assert exit_status(example.main, shorter) == 0
    assert exit_status(example.main, arguments + ['--resume']) == 0
    with open('run.csv') as file:
        assert file.read() == expected


def test_all_characters_of_the_file(book, capsys):
    (book / 'book.txt').write_text('Caf\u00e9?\n' * 60, encoding='utf-8')
    assert exit_status(example.main, ARGUMENTS + ['--symbols', 'all', '--prime', 'Ca']) == 0
    assert 'Ca' in capsys.readouterr().out
    trained = example.train_characters(symbols='all', checkpoint=None, **SMALL)
    assert trained.alphabet == '\n?Caf\u00e9'
    assert trained.params['lstm_W'].shape == (6, 16)


@pytest.mark.parametrize('arguments, said', [
    (['--encoder', 'gru'], "encoder='gru': expected one of lstm, lstm_peephole, lstm_standard"),
    (['--peephole', 'round'], "peephole='round': expected one of matrix, diagonal"),
    (['--optimizer', 'newton'], "optimizer='newton': expected one of adadelta, rmsprop, sgd"),
    (['--symbols', 'words'], "symbols='words': expected one of all, letters"),
    (['--seed', '-1'], 'seed=-1: expected a whole number from 0'),
    (['--lrate', '0'], 'lrate=0.0: expected a number above 0'),
    (['--clip', '-1'], 'clip=-1.0: expected a number above 0'),
    (['--temperature', '0'], 'temperature=0.0: expected a number above 0'),
    (['--prime', 'The?'], "prime='The?': the characters '?T' are unknown to the model"),
    (['--checkpoint', 'nowhere/run'], 'nowhere'),
    (['--checkpoint', 'none', '--resume'], 'resume=True: expected a checkpoint to go on from'),
    (['--text', 'nowhere.txt'], 'text=nowhere.txt cannot be read'),
    (['--text', 'empty.txt'], 'empty.txt holds no characters that can be used'),
    (['--text', 'latin.txt'], 'latin.txt is not UTF-8'),
    (['--text', 'short.txt'], 'short.txt has 36 characters that can be used. Expected 37 or more'),
    (['--plot', 'run.txt'], 'expected a name that ends in one of'),
    (['--log', 'nowhere/run.csv'], 'nowhere'),
] + [(['--' + name.replace('_', '-').replace('Freq', '-freq'), '0'],
      '%s=0: expected a whole number of 1 or more' % name)
     for name in ('n_held_out', 'dim_proj', 'batch_size', 'n_timesteps', 'max_updates',
                  'n_samples', 'sample_length', 'dispFreq', 'sampleFreq')])
def test_bad_options_are_errors(book, capsys, arguments, said):
    if '--plot' in arguments:
        pytest.importorskip('matplotlib')
    for name, content in (('empty.txt', b''), ('latin.txt', b'caf\xe9 noir ' * 30),
                          ('short.txt', b'a' * 36)):
        (book / name).write_bytes(content)
    before = sorted(os.listdir('.'))
    assert exit_status(example.main, ARGUMENTS + arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith('error: ') and said in printed.err
    assert sorted(os.listdir('.')) == before


def test_bad_arguments_are_errors(book):
    with pytest.raises(ConfigError, match='prime=None: expected text'):
        example.train_characters(prime=None)
    with pytest.raises(ConfigError, match='text=3: expected the path'):
        example.train_characters(text=3)
    with pytest.raises(DataError, match='shorter|Expected'):
        example.train_characters(**dict(SMALL, batch_size=500))


def test_options_are_the_arguments():
    assert set(sum(example.GROUPS.values(), [])) == set(example.VALID)


def test_no_run_on_jax(book, monkeypatch):
    monkeypatch.setattr(example, 'ON_JAX', 'JAX on cpu')
    with pytest.raises(ConfigError, match='without JAX'):
        example.train_characters(**SMALL)


@pytest.mark.slow
@pytest.mark.parametrize('floatX', ['float32', 'float64'])
def test_the_compiled_scan_prints_the_same(book, floatX):
    """The engine compiles the plain graphs; the printed numbers are those of the forms by hand."""
    outputs = []
    for flags in ('', ',mode=FAST_COMPILE'):
        environment = dict(os.environ, THEANO_FLAGS='floatX=%s%s' % (floatX, flags))
        output = subprocess.run(
            [sys.executable, os.path.join(ROOT, 'examples', 'characters.py')] + ARGUMENTS
            + ['--checkpoint', 'none', '--encoder', 'lstm_peephole'], env=environment,
            stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout
        outputs.append([float(number) for line in found_lines(output.splitlines())
                        for number in re.findall(r'\d+\.\d+', line)])
    assert len(outputs[0]) == 9
    numpy.testing.assert_allclose(outputs[1], outputs[0], rtol=0, atol=2e-4)
