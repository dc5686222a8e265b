"""The example on Reber strings: minibatches, networks, Adam, training, the command line."""
import math
import os
import re

import numpy
import pytest
from models import exit_status

import lstm
from examples import reber
from lstm_sentiment.engine.names import config, tensor, theano
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.text.reber_grammar import SYMBOLS, draw_strings, legal_next

STRINGS = ['BTBTXSETE', 'BPBPTVPXTVVEPE', 'BTBTSSXXTVVETE']
ENCODERS = ['lstm', 'lstm_standard', 'lstm_peephole', 'rnn']
SMALL = dict(dim_proj=4, n_train=12, n_held_out=11, n_long=3, max_epochs=2, batch_size=3)


def make_model(encoder='lstm_peephole', peephole='matrix', dim_proj=5, seed=0):
    """Parameters far from zero, and what `build_model` makes of them."""
    options = {'encoder': encoder, 'peephole': peephole, 'dim_proj': dim_proj}
    rng = numpy.random.RandomState(seed)
    params = reber.init_params(options, rng)
    for name, value in params.items():
        params[name] = (value + 0.5 * rng.randn(*value.shape)).astype(config.floatX)
    return params, reber.build_model(lstm.init_tparams(params), options)


def test_a_minibatch_holds_symbols_and_sets():
    x, mask, y = reber.prepare_data(STRINGS)
    assert x.shape == mask.shape == y.shape == (13, 3)
    assert x.dtype == y.dtype == 'int64' and mask.dtype == config.floatX
    for k, string in enumerate(STRINGS):
        n = len(string) - 1
        assert ''.join(SYMBOLS[number] for number in x[:n, k]) == string[:-1]
        assert mask[:, k].tolist() == [1] * n + [0] * (13 - n)
        for bits, legal in zip(y[:n, k], legal_next(string)):
            assert {symbol for place, symbol in enumerate(SYMBOLS)
                    if bits >> place & 1} == set(legal)
        assert not y[n:, k].any() and not x[n:, k].any()


@pytest.mark.parametrize('encoder', ENCODERS)
def test_cost_is_the_cross_entropy_of_the_sets(encoder):
    _, (x, mask, y, f_pred, cost) = make_model(encoder)
    f_cost = theano.function([x, mask, y], cost)
    data = reber.prepare_data(STRINGS)
    preds, total = f_pred(*data[:2]), 0.
    assert preds.shape == (3, 13, 7)
    for string, pred in zip(STRINGS, preds):
        for legal, row in zip(legal_next(string), pred):
            for symbol, p in zip(SYMBOLS, row.tolist()):
                total -= math.log(p if symbol in legal else 1 - p)
    assert float(f_cost(*data)) == pytest.approx(total / 3, rel=1e-6)


@pytest.mark.parametrize('encoder', ENCODERS)
def test_other_strings_of_a_minibatch_change_nothing(encoder):
    _, (x, mask, y, f_pred, cost) = make_model(encoder)
    together = f_pred(*reber.prepare_data(STRINGS)[:2])
    for string, pred in zip(STRINGS, together):
        alone = f_pred(*reber.prepare_data([string])[:2])[0]
        numpy.testing.assert_allclose(pred[:len(alone)], alone, rtol=1e-6)


def test_rnn_against_a_plain_loop():
    params, (_, _, _, f_pred, _) = make_model('rnn')
    x, mask, _ = reber.prepare_data(STRINGS)
    h = numpy.zeros((3, 5))
    preds = f_pred(x, mask)
    for t in range(len(x)):
        h = numpy.tanh(params['rnn_W'][x[t]] + h.dot(params['rnn_U']) + params['rnn_b'])
        output = h * mask[t][:, None]
        expected = 1 / (1 + numpy.exp(-(output.dot(params['U']) + params['b'])))
        numpy.testing.assert_allclose(preds[:, t], expected, rtol=1e-5)


