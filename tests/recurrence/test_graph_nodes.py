"""The layer by hand in a graph, against the scan run by the engine, and by finite differences."""
import numpy
import pytest
from models import COMBINATIONS, combination
from oracles import plain_features
from test_lstm import FLOAT, TIGHT, make_options, numpy_lstm, random_batch, random_params

import lstm
from lstm_sentiment.engine.names import tensor, theano
from lstm_sentiment.recurrence import encoder, graph_nodes

# Compared with the scan in each run of the tests; the others take minutes.
SOME = [('lstm', 'matrix', False, 1, 'max'), ('lstm_standard', 'matrix', True, 1, 'mean'),
        ('lstm_peephole', 'matrix', False, 2, 'last'),
        ('lstm_peephole', 'diagonal', True, 1, 'max')]


def options_for(chosen, **changes):
    return make_options(**dict(combination(*chosen), dim_proj=2, **changes))


def encoder_params(tparams):
    return [value for name, value in tparams.items() if name not in ('U', 'b')]


@pytest.fixture(scope='module')
def both():
    """Cost and gradients through the scan and through the passes by hand, on one set of weights."""
    options = make_options()
    tparams = lstm.init_tparams(random_params(options))
    x, mask = tensor.matrix('x', dtype='int64'), tensor.matrix('mask', dtype=FLOAT)
    weights = tensor.matrix('weights', dtype=FLOAT)
    params = [tparams[name] for name in ('Wemb', 'lstm_W', 'lstm_U', 'lstm_b')]
    functions = []
    for encode in (lstm.encode, encoder.encode):
        proj = encode(tparams, x, mask, options)
        cost = (proj * weights).sum()
        functions.append(theano.function([x, mask, weights],
                                         [proj] + theano.grad(cost, params)))
    return functions


@pytest.mark.parametrize('seed', range(5))
def test_values_and_gradients_equal_those_of_the_scan(both, seed):
    x, mask, _ = random_batch(seed)
    weights = numpy.random.RandomState(seed).randn(4, 5).astype(FLOAT)
    plain, by_hand = (function(x, mask, weights) for function in both)
    for name, expected, found in zip(('proj', 'Wemb', 'W', 'U', 'b'), plain, by_hand):
        assert abs(expected).max() > 1e-3
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=20 * TIGHT, err_msg=name)


def test_one_sample_that_says_one_word_twice(both):
    x, mask = numpy.array([[3], [3]]), numpy.ones((2, 1), dtype=FLOAT)
    plain, by_hand = (function(x, mask, numpy.ones((1, 5), dtype=FLOAT)) for function in both)
    for expected, found in zip(plain, by_hand):
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=TIGHT)


def test_one_word_alone(both):
    # PyTensor 3.0 refuses the derived gradient of a single row; it has one all the same.
    params = random_params(make_options())
    x, mask = numpy.array([[3]]), numpy.ones((1, 1), dtype=FLOAT)
    proj, d_Wemb, _, d_U, _ = both[1](x, mask, numpy.ones((1, 5), dtype=FLOAT))
    expected = numpy_lstm(params['Wemb'][x], mask, *[params['lstm_' + name] for name in 'WUb'])
    numpy.testing.assert_allclose(proj, expected[0], rtol=0, atol=TIGHT)
    assert numpy.flatnonzero(abs(d_Wemb).sum(axis=1)).tolist() == [3]
    assert not d_U.any()


def test_a_sample_without_words_is_zero_and_has_no_gradient(both):
    x, mask, _ = random_batch()
    mask[:, 1] = 0
    weights = numpy.ones((4, 5), dtype=FLOAT)
    others = [0, 2, 3]
    for function in both:
        results = function(x, mask, weights)
        without = function(x[:, others], mask[:, others], weights[others])
        assert (results[0][1] == 0).all()
        numpy.testing.assert_allclose(results[0][others], without[0], rtol=0, atol=TIGHT)
        for found, expected in zip(results[1:], without[1:]):
            numpy.testing.assert_allclose(found, expected, rtol=0, atol=20 * TIGHT)


def test_a_minibatch_without_any_word_is_zero(both):
    x, mask = numpy.zeros((3, 2), dtype='int64'), numpy.zeros((3, 2), dtype=FLOAT)
    results = both[1](x, mask, numpy.ones((2, 5), dtype=FLOAT))
    assert all((result == 0).all() for result in results)


