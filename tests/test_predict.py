"""predict.py: from text to classes, in code and on the command line."""
import csv
import io
import itertools
import json
import os
import pickle
import subprocess
import sys
import threading

import numpy
import pytest
from models import (
    WORDS,
    make_options,
    make_params,
    random_texts,
    save_model,
    write_dictionary,
)
from oracles import plain_scores, plain_states

import imdb_preprocess
import lstm
import predict
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction import classifier, inputs, outputs
from lstm_sentiment.text import tokenizing
from lstm_sentiment.text.tokenizing import tokenize_chunk
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS

SCRIPT = os.path.abspath(predict.__file__)


@pytest.fixture
def saved(tmp_path):
    """The path of a small model, and its parameters."""
    return save_model(tmp_path / 'm.npz')


@pytest.fixture
def model(saved):
    return predict.load_model(saved[0], jobs=1)


def as_samples(texts):
    return [inputs.Sample(text, None, None) for text in texts]


def softmax(scores):
    exps = numpy.exp(scores - scores.max())
    return exps / exps.sum()


# In code.


def test_probabilities_are_those_of_a_plain_loop_over_the_tokenized_text(saved, model):
    texts = random_texts(50) + ['']
    expected = [softmax(plain_scores(saved[1], model.vocabulary.ids(words), 0.5))
                for words in tokenize_chunk(texts, TEXT_SETTINGS)]
    numpy.testing.assert_allclose(model.predict_proba(texts), expected, rtol=0, atol=1e-12)
    names = [['neg', 'pos'][p.argmax()] for p in expected]
    assert model.predict(texts) == names and set(names) == {'neg', 'pos'}


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_the_precision_is_that_of_the_model(tmp_path, dtype):
    model = predict.load_model(save_model(tmp_path / 'm.npz', dtype=dtype)[0])
    assert model.predict_proba(['the film']).dtype == dtype
    empty = model.predict_proba([])
    assert empty.shape == (0, 2) and empty.dtype == dtype


def test_order_stays_over_windows_and_batches(model, monkeypatch):
    texts = random_texts(100)
    expected = model.predict_proba(texts)
    monkeypatch.setattr(classifier, 'WINDOW_TEXTS', 7)
    monkeypatch.setattr(classifier, 'BATCH_TEXTS', 3)
    found = list(model.answers(as_samples(texts)))
    assert [answer.sample.text for answer in found] == texts
    numpy.testing.assert_allclose([answer.probabilities for answer in found], expected, atol=1e-12)


def test_windows_end_after_so_many_words_too(model, monkeypatch):
    monkeypatch.setattr(classifier, 'WINDOW_WORDS', 10)
    encoded = model.encode(as_samples(['the film . is'] * 8), False)
    assert [len(window) for window in classifier.gather(encoded)] == [3, 3, 2]


def test_batches_hold_texts_of_similar_length(monkeypatch):
    monkeypatch.setattr(classifier, 'BATCH_TEXTS', 3)
    window = [classifier.Encoded(None, None, [2] * n) for n in (9, 1, 2, 30, 3, 4, 0)]
    assert classifier.batches_by_length(window, 20) == [[6, 1, 2], [4, 5], [0], [3]]


def test_input_without_end_is_read_as_needed(model, monkeypatch):
    monkeypatch.setattr(classifier, 'WINDOW_TEXTS', 5)
    monkeypatch.setattr(tokenizing, 'CHUNK_CHARACTERS', 100)
    n_read = 0

    def endless():
        nonlocal n_read
        for text in itertools.cycle(random_texts(50)):
            n_read += 1
            yield inputs.Sample(text, None, None)

    answers = model.answers(endless())
    for n_answered, _ in enumerate(itertools.islice(answers, 500), 1):
        assert n_read - n_answered < 60
    answers.close()


