"""The passes of prediction against plain loops over single words."""
import numpy
import pytest
from models import COMBINATIONS, combination, make_options, make_params, params_for
from oracles import (
    plain_features,
    plain_gates,
    plain_layer,
    plain_outputs,
    plain_scores,
    plain_states,
)

from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.prediction.network import Network, States, check_model


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


def model_of(chosen, n_classes=3, seed=0, dtype='float64'):
    options = dict(combination(*chosen), dim_proj=3, n_words=15, ydim=n_classes, use_dropout=True)
    return params_for(options, seed, dtype), options


@pytest.mark.parametrize('chosen', COMBINATIONS)
def test_each_combination_equals_a_plain_loop(chosen):
    params, options = model_of(chosen)
    sequences = random_sequences(3)
    expected = [plain_features(params, sequence, options).dot(0.5 * params['U']) + params['b']
                for sequence in sequences]
    found = Network(params, options).scores(sequences)
    assert numpy.ptp(expected, axis=0).min() > 0.05
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    params, _ = model_of(chosen, dtype='float32')
    found = Network(params, options).scores(sequences)
    assert found.dtype == 'float32'
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=5e-5)


@pytest.mark.parametrize('chosen', [each for each in COMBINATIONS if each[-1] != 'last'])
def test_the_shares_of_the_words_add_up_to_the_score(chosen):
    params, options = model_of(chosen)
    network, sequences = Network(params, options), random_sequences(4)
    scores, terms = network.word_scores(sequences)
    numpy.testing.assert_allclose(scores, network.scores(sequences), rtol=0, atol=1e-12)
    for sequence, score, of_words in zip(sequences, scores, terms):
        assert of_words.shape == (len(sequence), 3)
        numpy.testing.assert_allclose(of_words.sum(axis=0) + params['b'], score,
                                      rtol=0, atol=1e-12)
        numpy.testing.assert_allclose(of_words, plain_shares(params, sequence, options),
                                      rtol=0, atol=1e-12)


@pytest.mark.parametrize('chosen', [('lstm', 'matrix', True, 1, 'max'),
                                    ('lstm', 'matrix', False, 2, 'mean')])
def test_a_temperature_divides_scores_shares_and_bias(chosen):
    params, options = model_of(chosen)
    sequences = random_sequences(4)
    plain = Network(params, options)
    cooled = Network(params, dict(options, temperature=2.5))
    scores, terms = plain.word_scores(sequences)
    found, found_terms = cooled.word_scores(sequences)
    numpy.testing.assert_allclose(found, scores / 2.5, rtol=0, atol=1e-12)
    numpy.testing.assert_allclose(cooled.scores(sequences), scores / 2.5, rtol=0, atol=1e-12)
    numpy.testing.assert_allclose(cooled.b_out, params['b'] / 2.5, rtol=0, atol=1e-12)
    for found_words, of_words, score in zip(found_terms, terms, found):
        numpy.testing.assert_allclose(found_words, of_words / 2.5, rtol=0, atol=1e-12)
        numpy.testing.assert_allclose(found_words.sum(axis=0) + cooled.b_out, score, rtol=0,
                                      atol=1e-12)
    for bad in (0, -1., 'warm', float('nan')):
        with pytest.raises(ModelError, match='temperature'):
            check_model('m.npz', params, dict(options, temperature=bad))


def plain_shares(params, sequence, options):
    """The share of each word, unit by unit."""
    h = numpy.concatenate(plain_outputs(params, sequence, options), axis=1)
    shares = numpy.zeros((len(sequence), params['U'].shape[1]))
    for unit in range(h.shape[1] if len(sequence) else 0):
        if options['pooling'] == 'mean':
            shares += h[:, unit, None] * 0.5 * params['U'][unit] / len(sequence)
        else:
            word = h[:, unit].argmax()
            shares[word] += h[word, unit] * 0.5 * params['U'][unit]
    return shares


def test_the_last_output_alone_has_no_share_for_each_word():
    params, options = model_of(('lstm', 'matrix', False, 1, 'last'))
    with pytest.raises(ConfigError, match='mean or max'):
        Network(params, options).word_scores([[3, 4]])


@pytest.mark.parametrize('level, reverse', [(1, False), (1, True), (2, False), (2, True)])
def test_the_states_of_each_layer(level, reverse):
    params, options = model_of(('lstm_peephole', 'matrix', True, 2, 'max'))
    sequence = [3, 7, 2, 2, 9]
    states = Network(params, options).states(sequence, level, reverse)
    below = params['Wemb'][sequence]
    if level == 2:
        outputs = plain_outputs(params, sequence, dict(options, n_layers=1))
        below = numpy.concatenate(outputs, axis=1)
    prefix = 'lstm_peephole' + ('_2' if level == 2 else '') + ('_reverse' if reverse else '')
    h, c = plain_layer(below[::-1] if reverse else below, params, prefix, options)
    numpy.testing.assert_allclose(states.h, h[::-1] if reverse else h, rtol=0, atol=1e-12)
    numpy.testing.assert_allclose(states.c, c[::-1] if reverse else c, rtol=0, atol=1e-12)
    numpy.testing.assert_allclose(states.o * numpy.tanh(states.c), states.h, rtol=0, atol=1e-12)


def test_a_model_of_one_cell_given_to_another_is_refused():
    params, options = model_of(('lstm_standard', 'matrix', False, 1, 'mean'))
    check_model('m.npz', params, options)
    for changes, message in (
            ({'encoder': 'lstm'}, 'its encoder lstm expects a parameter lstm_W of shape (3, 12)'),
            ({'encoder': 'gru'}, "the encoder 'gru': expected one of lstm, lstm_peephole"),
            ({'bidirectional': True}, 'lstm_standard_reverse_'),
            ({'bidirectional': 1}, 'True or False'),
            ({'n_layers': 2}, 'lstm_standard_2_'), ({'n_layers': 10 ** 9}, 'n_layers'),
            ({'n_layers': 1.}, 'n_layers'), ({'pooling': 'median'}, 'mean, max, last'),
            ({'use_dropout': None}, 'use_dropout')):
        with pytest.raises(ModelError) as error:
            check_model('m.npz', params, dict(options, **changes))
        assert message in str(error.value)
    with pytest.raises(ModelError, match=r'found \(3, 3\)'):
        check_model('m.npz', dict(params, lstm_standard_U=numpy.zeros((3, 3))), options)
    params, options = model_of(('lstm_peephole', 'diagonal', False, 1, 'mean'))
    with pytest.raises(ModelError, match='lstm_peephole_V'):
        check_model('m.npz', params, dict(options, peephole='matrix'))


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