def test_prediction_keeps_nothing_for_the_way_back():
    options = make_options()
    tparams = lstm.init_tparams(random_params(options))
    x, mask = tensor.matrix('x', dtype='int64'), tensor.matrix('mask', dtype=FLOAT)
    function = theano.function([x, mask], encoder.encode(tparams, x, mask, options))
    kinds = [type(node.op) for node in function.maker.fgraph.toposort()]
    assert kinds.count(graph_nodes.PooledLayer) == 1
    assert graph_nodes.Layer not in kinds and graph_nodes.Pool not in kinds


def test_a_layer_below_another_keeps_its_outputs_alone():
    options = make_options(n_layers=2, bidirectional=True)
    tparams = lstm.init_tparams(random_params(options))
    x, mask = tensor.matrix('x', dtype='int64'), tensor.matrix('mask', dtype=FLOAT)
    function = theano.function([x, mask], encoder.encode(tparams, x, mask, options))
    ops = [node.op for node in function.maker.fgraph.toposort()]
    assert [op.keep for op in ops if isinstance(op, graph_nodes.Layer)] == [False, False]
    assert sum(isinstance(op, graph_nodes.PooledLayer) for op in ops) == 2


def test_the_gradient_goes_forward_once():
    options = make_options()
    tparams = lstm.init_tparams(random_params(options))
    _, x, mask, y, _, _, cost = lstm.build_model(tparams, options)
    function = theano.function([x, mask, y], [cost] + theano.grad(cost, list(tparams.values())))
    ops = [node.op for node in function.maker.fgraph.toposort()]
    assert [op.keep for op in ops if isinstance(op, graph_nodes.Layer)] == [True]
    assert not any(isinstance(op, graph_nodes.PooledLayer) for op in ops)


def test_rows_gradient_is_dense_for_whoever_reads_it():
    Wemb = theano.shared(numpy.arange(12, dtype=FLOAT).reshape(4, 3))
    words = tensor.lvector()
    cost = (graph_nodes.take_rows(Wemb, words) ** 2).sum()
    found = theano.function([words], theano.grad(cost, Wemb))(numpy.array([3, 1]))
    expected = numpy.zeros((4, 3))
    expected[[1, 3]] = 2 * Wemb.get_value()[[1, 3]]
    numpy.testing.assert_array_equal(found, expected)


def cost_of(encode, options, tparams):
    """A function of x, mask and weights: the weighted sum of the encoding, and its gradients."""
    x, mask = tensor.matrix('x', dtype='int64'), tensor.matrix('mask', dtype=FLOAT)
    weights = tensor.matrix('weights', dtype=FLOAT)
    proj = encode(tparams, x, mask, options)
    cost = (proj * weights).sum()
    return theano.function([x, mask, weights],
                           [cost, proj] + theano.grad(cost, encoder_params(tparams)))


def batch_with_an_empty_sample():
    x, mask, _ = random_batch(2)  # the last sample has holes
    mask[:, 1] = 0
    return x, mask


@pytest.mark.parametrize('chosen', COMBINATIONS)
def test_each_combination_equals_a_plain_loop(chosen):
    options = options_for(chosen)
    params = random_params(options)
    tparams = lstm.init_tparams(params)
    x, mask = batch_with_an_empty_sample()
    symbols = tensor.matrix('x', dtype='int64'), tensor.matrix('mask', dtype=FLOAT)
    predict = theano.function(symbols, encoder.encode(tparams, *(symbols + (options,))))
    expected = [plain_features(params, x[mask[:, k] > 0, k], options) for k in range(x.shape[1])]
    assert abs(predict(x, mask)[1]).max() == 0
    numpy.testing.assert_allclose(predict(x, mask), expected, rtol=0, atol=10 * TIGHT)


@pytest.mark.skipif(FLOAT != 'float64', reason='finite differences need float64')
@pytest.mark.parametrize('chosen', COMBINATIONS)
def test_gradients_of_each_combination_by_finite_differences(chosen):
    options = options_for(chosen)
    tparams = lstm.init_tparams(random_params(options))
    x, mask = batch_with_an_empty_sample()
    function = cost_of(encoder.encode, options, tparams)
    weights = numpy.random.RandomState(0).randn(4, 2 * (2 if options['bidirectional'] else 1))
    _, _, *grads = function(x, mask, weights)
    rng, slopes = numpy.random.RandomState(1), []
    for p, grad in zip(encoder_params(tparams), grads):
        direction, value = rng.randn(*grad.shape), p.get_value()
        costs = []
        for shift in (1e-5, -1e-5):
            p.set_value(value + shift * direction)
            costs.append(function(x, mask, weights)[0])
        p.set_value(value)
        slopes.append((costs[0] - costs[1]) / 2e-5)
        assert (grad * direction).sum() == pytest.approx(slopes[-1], rel=1e-6, abs=1e-8), p.name
    assert numpy.median(numpy.abs(slopes)) > 1e-3


