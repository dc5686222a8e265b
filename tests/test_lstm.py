"""The model against NumPy: layer, pooling, gradients, training."""
import concurrent.futures
import json
import os
from collections import OrderedDict

import numpy
import pytest
from oracles import numpy_lstm, numpy_model

import imdb
import lstm
from lstm_sentiment.engine.names import config, tensor, theano
from lstm_sentiment.errors import ModelError
from lstm_sentiment.training import display
from lstm_sentiment.training.early_stopping import EarlyStopping

FLOAT = config.floatX
TIGHT = 1e-12 if FLOAT == 'float64' else 1e-5


def make_options(**changes):
    return dict(dict(n_words=12, dim_proj=5, ydim=2, encoder='lstm', use_dropout=False), **changes)


def random_params(options, seed=0):
    """Parameters far from zero, so that every gate is at work."""
    rng = numpy.random.RandomState(seed)
    params = lstm.init_params(options, rng)
    return OrderedDict((name, (1.5 * rng.randn(*value.shape)).astype(FLOAT))
                       for name, value in params.items())


def random_batch(seed=1, n_timesteps=7, n_samples=4, n_words=12):
    """Ids and a ragged mask: prefixes of several lengths, and one sample with holes."""
    rng = numpy.random.RandomState(seed)
    x = rng.randint(1, n_words, size=(n_timesteps, n_samples))
    mask = numpy.zeros((n_timesteps, n_samples), dtype=FLOAT)
    for sample, length in enumerate(rng.permutation(n_timesteps)[:n_samples] + 1):
        mask[:length, sample] = 1
    mask[:, -1] = [1, 0, 0, 1, 1, 0, 1]
    return x * mask.astype('int64'), mask, rng.randint(0, 2, size=n_samples)


@pytest.fixture(scope='module')
def layer():
    """The plain scan as a function of x, mask, W, U and b."""
    x, mask = tensor.tensor3('x', dtype=FLOAT), tensor.matrix('mask', dtype=FLOAT)
    W, U = tensor.matrix('W', dtype=FLOAT), tensor.matrix('U', dtype=FLOAT)
    b = tensor.vector('b', dtype=FLOAT)
    options = {'dim_proj': 5}
    h = lstm.lstm_layer({'lstm_W': W, 'lstm_U': U, 'lstm_b': b}, x, options, mask=mask)
    return theano.function([x, mask, W, U, b], h)


@pytest.fixture(scope='module')
def model():
    """Options, shared parameters and what `build_model` returns for them."""
    options = make_options()
    tparams = lstm.init_tparams(random_params(options))
    return options, tparams, lstm.build_model(tparams, options)


def test_unzip_gives_copies_of_what_zipp_sets():
    params = random_params(make_options())
    tparams = lstm.init_tparams(lstm.init_params(make_options()))
    lstm.zipp(params, tparams)
    found = lstm.unzip(tparams)
    assert list(found) == list(params)
    for name, value in params.items():
        numpy.testing.assert_array_equal(found[name], value)
        found[name][...] = 0
        numpy.testing.assert_array_equal(tparams[name].get_value(), value)


def test_layer_equals_a_numpy_loop_with_ragged_masks(layer):
    params = random_params(make_options())
    x, mask, _ = random_batch()
    weights = [params['lstm_' + name] for name in 'WUb']
    words = params['Wemb'][x]
    numpy.testing.assert_allclose(layer(words, mask, *weights),
                                  numpy_lstm(words, mask, *weights), rtol=0, atol=TIGHT)


@pytest.mark.parametrize('encoder', list(lstm.layers))
def test_the_scan_of_a_single_unit(encoder):
    """An axis of one is no axis to be repeated, as the engine would have it."""
    options = make_options(dim_proj=1, encoder=encoder)
    tparams = lstm.init_tparams(random_params(options))
    x, mask, _ = random_batch()
    variables = tensor.lmatrix(), tensor.matrix(dtype=FLOAT)
    plain, by_hand = (theano.function(variables, graph) for graph in (
        lstm.encode(tparams, *variables, options),
        lstm.backend.encode(lstm.encode, tparams, *variables, options)))
    numpy.testing.assert_allclose(plain(x, mask), by_hand(x, mask), rtol=0, atol=TIGHT)