def test_rnn_gradient_by_finite_differences():
    params, (x, mask, y, _, cost) = make_model('rnn', dim_proj=3)
    tparams = lstm.init_tparams({name: value.astype('float64') for name, value in params.items()})
    if config.floatX != 'float64':
        pytest.skip('differences need float64')
    x, mask, y, _, cost = reber.build_model(tparams, {'encoder': 'rnn', 'dim_proj': 3})
    f_cost = theano.function([x, mask, y], cost)
    grads = theano.function([x, mask, y], theano.grad(cost, wrt=list(tparams.values())))
    data, rng = reber.prepare_data(STRINGS[:2]), numpy.random.RandomState(0)
    for p, grad in zip(tparams.values(), grads(*data)):
        value, direction = p.get_value(), rng.randn(*p.get_value().shape)
        costs = []
        for step in (1e-5, -1e-5):
            p.set_value(value + step * direction)
            costs.append(float(f_cost(*data)))
        p.set_value(value)
        assert (costs[0] - costs[1]) / 2e-5 == pytest.approx((grad * direction).sum(), rel=1e-6)


@pytest.mark.parametrize('encoder', ENCODERS)
def test_initial_gates_are_a_long_memory(encoder):
    options = {'encoder': encoder, 'peephole': 'matrix', 'dim_proj': 6}
    params = reber.init_params(options, numpy.random.RandomState(0))
    again = reber.init_params(options, numpy.random.RandomState(0))
    for name, value in params.items():
        assert value.dtype == config.floatX and (value == again[name]).all()
    b = params[encoder + '_b']
    assert b.tolist() == (6 * [0] if encoder == 'rnn' else 6 * [-1] + 6 * [6] + 12 * [0])
    assert params[encoder + '_W'].shape == (7, len(b))
    size = 1 if encoder == 'rnn' else 0.2
    U = params[encoder + '_U'][:, :6]
    numpy.testing.assert_allclose(U.T.dot(U), size ** 2 * numpy.eye(6), atol=1e-6)