def compare_training(chosen):
    """Costs and parameters of 20 updates, by hand and by the scan."""
    options, costs, ends = options_for(chosen), [], []
    batches = [random_batch(seed) for seed in range(4)]
    batches[2][1][:, 1] = 0
    weights = numpy.random.RandomState(0).randn(4, 2 * (2 if options['bidirectional'] else 1))
    for encode in (lstm.encode, encoder.encode):
        tparams = lstm.init_tparams(random_params(options))
        function = cost_of(encode, options, tparams)
        costs.append([])
        for update in range(20):
            x, mask, _ = batches[update % 4]
            cost, _, *grads = function(x, mask, weights.astype(FLOAT))
            costs[-1].append(float(cost))
            for p, grad in zip(encoder_params(tparams), grads):
                p.set_value(p.get_value() - numpy.asarray(0.1, FLOAT) * grad)
        ends.append(lstm.unzip(tparams))
    assert costs[0][0] - costs[0][16] > 0.1  # of the same minibatch
    tolerance = 1e-10 if FLOAT == 'float64' else 1e-5
    numpy.testing.assert_allclose(costs[1], costs[0], rtol=0, atol=tolerance)
    for name, value in ends[0].items():
        numpy.testing.assert_allclose(ends[1][name], value, rtol=0, atol=10 * tolerance)


@pytest.mark.parametrize('chosen', SOME[:1] + [
    pytest.param(*pair, marks=pytest.mark.slow) for pair in zip(SOME[1:])])
def test_training_by_hand_is_training_by_the_scan(chosen):
    compare_training(chosen)


@pytest.mark.slow
@pytest.mark.parametrize('chosen', [chosen for chosen in COMBINATIONS if chosen not in SOME])
def test_training_by_hand_is_training_by_the_scan_in_the_other_combinations(chosen):
    compare_training(chosen)


@pytest.mark.parametrize('name', ['lstm', 'lstm_peephole'])
def test_a_layer_with_a_state_that_is_handed_on(name):
    """run_layer against the scan: h, the last state, and gradients by all that enters."""
    options = make_options(encoder=name, dim_proj=2)
    params = random_params(options)
    tparams = lstm.init_tparams({key: value for key, value in params.items()
                                 if key.startswith(name)})
    x, mask = tensor.tensor3(dtype=FLOAT), tensor.matrix(dtype=FLOAT)
    h0, c0 = tensor.matrix(dtype=FLOAT), tensor.matrix(dtype=FLOAT)
    _, layer = lstm.layers[name]
    scan_h, scan_c = layer(tparams, x, options, name, mask, (h0, c0))
    results = []
    for h, last_h, last_c in (
            (scan_h * mask[:, :, None], scan_h[-1], scan_c[-1]),
            encoder.run_layer(tparams, x, options, name, mask, (h0, c0))):
        cost = (h ** 3).sum() + (last_h * [1., 2.]).sum() + (last_c * [3., 4.]).sum()
        wrt = [x, h0, c0] + list(tparams.values())
        results.append(theano.function([x, mask, h0, c0], [h, last_h, last_c]
                                       + theano.grad(tensor.cast(cost, FLOAT), wrt)))
    rng = numpy.random.RandomState(0)
    _, values_of_mask = batch_with_an_empty_sample()
    arguments = [rng.randn(7, 4, 2).astype(FLOAT), values_of_mask] + [
        rng.randn(4, 2).astype(FLOAT) for _ in range(2)]
    for expected, found in zip(*[function(*arguments) for function in results]):
        assert abs(expected).max() > 1e-2
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=50 * TIGHT)


def test_a_layer_without_mask_and_state_is_one_with_ones_and_zeros():
    options = make_options(dim_proj=2)
    tparams = lstm.init_tparams(random_params(options))
    x = tensor.tensor3(dtype=FLOAT)
    value = numpy.random.RandomState(0).randn(5, 3, 2).astype(FLOAT)
    h, last_h, _ = theano.function([x], encoder.run_layer(tparams, x, options))(value)
    expected = numpy_lstm(value, numpy.ones((5, 3)),
                          *[tparams['lstm_' + name].get_value() for name in 'WUb'])
    numpy.testing.assert_allclose(h, expected, rtol=0, atol=TIGHT)
    numpy.testing.assert_allclose(last_h, expected[-1], rtol=0, atol=TIGHT)