def test_two_threads_share_a_model(model):
    texts = random_texts(60)
    expected, outcomes = [model.predict_proba(texts), model.explain(texts[0]).numbers], {}
    gate = threading.Barrier(2)

    def work(which):
        gate.wait()
        outcomes[which] = [[model.predict_proba(texts), model.explain(texts[0]).numbers]
                           for _ in range(10)]

    threads = [threading.Thread(target=work, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [0, 1]
    for probabilities, numbers in outcomes[0] + outcomes[1]:
        assert (probabilities == expected[0]).all() and (numbers == expected[1]).all()


def test_two_models_do_not_mix(tmp_path):
    one = predict.load_model(save_model(tmp_path / 'one.npz', seed=1)[0])
    expected = one.predict_proba(['the film is good'])
    three = predict.load_model(save_model(tmp_path / 'three.npz', 'abc', lowercase=False)[0])
    assert three.predict_proba(['the film is good']).shape == (1, 3)
    assert (one.predict_proba(['the film is good']) == expected).all()


def test_the_states_belong_to_the_words(saved, model):
    _, params = saved
    words, states = model.states("The film isn't GOOD.")
    assert words == ['the', 'film', 'isn', '&apos;t', 'good', '.']
    ids = [WORDS.index(word) + 2 if word in WORDS else 1 for word in words]
    numpy.testing.assert_allclose(states.h, plain_states(params, ids), rtol=0, atol=1e-12)


def test_the_settings_of_the_model_are_used(tmp_path):
    texts = ["THE film don't"]
    unknown = {}
    for name, settings in (('moses', {}), ('cased', {'lowercase': False}),
                           ('split', {'tokenizer': 'whitespace'})):
        model = predict.load_model(save_model(tmp_path / 'm.npz', **settings)[0])
        answer, = model.answers(as_samples(texts))
        unknown[name] = answer.n_words, answer.n_unknown
    assert unknown == {'moses': (4, 0), 'cased': (4, 1), 'split': (3, 1)}


def test_one_text_is_not_a_list_of_letters(model):
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(ConfigError, match='a list of texts'):
            ask('the film')


def test_the_library_needs_no_engine(saved):
    code = ('import predict, sys; predict.load_model(%r).explain("the film");'
            'print(sorted({"lstm_sentiment.engine", "theano", "pytensor"} & set(sys.modules)))'
            % saved[0])
    environment = dict(os.environ, PYTHONPATH=os.path.dirname(SCRIPT))
    assert subprocess.check_output([sys.executable, '-c', code], env=environment) == b'[]\n'


# Models.


class Boom:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, 'w')


def save_as_the_tutorial_does(path, **changes):
    """Arrays and results in the ``.npz``; a pickle of options, naming a function of __main__."""
    params = make_params()
    options = dict(make_options(params), patience=10, optimizer='OPTIMIZER', **changes)
    numpy.savez(str(path), history_errs=[[.5, .5]], train_err=.1, valid_err=.2, test_err=.3,
                **params)
    content = pickle.dumps(options, 1)
    name = pickle.dumps('OPTIMIZER', 1)[:-1]
    name = name[:name.rindex(b'q')] if b'q' in name else name
    assert content.count(name) == 1
    with open(str(path) + '.pkl', 'wb') as stream:
        stream.write(content.replace(name, b'c__main__\nadadelta\n'))
    return str(path), params


def test_a_model_of_the_original_program(tmp_path):
    path, params = save_as_the_tutorial_does(tmp_path / 'lstm_model.npz')
    with pytest.raises(ModelError, match='--dictionary'):
        predict.load_model(path)
    # The dictionary of the whole corpus has more words than the model.
    dictionary = write_dictionary(tmp_path / 'imdb.dict.pkl', WORDS + ['many', 'others'])
    model = predict.load_model(path, dictionary)
    assert model.classes == ['neg', 'pos']
    expected = softmax(plain_scores(params, [4, 1, 5], 0.5))
    numpy.testing.assert_allclose(model.predict_proba(['the many film']), [expected], atol=1e-12)


def test_a_pickle_of_options_runs_nothing(tmp_path):
    path, _ = save_as_the_tutorial_does(tmp_path / 'm.npz', boom=Boom(str(tmp_path / 'ran')))
    with pytest.raises(ModelError):
        predict.load_model(path, write_dictionary(tmp_path / 'd.pkl'))
    assert not (tmp_path / 'ran').exists()


def test_a_dictionary_with_other_classes(saved, tmp_path):
    dictionary = write_dictionary(tmp_path / 'd.pkl', classes=['a', 'b', 'c'], **TEXT_SETTINGS)
    with pytest.raises(ModelError, match='expected 2 classes, found a, b, c'):
        predict.load_model(saved[0], dictionary)


@pytest.mark.parametrize('change, message', [
    (lambda params, options: params.pop('lstm_U'), 'lstm_U of shape .5, 20., found none'),
    (lambda params, options: params.update(lstm_b=numpy.zeros(7)), r'found \(7,\)'),
    (lambda params, options: options.update(encoder='gru'), "the encoder 'gru'"),
    (lambda params, options: options.pop('use_dropout'), 'use_dropout None: expected true'),
])
def test_an_encoder_that_is_not_there(tmp_path, change, message):
    params = make_params()
    options = make_options(params)
    change(params, options)
    saved_model.save(str(tmp_path / 'm.npz'), params, options)
    with pytest.raises(ModelError, match=message):
        predict.load_model(str(tmp_path / 'm.npz'), write_dictionary(tmp_path / 'd.pkl'))


# The command line.


def run(saved, *arguments, status=0, stdin=b'', **environment):
    """Run the script; return what it wrote to standard output and standard error."""
    done = subprocess.run(
        [sys.executable, SCRIPT, saved[0]] + list(arguments), input=stdin,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONIOENCODING='utf-8', **environment))
    output, errors = done.stdout.decode('utf-8'), done.stderr.decode('utf-8')
    assert done.returncode == status, errors
    assert 'Traceback' not in errors
    return output, errors


