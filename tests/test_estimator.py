"""`TextClassifier`: the numbers of lstm.py, and what scikit-learn and notebooks ask of it."""
import csv
import html
import inspect
import os
import pickle
import random
import subprocess
import sys
import threading

import numpy
import pytest

import lstm
import predict
from lstm_sentiment import TextClassifier, load_model, messages
from lstm_sentiment.data import label_values
from lstm_sentiment.data.from_texts import dataset_from_texts
from lstm_sentiment.engine.names import config
from lstm_sentiment.errors import ConfigError, DataError, ModelError, TutorialError
from lstm_sentiment.model import saved_model
from lstm_sentiment.text.preprocessing import preprocess
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
pytestmark = pytest.mark.filterwarnings('ignore:the validation set has')

# Arguments of `train_lstm` that `TextClassifier` does not take, and why.
LEFT_OUT = {
    'dataset': 'the texts are given to fit',
    'saveto': 'fit keeps the model; save writes it',
    'saveFreq': 'nothing is written while it trains',
    'checkpoint': 'a file', 'resume': 'a file', 'overwrite': 'a file', 'reload_model': 'a file',
    'test': 'score measures it', 'test_size': 'score measures it',
    'seed': 'is random_state in scikit-learn',
    'noise_std': 'must be 0',
    'valid_split': 'fit is given no groups; validation_data may be of other groups',
    'callback': 'is given to fit: it is no setting of the model',
}
OWN = {'min_count', 'tokenizer', 'language', 'lowercase', 'strip_html', 'jobs', 'random_state'}
SMALL = dict(dim_proj=4, n_words=20, max_epochs=8, validFreq=-1, valid_portion=.2, batch_size=8,
             use_dropout=False, optimizer='sgd', lrate=5., pooling='max', jobs=1)


def make_texts(n_texts, seed=1):
    """Texts of which one word says the class, in turn neg and pos."""
    rng, texts, labels = random.Random(seed), [], []
    for number in range(n_texts):
        words = [rng.choice(['the', 'film', 'was', 'a', 'plot', 'and', 'its', 'cast'])
                 for _ in range(rng.randint(2, 6))]
        words.insert(rng.randrange(len(words) + 1), ['bad', 'good'][number % 2])
        texts.append(' '.join(words))
        labels.append(['neg', 'pos'][number % 2])
    return texts, labels


TEXTS, LABELS = make_texts(60)
NEW_TEXTS, NEW_LABELS = make_texts(40, seed=2)


@pytest.fixture(scope='module')
def fitted():
    return TextClassifier(**SMALL).fit(TEXTS, LABELS)


def refit(labels, texts=TEXTS, **options):
    """A classifier after one epoch."""
    return TextClassifier(**dict(SMALL, max_epochs=1, **options)).fit(texts, labels)


def same_answers(one, other, texts=NEW_TEXTS):
    numpy.testing.assert_array_equal(one.predict_proba(texts), other.predict_proba(texts))
    return one.predict(texts).tolist() == other.predict(texts).tolist()


# It is lstm.py.