def gates(i, f, o, dim_proj=5):
    """Weights that copy the input to the candidate, and set the gates by their biases."""
    W = numpy.zeros((dim_proj, 4 * dim_proj), dtype=FLOAT)
    W[:, 3 * dim_proj:] = numpy.eye(dim_proj)
    b = numpy.repeat(numpy.array([i, f, o, 0], dtype=FLOAT), dim_proj)
    return W, numpy.zeros((dim_proj, 4 * dim_proj), dtype=FLOAT), b


def test_open_gates_pass_the_input_through(layer):
    x = numpy.random.RandomState(2).randn(1, 3, 5).astype(FLOAT)
    found = layer(x, numpy.ones((1, 3), dtype=FLOAT), *gates(i=50, f=50, o=50))
    numpy.testing.assert_allclose(found, numpy.tanh(numpy.tanh(x)), rtol=0, atol=TIGHT)


def test_a_cell_that_forgets_does_not_remember(layer):
    x = numpy.random.RandomState(3).randn(4, 2, 5).astype(FLOAT)
    found = layer(x, numpy.ones((4, 2), dtype=FLOAT), *gates(i=50, f=-50, o=50))
    numpy.testing.assert_allclose(found, numpy.tanh(numpy.tanh(x)), rtol=0, atol=TIGHT)


def test_a_cell_that_keeps_adds_up(layer):
    x = numpy.random.RandomState(4).randn(4, 2, 5).astype(FLOAT)
    found = layer(x, numpy.ones((4, 2), dtype=FLOAT), *gates(i=50, f=50, o=50))
    cell = numpy.cumsum(numpy.tanh(x), axis=0)
    numpy.testing.assert_allclose(found, numpy.tanh(cell), rtol=0, atol=10 * TIGHT)


def test_closed_output_gate_says_nothing(layer):
    x = numpy.random.RandomState(5).randn(4, 2, 5).astype(FLOAT)
    found = layer(x, numpy.ones((4, 2), dtype=FLOAT), *gates(i=50, f=50, o=-50))
    numpy.testing.assert_allclose(found, 0, atol=1e-20)


def test_probabilities_and_cost_equal_numpy(model):
    _, tparams, (_, x_, mask_, y_, f_pred_prob, f_pred, cost) = model
    x, mask, y = random_batch()
    expected = numpy_model(lstm.unzip(tparams), x, mask)
    numpy.testing.assert_allclose(f_pred_prob(x, mask), expected, rtol=0, atol=TIGHT)
    assert f_pred(x, mask).tolist() == expected.argmax(axis=1).tolist()
    found = theano.function([x_, mask_, y_], cost)(x, mask, y)
    likelihood = expected[numpy.arange(len(y)), y]
    numpy.testing.assert_allclose(found, -numpy.log(likelihood + 1e-8).mean(), rtol=TIGHT)


def test_padding_and_batch_mates_change_nothing(model):
    _, _, (_, _, _, _, f_pred_prob, _, _) = model
    x, mask, _ = random_batch()
    together = f_pred_prob(x, mask)
    padded = f_pred_prob(numpy.vstack([x, 3 * numpy.ones_like(x[:2])]),
                         numpy.vstack([mask, numpy.zeros_like(mask[:2])]))
    numpy.testing.assert_allclose(padded, together, rtol=0, atol=TIGHT)
    order = [2, 0, 3, 1]
    numpy.testing.assert_allclose(f_pred_prob(x[:, order], mask[:, order]), together[order],
                                  rtol=0, atol=TIGHT)
    for k in range(4):
        alone = f_pred_prob(x[:, k:k + 1], mask[:, k:k + 1])
        numpy.testing.assert_allclose(alone[0], together[k], rtol=0, atol=TIGHT)


@pytest.mark.skipif(FLOAT != 'float64', reason='finite differences need float64')
def test_gradients_by_finite_differences(model):
    _, tparams, (_, x_, mask_, y_, _, _, cost) = model
    x, mask, y = random_batch()
    f_cost = theano.function([x_, mask_, y_], cost)
    grads = theano.function([x_, mask_, y_], theano.grad(cost, list(tparams.values())))(x, mask, y)
    for (name, p), grad in zip(tparams.items(), grads):
        value, numeric = p.get_value(), numpy.zeros_like(grad)
        for k in numpy.ndindex(*value.shape):
            costs = []
            for shift in (1e-5, -1e-5):
                moved = value.copy()
                moved[k] += shift
                p.set_value(moved)
                costs.append(f_cost(x, mask, y))
            numeric[k] = (costs[0] - costs[1]) / 2e-5
        p.set_value(value)
        assert abs(grad).max() > 1e-3, name
        numpy.testing.assert_allclose(grad, numeric, rtol=0, atol=1e-9, err_msg=name)