def call(capsys, saved, *arguments, status=0):
    """Call `main`; return what it wrote."""
    assert predict.main([saved[0]] + list(arguments)) == status
    return capsys.readouterr()


def write_rows(path, rows, delimiter=','):
    with open(str(path), 'w', newline='', encoding='utf-8') as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return str(path)


def test_table(capsys, saved, model):
    texts = ['the film', 'is bad\nunheard ' + 'film ' * 30, '']
    output, errors = call(capsys, saved, *texts)
    head, *rows = output.splitlines()
    assert head.split() == ['class', 'neg', 'pos', 'tokens', 'unknown', 'text']
    for row, text, probabilities in zip(rows, texts, model.predict_proba(texts)):
        name, neg, pos, tokens, unknown, *_ = row.split()
        assert name == model.predict([text])[0]
        assert [neg, pos] == ['%.3f' % p for p in probabilities]
        assert (int(tokens), int(unknown)) == (len(text.split()), text.count('unheard'))
    assert rows[0].endswith('  the film') and rows[1].endswith('\u2026')
    assert rows[2].endswith('(no words: the bias alone decides)')
    assert '1 without words' in errors and len(rows) == 3


@pytest.mark.parametrize('name, delimiter', [('csv', ','), ('tsv', '\t')])
def test_rows_can_be_read_again(capsys, saved, model, name, delimiter):
    texts = ['the "film", \t is\ngood', 'caf\u00e9 unheard', '']
    output, _ = call(capsys, saved, '--format', name, *texts)
    rows = list(csv.DictReader(io.StringIO(output), delimiter=delimiter))
    assert list(rows[0]) == ['text', 'class', 'p_neg', 'p_pos', 'tokens', 'unknown']
    assert [row['text'] for row in rows] == texts
    assert [row['class'] for row in rows] == model.predict(texts)
    found = [[float(row['p_neg']), float(row['p_pos'])] for row in rows]
    numpy.testing.assert_allclose(found, model.predict_proba(texts), rtol=0, atol=1e-12)
    assert [(row['tokens'], row['unknown']) for row in rows] == [('7', '2'), ('2', '1'),
                                                                 ('0', '0')]


def test_json_lines_with_reasons(capsys, saved, model):
    texts = ["DON'T", 'caf\u00e9']
    output, _ = call(capsys, saved, '--explain', '--format', 'jsonl', *texts)
    for line, text in zip(output.splitlines(), texts):
        row, explanation = json.loads(line), model.explain(text)
        assert row['text'] == text
        assert row['p_pos'] == pytest.approx(model.predict_proba([text])[0, 1], abs=1e-12)
        reason = row['explanation']
        assert ''.join(word for word, _ in reason['words']) == text
        numbers = [number for _, number in reason['words']]
        numpy.testing.assert_allclose(numbers, explanation.numbers, rtol=0, atol=1e-12)
        assert (reason['kind'], reason['unit']) == ('leave-out', 'word')
        assert (reason['toward'], reason['against'], reason['bias']) == ('pos', 'neg', None)
        assert reason['log_odds'] == pytest.approx(explanation.score, abs=1e-12)


def test_explanations_in_the_terminal(capsys, saved):
    output, _ = call(capsys, saved, 'the film', '--explain', 'is GOOD')  # options between texts
    assert output.count('log-odds of pos against neg') == 2 and 'GOOD' in output
    assert 'lose when that word is left out' in ' '.join(output.split())