@pytest.mark.parametrize('n_samples', [1, 2, 5])
def test_a_layer_over_symbols_needs_no_mask(n_samples):
    """With an initial state; h, the last state and all gradients are those with a mask of ones."""
    options = make_options(dim_proj=2)
    rng = numpy.random.RandomState(0)
    tparams = lstm.init_tparams({name: rng.randn(*shape).astype(FLOAT) for name, shape in (
        ('lstm_W', (5, 8)), ('lstm_U', (2, 8)), ('lstm_b', (8,)))})
    x, h0, c0 = tensor.lmatrix(), tensor.matrix(dtype=FLOAT), tensor.matrix(dtype=FLOAT)
    results = []
    for mask in (tensor.ones(x.shape, dtype=FLOAT), None):
        h, last_h, last_c = encoder.run_layer(tparams, x, options, 'lstm', mask, (h0, c0))
        weight = tensor.arange(h.shape[1])[None, :, None] + 1
        cost = tensor.cast((weight * h ** 3).sum(), FLOAT) + (last_h * h0 + last_c).sum()
        results.append(theano.function([x, h0, c0], [h, last_h, last_c] + theano.grad(
            cost, [h0, c0] + list(tparams.values()))))
    arguments = [rng.randint(0, 5, (6, n_samples))] + [
        rng.randn(n_samples, 2).astype(FLOAT) for _ in range(2)]
    for expected, found in zip(*[function(*arguments) for function in results]):
        assert abs(expected).max() > 1e-2
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=50 * TIGHT)


def test_symbols_are_vectors_with_a_single_one():
    options = make_options(dim_proj=2)
    shapes = {'lstm_W': (5, 8), 'lstm_U': (2, 8), 'lstm_b': (8,)}
    rng = numpy.random.RandomState(0)
    tparams = lstm.init_tparams({name: rng.randn(*shape).astype(FLOAT)
                                 for name, shape in shapes.items()})
    x, mask = tensor.lmatrix(), tensor.matrix(dtype=FLOAT)
    state = [rng.randn(4, 2).astype(FLOAT) for _ in range(2)]
    results = []
    for below in (x, tensor.constant(numpy.eye(5, dtype=FLOAT))[x.flatten()].reshape(
            (x.shape[0], x.shape[1], 5))):
        h, last_h, last_c = encoder.run_layer(tparams, below, options, 'lstm', mask,
                                              [tensor.constant(value) for value in state])
        cost = (h ** 3).sum() + (last_h + last_c).sum()
        results.append(theano.function([x, mask], [h, last_h, last_c] + theano.grad(
            cost, list(tparams.values()))))
    ids, values_of_mask = batch_with_an_empty_sample()
    for expected, found in zip(*[function(ids % 5, values_of_mask) for function in results]):
        assert abs(expected).max() > 1e-2
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=50 * TIGHT)


def test_a_cell_without_a_form_by_hand_runs_on_the_scan_and_says_so(monkeypatch):
    """A new cell is a step and a line in `lstm.layers`; here, a plain recurrent network."""
    def rnn_layer(tparams, state_below, options, prefix='rnn', mask=None, initial=None):
        def step(z, c_before):
            h = tensor.tanh(lstm.blocks(z, 4, options)[3])
            return h, h
        return lstm.scan_steps(step, tparams, state_below, options, prefix, mask, initial)

    monkeypatch.setitem(lstm.layers, 'rnn', (lstm.param_init_lstm, rnn_layer))
    options = make_options(encoder='rnn', dim_proj=2)
    params = random_params(options)
    tparams = lstm.init_tparams(params)
    with pytest.warns(UserWarning, match='encoder rnn has no passes by hand'):
        f_pred_prob = lstm.build_model(tparams, options)[4]
    x, mask, _ = random_batch()
    h, k = numpy.zeros(2), 0
    for word in x[mask[:, k] > 0, k]:
        z = params['Wemb'][word].dot(params['rnn_W']) + h.dot(params['rnn_U']) + params['rnn_b']
        h = numpy.tanh(z[6:])
    assert abs(h).max() > 0.01
    last = lstm.encode(tparams, tensor.constant(x), tensor.constant(mask),
                       dict(options, pooling='last'))
    numpy.testing.assert_allclose(theano.function([], last)()[k], h, rtol=0, atol=TIGHT)
    assert f_pred_prob(x, mask).shape == (4, 2)