def test_dropout_drops_half_while_training_and_halves_while_predicting():
    use_noise = theano.shared(numpy.asarray(1., dtype=FLOAT))
    x = tensor.matrix(dtype=FLOAT)
    f = theano.function([x], lstm.dropout_layer(x, use_noise, lstm.RandomStreams(123)))
    ones = numpy.ones((100, 50), dtype=FLOAT)
    first, second = f(ones), f(ones)
    assert set(numpy.unique(first)) == {0., 1.}
    assert 0.45 < first.mean() < 0.55
    assert (first != second).any()
    use_noise.set_value(0.)
    numpy.testing.assert_array_equal(f(ones), 0.5 * ones)


def test_ortho_weight_is_orthogonal_and_seeded():
    found = lstm.ortho_weight(6)
    numpy.testing.assert_allclose(found.dot(found.T), numpy.eye(6), rtol=0, atol=TIGHT)
    numpy.testing.assert_array_equal(found, lstm.ortho_weight(6, numpy.random.RandomState(123)))


def test_parameters_are_drawn_in_the_stated_order():
    options = make_options(ydim=3)
    params = lstm.init_params(options)
    rng = numpy.random.RandomState(123)
    assert list(params) == ['Wemb', 'lstm_W', 'lstm_U', 'lstm_b', 'U', 'b']
    numpy.testing.assert_array_equal(params['Wemb'], (0.01 * rng.rand(12, 5)).astype(FLOAT))
    for name in ('lstm_W', 'lstm_U'):
        for k in range(4):
            numpy.testing.assert_array_equal(params[name][:, 5 * k:5 * k + 5],
                                             lstm.ortho_weight(5, rng))
    numpy.testing.assert_array_equal(params['U'], (0.01 * rng.randn(5, 3)).astype(FLOAT))
    assert not params['lstm_b'].any() and not params['b'].any()
    assert params['lstm_b'].shape == (20,) and params['b'].shape == (3,)


def test_minibatches_can_be_used_twice_and_cover_all():
    batches = lstm.get_minibatches_idx(10, 4, shuffle=True, rng=numpy.random.RandomState(5))
    assert isinstance(batches, list) and len(batches) == 3
    for _ in range(2):
        assert sorted(k for _, batch in batches for k in batch) == list(range(10))
    expected = numpy.arange(10, dtype='int32')
    numpy.random.RandomState(5).shuffle(expected)
    assert numpy.concatenate([batch for _, batch in batches]).tolist() == expected.tolist()
    assert batches[0][1].dtype == 'int32'


def test_a_window_puts_similar_lengths_together_and_leaves_nobody_out():
    rng = numpy.random.RandomState(0)
    lengths = rng.randint(1, 1000, size=203)

    def mean_spread(window):
        batches = lstm.get_minibatches_idx(203, 10, True, numpy.random.RandomState(1), lengths,
                                           window)
        assert sorted(k for _, batch in batches for k in batch) == list(range(203))
        assert [k for k, _ in batches] == list(range(21))
        return numpy.mean([numpy.ptp(lengths[batch]) for _, batch in batches])

    assert mean_spread(10) < 0.2 * mean_spread(0)
    firsts = [lengths[batch].mean() for _, batch in lstm.get_minibatches_idx(
        203, 10, True, numpy.random.RandomState(1), lengths, 21)]
    assert firsts != sorted(firsts)


def test_early_stopping_counts_from_the_last_best():
    stopping = EarlyStopping(patience=2)
    judged = [stopping.judge(err) for err in [0.5, 0.4, 0.4, 0.45, 0.45]]
    assert judged == [True, True, True, False, False] and not stopping.stop
    assert stopping.n_bad == 2
    stopping.judge(0.41)
    assert stopping.stop


def test_early_stopping_is_reset_by_a_tie():
    stopping = EarlyStopping(patience=2)
    for err in [0.3, 0.4, 0.4, 0.3, 0.4]:
        stopping.judge(err)
        assert not stopping.stop
    stopping.judge(0.4)
    assert stopping.stop