def test_a_page(capsys, saved, tmp_path):
    output, errors = call(capsys, saved, 'the film', 'is good', '--html', str(tmp_path / 'r.html'))
    assert (tmp_path / 'r.html').read_text().count('<article ') == 2
    assert 'strongest' not in output and 'r.html written' in errors


@pytest.mark.parametrize('arguments', [[], ['-']])
def test_standard_input_is_one_text_a_line(saved, arguments):
    output, _ = run(saved, *arguments, '--format', 'jsonl',
                    stdin='\ufeffthe film\r\n\ncaf\u00e9\n'.encode('utf-8'))
    assert [json.loads(line)['text'] for line in output.splitlines()] == ['the film', '',
                                                                          'caf\u00e9']


def test_a_file_of_lines(capsys, saved, tmp_path):
    (tmp_path / 't.txt').write_text('the film\nis good')
    output, _ = call(capsys, saved, '--file', str(tmp_path / 't.txt'), '--format', 'jsonl')
    assert [json.loads(line)['text'] for line in output.splitlines()] == ['the film', 'is good']


def test_braces_and_a_tab_here_and_there_are_text(capsys, saved, tmp_path):
    lines = ['{the film}', '\tis good', 'is\tbad', '[1]', '']
    (tmp_path / 't.txt').write_text('\n'.join(lines) + '\n')
    output, _ = call(capsys, saved, '--file', str(tmp_path / 't.txt'), '--format', 'jsonl')
    assert [json.loads(line)['text'] for line in output.splitlines()] == lines
    output, _ = call(capsys, saved, 'is\tbad', '{"text": 1}', '--format', 'jsonl')
    assert output.count('\n') == 2


def test_a_labelled_table(capsys, saved, model, tmp_path):
    texts = random_texts(40)
    said = model.predict(texts)
    labels = ['neg', 'pos'] * 20
    path = write_rows(tmp_path / 't.tsv', [['sentiment', 'review']] + list(zip(labels, texts)),
                      '\t')
    output, errors = call(capsys, saved, '--file', path, '--format', 'csv')
    rows = list(csv.DictReader(io.StringIO(output)))
    assert [(row['label'], row['class']) for row in rows] == list(zip(labels, said))
    n_right = sum(a == b for a, b in zip(labels, said))
    assert 'accuracy %.4f: %d of 40' % (n_right / 40, n_right) in errors
    counts = [line.split() for line in errors.splitlines() if line[:3] in ('neg', 'pos')]
    pairs = list(zip(labels, said))
    assert counts[:2] == [[label] + [str(pairs.count((label, name))) for name in ('neg', 'pos')]
                          for label in ('neg', 'pos')]
    for label, scores in zip(('neg', 'pos'), counts[2:]):
        assert scores[1:3] == ['%.3f' % (pairs.count((label, label)) / names.count(label))
                               for names in (said, labels)]
    output, errors = call(capsys, saved, '--file', path, '--no-labels')
    assert 'accuracy' not in output + errors


def answer_of(p, label, text, said='pos'):
    return classifier.Answer(inputs.Sample(text, None, label), 1, said, numpy.array([1 - p, p]), 1,
                             0, None)


def test_unsure_answers_are_counted_apart():
    tally = outputs.Tally(['neg', 'pos'])
    for p, label, said in [(.9, 'pos', 'pos'), (.8, 'neg', 'pos'), (.55, 'neg', 'unsure'),
                           (.6, 'pos', 'unsure'), (.5, 'pos', 'unsure')]:
        tally.add(answer_of(p, label, 'text', said))
    lines = tally.report().splitlines()
    assert lines[0] == 'accuracy 0.5000: 1 of 2 texts are right, error 0.5'
    assert lines[1] == '3 of 5 texts are unsure, and are left out of these numbers'
    assert lines[2].split()[:4] == ['label', 'neg', 'pos', 'unsure']
    assert [line.split() for line in lines[3:5]] == [['neg', '0', '1', '1'], ['pos', '0', '1', '2']]
    tally = outputs.Tally(['neg', 'pos'])
    tally.add(answer_of(.5, 'pos', 'text', 'unsure'))
    assert tally.report() == '1 texts: all unsure' and tally.n_labelled == 1


