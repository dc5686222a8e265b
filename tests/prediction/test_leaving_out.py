"""Leaving words out: equal to classifying the shorter texts, one by one."""
import numpy
import pytest
from models import COMBINATIONS, WORDS, combination, params_for, random_texts, save_model
from oracles import plain_features

import predict
from lstm_sentiment.model import saved_model
from lstm_sentiment.ngrams.features import hashes
from lstm_sentiment.ngrams.model import HASHES, WEIGHTS, NGrams
from lstm_sentiment.prediction import leaving_out, network
from lstm_sentiment.prediction.explanation import LEAVE_OUT, SHARE
from lstm_sentiment.prediction.network import Network
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary


def model_of(chosen, dtype='float64', temperature=1.):
    options = dict(combination(*chosen), dim_proj=3, n_words=15, ydim=3, use_dropout=True,
                   temperature=temperature)
    return params_for(options, 1, dtype), options


def plain_scores_without(params, options, ids, parts):
    """The scores of each shorter text by a plain loop."""
    shorter = [ids[:start] + ids[stop:] for start, stop in parts]
    return [(plain_features(params, sequence, options).dot(0.5 * params['U']) + params['b'])
            / options['temperature'] for sequence in shorter]


SEQUENCE = [3, 7, 2, 2, 9, 14, 1, 5, 12, 4]
WORDS_AND_MORE = [(k, k + 1) for k in range(10)] + [(0, 4), (4, 9), (9, 10), (2, 10), (0, 10)]


@pytest.mark.parametrize('chosen', COMBINATIONS)
def test_each_combination_equals_a_plain_loop_over_the_shorter_texts(chosen):
    params, options = model_of(chosen, temperature=1.7)
    expected = plain_scores_without(params, options, SEQUENCE, WORDS_AND_MORE)
    found = leaving_out.scores_without(Network(params, options), SEQUENCE, WORDS_AND_MORE)
    assert numpy.ptp(expected, axis=0).min() > 0.02
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize('few_words', [0, 10 ** 9])
@pytest.mark.parametrize('pooling', ['mean', 'max'])
def test_native_loops_and_numpy_in_float32(monkeypatch, few_words, pooling):
    monkeypatch.setattr(network, 'FEW_WORDS', few_words)
    params, options = model_of(('lstm', 'matrix', True, 1, pooling), 'float32')
    expected = plain_scores_without(params, options, SEQUENCE, WORDS_AND_MORE)
    found = leaving_out.scores_without(Network(params, options), SEQUENCE, WORDS_AND_MORE)
    assert found.dtype == 'float32'
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize('few_words, is_native', [(0, True), (10 ** 9, False)])
def test_few_words_are_read_without_native_code(monkeypatch, few_words, is_native):
    monkeypatch.setattr(network, 'FEW_WORDS', few_words)
    params, options = model_of(('lstm', 'matrix', False, 1, 'max'), 'float32')
    form = Network(params, options).form_for(5)
    assert (form.forward_loop('float64') == form.run_steps) is True
    assert form.is_native == is_native
    if not is_native:
        assert form.forward_loop(numpy.dtype('float32')) == form.run_steps


@pytest.mark.parametrize('ids', [[], [3], [3, 3]])
def test_short_texts(ids):
    params, options = model_of(('lstm', 'matrix', True, 1, 'max'))
    parts = [(k, k + 1) for k in range(len(ids))]
    found = leaving_out.scores_without(Network(params, options), ids, parts)
    assert found.shape == (len(ids), 3)
    expected = plain_scores_without(params, options, ids, parts)
    numpy.testing.assert_allclose(found, numpy.reshape(expected, (-1, 3)), rtol=0, atol=1e-12)


