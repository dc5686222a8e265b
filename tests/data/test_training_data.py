"""Tests of training_data.py: datasets by name or path, and the vocabulary that a model gets."""

import pickle
import warnings

import numpy
import pytest
from shop import CLASSES, WORDS, dataset, make_dataset, train  # noqa: F401 (a fixture)

import imdb
import lstm
from lstm_sentiment import files
from lstm_sentiment.data import downloads, finding, training_data
from lstm_sentiment.errors import ConfigError, DataError, ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS


def said_of(**options):
    """The warnings of a run."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        train(**options)
    return [str(warning.message) for warning in caught if warning.category is UserWarning]


def test_what_makes_errors_mean_less_is_said_once(dataset):  # noqa: F811
    make_dataset(dataset)
    found = said_of()
    assert len(found) == 2
    assert '33 % of the words in the training reviews are unknown with n_words=9' in found[0]
    assert 'the validation set has 6 reviews only: its error moves in steps of 0.167' in found[1]
    assert said_of(test_size=4, n_words=12)[-1] == (
        'the test error is measured on 4 of the 6 test reviews (test_size)')
    make_dataset(dataset, rare=1)
    assert said_of()[-1] == ('no validation review has the label 3: the validation error says '
                             'nothing of it')
    make_dataset(dataset, rare=1, test_labels=(0, 3))
    assert said_of()[-1] == 'no test review has the label 1, 2: the test error says nothing of it'


def test_a_stratified_split_is_said_in_one_line(dataset, capsys):  # noqa: F811
    make_dataset(dataset)
    train()
    assert capsys.readouterr().out.count('stratified') == 1


def test_a_dataset_may_hold_arrays(dataset, monkeypatch):  # noqa: F811
    part = [numpy.array([2 + k % 2, 1, 5]) for k in range(20)], numpy.arange(20) % 2

    def load_data(n_words=100, valid_portion=0.1, maxlen=None, rng=None):
        return part, part, part

    monkeypatch.setitem(lstm.datasets, 'arrays', (load_data, imdb.prepare_data))
    lists = [array.tolist() for array in part[0]], part[1].tolist()
    monkeypatch.setitem(lstm.datasets, 'lists', (lambda **_: (lists, lists, lists),
                                                 imdb.prepare_data))
    errors = [lstm.train_lstm(dataset=name, dim_proj=4, max_epochs=1, n_words=9, saveto=None,
                              word_dropout=0.2) for name in ('arrays', 'lists')]
    assert errors[0] == errors[1]
    assert '33 % of the words' in said_of(dataset='arrays')[0]


@pytest.mark.parametrize('name', ['tickets.csv', 'tickets.jsonl.gz', 'folder'])
def test_texts_are_told_how_to_become_a_dataset(dataset, name):  # noqa: F811
    if name == 'folder':
        dataset.with_name('folder').mkdir()
    else:
        dataset.with_name(name).write_bytes(b'text,label\nDull.,neg\n')
    with pytest.raises(DataError) as caught:
        lstm.train_lstm(dataset=name, saveto=None)
    output = name.split('.')[0] + '.pkl'
    assert f'python imdb_preprocess.py {name} --output {output}\n' in str(caught.value)
    assert str(caught.value).endswith(f'python lstm.py --dataset {output}')
    assert 'remove' not in str(caught.value)


@pytest.mark.parametrize('content, is_text', [
    (b'text,label\nDull.,neg\n', True), (('caf\u00e9 ' * 2000).encode(), True),
    (b'\xef\xbb\xbfA film.\r\n', True), (b'caf\xe9 noir', False), (b'', False),
    (b'a\x00b', False), (pickle.dumps([1, 2], 0), False),
    (pickle.dumps(([[2]], [0]), 2)[:-2], False)])
def test_text_that_is_no_table_by_name_is_recognized(dataset, content, is_text):  # noqa: F811
    dataset.write_bytes(content)
    with pytest.raises(DataError) as caught:
        lstm.train_lstm(dataset='shop.pkl', saveto=None)
    assert ('It looks like text' in str(caught.value)) == is_text
    assert ('python imdb_preprocess.py SOURCE' in str(caught.value)) == is_text
    assert ('If it is damaged' in str(caught.value)) != is_text


def test_reviews_that_maxlen_drops_are_counted(dataset):  # noqa: F811
    part = [[2, 3]] * 90 + [[2, 3, 2, 3]] * 30, [0, 1] * 60
    dataset.write_bytes(pickle.dumps(part, 2) * 2)
    found = said_of(maxlen=4, n_words=5, valid_portion=0.6)
    assert found[0] == ('30 of the 120 training reviews have maxlen=4 words or more and are left '
                        'out')
    assert len(found) == 1


def test_a_rare_class_moves_the_mean_f1_in_large_steps(dataset):  # noqa: F811
    part = [[2, 3]] * 120, [0] * 114 + [1] * 6
    dataset.write_bytes(pickle.dumps(part, 2) * 2)
    options = dict(maxlen=4, n_words=5, valid_portion=0.5)
    assert said_of(**options) == []
    found, = said_of(valid_metric='f1', **options)
    assert found.startswith('only 3 validation reviews have the label 1: its F1, and so the mean')


def test_a_model_is_saved_with_the_words_it_knows(dataset, capsys):  # noqa: F811
    fingerprint = make_dataset(dataset)
    params, options, vocabulary = train()
    assert vocabulary.words == ['word%d' % number for number in range(2, 9)]
    assert (vocabulary.classes, vocabulary.settings) == (CLASSES, TEXT_SETTINGS)
    assert vocabulary.fingerprint == options['dataset_sha256'] == fingerprint
    assert options['ydim'] == 3 and params['U'].shape == (4, 3) and params['Wemb'].shape == (9, 4)
    assert 'without its words' not in capsys.readouterr().out


@pytest.mark.parametrize('spoil, said', [
    (lambda path: path.unlink(), 'there is no '),
    (lambda path: path.write_bytes(b'no pickle'), 'shop.dict.pkl cannot be used'),
    (lambda path: path.write_bytes(pickle.dumps(WORDS) + pickle.dumps(
        dict(TEXT_SETTINGS, classes=CLASSES, fingerprint='abc'))), 'does not belong'),
    (lambda path: path.write_bytes(pickle.dumps({'word': 2})), 'ids up to 11 or more, found'),
    (lambda path: path.write_bytes(pickle.dumps(WORDS)), 'neg, pos, but there are 3 labels')])
def test_without_a_dictionary_that_fits_it_is_saved_without_words(dataset, capsys, spoil, said):  # noqa: F811
    make_dataset(dataset)
    spoil(dataset.parent / 'shop.dict.pkl')
    assert train().vocabulary is None
    lines = [line for line in capsys.readouterr().out.splitlines() if '--dictionary' in line]
    assert len(lines) == 1 and said in lines[0] and 'without its words' in lines[0]


def test_a_model_that_is_not_saved_needs_no_words(dataset, capsys):  # noqa: F811
    make_dataset(dataset)
    (dataset.parent / 'shop.dict.pkl').unlink()
    lstm.train_lstm(dataset='shop.pkl', dim_proj=4, max_epochs=1, valid_portion=0.2, saveto=None)
    assert '--dictionary' not in capsys.readouterr().out


def test_the_tutorials_dictionary_needs_no_settings(dataset):  # noqa: F811
    make_dataset(dataset, settings=False, labels=(0, 1))
    vocabulary = train().vocabulary
    assert (vocabulary.classes, vocabulary.settings) == (['neg', 'pos'], TEXT_SETTINGS)


def test_classes_without_a_text_are_left_out(dataset):  # noqa: F811
    make_dataset(dataset, labels=(0, 1))
    assert train().vocabulary.classes == ['bad', 'good']


def test_the_dictionary_may_be_compressed_or_not(dataset):  # noqa: F811
    make_dataset(dataset)
    assert training_data.find_dictionary(str(dataset) + '.gz') == str(
        dataset.parent / 'shop.dict.pkl')
    (dataset.parent / 'shop.dict.pkl').rename(dataset.parent / 'shop.dict.pkl.gz')
    assert training_data.find_dictionary(str(dataset)).endswith('shop.dict.pkl.gz')


def test_a_model_of_other_words_is_not_taken_up(dataset, tmp_path):  # noqa: F811
    make_dataset(dataset)
    train(saveto='first.npz')
    train(reload_model='first.npz')
    for changed, said in (({'words': {'other%d' % number: number for number in range(2, 12)}},
                           'other words'), ({'classes': ['a', 'b', 'c']}, 'other classes')):
        make_dataset(dataset, **changed)
        with pytest.raises(ModelError, match='first.npz does not fit .* with ' + said):
            train(reload_model='first.npz')
    params, options, _ = saved_model.load('first.npz')
    saved_model.save('first.npz', params, options)  # without its words it cannot be checked
    train(reload_model='first.npz')


def test_what_a_dataset_is_follows_its_content(dataset):  # noqa: F811
    fingerprint = make_dataset(dataset)
    about = {}
    imdb.load_data(str(dataset), valid_portion=0.2, about=about, n_words=5,
                   rng=numpy.random.RandomState(1))
    assert about == {'path': str(dataset), 'fingerprint': fingerprint, 'largest_id': 11,
                     'n_training': 30, 'n_too_long': 0, 'stratified': True, 'has_valid': False}
    assert files.fingerprint(str(dataset)) == fingerprint


def test_a_bare_name_is_looked_for_among_the_data(dataset, monkeypatch, tmp_path):  # noqa: F811
    make_dataset(dataset)
    monkeypatch.setenv('IMDB_DATA_DIR', str(tmp_path))
    (tmp_path / 'elsewhere').mkdir()
    monkeypatch.chdir(tmp_path / 'elsewhere')
    assert train().vocabulary.classes == CLASSES


@pytest.mark.parametrize('name, error, said', [
    ('nonesuch', ConfigError, 'one of demo, imdb, or the path of a dataset'),
    (None, ConfigError, 'one of demo, imdb'), ('nowhere.pkl', DataError, 'There is no dataset'),
    ('imdb.pkl', DataError, 'There is no dataset imdb.pkl'),
    ('no/where', DataError, 'There is no dataset no/where')])
def test_a_dataset_that_is_not_there(dataset, monkeypatch, name, error, said):  # noqa: F811
    monkeypatch.setattr(finding, 'data_folders', lambda: [str(dataset.parent)])
    monkeypatch.setattr(downloads, 'download_dataset', lambda *_: pytest.fail('downloads'))
    with pytest.raises(error, match=said):
        lstm.train_lstm(dataset=name, saveto=None)