def test_below_the_threshold_the_answer_is_unsure(capsys, saved, model):
    texts = random_texts(30)
    highest = model.predict_proba(texts).max(axis=1)
    threshold = float(numpy.median(highest))
    expected = [said if p >= threshold else 'unsure'
                for said, p in zip(model.predict(texts), highest)]
    assert model.predict(texts, threshold=threshold) == expected
    assert 10 < expected.count('unsure') < 20
    output, _ = call(capsys, saved, '--threshold', repr(threshold), '--format', 'csv', *texts)
    assert [row['class'] for row in csv.DictReader(io.StringIO(output))] == expected


def test_a_class_named_unsure_and_a_threshold(tmp_path):
    model = predict.load_model(save_model(tmp_path / 'm.npz', ('sure', 'unsure'))[0])
    assert set(model.predict(random_texts(200))) == {'sure', 'unsure'}
    with pytest.raises(ConfigError, match='two meanings'):
        model.predict(['the film'], threshold=.5)


def test_the_most_confidently_wrong_come_first(model):
    tally = outputs.Tally(['neg', 'pos'], n_worst=2)
    for p, label, text in [(.9, 'pos', 'right'), (.6, 'neg', 'a'), (.8, 'neg', 'b'),
                           (.7, 'neg', 'c'), (.8, 'neg', 'd')]:
        tally.add(answer_of(p, label, text))
    assert tally.error == 1 - 1 / 5.
    worst = tally.report().split('most confidently wrong:\n')[1]
    assert worst.splitlines() == ['  pos 0.800, labelled neg: b', '  pos 0.800, labelled neg: d']


def test_a_folder_of_class_folders(capsys, saved, model, tmp_path):
    for name, text in [('neg/1.txt', 'the film'), ('neg/2.txt', 'is\ngood'), ('pos/1.txt', 'bad')]:
        path = tmp_path / 'texts' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / 'texts' / 'urls.txt').write_text('not a text')
    output, _ = call(capsys, saved, '--file', str(tmp_path / 'texts'))
    assert [row.split()[-1] for row in output.splitlines()[1:4]] == [
        os.path.join(*name.split('/')) for name in ('neg/1.txt', 'neg/2.txt', 'pos/1.txt')]
    assert 'of 3 texts are right' in output
    output, _ = call(capsys, saved, '--file', str(tmp_path / 'texts' / 'neg'))
    assert [row.split()[-1] for row in output.splitlines()] == ['name', '1.txt', '2.txt']


BAD = [
    (['--file', 'missing.txt'], 'missing.txt cannot be read'),
    (['--file', 'bytes.txt'], 'bytes.txt, line 2,'),
    (['--file', 'column.csv'], "no column 'text' or 'review'"),
    (['--file', 'good.csv', '--label-column', 'stars'], "no column 'stars'"),
    (['--file', 'fields.csv', '--strict'], 'fields.csv, line 3: expected 2 fields'),
    (['--file', 'label.csv'], "label.csv, line 3: the label 'maybe' is no class of the model"),
    (['--file', 'folder'], 'folder has no text'),
    (['--file', 'classes'], 'is no class of the model'),
    (['--file', 'lines.txt', '--text-column', 'x'], 'has no columns'),
    (['--file', 'lines.txt', 'text'], 'both TEXT and --file'),
    (['text', '--explain', '--format', 'csv'], '--explain does not work'),
    (['text', '--html', 'missing/r.html'], 'cannot be written'),
    (['text', '--jobs', '0'], 'jobs must be 1 or more'),
    (['text', '--dictionary', 'missing.pkl'], 'missing.pkl'),
    (['lines.txt'], 'TEXT is the name of a file, lines.txt: give --file lines.txt'),
    (['./folder'], 'give --file ./folder'),
    (['--file', 'objects.txt'], 'the lines of objects.txt are JSON objects'),
    (['--file', 'tabs.txt'], 'the lines of tabs.txt have tabs in them'),
    (['te\udcffxt'], 'the text 1 of the command line is not UTF-8'),
]