def test_early_stopping_ends_the_original_run_where_it_ended():
    with open(os.path.join(os.path.dirname(__file__), 'reference', 'full_run.json')) as stream:
        run = json.load(stream)
    stopping, best = EarlyStopping(patience=10), None
    for _, _, valid_err, test_err in run['validations']:
        assert not stopping.stop
        if stopping.judge(valid_err):
            best = valid_err, test_err
    assert stopping.stop
    assert best == (run['final']['valid_err'], run['final']['test_err'])


def test_early_stopping_ends_at_an_error_of_zero():
    stopping = EarlyStopping(patience=3)
    for _ in range(3):
        assert not stopping.stop
        assert stopping.judge(0.)
    assert stopping.stop


# ------------------------------------------------------------- training


def easy_data(path='', n_words=100, valid_portion=0.1, maxlen=None, sort_by_len=True, rng=None):
    """Reviews of three to eight words; the word 3 makes them positive, the word 4 negative."""
    rng = rng or numpy.random.RandomState(0)
    parts = []
    for n in (60, 20, 20):
        labels = [k % 2 for k in range(n)]
        sequences = [rng.randint(5, 12, size=rng.randint(3, 9)).tolist() for _ in labels]
        for label, sequence in zip(labels, sequences):
            sequence[rng.randint(len(sequence))] = 4 - label
        parts.append((sequences, labels))
    return parts


@pytest.fixture
def easy(monkeypatch, tmp_path):
    """Arguments of a small, quick training that reaches no error; runs in a fresh folder."""
    monkeypatch.setitem(lstm.datasets, 'easy', (easy_data, imdb.prepare_data))
    monkeypatch.chdir(tmp_path)
    return dict(dataset='easy', n_words=12, dim_proj=8, max_epochs=40, validFreq=10,
                saveFreq=25, maxlen=None, optimizer='rmsprop', dispFreq=5)


def test_training_learns_and_returns_the_errors_of_the_best(easy, capsys):
    records = []
    errors = lstm.train_lstm(callback=records.append, **dict(easy, optimizer='adadelta',
                                                             max_epochs=200))
    validated = [record for record in records if isinstance(record, display.Validated)]
    best = [record for record in validated if record.is_best][-1]
    assert errors == (best.train_err, best.valid_err, best.test_err)
    assert errors[1] == min(record.valid_err for record in validated)
    assert errors[2] < 0.1
    displayed = [record for record in records if isinstance(record, display.Displayed)]
    assert [record.update for record in displayed[:3]] == [5, 10, 15]
    assert displayed[-1].cost < 0.5 < displayed[0].cost


def test_word_dropout_shortens_training_minibatches_alone(easy, monkeypatch):
    seen = []

    def recorded(sequences, labels):
        seen.append([list(sequence) for sequence in sequences])
        return imdb.prepare_data(sequences, labels)

    monkeypatch.setitem(lstm.datasets, 'easy', (easy_data, recorded))
    easy.update(max_epochs=2, batch_size=60, validFreq=2, saveto=None)
    minibatches = {}
    for share in (0., 0.4):
        del seen[:]
        lstm.train_lstm(word_dropout=share, **easy)
        # One minibatch an epoch; then all of train, valid and test for their errors.
        minibatches[share] = seen[:2], seen[2:]
    (whole, _), evaluated = minibatches[0.]
    (first, second), evaluated_with_dropout = minibatches[0.4]
    assert evaluated_with_dropout == evaluated
    n_words, n_first = (sum(map(len, minibatch)) for minibatch in (whole, first))
    assert 0.45 < n_first / n_words < 0.75
    assert sorted(first) != sorted(second)

    def comes_from(part, sequence):
        rest = iter(sequence)
        return all(word in rest for word in part)

    assert all(part and comes_from(part, sequence) for part, sequence in zip(first, whole))


def test_two_threads_may_predict_at_once():
    options = make_options()
    f_pred_prob = lstm.build_model(lstm.init_tparams(random_params(options)), options)[4]
    batches = [[numpy.tile(array, (9, 1)) for array in random_batch(seed)[:2]]
               for seed in range(8)]
    expected = [f_pred_prob(*batch) for batch in batches]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            for one, other in zip(pool.map(lambda batch: f_pred_prob(*batch), batches), expected):
                numpy.testing.assert_array_equal(one, other)