def test_a_batch_holds_so_many_words(monkeypatch):
    params, options = model_of(('lstm', 'matrix', True, 1, 'mean'))
    net = Network(params, options)
    expected = leaving_out.scores_without(net, SEQUENCE, WORDS_AND_MORE)
    for limit in (1, 35):
        monkeypatch.setattr(leaving_out, 'BATCH_WORDS', limit)
        found = leaving_out.scores_without(net, SEQUENCE, WORDS_AND_MORE)
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_half_of_the_words_are_read_again(monkeypatch):
    params, options = model_of(('lstm', 'matrix', True, 1, 'max'))
    n_read, real = [], leaving_out.layer.forward_pooled

    def counted(form, projected, tokens, *others):
        n_read.append(len(tokens))
        return real(form, projected, tokens, *others)

    monkeypatch.setattr(leaving_out.layer, 'forward_pooled', counted)
    ids = SEQUENCE * 4
    leaving_out.scores_without(Network(params, options), ids, leaving_out.parts_of(ids))
    assert n_read == [40 * 39 // 2] * 2  # of each direction


def log_odds(model, text):
    negative, positive = model.predict_proba([text])[0]
    return numpy.log(positive / negative)


@pytest.fixture
def model(tmp_path):
    options = dict(combination('lstm', 'matrix', True, 1, 'max'), n_words=15, dim_proj=3, ydim=2,
                   use_dropout=True)
    vocabulary = Vocabulary(WORDS, dict(TEXT_SETTINGS, tokenizer='whitespace'), ['neg', 'pos'])
    path = str(tmp_path / 'm.npz')
    saved_model.save(path, params_for(options), options, vocabulary)
    return predict.load_model(path, jobs=1)


def test_the_number_of_a_word_is_what_its_absence_costs(model):
    n_for = 0
    for text in random_texts(20, seed=3):
        words = text.split()
        explanation = model.explain(text)
        assert explanation.kind == LEAVE_OUT and explanation.bias is None
        assert explanation.score == pytest.approx(log_odds(model, text), abs=1e-9)
        expected = [log_odds(model, text) - log_odds(model, ' '.join(words[:k] + words[k + 1:]))
                    for k in range(len(words))]
        numpy.testing.assert_allclose(explanation.numbers, expected, rtol=0, atol=1e-9)
        n_for += (explanation.numbers > .1).sum()
        assert [piece.word for piece in explanation.pieces] == words
    assert n_for > 10


def test_a_long_text_is_explained_by_sentence(model, monkeypatch):
    monkeypatch.setattr(leaving_out, 'MOST_WORDS', 8)
    text = 'The film is good . It is bad ! See it'
    parts = ['The film is good .', 'It is bad !', 'See it']
    explanation = model.explain(text)
    assert [piece.word for piece in explanation.pieces] == parts
    assert (explanation.unit, len(explanation.known)) == ('sentence', 3)
    expected = [log_odds(model, text) - log_odds(model, ' '.join(parts[:k] + parts[k + 1:]))
                for k in range(3)]
    numpy.testing.assert_allclose(explanation.numbers, expected, rtol=0, atol=1e-9)
    monkeypatch.setattr(leaving_out, 'MOST_WORDS', 11)
    assert model.explain(text).unit == 'word'
    assert model.explain(text, SHARE).unit == 'word'


def test_sentences_hold_each_word_once():
    rng = numpy.random.RandomState(0)
    for _ in range(200):
        words = rng.choice(['a', '.', '?', '&quot;', ')', "'", '...'], rng.randint(1, 150)).tolist()
        parts = leaving_out.sentences(words)
        assert [k for start, stop in parts for k in range(start, stop)] == list(range(len(words)))
        assert all(0 < stop - start <= leaving_out.LONGEST_SENTENCE for start, stop in parts)
    assert leaving_out.sentences(['a'] * 100) == [(0, 60), (60, 100)]


def test_three_classes_and_the_pooling_last(tmp_path):
    path, _ = save_model(tmp_path / 'm.npz', ('a', 'b', 'c'), tokenizer='whitespace')
    model = predict.load_model(path, jobs=1)
    probabilities, without = model.predict_proba(['the film is good', 'film is good'])
    explanation = model.explain('the film is good')
    first, second = numpy.argsort(-probabilities)[:2]
    assert (explanation.toward, explanation.against) == (first, second)
    assert explanation.numbers[0] == pytest.approx(
        numpy.log(probabilities[first] / probabilities[second])
        - numpy.log(without[first] / without[second]), abs=1e-9)


def test_ngrams_of_the_shorter_texts():
    """Words that become neighbours make new n-grams."""
    params, options = model_of(('lstm', 'matrix', True, 1, 'max'), temperature=1.7)
    shorter = [SEQUENCE[:start] + SEQUENCE[stop:] for start, stop in WORDS_AND_MORE]
    known = numpy.unique(numpy.concatenate(
        [value for ids in shorter for value in hashes(numpy.array(ids, dtype='int64'), 3)]))
    params[HASHES] = known[::2]
    params[WEIGHTS] = numpy.random.RandomState(2).randn(len(params[HASHES]) + 1, 3)
    net = Network(params, dict(options, ngrams=3, ngram_share=0.4))
    found = leaving_out.scores_without(net, SEQUENCE, WORDS_AND_MORE)
    of_lstm = plain_scores_without(params, options, SEQUENCE, WORDS_AND_MORE)
    of_ngrams = numpy.concatenate([NGrams(params, 3).scores([ids]) for ids in shorter]) / 1.7
    expected = 0.6 * numpy.array(of_lstm) + 0.4 * of_ngrams
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert numpy.ptp(of_ngrams, axis=0).min() > .5
