"""The hand-written passes against the plain scan, and against finite differences."""
import numpy
import pytest
from test_lstm import FLOAT, TIGHT, make_options, numpy_lstm, random_batch, random_params

import lstm
from lstm_sentiment.engine.names import tensor, theano
from lstm_sentiment.recurrence import graph_nodes, numpy_recurrence


@pytest.fixture(scope='module')
def both():
    """Cost and gradients through the scan and through the passes by hand, on one set of weights."""
    options = make_options()
    tparams = lstm.init_tparams(random_params(options))
    x, mask = tensor.matrix('x', dtype='int64'), tensor.matrix('mask', dtype=FLOAT)
    weights = tensor.matrix('weights', dtype=FLOAT)
    params = [tparams[name] for name in ('Wemb', 'lstm_W', 'lstm_U', 'lstm_b')]
    functions = []
    for proj in (lstm.encode(tparams, x, mask, options), graph_nodes.encode(tparams, x, mask)):
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


def test_prediction_that_keeps_nothing_equals_the_pass_that_keeps_all():
    params = random_params(make_options())
    x, mask, _ = random_batch(n_timesteps=7)
    words, tokens, n_alive, order = numpy_recurrence.pack(x, mask)
    arguments = [params['Wemb'][words]] + [params['lstm_' + name] for name in 'WUb']
    whole = numpy_recurrence.forward(*arguments, tokens=tokens, n_alive=n_alive, order=order)[0]
    h = numpy_lstm(params['Wemb'][x], mask, *arguments[1:])
    expected = (h * mask[:, :, None]).sum(axis=0) / mask.sum(axis=0)[:, None]
    numpy.testing.assert_allclose(whole, expected, rtol=0, atol=TIGHT)
    found, = numpy_recurrence.forward(*arguments, tokens=tokens, n_alive=n_alive,
                                      order=order, keep=False)
    numpy.testing.assert_allclose(found, whole, rtol=0, atol=TIGHT)


def test_prediction_keeps_nothing_for_the_way_back():
    options = make_options()
    tparams = lstm.init_tparams(random_params(options))
    x, mask = tensor.matrix('x', dtype='int64'), tensor.matrix('mask', dtype=FLOAT)
    function = theano.function([x, mask], graph_nodes.encode(tparams, x, mask))
    ops = [node.op for node in function.maker.fgraph.toposort()]
    assert [op.keep for op in ops if isinstance(op, graph_nodes.Encode)] == [False]


def test_the_gradient_goes_forward_once():
    options = make_options()
    tparams = lstm.init_tparams(random_params(options))
    _, x, mask, y, _, _, cost = lstm.build_model(tparams, options)
    function = theano.function([x, mask, y], [cost] + theano.grad(cost, list(tparams.values())))
    ops = [node.op for node in function.maker.fgraph.toposort()]
    assert [op.keep for op in ops if isinstance(op, graph_nodes.Encode)] == [True]


def test_a_mask_of_other_numbers_is_refused():
    with pytest.raises(ValueError, match='zeros and ones'):
        numpy_recurrence.pack(numpy.array([[2]]), numpy.array([[0.5]]))


def test_pack_puts_the_longest_first_and_keeps_every_word():
    x = numpy.array([[5, 9, 2], [0, 9, 3], [0, 7, 0]])
    mask = (x > 0).astype(FLOAT)
    words, tokens, n_alive, order = numpy_recurrence.pack(x, mask)
    assert words.tolist() == [2, 3, 5, 7, 9]
    assert order.tolist() == [1, 2, 0]
    assert n_alive.tolist() == [[3, 2, 1]]
    assert words[tokens].tolist() == [9, 2, 5, 9, 3, 7]


def test_rows_gradient_is_dense_for_whoever_reads_it():
    Wemb = theano.shared(numpy.arange(12, dtype=FLOAT).reshape(4, 3))
    words = tensor.lvector()
    cost = (graph_nodes.take_rows(Wemb, words) ** 2).sum()
    found = theano.function([words], theano.grad(cost, Wemb))(numpy.array([3, 1]))
    expected = numpy.zeros((4, 3))
    expected[[1, 3]] = 2 * Wemb.get_value()[[1, 3]]
    numpy.testing.assert_array_equal(found, expected)