@pytest.mark.parametrize('optimizer', ['sgd', 'adadelta', 'rmsprop'])
def test_saved_and_reloaded_predicts_the_same(easy, optimizer):
    arguments = dict(easy, optimizer=optimizer, max_epochs=3, lrate=0.1)
    lstm.train_lstm(saveto='model.npz', **arguments)
    with open('model.npz.json') as stream:
        options = json.load(stream)
    assert options['dataset'] == 'easy' and options['optimizer'] == optimizer
    assert options['ydim'] == 2
    _, _, test = easy_data()
    batches = lstm.get_minibatches_idx(20, 7)
    saved = numpy.load('model.npz')

    params = lstm.load_params('model.npz', lstm.init_params(options))
    _, _, _, _, f_pred_prob, f_pred, _ = lstm.build_model(lstm.init_tparams(params), options)
    probs = lstm.pred_probs(f_pred_prob, imdb.prepare_data, test, batches)
    x, mask, _ = imdb.prepare_data(test[0], test[1])
    numpy.testing.assert_allclose(
        probs, halved_model(params, x, mask.astype(FLOAT)), rtol=0, atol=10 * TIGHT)
    rng = numpy.random.RandomState(123)
    _, _, test = easy_data(rng=rng)
    assert lstm.pred_error(f_pred, imdb.prepare_data, test, batches) == saved['test_err']


def halved_model(params, x, mask):
    """What dropout leaves at prediction: the mean of the outputs, halved."""
    return numpy_model(dict(params, U=0.5 * params['U']), x, mask)


def test_same_seed_same_weights_and_another_seed_others(easy):
    def trained(seed):
        lstm.train_lstm(saveto='m.npz', seed=seed, **dict(easy, max_epochs=2))
        return dict(numpy.load('m.npz'))

    first, again, other = trained(7), trained(7), trained(8)
    for name in ('Wemb', 'lstm_W', 'lstm_U', 'lstm_b', 'U', 'b'):
        numpy.testing.assert_array_equal(first[name], again[name])
        assert (first[name] != other[name]).any(), name


def test_the_saved_model_has_every_row_up_to_date(easy):
    """rmsprop moves rows without a gradient: the fast form must save what the plain one does."""
    saved = []
    for optimizer in ('rmsprop', lambda *arguments: lstm.rmsprop(*arguments)):
        lstm.train_lstm(saveto='m.npz', use_dropout=False,
                        **dict(easy, optimizer=optimizer, max_epochs=5, validFreq=1000))
        saved.append(numpy.load('m.npz')['Wemb'])
    numpy.testing.assert_allclose(saved[0], saved[1], rtol=0, atol=TIGHT)


def test_the_best_parameters_are_saved_as_they_were(easy, monkeypatch):
    """Rows that rmsprop still moves must not move the best parameters after they are put back."""
    judge, saved = EarlyStopping.judge, []
    monkeypatch.setattr(EarlyStopping, 'judge',
                        lambda self, valid_err: judge(self, valid_err) and not self.history[1:])
    for max_epochs in (1, 2):
        # A minibatch of two has few of the words, so the other rows coast; and both runs end
        # some updates after their last validation.
        lstm.train_lstm(saveto='m.npz', **dict(easy, batch_size=2, validFreq=8,
                                               max_epochs=max_epochs))
        assert len(numpy.load('m.npz')['history_errs']) == 30 * max_epochs // 8
        saved.append(dict(numpy.load('m.npz')))
    for name in ('Wemb', 'lstm_W', 'U'):
        numpy.testing.assert_array_equal(saved[0][name], saved[1][name])


def test_a_model_of_other_layers_is_no_start(easy):
    lstm.train_lstm(saveto='first.npz', **dict(easy, max_epochs=1))
    for name, value in (('encoder', 'lstm_standard'), ('bidirectional', True), ('n_layers', 2),
                        ('pooling', 'max')):
        with pytest.raises(ModelError, match='first.npz has %s=' % name):
            lstm.train_lstm(saveto=None, reload_model='first.npz', **dict(easy, **{name: value}))


@pytest.mark.parametrize('options', [
    {'encoder': 'lstm_standard', 'pooling': 'max'},
    {'encoder': 'lstm_peephole', 'bidirectional': True, 'n_layers': 2, 'pooling': 'last'},
    {'encoder': 'lstm_peephole', 'peephole': 'diagonal'}])
