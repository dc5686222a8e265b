"""The pass of prediction against the plain loop of oracles, and the pass that trains."""
import numpy
import pytest
from models import make_options, make_params
from oracles import plain_gates, plain_scores, plain_states

from imdb import prepare_data
from lstm_sentiment.prediction.network import Network, States
from lstm_sentiment.recurrence import numpy_recurrence


def random_sequences(seed, n_samples=9, n_words=15, longest=12):
    rng = numpy.random.RandomState(seed)
    return [rng.randint(1, n_words, size=rng.randint(0, longest + 1)).tolist()
            for _ in range(n_samples)] + [[], [3], [3, 3]]


@pytest.mark.parametrize('use_dropout, share', [(True, 0.5), (False, 1.)])
@pytest.mark.parametrize('n_classes, dtype, tolerance', [(2, 'float64', 1e-12),
                                                         (3, 'float64', 1e-12),
                                                         (2, 'float32', 2e-5)])
@pytest.mark.parametrize('seed', range(3))
def test_scores_equal_those_of_a_plain_loop(use_dropout, share, n_classes, dtype, tolerance, seed):
    params, sequences = make_params(n_classes, dtype, seed=seed), random_sequences(seed)
    network = Network(params, make_options(params, use_dropout))
    expected = [plain_scores(params, sequence, share) for sequence in sequences]
    found = network.scores(sequences)
    assert found.dtype == dtype
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def test_each_word_has_its_share_of_the_scores():
    params, sequences = make_params(3), random_sequences(5)
    network = Network(params, make_options(params))
    scores, terms = network.word_scores(sequences)
    numpy.testing.assert_allclose(scores, network.scores(sequences), rtol=0, atol=1e-12)
    for sequence, of_words in zip(sequences, terms):
        expected = plain_states(params, sequence).dot(params['U']) * 0.5 / max(len(sequence), 1)
        assert of_words.shape == (len(sequence), 3)
        numpy.testing.assert_allclose(of_words, expected, rtol=0, atol=1e-12)


def test_scores_equal_those_of_the_pass_that_trains():
    params, sequences = make_params(), random_sequences(8)
    network = Network(params, make_options(params, use_dropout=False))
    x, mask, _ = prepare_data(sequences, [0] * len(sequences))
    words, *packed = numpy_recurrence.pack(x, mask)
    weights = [params['lstm_' + name] for name in 'WUb']
    pooled, = numpy_recurrence.forward(params['Wemb'][words], *weights, *packed, keep=False)
    numpy.testing.assert_allclose(network.scores(sequences), pooled.dot(params['U']) + params['b'],
                                  rtol=0, atol=1e-12)


@pytest.mark.parametrize('dtype, tolerance', [('float64', 1e-12), ('float32', 2e-5)])
@pytest.mark.parametrize('sequence', [[3, 7, 2, 2, 9, 14, 1, 5], [4]])
def test_the_states_are_those_of_a_plain_loop(dtype, tolerance, sequence):
    params = make_params(dtype=dtype)
    states = Network(params, make_options(params)).states(sequence)
    expected = States(*plain_gates(params, sequence))
    for name, array in states._asdict().items():
        assert array.dtype == dtype and array.shape == (len(sequence), 5), name
        numpy.testing.assert_allclose(array, getattr(expected, name), rtol=0, atol=tolerance,
                                      err_msg=name)


def test_the_states_without_words_are_empty():
    params = make_params()
    states = Network(params, make_options(params)).states([])
    assert [array.shape for array in states] == [(0, 5)] * 6


def test_samples_without_words_alone():
    params = make_params()
    network = Network(params, make_options(params))
    assert (network.scores([[], []]) == params['b']).all()
    scores, terms = network.word_scores([[]])
    assert (scores == params['b']).all() and terms[0].shape == (0, 2)


def test_the_parameters_are_not_changed():
    params = make_params()
    before = {name: value.copy() for name, value in params.items()}
    Network(params, make_options(params)).scores([[2, 3], [4]])
    for name, value in params.items():
        assert (value == before[name]).all(), name