def test_adam_as_published():
    # Algorithm 1 of the paper, whose means are divided by 1 minus the decay to the power of t.
    rng, p = numpy.random.RandomState(0), numpy.array([1., -2., 3.])
    expected, m, v, lr = p.copy(), numpy.zeros(3), numpy.zeros(3), 0.1
    states = [numpy.zeros(3) for _ in reber.ADAM.states]
    for t in range(1, 6):
        grad = rng.randn(3)
        p, *states = reber.adam_step(lr, grad, p, *states)
        m, v = 0.9 * m + 0.1 * grad, 0.999 * v + 0.001 * grad ** 2
        expected -= lr * (m / (1 - 0.9 ** t)) / (numpy.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
        numpy.testing.assert_allclose(p, expected, rtol=1e-9)


def test_clipping_keeps_the_direction_and_small_gradients():
    values = [numpy.array([3., 0.]), numpy.array([[4.]])]
    for scale, norm in ((1, 1), (0.1, 0.5)):
        grads = [tensor.as_tensor_variable(scale * value) for value in values]
        clipped = theano.function([], lstm.clipped(grads, 1))()
        for value, grad in zip(values, clipped):
            numpy.testing.assert_allclose(grad, value / 5 * norm)


@pytest.mark.parametrize('encoder, peephole', [(name, 'matrix') for name in ENCODERS]
                         + [('lstm_peephole', 'diagonal')])
def test_training_lowers_the_error(encoder, peephole):
    trained = reber.train_reber(encoder=encoder, peephole=peephole, **dict(
        SMALL, n_train=60, max_epochs=3))
    train, held_out = zip(*trained.errors)
    assert train[2] < train[1] < 0.9 * train[0]
    assert held_out[2] < held_out[1] < train[0]


@pytest.mark.parametrize('optimizer', reber.update_rules)
def test_each_update_rule_moves_the_parameters(optimizer):
    trained = reber.train_reber(optimizer=optimizer, **SMALL)
    assert trained.errors[1][1] != trained.errors[0][1]
    assert numpy.isfinite(trained.errors).all()


def test_held_out_strings_are_not_trained_on(monkeypatch):
    drawn = []
    monkeypatch.setattr(reber, 'draw_strings', lambda *arguments, **others: drawn.append(
        draw_strings(*arguments, **others)) or drawn[-1])
    trained = reber.train_reber(**SMALL)
    short, longer, held_out, long_ones = drawn
    assert [len(strings) for strings in drawn] == [8, 4, 11, 3]
    assert len(set(sum(drawn, []))) == 26
    assert max(map(len, short + longer)) < 50 <= min(map(len, long_ones))
    assert min(map(len, longer)) >= 30
    assert (trained.held_out, trained.long_ones) == (held_out, long_ones)


def test_the_last_but_one_answer_is_read():
    _, (x, mask, _, f_pred, _) = make_model()
    rows = reber.last_but_one(f_pred, STRINGS)
    for row, string in zip(rows, STRINGS):
        # It comes after the inner E, before the second symbol is there again.
        alone = f_pred(*reber.prepare_data([string[:-2] + 'E'])[:2])
        numpy.testing.assert_allclose(row, alone[0, -1], rtol=1e-6)


def test_score_needs_the_right_symbol_to_be_the_likeliest():
    rows = numpy.full((3, 7), 0.1)
    rows[0, 1], rows[1, 4], rows[2, 1] = 0.99999, 0.98, 0.3
    assert reber.score(rows, STRINGS) == (3, 0.3)
    rows[2, 6] = 0.31
    assert reber.score(rows, STRINGS) == (2, 0.3)
    # Rounded down: 0.99999 is less than 1.
    assert reber.say_score(rows[:1], STRINGS[:1], 'strings') == (
        '1 of 1 strings right, least probability 0.9999')


# The command line.

FEW = ['--dim-proj', '4', '--n-train', '12', '--n-held-out', '11', '--n-long', '3',
       '--max-epochs', '2', '--seed', '5']


def test_the_printed_lines(capsys):
    assert exit_status(reber.main, FEW) == 0
    lines = capsys.readouterr().out.splitlines()
    number = r'\d+\.\d{4}'
    for epoch in (1, 2):
        assert re.fullmatch(r'Epoch %d, strings %d, train error %s, held-out error %s, right \d+, '
                            r'\d+\.\d s' % (epoch, 12 * epoch, number, number), lines[epoch])
    targets = [line.split() for line in lines if re.fullmatch('[ 01]+', line)]
    assert len(targets) == 10 and all(row.count('1') == 1 for row in targets)
    assert {row.index('1') for row in targets} <= {SYMBOLS.index('T'), SYMBOLS.index('P')}
    assert re.fullmatch(r'\d of 3 strings of 5\d to \d\d symbols right, least probability 0\.\d{4}',
                        lines[-2])
    assert re.fullmatch(r'\d+ of 11 held-out strings right, least probability 0\.\d{4}', lines[-1])


def test_same_seed_same_lines(capsys):
    def lines(*arguments):
        assert exit_status(reber.main, FEW + list(arguments)) == 0
        return re.sub(r', [\d.]+ s$', '', capsys.readouterr().out, flags=re.M)
    assert lines() == lines()
    assert lines() != lines('--seed', '6')


def test_plot(tmp_path, capsys):
    pytest.importorskip('matplotlib')
    path = str(tmp_path / 'errors.svg')
    assert exit_status(reber.main, FEW + ['--plot', path]) == 0
    with open(path, encoding='utf-8') as file:
        assert '<svg' in file.read()
    assert os.listdir(str(tmp_path)) == ['errors.svg']
    assert path in capsys.readouterr().out


@pytest.mark.parametrize('arguments, said', [
    (['--encoder', 'gru'], "encoder='gru': expected one of lstm, lstm_peephole, lstm_standard"),
    (['--peephole', 'round'], "peephole='round': expected one of diagonal, matrix"),
    (['--optimizer', 'newton'], "optimizer='newton': expected one of adadelta, adam, rmsprop"),
    (['--seed', '-1'], 'seed=-1: expected a whole number from 0'),
    (['--lrate', '0'], 'lrate=0.0: expected a number above 0'),
    (['--plot', 'nowhere/errors.png'], 'nowhere'),
    (['--plot', 'errors.txt'], 'expected a name that ends in one of'),
] + [(['--' + name.replace('_', '-'), '0'], '%s=0: expected a whole number of 1 or more' % name)
     for name in reber.GROUPS['sizes']])
def test_bad_options_are_errors(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if '--plot' in arguments:
        pytest.importorskip('matplotlib')
    assert exit_status(reber.main, arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith('error: ') and said in printed.err
    assert not printed.out and not os.listdir(str(tmp_path))


def test_bad_arguments_are_errors():
    with pytest.raises(ConfigError, match='dim_proj=2.5: expected a whole number'):
        reber.train_reber(dim_proj=2.5)


def test_options_are_the_arguments():
    assert reber.GROUPS and set(sum(reber.GROUPS.values(), [])) == set(reber.VALID)