def test_other_layers_learn_and_are_resumed(easy, options):
    """Training, saving, loading, asking and going on, with the same bits."""
    def stop(record):
        if record.update == 125:
            raise KeyboardInterrupt

    arguments = dict(easy, optimizer='adadelta', max_epochs=100, dispFreq=25, validFreq=100,
                     **options)
    errors = lstm.train_lstm(saveto='whole.npz', **arguments)
    assert errors[0] < 0.25
    lstm.train_lstm(saveto='m.npz', callback=stop, **arguments)
    assert lstm.train_lstm(saveto='m.npz', resume=True, **arguments) == errors
    with numpy.load('whole.npz') as whole, numpy.load('m.npz') as resumed:
        for name in whole.files:
            assert name == 'options' or (whole[name] == resumed[name]).all()


def test_reload_model_is_where_training_starts(easy):
    lstm.train_lstm(saveto='first.npz', **dict(easy, max_epochs=2))
    lstm.train_lstm(saveto='second.npz', reload_model='first.npz',
                    **dict(easy, max_epochs=1, optimizer='sgd', lrate=1e-30))
    for name in ('Wemb', 'lstm_U', 'U'):
        numpy.testing.assert_array_equal(numpy.load('first.npz')[name],
                                         numpy.load('second.npz')[name])


def test_a_cost_that_is_no_number_ends_training_and_keeps_the_best(easy, capsys):
    def explode(lr, tparams, grads, x, mask, y, cost):
        f_grad_shared, f_update = lstm.sgd(lr, tparams, grads, x, mask, y, cost)
        n_calls = []

        def f_spoiled(x, mask, y):
            n_calls.append(1)
            return numpy.nan if len(n_calls) == 15 else f_grad_shared(x, mask, y)

        return f_spoiled, f_update

    errors = lstm.train_lstm(saveto='m.npz', **dict(easy, optimizer=explode))
    assert errors == (1., 1., 1.)
    assert 'bad cost detected' in capsys.readouterr().out
    assert all(numpy.isfinite(numpy.load('m.npz')[name]).all() for name in ('Wemb', 'U'))


def test_interrupted_training_keeps_the_best_and_saves(easy, capsys):
    def interrupt(record):
        if isinstance(record, display.Displayed) and record.update == 30:
            raise KeyboardInterrupt

    errors = lstm.train_lstm(saveto='m.npz', callback=interrupt, **easy)
    saved = numpy.load('m.npz')
    assert len(saved['history_errs']) == 2
    assert errors == (saved['train_err'], saved['valid_err'], saved['test_err'])
    assert errors[1] == saved['history_errs'][:, 0].min()
    assert 'Training interrupted' in capsys.readouterr().out


def test_frequencies_of_minus_one_mean_once_an_epoch(easy):
    records = []
    lstm.train_lstm(callback=records.append,
                    **dict(easy, validFreq=-1, max_epochs=3, batch_size=16))
    validated = [record for record in records if isinstance(record, display.Validated)]
    assert [record.update for record in validated] == [4, 8, 12]


def test_weight_decay_enters_the_cost(easy):
    costs = []
    for decay_c in (0., 10.):
        records = []
        lstm.train_lstm(callback=records.append, decay_c=decay_c, use_dropout=False, saveto=None,
                        **dict(easy, max_epochs=1, dispFreq=1, validFreq=1000))
        costs.append(records[0].cost)
    U = lstm.init_params(make_options(dim_proj=8), _rng_after_data())['U']
    assert costs[1] - costs[0] == pytest.approx(10 * (U ** 2).sum(), rel=1e-4)


def _rng_after_data():
    rng = numpy.random.RandomState(123)
    easy_data(rng=rng)
    return rng


def test_the_forget_gates_may_begin_with_a_bias():
    options = {'n_words': 9, 'dim_proj': 3, 'ydim': 2, 'bidirectional': True, 'n_layers': 2}
    for encoder in lstm.layers:
        plain, biased = (lstm.init_params(dict(options, encoder=encoder, forget_bias=bias))
                         for bias in (0., 1.5))
        for name, value in plain.items():
            difference = biased[name] - value
            if name.endswith('_b'):
                assert difference.tolist() == [0] * 3 + [1.5] * 3 + [0] * 6
            else:
                assert not difference.any()
