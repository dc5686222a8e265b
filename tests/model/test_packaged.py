"""The model that comes along: found without a name, never written over, small and as its card."""
import hashlib
import json
import os
import pickle
import re
import sys

import numpy
import pytest
from models import make_options, make_params, save_model

import lstm
import predict
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.model import packaged, saved_model

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(predict.__file__)), 'benchmarks'))

import package_model  # noqa: E402 (found in that folder)
import sentences  # noqa: E402

PLACE = packaged.place()
needs_model = pytest.mark.skipif(not os.path.isfile(PLACE), reason='no model is packaged yet')


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A small model in the place of the one that comes along."""
    path, params = save_model(tmp_path / 'reviews.npz')
    monkeypatch.setattr(packaged, 'place', lambda: path)
    return path


def test_without_a_path_it_is_loaded(own):
    texts = ['the film is good', 'it is bad']
    expected = predict.load_model(own).predict_proba(texts)
    assert (predict.load_model().predict_proba(texts) == expected).all()


def test_the_command_line_says_which_model_answers(own, capsys):
    options = dict(saved_model.load_options(own), about='trained on seven texts, errs on two.')
    params, _, vocabulary = saved_model.load(own)
    saved_model.save(own, params, options, vocabulary)
    assert predict.main(['the film', 'is good', '--format', 'csv']) == 0
    found = capsys.readouterr()
    assert found.out.startswith('text,class,p_neg,p_pos') and len(found.out.splitlines()) == 3
    assert found.err == 'The model that comes along answers: trained on seven texts, errs on two.\n'
    assert predict.main([own, 'the film']) == 0
    assert capsys.readouterr().err == ''


@pytest.mark.parametrize('arguments, model, texts', [
    (['the film'], None, ['the film']),
    (['film'], None, ['film']),
    (['and/or it is'], None, ['and/or it is']),
    (['-'], None, ['-']),
    ([], None, []),
    (['m.npz', 'a', 'b'], 'm.npz', ['a', 'b']),
    (['a film.npz'], 'a film.npz', []),
    (['models/best', 'a'], 'models/best', ['a']),
    (['here', 'a'], 'here', ['a']),
    (['a', 'm.npz'], None, ['a', 'm.npz']),
])
def test_which_first_argument_is_a_model(tmp_path, monkeypatch, arguments, model, texts):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'here').write_text('')
    assert predict.split_off_model(arguments) == (model, texts)


@pytest.mark.parametrize('name', ['mistyped.npz', 'models/mistyped'])
def test_a_mistyped_name_gets_no_verdict(own, capsys, name):
    assert predict.main([name, 'the film']) == 2
    found = capsys.readouterr()
    assert found.out == '' and 'there is no model ' + name in found.err


def test_where_it_is_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(packaged, 'place', lambda: str(tmp_path / 'reviews.npz'))
    with pytest.raises(ModelError, match='no model of its own'):
        predict.load_model()
    assert predict.main(['the film']) == 2
    assert 'Name a model' in capsys.readouterr().err


@pytest.mark.parametrize('overwrite', [False, True])
@pytest.mark.parametrize('option', ['saveto', 'checkpoint'])
def test_training_does_not_replace_it(own, tmp_path, monkeypatch, option, overwrite):
    before = open(own, 'rb').read()
    (tmp_path / 'link.npz').symlink_to(own)
    for name in (own, str(tmp_path / 'link.npz')):
        paths = dict({'saveto': str(tmp_path / 'other.npz')}, **{option: name})
        with pytest.raises(ConfigError, match='comes along'):
            lstm.train_lstm(dataset='demo', max_epochs=1, overwrite=overwrite, **paths)
    assert open(own, 'rb').read() == before


def test_half_precision_is_stored_and_single_precision_computed(tmp_path):
    params = {name: value.astype('float16') for name, value in make_params().items()}
    path = str(tmp_path / 'm.npz')
    saved_model.save(path, params, make_options(params), beside=False)
    assert os.listdir(str(tmp_path)) == ['m.npz']
    found = saved_model.load(path).params
    for name, value in params.items():
        assert found[name].dtype == 'float32'
        assert (found[name] == value.astype('float32')).all()
    floatX = saved_model.load_params(path, {name: numpy.zeros(value.shape)
                                            for name, value in params.items()})
    assert {value.dtype for value in floatX.values()} == {numpy.dtype('float64')}


# The file itself.


@needs_model
def test_the_packaged_model_is_small_and_has_its_words():
    assert os.path.getsize(PLACE) <= 8 * 10 ** 6
    model = predict.load_model()
    assert model.classes == ['neg', 'pos'] and len(model.vocabulary.words) > 1000
    assert model.predict(['One of the best films I have ever seen.',
                          'A boring and stupid waste of time.']) == ['pos', 'neg']
    with numpy.load(PLACE) as arrays:
        assert arrays['Wemb'].dtype == 'float16'


@needs_model
def test_the_card_is_of_this_model():
    with open(os.path.splitext(PLACE)[0] + '.md', encoding='utf-8') as file:
        card = file.read()
    with open(PLACE, 'rb') as file:
        assert hashlib.sha256(file.read()).hexdigest() in card
    options = saved_model.load_options(PLACE)
    with numpy.load(PLACE) as arrays:
        assert repr(float(arrays['test_err'])) in card
    assert re.search(r'temperature.*%.4f' % options['temperature'], card)
    assert options['about'] in card.replace('\n', ' ')


@needs_model
def test_the_card_says_how_many_of_our_sentences_it_gets_right():
    by_kind, _ = sentences.ask(predict.load_model(), sentences.read_sentences())
    n_right, n_all = sentences.total(by_kind)
    assert n_right >= 0.85 * n_all
    with open(os.path.splitext(PLACE)[0] + '.md', encoding='utf-8') as file:
        assert 'it gets %d right' % n_right in file.read()


@needs_model
def test_its_states_are_shown_without_a_path(tmp_path, capsys):
    page = str(tmp_path / 'page.html')
    predict.main(['A film to see again.', '--states', page])
    with open(page, encoding='utf-8') as file:
        assert 'The memory cell of the model that comes along' in file.read()
    assert page + ' written' in capsys.readouterr().err


@needs_model
def test_it_says_what_it_is():
    model = predict.load_model()
    assert repr(model) == '<Classifier: neg or pos; 19998 words; %s>' % model.about


# The list, and the tool that makes model and card.


DEVELOPMENT = os.path.join(os.path.dirname(sentences.__file__), 'development_sentences.tsv')


@pytest.mark.parametrize('path, least', [(sentences.LIST, 100), (DEVELOPMENT, 150)])
def test_the_sentences_are_many_and_balanced(path, least):
    rows = sentences.read_sentences(path)
    assert len(rows) >= least and len({row.text for row in rows}) == len(rows)
    kinds = {row.kind for row in rows}
    assert {'obvious', 'negation', 'contrast'} < kinds
    for kind in kinds:
        labels = [row.label for row in rows if row.kind == kind]
        assert labels.count('pos') == labels.count('neg') == len(labels) / 2


def test_the_lists_share_no_sentence_and_options_are_chosen_on_one():
    texts = [{re.sub('[^a-z ]', '', row.text.lower()) for row in sentences.read_sentences(path)}
             for path in (sentences.LIST, DEVELOPMENT)]
    assert texts[0].isdisjoint(texts[1])  # says nothing of what they are


def test_what_a_model_gets_right_is_counted_by_kind():
    class Model:
        def predict(self, texts):
            return ['pos' for _ in texts]

    rows = [sentences.Sentence(*row) for row in (
        ('a', 'pos', '1'), ('a', 'neg', '2'), ('b', 'neg', '3'), ('b', 'pos', '4'),
        ('b', 'neg', '5'))]
    by_kind, wrong = sentences.ask(Model(), rows)
    assert dict(by_kind) == {'a': (1, 2), 'b': (1, 3)} and sentences.total(by_kind) == (2, 5)
    assert [each.text for each in wrong] == ['2', '3', '5']
    lines = list(sentences.table({'m.npz': by_kind}))
    assert lines[0].split() == ['kind', 'm.npz'] and lines[-1].split() == ['all', '2', 'of', '5']


def write_reviews(folder, rng, n):
    for label, words in (('neg', ['bad', 'the', 'it']), ('pos', ['good', 'the', 'film'])):
        (folder / label).mkdir(parents=True)
        for k in range(n):
            text = ' '.join(rng.choice(words, size=rng.randint(3, 9)))
            (folder / label / ('%d.txt' % k)).write_text(text)


def test_the_card_says_what_else_the_model_was_trained_on():
    assert package_model.composed_of({'composed': 2.5}).startswith(
        ', and at each update 2.5 composed sentences for each review')
    assert package_model.composed_of({'composed': 0.}) == package_model.composed_of({}) == ''


def test_the_tool_writes_model_card_and_table(tmp_path, monkeypatch, capsys):
    rng = numpy.random.RandomState(0)
    # The ids of the words above, in the vocabulary of the small models.
    ids = {0: [8, 4, 14], 1: [7, 4, 5]}
    labels = [k % 2 for k in range(80)]
    parts = [[rng.choice(ids[label], size=rng.randint(3, 9)).tolist() for label in labels], labels]
    dataset = str(tmp_path / 'own.pkl')
    with open(dataset, 'wb') as stream:
        pickle.dump(parts, stream, 2)
        pickle.dump(parts, stream, 2)
    path, _ = save_model(tmp_path / 'trained.npz', dtype='float32', seed=4)
    params, options, vocabulary = saved_model.load(path)
    options.update(dataset=dataset, maxlen=None, valid_portion=.25, seed=1, test_size=-1,
                   saveto=path, engine='an engine')
    saved_model.save(path, params, options, vocabulary)
    write_reviews(tmp_path / 'test', rng, 20)

    target, table = str(tmp_path / 'made.npz'), str(tmp_path / 'reliability.csv')
    package_model.main([path, '--reviews', str(tmp_path / 'test'), '--recipe', 'python lstm.py',
                        '--date', '2020-02-02', '--output', target, '--table', table])
    capsys.readouterr()
    made = saved_model.load(target)
    assert made.vocabulary.words == vocabulary.words and made.options['temperature'] != 1
    with numpy.load(target) as arrays:
        assert arrays['U'].dtype == 'float16'
        error = float(arrays['test_err'])
    (tmp_path / 'made.md').rename(tmp_path / 'card.md')
    card = (tmp_path / 'card.md').read_text(encoding='utf-8')
    with open(target, 'rb') as stream:
        assert hashlib.sha256(stream.read()).hexdigest() in card
    assert str(tmp_path) not in card
    assert str(tmp_path) not in json.dumps(made.options)
    assert '2020-02-02' in card and 'temperature %.4f' % made.options['temperature'] in card
    assert made.options['about'] in card
    # The command line finds the error of the card, and the table holds the same answers.
    assert predict.main([target, '--file', str(tmp_path / 'test')]) == 0
    assert 'error %r\n' % error in capsys.readouterr().out and '%r of 40 test' % error in card
    rows = [line.split(',') for line in open(table).read().splitlines()[1:]]
    assert len(rows) == 15 and sum(int(row[2]) for row in rows) == 40
    right = sum(int(row[2]) * float(row[4]) for row in rows if row[2] != '0')
    assert right == pytest.approx(40 * (1 - error))
    content = open(target, 'rb').read()
    monkeypatch.setattr(package_model, 'MOST_BYTES', 20100)
    with pytest.raises(SystemExit, match='expected 100 or fewer'):
        package_model.main([path, '--reviews', str(tmp_path / 'test'), '--recipe', 'x',
                            '--output', target, '--table', table])
    assert open(target, 'rb').read() == content