@pytest.mark.parametrize('arguments, message', BAD, ids=[message for _, message in BAD])
def test_bad_input_is_named(capsys, saved, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'bytes.txt').write_bytes(b'the film\nis \xff good\n')
    (tmp_path / 'lines.txt').write_text('the film')
    (tmp_path / 'objects.txt').write_text('{"text": "the film"}\n\n{"text": "is good"}\n')
    (tmp_path / 'tabs.txt').write_text('pos\tthe film\nneg\tis bad\n')
    write_rows(tmp_path / 'column.csv', [['words', 'label'], ['the', 'pos']])
    write_rows(tmp_path / 'good.csv', [['text', 'label'], ['the', 'pos']])
    write_rows(tmp_path / 'fields.csv', [['text', 'label'], ['the', 'pos'], ['the', 'x', 'pos']])
    write_rows(tmp_path / 'label.csv', [['text', 'label'], ['the', 'pos'], ['the', 'maybe']])
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'classes' / 'unsure').mkdir(parents=True)
    (tmp_path / 'classes' / 'unsure' / '1.txt').write_text('the')
    found = call(capsys, saved, *arguments, status=2)
    assert found.err.startswith('error: ') and message in found.err


def test_a_model_without_its_dictionary(capsys, tmp_path):
    saved = save_model(tmp_path / 'm.npz', words=False)
    assert '--dictionary FILE' in call(capsys, saved, 'the film', status=2).err
    dictionary = write_dictionary(tmp_path / 'd.pkl')
    assert 'the film' in call(capsys, saved, 'the film', '--dictionary', dictionary).out


def test_bytes_of_standard_input_that_are_not_utf8(saved):
    _, errors = run(saved, '-', status=2, stdin=b'the\nfil\xe9m\n')
    assert 'error: standard input, line 2, is not UTF-8: byte 0xe9 at position 3' in errors


def test_a_reader_that_has_read_enough(saved, tmp_path):
    path = tmp_path / 't.txt'
    path.write_text('the film is good\n' * 30000)
    process = subprocess.Popen([sys.executable, SCRIPT, saved[0], '--file', str(path)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b''
    assert process.wait() == 141
    process.stderr.close()


def test_importing_is_silent_and_a_missing_model_is_named(capsys, tmp_path):
    found = call(capsys, (str(tmp_path / 'missing.npz'), None), 'text', status=2)
    assert 'missing.npz' in found.err


# From text to trained model to answers.


@pytest.mark.parametrize('classes', [('neg', 'pos'), ('bad', 'fair', 'good')])
def test_prediction_from_text_repeats_pred_error(tmp_path, monkeypatch, capsys, classes):
    """Preprocess, train, predict by the command lines; then the pickle through the graph."""
    monkeypatch.chdir(tmp_path)
    rng = numpy.random.RandomState(0)
    rows = [['text', 'label']]
    for k in range(240):
        label = k % len(classes)
        words = ['word%d' % w for w in rng.randint(0, 30, size=rng.randint(1, 9))]
        rows.append(["It's %s & %s." % (classes[label] if k % 7 else 'odd', ' '.join(words)),
                     classes[label]])
    write_rows(tmp_path / 'own.csv', rows)
    folder = os.path.dirname(SCRIPT)
    environment = dict(os.environ, THEANO_FLAGS='floatX=float32')
    assert not imdb_preprocess.main(['own.csv', '--output', 'own.pkl', '--dictionary',
                                     'own.dict.pkl'])
    subprocess.run([sys.executable, os.path.join(folder, 'lstm.py'), '--dataset', 'own.pkl',
                    '--max-epochs', '2', '--dim-proj', '8', '--saveto', 'own.npz',
                    '--test-size', '-1', '--n-words', '30'],
                   check=True, env=environment, stdout=subprocess.DEVNULL)
    capsys.readouterr()
    output, errors = call(capsys, ('own.npz',), '--file', 'own.csv', '--format', 'jsonl')
    said = [classes.index(json.loads(line)['class']) for line in output.splitlines()]

    params, options, vocabulary = saved_model.load('own.npz')
    assert vocabulary.classes == list(classes)
    tokenized = tokenize_chunk([text for text, _ in rows[1:]], vocabulary.settings)
    data = ([vocabulary.ids(words) for words in tokenized],
            [classes.index(label) for _, label in rows[1:]])
    tparams = lstm.init_tparams({name: value.astype(lstm.config.floatX)
                                 for name, value in params.items()})
    f_pred = lstm.build_model(tparams, options)[5]
    batches = lstm.get_minibatches_idx(240, 64)
    _, prepare_data = lstm.get_dataset('demo')
    error = lstm.pred_error(f_pred, prepare_data, data, batches)
    assert 'error %r' % float(error) in errors
    assert (numpy.array(said) != data[1]).mean() == pytest.approx(error, abs=1e-9)
    x, mask, _ = prepare_data(*data)
    assert said == f_pred(x, mask).tolist()