@pytest.fixture
def dataset(tmp_path):
    """The texts as imdb_preprocess.py makes a dataset of them, with a test part that is not used.

    The test texts come last, and have words of their own.
    """
    with open(str(tmp_path / 'corpus.csv'), 'w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['text', 'label', 'split'])
        rows.writerows(zip(TEXTS, LABELS, ['train'] * len(TEXTS)))
        rows.writerows([('A further film .', 'pos', 'test'), ('Worse .', 'neg', 'test')])
    preprocess(str(tmp_path / 'corpus.csv'), str(tmp_path / 'corpus.pkl'), jobs=1)
    return str(tmp_path / 'corpus.pkl')


@pytest.mark.filterwarnings('ignore:19 of the 60 training reviews have maxlen=6')
@pytest.mark.parametrize('options', [
    {}, {'use_dropout': True, 'word_dropout': .3, 'average': 4, 'length_window': 2},
    {'optimizer': 'adadelta', 'bidirectional': True, 'n_layers': 2, 'pooling': 'mean'},
    {'optimizer': 'adam', 'lrate': .01, 'falling_lrate': True, 'clip_norm': 1., 'spans': .2,
     'forget_bias': 1., 'ngrams': 3, 'class_weight': 'balanced', 'valid_metric': 'f1'},
    {'encoder': 'lstm_peephole', 'peephole': 'diagonal', 'maxlen': 6, 'random_state': 5}])
def test_the_numbers_are_those_of_the_script(dataset, tmp_path, options):
    options = dict(SMALL, max_epochs=2, **options) if 'pooling' not in options else dict(
        SMALL, **dict(options, max_epochs=2))
    model = TextClassifier(**options).fit(TEXTS, LABELS)
    seed = options.pop('random_state', 123)
    del options['jobs']
    path = str(tmp_path / 'model.npz')
    errors = lstm.train_lstm(dataset=dataset, saveto=path, test=False, seed=seed, verbose=0,
                             **options)
    params, saved_options, vocabulary = saved_model.load(path)
    assert (model.train_err_, model.valid_err_) == errors[:2]
    assert list(params) == list(model.params_)
    for name, value in params.items():
        numpy.testing.assert_array_equal(value, model.params_[name], name)
    assert model.model_.vocabulary.words == vocabulary.words
    assert model.model_.vocabulary.settings == vocabulary.settings
    differing = {name for name, value in saved_options.items()
                 if model.options_.get(name, value) != value}
    assert differing == {'dataset', 'dataset_sha256', 'saveto'}
    assert (model.predict_proba(NEW_TEXTS) == predict.load_model(path).predict_proba(
        NEW_TEXTS)).all()


def test_parameters_are_arguments_of_train_lstm_with_the_same_defaults():
    of_training = inspect.signature(lstm.train_lstm).parameters
    own = inspect.signature(TextClassifier).parameters
    assert set(own) - OWN == set(of_training) - set(LEFT_OUT), (
        'take the new argument over into TextClassifier.__init__, or say why not')
    for name in set(own) - OWN - {'verbose', 'class_weight'}:
        default = of_training[name].default
        assert own[name].default == getattr(default, '__name__', default), name
    of_texts = inspect.signature(preprocess).parameters
    for name in OWN - {'random_state'}:
        assert own[name].default == of_texts[name].default, name
    assert own['verbose'].default == 0 and of_training['verbose'].default == 2
    assert own['class_weight'].default is None and of_training['class_weight'].default == ''


def test_it_learns_and_says_how_often_it_errs(fitted):
    assert fitted.score(NEW_TEXTS, NEW_LABELS) > .95
    assert fitted.predict(['a good film', 'a bad film']).tolist() == ['pos', 'neg']
    wrong = 1 - fitted.score(TEXTS, LABELS)
    n_valid = 12  # a fifth of 60
    assert wrong * 60 == pytest.approx(fitted.train_err_ * 48 + fitted.valid_err_ * n_valid)
    assert len(fitted.history_errs_) == 8 and fitted.history_errs_[-1][0] == fitted.valid_err_


def test_weights_of_labels_are_those_of_their_names():
    labels = [label == 'pos' for label in LABELS]
    by_label = refit(labels, class_weight={True: 5, False: .5})
    by_name = refit(LABELS, class_weight='pos=5,neg=0.5')
    assert (by_label.params_['U'] == by_name.params_['U']).all()
    assert (by_label.params_['U'] != refit(labels).params_['U']).any()


@pytest.mark.parametrize('labels, weights, message', [
    (LABELS, {'so': 2}, "class_weight=.*'so'.*by label, of 'neg', 'pos'"), (LABELS, 3, 'by label'),
    (LABELS, {'pos': -1}, 'the weight .-1.'), (LABELS, 'so=2', "'so' is no class"),
    ([label + ',' for label in LABELS], {'pos,': 2}, 'a label with a comma')])
def test_weights_of_other_labels_are_refused(labels, weights, message):
    with pytest.raises(ConfigError, match=message):
        refit(labels, class_weight=weights)


def test_score_is_weighted_accuracy(fitted):
    texts, labels = ['a good film', 'a bad film', 'a bad film'], ['pos', 'neg', 'pos']
    assert fitted.score(texts, labels) == pytest.approx(2 / 3)
    assert fitted.score(texts, labels, [1, 1, 2]) == pytest.approx(.5)


def test_validation_data_is_validated_on_and_not_trained_on():
    texts, labels = ['a good heist', 'bad , bad', 'its dull cast'], ['pos', 'neg', 'pos']
    model = refit(LABELS).fit(TEXTS, LABELS, validation_data=(texts, labels))
    assert model.valid_err_ == pytest.approx(1 - model.score(texts, labels))
    assert model.train_err_ == pytest.approx(1 - model.score(TEXTS, LABELS))
    assert not {'heist', 'dull', ','} & set(model.model_.vocabulary.words)


@pytest.mark.filterwarnings('ignore:no validation review has the label')
def test_validation_texts_of_maxlen_words_and_without_words_are_left_out():
    model = TextClassifier(**dict(SMALL, max_epochs=1, maxlen=9))
    with pytest.warns(UserWarning, match='1 of 4 validation texts have no words'):
        model.fit(TEXTS, LABELS, validation_data=(
            ['a good film', ' ', ' '.join(['bad'] * 9), 'bad'], ['pos', 'pos', 'pos', 'pos']))
    assert model.valid_err_ == pytest.approx(1 - model.score(['a good film', 'bad'], ['pos'] * 2))


def test_a_dataset_in_memory_is_not_changed_by_training():
    numbers = [['neg', 'pos'].index(label) for label in LABELS]
    dataset = dataset_from_texts((TEXTS, numbers), None, ['neg', 'pos'], TEXT_SETTINGS)
    before = pickle.dumps(dataset.train)
    options = dict(dim_proj=4, max_epochs=1, n_words=3, test=False, dataset=dataset, saveto=None,
                   verbose=0)
    with pytest.warns(UserWarning, match='n_words=3'):
        first, second = lstm.train_lstm(**options), lstm.train_lstm(**options)
    assert first[:2] == second[:2]
    assert pickle.dumps(dataset.train) == before


def test_texts_without_words_are_left_out():
    with pytest.warns(UserWarning, match='2 of 62 training texts have no words in them and are '
                                         'left out; the first is the text 1'):
        model = refit(['pos'] + LABELS + ['neg'], [' '] + TEXTS + [''])
    assert same_answers(model, refit(LABELS))


def test_text_settings_and_min_count():
    texts = ['Good<br/>film once'] + TEXTS
    model = refit(['pos'] + LABELS, texts, tokenizer='whitespace', lowercase=False, min_count=2,
                  strip_html=True)
    vocabulary = model.model_.vocabulary
    assert vocabulary.settings == {'tokenizer': 'whitespace', 'language': 'en', 'lowercase': False,
                                   'strip_html': True}
    assert 'film' in vocabulary.words and not {'once', 'Good', 'good'} - {'good'} & set(
        vocabulary.words)


def test_the_same_seed_gives_the_same_model_and_another_another():
    none, same, other = (refit(LABELS, random_state=seed).params_['U'] for seed in (None, 123, 7))
    assert (none == same).all() and (none != other).any()
    rng = numpy.random.RandomState(3)
    drawn = [refit(LABELS, random_state=rng).options_['seed'] for _ in range(2)]
    rng = numpy.random.RandomState(3)
    assert drawn == [rng.randint(2 ** 31 - 1) for _ in range(2)]
    with pytest.raises(ConfigError, match="random_state='x'"):
        refit(LABELS, random_state='x')


def test_callback_gets_the_records_of_the_run():
    records = []
    TextClassifier(**dict(SMALL, max_epochs=2, dispFreq=3)).fit(TEXTS, LABELS,
                                                                callback=records.append)
    assert [type(record).__name__ for record in records] == [
        'Displayed', 'Displayed', 'Validated', 'Displayed', 'Displayed', 'Validated']


# Texts and labels of any kind

@pytest.mark.parametrize('pair', [
    ('neg', 'pos'), (0, 1), (False, True), (-1.5, 2.), ((0, 'a'), (1, 'b')), ('1', 1),
    (frozenset([2]), frozenset([1])), (10, 9), ('10', '9'), (2 ** 70, -1)])
def test_labels_come_back_as_they_were_given(pair):
    labels = [pair[label == 'pos'] for label in LABELS]
    model = TextClassifier(**SMALL).fit(TEXTS, labels)
    found = model.predict(['a good film', 'a bad film', 'a bad cast']).tolist()
    assert found == [pair[1], pair[0], pair[0]]
    assert list(map(type, found)) == [type(pair[k]) for k in (1, 0, 0)]
    assert model.score(TEXTS, labels) > .9
    assert set(model.classes_.tolist()) == set(pair)
    assert len(set(model.model_.classes)) == 2
    again = pickle.loads(pickle.dumps(model))
    assert again.predict(['a good film']).tolist() == [pair[1]]


def test_classes_are_sorted_as_numpy_sorts_them():
    three = [('c', 'a', 'b')[number % 3] for number in range(60)]
    assert refit(three).classes_.tolist() == ['a', 'b', 'c']
    assert refit(numpy.arange(60) % 3 * 5).classes_.tolist() == [0, 5, 10]
    assert refit(three).predict_proba(['a film']).shape == (1, 3)


@pytest.mark.parametrize('make, low, high', [
    (numpy.int64, 2, 10), (numpy.str_, 'neg', 'pos'), (numpy.bool_, False, True),
    (numpy.float32, .5, 1.5)])
def test_a_list_of_numbers_of_numpy_is_like_an_array(make, low, high):
    """As from ``[y for y in array]``; their reprs, such as np.int64(10), are in another order."""
    labels = [make(high if label == 'pos' else low) for label in LABELS]
    found, expected = refit(labels), refit(numpy.array(labels).tolist())
    assert found.classes_.tolist() == [low, high] and found.classes_.dtype != object
    assert same_answers(found, expected)
    weighed = refit(labels, class_weight={make(high): numpy.float64(5)})
    assert (weighed.params_['U'] == refit(LABELS, class_weight={'pos': 5}).params_['U']).all()


@pytest.mark.parametrize('given, message', [
    (TEXTS, 'is a list of %d: expected a pair' % len(TEXTS)), (3, 'is a int: expected'),
    ((TEXTS, LABELS, LABELS), 'is a tuple of 3')])
def test_validation_data_is_a_pair(given, message):
    with pytest.raises(ConfigError, match='validation_data ' + message):
        TextClassifier(**SMALL).fit(TEXTS, LABELS, given)


def containers():
    """Kinds of containers by name, and what makes one of a list."""
    yield 'tuple', tuple
    yield 'array', numpy.array
    yield 'objects', lambda values: numpy.array(values, dtype=object)
    yield 'iterator', iter
    for library in ('pandas', 'polars'):
        try:
            found = __import__(library)
        except ImportError:
            continue
        yield library, found.Series
        if library == 'pandas':
            yield 'index', lambda values, pandas=found: pandas.Series(
                values, index=range(100, 100 + len(values)), dtype='category').astype(object)


@pytest.mark.parametrize('kind, make', list(containers()))
def test_texts_and_labels_may_be_in_any_container(kind, make, fitted):
    model = TextClassifier(**SMALL).fit(make(TEXTS), make(LABELS))
    assert same_answers(model, fitted, make(NEW_TEXTS) if kind != 'iterator' else NEW_TEXTS)
    assert model.score(make(NEW_TEXTS), make(NEW_LABELS)) == fitted.score(NEW_TEXTS, NEW_LABELS)


@pytest.mark.parametrize('library', ['pandas', 'polars'])
def test_columns_of_a_table(library, fitted):
    table = pytest.importorskip(library).DataFrame({'text': TEXTS, 'label': LABELS})
    model = TextClassifier(**SMALL).fit(table['text'], table['label'])
    assert same_answers(model, fitted)
    with pytest.raises(DataError, match='one column of texts is expected.*table."text"'):
        model.predict(table)
    with pytest.raises(DataError, match='one column of labels is expected'):
        model.fit(table['text'], table[['label']])


@pytest.mark.parametrize('texts, labels, message', [
    ('a text', [0], 'str is given where a list of texts is expected'),
    (TEXTS, 'neg', 'str is given where a list of labels is expected'),
    (TEXTS, None, 'NoneType is given where a list of labels'),
    ({'a': 1}, [0], 'dict is given'),
    (['a', None], [0, 1], 'the text 2 is None: expected a str, found NoneType'),
    (['a', float('nan')], [0, 1], 'the text 2 is nan'),
    ([b'a', 'b'], [0, 1], 'found bytes; decode it first'),
    (numpy.array([['a'], ['b']]), [0, 1], 'the text 1 is .*found list'),
    (['a', 'b'], [0], 'there are 2 texts and 1 labels'),
    (['a', 'b'], [0, None], r'the label 2 is missing \(None\)'),
    (['a', 'b'], [float('nan'), 1.], r'the label 1 is missing \(nan\)'),
    (['a', 'b'], [[0], [1]], r'the label 1 is \[0\], a list: expected .* can be hashed'),
    (['a', 'b'], [1, 1], 'two classes or more, found 1'),
    ([], [], 'two classes or more, found none'),
    (['a', 'b', 'c'], [1, 2, 3], 'each of the 3 texts has a label of its own, such as 1'),
    ([' ', ''], [0, 1], 'no training text with a word in it: 2 texts were given')])
def test_what_cannot_be_used_is_told(texts, labels, message):
    with pytest.raises(TutorialError, match=message):
        TextClassifier(**SMALL).fit(texts, labels)


@pytest.mark.parametrize('options, message', [
    ({'dim_proj': 0}, 'dim_proj=0: expected a whole number of 1 or more'),
    ({'pooling': 'sum'}, "pooling='sum'"), ({'verbose': 3}, 'verbose=3: expected 2 for lines'),
    ({'language': 'xx'}, "language='xx' cannot be used"), ({'jobs': 0}, 'jobs must be 1 or more'),
    ({'maxlen': 1}, 'the dataset texts: with maxlen=1 .* 0 reviews are left to train')])
def test_parameters_are_checked_when_it_is_fitted(options, message):
    with pytest.raises(TutorialError, match=message):
        TextClassifier(**dict(SMALL, **options)).fit(TEXTS, LABELS)


def test_a_validation_label_must_be_one_of_training():
    with pytest.raises(DataError, match="validation label 'so' is no label of training: expected "
                                        "one of 'neg', 'pos'"):
        TextClassifier(**SMALL).fit(TEXTS, LABELS, (['a film'], ['so']))


def test_it_must_be_fitted_first():
    model = TextClassifier()
    for ask in (model.predict, model.predict_proba, model.explain, model.states, model.save):
        with pytest.raises(ConfigError, match='not trained yet: call fit'):
            ask('x')
    with pytest.raises(ConfigError, match='not trained yet'):
        model.score(['x'], [0])


def test_no_texts_give_no_answers(fitted):
    assert fitted.predict([]).shape == (0,) and fitted.predict_proba([]).shape == (0, 2)


# What the model shows

def test_explain_and_states_are_those_of_the_model(fitted):
    explanation = fitted.explain('a good film')
    assert explanation.classes == ['neg', 'pos']
    assert explanation.probabilities[1] == fitted.predict_proba(['a good film'])[0, 1]
    words, states = fitted.states('A good film')
    assert words == ['a', 'good', 'film'] and states.c.shape == (3, 4)


@pytest.mark.parametrize('kind', ['leave-out', 'share'])
def test_a_notebook_shows_an_explanation_in_a_frame(fitted, kind):
    explanation = fitted.explain('a <b>good</b> film', kind)
    page = explanation._repr_html_()
    assert page.startswith('<div><iframe sandbox srcdoc="') and '<b>' not in page
    shown = html.unescape(page)
    assert 'What this model says, and why' in shown and '>good</i>' in shown
    for number in explanation.numbers:
        assert '%+.4f' % number in shown
    assert pickle.loads(pickle.dumps(explanation))._repr_html_() == page


def test_repr_names_parameters_data_and_errors(fitted):
    assert repr(TextClassifier()) == 'TextClassifier()'
    assert repr(TextClassifier(dim_proj=8, pooling='max')) == (
        "TextClassifier(dim_proj=8, pooling='max')")
    text = repr(fitted)
    assert text.startswith(
        "TextClassifier(dim_proj=4, max_epochs=8, lrate=5.0, n_words=20, optimizer='sgd', "
        "validFreq=-1, batch_size=8, use_dropout=False, valid_portion=0.2, pooling='max', jobs=1)")
    assert text.endswith(
        '<model: lstm with 4 units; trained on: 60 texts, 2 classes (neg, pos), 10 words; '
        'errors: training %.4f, validation %.4f; floatX: %s>'
        % (fitted.train_err_, fitted.valid_err_, config.floatX))


def test_a_notebook_shows_it_as_a_table_without_markup_of_labels():
    names = {'neg': '<script>x</script>', 'pos': 'a&b'}
    model = refit([names[label] for label in LABELS])
    for page in (model._repr_html_(), model._repr_mimebundle_()['text/html']):
        assert '<table>' in page and '<script' not in page
        assert '&lt;script&gt;x&lt;/script&gt;, a&amp;b' in page
    assert model._repr_mimebundle_(include=None)['text/plain'] == repr(model)
    assert TextClassifier()._repr_html_() == '<code>TextClassifier()</code>, not trained yet'


# Files

def test_saved_and_loaded_it_is_the_same(fitted, tmp_path):
    path = str(tmp_path / 'model.npz')
    fitted.save(path)
    again = TextClassifier.load(path)
    assert same_answers(again, fitted)
    assert (again.train_err_, again.valid_err_) == (fitted.train_err_, fitted.valid_err_)
    assert dict(again.get_params(), jobs=1, random_state=None) == fitted.get_params()
    assert again.random_state == 123
    assert repr(again).split(' <')[1] == repr(fitted).split(' <')[1]
    assert load_model(path).predict(['a good film']) == ['pos']
    assert same_answers(again.fit(TEXTS, LABELS), fitted)


@pytest.mark.parametrize('pair', [(0, 1), (False, True), (.5, 2.), ('1', 1)])
def test_labels_that_json_has_are_saved(pair, tmp_path):
    path = str(tmp_path / 'model.npz')
    model = refit([pair[label == 'pos'] for label in LABELS])
    model.save(path)
    again = TextClassifier.load(path)
    assert again.classes_.tolist() == model.classes_.tolist()
    assert list(map(type, again.classes_.tolist())) == list(map(type, model.classes_.tolist()))


def test_other_labels_are_pickled_not_saved(tmp_path):
    model = refit([(0, label) for label in LABELS])
    with pytest.raises(ConfigError, match='cannot be saved in a .npz: .* by joblib or pickle'):
        model.save(str(tmp_path / 'model.npz'))
    assert os.listdir(str(tmp_path)) == []


def test_a_model_of_the_script_is_loaded(dataset, tmp_path):
    path = str(tmp_path / 'model.npz')
    options = dict(SMALL, dataset=dataset, saveto=path, max_epochs=2, verbose=0, seed=9)
    del options['jobs']
    train_err, valid_err, _ = lstm.train_lstm(**options)
    model = TextClassifier.load(path, jobs=1)
    assert (model.train_err_, model.valid_err_) == (train_err, valid_err)
    assert model.get_params() == dict(TextClassifier(**SMALL).get_params(), max_epochs=2,
                                      random_state=9)
    assert (model.predict_proba(NEW_TEXTS) == load_model(path).predict_proba(NEW_TEXTS)).all()
    assert 'trained on: %s, 2 classes' % dataset in repr(model)


@pytest.mark.parametrize('labels, message', [
    ('[', 'cannot be read'), ('[0]', 'one label for each class'), ('{}', 'one label for each'),
    (5, 'cannot be read'), ('[[0], [1]]', 'one label for each class')])
def test_labels_of_a_damaged_file_are_refused(labels, message, fitted, tmp_path):
    path = str(tmp_path / 'model.npz')
    saved_model.save(path, fitted.params_, dict(fitted.options_, labels=labels),
                     fitted.model_.vocabulary)
    with pytest.raises(ModelError, match=message):
        TextClassifier.load(path)


def test_a_model_without_words_is_refused(fitted, tmp_path):
    path = str(tmp_path / 'model.npz')
    saved_model.save(path, fitted.params_, fitted.options_)
    with pytest.raises(ModelError, match='saved without its words'):
        TextClassifier.load(path)


# Lines, a bar, nothing

def train(dataset, **options):
    return lstm.train_lstm(**dict(dict(dim_proj=4, max_epochs=1, n_words=20, dispFreq=1,
                                       dataset=dataset, saveto=None, test=False), **options))


def test_verbose_0_prints_nothing_1_a_bar_2_lines(dataset, capfd):
    train(dataset, verbose=0)
    assert capfd.readouterr() == ('', '')
    train(dataset, verbose=1)
    out, err = capfd.readouterr()
    assert out == '' and 'epoch 0, cost' in err and '4/4' in err
    assert 'Training took' not in err
    train(dataset)
    out, err = capfd.readouterr()
    assert out.count('Cost') == 4 and 'Building model' in out and 'Training took' in err
    train(dataset, verbose=2)
    lines = capfd.readouterr().out.splitlines()
    assert lines[:-1] == out.splitlines()[:-1]  # the last says how long it took


def test_verbose_leaves_what_a_callback_prints(dataset, capfd):
    train(dataset, verbose=0, callback=lambda record: print(type(record).__name__))
    assert capfd.readouterr() == ('Displayed\n' * 4 + 'Validated\n', '')


def test_verbosity_is_that_of_a_thread_and_ends_with_the_run(capfd):
    entered, shown = threading.Event(), threading.Event()

    @messages.obeys_verbose
    def run(verbose=2, callback=None):
        entered.set()
        assert shown.wait(10)
        messages.say('of the silent run')
        raise KeyError

    def silent():
        with pytest.raises(KeyError):
            run(verbose=0)
        messages.say('after it')

    thread = threading.Thread(target=silent)
    thread.start()
    assert entered.wait(10)
    messages.say('of this thread')
    shown.set()
    thread.join(10)
    assert capfd.readouterr().out == 'of this thread\nafter it\n'


def test_verbose_is_checked_and_is_no_setting_of_the_model(dataset, tmp_path):
    with pytest.raises(ConfigError, match='verbose=True: expected 2 for lines'):
        train(dataset, verbose=True)
    path = str(tmp_path / 'model.npz')
    train(dataset, verbose=0, saveto=path)
    assert 'verbose' not in saved_model.load_options(path)


def test_fit_prints_nothing_unless_it_is_asked_to(capfd):
    refit(LABELS)
    assert capfd.readouterr() == ('', '')
    refit(LABELS, verbose=True)
    out, err = capfd.readouterr()
    assert out == '' and 'updates' in err
    refit(LABELS, verbose=2)
    assert 'Optimization\n48 train examples\n12 valid examples' in capfd.readouterr().out


# Scikit-learn

def test_parameters_are_got_and_set():
    model = TextClassifier(dim_proj=7)
    assert model.get_params()['dim_proj'] == 7 and len(model.get_params()) == len(
        inspect.signature(TextClassifier).parameters)
    assert model.set_params(dim_proj=8, pooling='max') is model
    assert (model.dim_proj, model.pooling) == (8, 'max')
    with pytest.raises((ValueError, ConfigError), match='widht'):
        model.set_params(widht=3)


def test_clone_has_the_parameters_and_is_not_fitted(fitted):
    base = pytest.importorskip('sklearn.base')
    again = base.clone(fitted)
    assert again.get_params() == fitted.get_params() and not hasattr(again, 'classes_')
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted
    check_is_fitted(fitted)
    with pytest.raises(NotFittedError):
        check_is_fitted(again)
    with pytest.raises(NotFittedError, match='call fit'):
        again.predict(['x'])


def test_tags_say_that_it_classifies_text():
    base = pytest.importorskip('sklearn.base')
    assert base.is_classifier(TextClassifier()) and not base.is_regressor(TextClassifier())
    try:
        from sklearn.utils import get_tags
    except ImportError:
        assert TextClassifier()._get_tags()['X_types'] == ['string']
        return
    tags = get_tags(TextClassifier())
    assert tags.input_tags.string and tags.input_tags.one_d_array
    assert not tags.input_tags.two_d_array and tags.target_tags.required


def test_joblib_round_trip(fitted, tmp_path):
    joblib = pytest.importorskip('joblib')
    joblib.dump(fitted, str(tmp_path / 'model.joblib'))
    again = joblib.load(str(tmp_path / 'model.joblib'))
    assert same_answers(again, fitted) and repr(again) == repr(fitted)
    assert again.explain('a good film').probabilities[1] == fitted.explain(
        'a good film').probabilities[1]


def test_cross_validation_is_fit_and_score_on_each_fold():
    selection = pytest.importorskip('sklearn.model_selection')
    options = dict(SMALL, max_epochs=20)
    model, texts, labels = TextClassifier(**options), numpy.array(TEXTS), numpy.array(LABELS)
    scores = selection.cross_val_score(model, texts, labels, cv=3)
    expected = [TextClassifier(**options).fit(texts[train], labels[train]).score(
        texts[test], labels[test]) for train, test in selection.StratifiedKFold(3).split(
            texts, labels)]
    assert scores.tolist() == expected and max(scores) > .9
    by_list = selection.cross_val_score(model, TEXTS, LABELS, cv=3, scoring='roc_auc')
    assert by_list.max() > .9


def test_grid_search_over_a_pipeline():
    selection = pytest.importorskip('sklearn.model_selection')
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer
    pipeline = Pipeline([('clean', FunctionTransformer(without_exclamation)),
                         ('classifier', TextClassifier(**SMALL))])
    search = selection.GridSearchCV(pipeline, {'classifier__max_epochs': [1, 8]}, cv=2)
    search.fit([text + '!' for text in TEXTS], LABELS)
    assert search.best_params_ == {'classifier__max_epochs': 8}
    assert search.score(NEW_TEXTS, NEW_LABELS) > .9
    assert '!' not in search.best_estimator_[-1].model_.vocabulary.words
    assert 'TextClassifier' in repr(search)


def without_exclamation(texts):
    return [text.replace('!', '') for text in texts]


def test_it_is_calibrated():
    calibration = pytest.importorskip('sklearn.calibration')
    model = calibration.CalibratedClassifierCV(TextClassifier(**dict(SMALL, max_epochs=20)), cv=2)
    model.fit(TEXTS, numpy.array(LABELS))  # scikit-learn 1.3 takes no list of labels
    assert (model.predict(NEW_TEXTS) == NEW_LABELS).mean() > .9
    numpy.testing.assert_allclose(model.predict_proba(NEW_TEXTS).sum(axis=1), 1)


def test_threads_of_joblib_fit_each_its_own():
    joblib = pytest.importorskip('joblib')
    models = joblib.Parallel(2, backend='threading')(
        joblib.delayed(refit)(LABELS, random_state=seed) for seed in (1, 2, 1))
    assert (models[0].params_['U'] == models[2].params_['U']).all()
    assert (models[0].params_['U'] != models[1].params_['U']).any()


# Imports

def run(code, **environment):
    """What a new Python prints; nothing is imported and no floatX is configured in it."""
    variables = {name: value for name, value in os.environ.items()
                 if name not in ('THEANO_FLAGS', 'PYTENSOR_FLAGS')}
    variables.update(PYTHONPATH=ROOT, **environment)
    return subprocess.check_output([sys.executable, '-W', 'ignore', '-c', code], env=variables,
                                   universal_newlines=True).split()


ENGINE = 'pytensor' if sys.version_info >= (3, 11) else 'theano'
SAY_FLOATX = ('from lstm_sentiment import estimator; estimator.import_train_lstm(); '
              'from lstm_sentiment.engine.names import config; print(config.floatX)')


@pytest.mark.parametrize('before, flags, expected', [
    ('', '', 'float32'),
    ('import %s; ' % ENGINE, '', 'float64'),
    pytest.param('', 'floatX=float64', 'float64', marks=pytest.mark.slow),
    pytest.param('import lstm; ', '', 'float64', marks=pytest.mark.slow)])
def test_floatx_is_float32_unless_it_is_configured_or_settled(before, flags, expected, tmp_path):
    found = run(before + SAY_FLOATX, THEANO_FLAGS=flags, HOME=str(tmp_path))
    assert found == [expected]


def test_importing_the_package_imports_little(fitted, tmp_path):
    fitted.save(str(tmp_path / 'model.npz'))
    (tmp_path / 'model.pickle').write_bytes(pickle.dumps(fitted))
    code = ('import sys, pickle, lstm_sentiment\n'
            'heavy = {"numpy", "sklearn", "%s"}\n'
            'print(len(heavy & set(sys.modules)))\n'
            'model = pickle.load(open(%r, "rb"))\n'
            'print(*model.predict(["a good film", "a bad film"]))\n'
            'print(lstm_sentiment.TextClassifier.load(%r).predict(["a bad film"])[0])\n'
            'print("%s" in sys.modules)'
            % (ENGINE, str(tmp_path / 'model.pickle'), str(tmp_path / 'model.npz'), ENGINE))
    assert run(code) == ['0', 'pos', 'neg', 'neg', 'False']


def test_the_package_names_what_it_hands_out():
    import lstm_sentiment
    assert lstm_sentiment.load_model is predict.load_model
    assert {'TextClassifier', 'load_model', '__version__'} <= set(dir(lstm_sentiment))
    with pytest.raises(AttributeError, match="'lstm_sentiment' has no attribute 'Classifier'"):
        lstm_sentiment.Classifier  # noqa: B018


def test_without_scikit_learn_it_works_the_base_classes_apart():
    code = ('import sys; sys.modules["sklearn"] = sys.modules["sklearn.base"] = None\n'
            'sys.path.insert(0, %r)\n'
            'from lstm_sentiment import TextClassifier\n'
            'import test_estimator as tests\n'
            'assert TextClassifier.__mro__[1:] == (object,)\n'
            'tests.test_parameters_are_got_and_set()\n'
            'tests.test_it_must_be_fitted_first()\n'
            'model = TextClassifier(**tests.SMALL).fit(tests.TEXTS, tests.LABELS)\n'
            'tests.test_score_is_weighted_accuracy(model)\n'
            'tests.test_repr_names_parameters_data_and_errors(model)\n'
            'print(*model.predict(["a good film"]))' % os.path.join(ROOT, 'tests'))
    assert run(code) == ['pos']


def test_the_estimator_tells_its_own_names_apart():
    assert label_values.class_names(['a', 'b']) == ['a', 'b']
    assert label_values.class_names([1, '1']) == ['1', "'1'"]

    class Odd:
        def __repr__(self):
            return 'odd'
    assert label_values.class_names([Odd(), Odd()]) == ['odd (0)', 'odd (1)']
