"""A model as an ONNX file, run by onnxruntime, against the plain loops and `predict`."""
import json
import os

import numpy
import pytest
from models import (
    COMBINATIONS,
    WORDS,
    combination,
    exit_status,
    make_options,
    make_params,
    params_for,
    save_model,
)
from oracles import plain_features

import imdb
import predict
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction import export
from lstm_sentiment.prediction.classifier import Classifier
from lstm_sentiment.prediction.network import Network, in_columns
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')

SEQUENCES = [[3, 7, 2, 2], [], [9], [14, 1, 5, 5, 8, 3, 11, 2, 9], [4, 4, 4], [6] * 12]


def probabilities(scores):
    """Softmax in float64."""
    exps = numpy.exp(scores - numpy.max(scores, axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def classifier_of(params, options, classes=('neg', 'pos', 'other')):
    vocabulary = Vocabulary(WORDS, TEXT_SETTINGS, list(classes)[:len(params['b'])])
    return Classifier(Network(params, options), vocabulary, 1)


def ask(content, sequences):
    """What onnxruntime answers to sequences of word ids."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'])
    x, mask = in_columns(sequences)
    answers, = session.run(['probabilities'], {'x': x, 'lengths': mask.sum(axis=0).astype('int32')})
    return answers


@pytest.mark.parametrize('chosen', COMBINATIONS)
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_each_combination_equals_a_plain_loop(chosen, dtype):
    options = dict(combination(*chosen), dim_proj=3, n_words=15, ydim=3, use_dropout=True)
    params = params_for(options, 2, dtype)
    content = export.to_onnx(classifier_of(params, options))
    plain = {name: value.astype('float32').astype('float64') for name, value in params.items()}
    expected = probabilities([plain_features(plain, sequence, options).dot(0.5 * plain['U'])
                              + plain['b'] for sequence in SEQUENCES])
    assert numpy.ptp(expected, axis=0).max() > 0.02
    found = ask(content, SEQUENCES)
    assert found.dtype == 'float32'
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize('chosen', [each for each in COMBINATIONS if each[2] and each[3] == 1])
def test_texts_without_words_get_the_probabilities_of_the_bias(chosen):
    options = dict(combination(*chosen), dim_proj=3, n_words=15, ydim=2, use_dropout=False)
    params = params_for(options, 3, 'float32')
    content = export.to_onnx(classifier_of(params, options))
    expected = probabilities(params['b'].astype('float64')[None])
    numpy.testing.assert_allclose(ask(content, [[]]), expected, rtol=0, atol=1e-6)
    numpy.testing.assert_allclose(ask(content, [[], []])[1:], expected, rtol=0, atol=1e-6)


def test_padding_and_neighbours_change_nothing():
    options = dict(combination('lstm_standard', 'matrix', True, 2, 'max'), dim_proj=3, n_words=15,
                   ydim=2, use_dropout=True)
    content = export.to_onnx(classifier_of(params_for(options, 4, 'float32'), options))
    together = ask(content, SEQUENCES)
    for sequence, answer in zip(SEQUENCES, together):
        numpy.testing.assert_allclose(ask(content, [sequence])[0], answer, rtol=0, atol=1e-6)
    session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
    # What stands in the padding does not matter.
    padded, = session.run(None, {'x': numpy.array([[3], [7], [2], [2], [9], [13]]),
                                 'lengths': numpy.array([4], dtype='int32')})
    numpy.testing.assert_allclose(padded[0], together[0], rtol=0, atol=1e-6)


def test_the_file_alone_answers_as_predict_does(tmp_path, capsys):
    """What it holds is enough to ask it: words, classes and text settings."""
    path, _ = save_model(tmp_path / 'm.npz', classes=('neg', 'pos', 'so so'), dtype='float32')
    exported = tmp_path / 'm.onnx'
    assert exit_status(predict.main, [path, '--export', str(exported)]) == 0
    assert str(exported) in capsys.readouterr().out
    session = onnxruntime.InferenceSession(str(exported), providers=['CPUExecutionProvider'])
    metadata = {name: json.loads(value) for name, value
                in session.get_modelmeta().custom_metadata_map.items()}
    assert metadata == {'words': WORDS, 'classes': ['neg', 'pos', 'so so'],
                        'text_settings': TEXT_SETTINGS}
    ids = {word: number for number, word in enumerate(metadata['words'], 2)}
    model = predict.load_model(path)
    for text, words in (('The film is good .', 'the film is good .'),
                        ("Don't see it, café?", 'don &apos;t see it , caf\u00e9 ?'), ('', '')):
        sequence = [ids.get(word, 1) for word in words.split()]
        numpy.testing.assert_allclose(ask(exported.read_bytes(), [sequence]),
                                      model.predict_proba([text]), rtol=0, atol=1e-6)


def test_the_file_says_what_its_inputs_are(tmp_path):
    params = make_params()
    model = onnx.load_model_from_string(
        export.to_onnx(classifier_of(params, make_options(params))))
    assert [each.name for each in model.graph.input] == ['x', 'lengths']
    assert [each.name for each in model.graph.output] == ['probabilities']
    assert 'the id k + 2, any other word the id 1' in model.doc_string
    assert model.opset_import[0].version == 17 and model.ir_version == 8
    # Without a Scan where ONNX's own node has the cell.
    assert {'LSTM'} == {node.op_type for node in model.graph.node} & {'LSTM', 'Scan'}


def test_what_cannot_be_exported_is_refused(tmp_path, capsys, monkeypatch):
    path, _ = save_model(tmp_path / 'm.npz')
    before = os.listdir(str(tmp_path))
    target = str(tmp_path / 'm.onnx')
    for arguments, message in (
            ([path, 'a text', '--export', target], '--export classifies nothing'),
            ([path, '--file', path, '--export', target], '--export classifies nothing'),
            ([path, '--export', str(tmp_path / 'none' / 'm.onnx')], 'cannot be written')):
        assert exit_status(predict.main, arguments) == 2
        assert message in capsys.readouterr().err
    monkeypatch.setattr(export, 'MOST_BYTES', 299)
    assert exit_status(predict.main, [path, '--export', target]) == 2
    assert 'take 300 bytes. Expected at most 299' in capsys.readouterr().err
    assert os.listdir(str(tmp_path)) == before


def test_without_onnx_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'onnx', None)
    params = make_params()
    with pytest.raises(ConfigError, match=r"pip install -e '\.\[onnx\]'"):
        export.to_onnx(classifier_of(params, make_options(params)))


def test_a_model_that_was_saved_in_float64_runs(tmp_path):
    path, params = save_model(tmp_path / 'm.npz', dtype='float64')
    assert saved_model.load(path).params['U'].dtype == 'float64'
    model = predict.load_model(path)
    sequence = [2, 3, 4, 5, 6]
    expected = probabilities(model.network.scores([sequence]))
    numpy.testing.assert_allclose(ask(export.to_onnx(model), [sequence]), expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif('IMDB_DATA_DIR' not in os.environ,
                    reason='IMDB_DATA_DIR names no folder with imdb.pkl')
def test_500_reviews_in_float32():
    """For each cell and pooling, with two directions, at the reviews' full length."""
    _, _, (reviews, _) = imdb.load_data(n_words=10000)
    rng = numpy.random.RandomState(0)
    chosen = [reviews[k] for k in rng.permutation(len(reviews))[:500]]
    for each in COMBINATIONS:
        options = dict(combination(*each), dim_proj=16, n_words=10000, ydim=2, use_dropout=True)
        if not options['bidirectional'] or options['n_layers'] != 1:
            continue
        params = params_for(options, 5, 'float32')
        for name in params:
            # With large weights from state to state rounding grows at each word, in any program.
            if name not in ('Wemb', 'U', 'b'):
                params[name] *= numpy.float32(0.1)
        params['U'] *= 4
        # So that no class wins always.
        params['b'] -= Network(params, options).scores(chosen[:50]).mean(axis=0)
        model = classifier_of(params, options)
        content, largest, answers = export.to_onnx(model), 0, []
        for start in range(0, 500, 50):
            batch = chosen[start:start + 50]
            expected = probabilities(model.network.scores(batch))
            answers.append(expected)
            largest = max(largest, abs(ask(content, batch) - expected).max())
        assert numpy.ptp(numpy.concatenate(answers), axis=0).min() > 0.05, each
        assert largest <= 1e-5, each
