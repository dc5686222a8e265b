"""A validation part and groups of a corpus: from the texts to the parts that training gets."""
import pickle

import pytest

import imdb
import imdb_preprocess
import lstm
from lstm_sentiment.data import datasets
from lstm_sentiment.errors import DataError
from lstm_sentiment.text import preprocessing

WORDS = {'down': ('sour', 'stale', 'bitter'), 'up': ('sweet', 'fresh', 'mild')}


def write_table(path, n_texts, parts, groups=None, start=0):
    """A table; `parts` and `groups` are called with the number of a text."""
    lines = ['text,label,fold' + ',author' * (groups is not None)]
    for k in range(start, start + n_texts):
        name = ('down', 'up')[k % 2]
        word = WORDS[name][k // 3 % 3]
        line = 'The fig no%d is %s %s,%s,%s' % (k, word, k * 'so ', name, parts(k))
        lines.append(line + ('' if groups is None else ',%s' % groups(k)))
    path.write_text('\n'.join(lines) + '\n')
    return str(path)


def thirds(k):
    return ('train', 'dev', 'test')[k % 3]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def preprocess(path, **options):
    options = dict({'split_column': 'fold', 'jobs': 1, 'tokenizer': 'whitespace'}, **options)
    return preprocessing.preprocess(path, 'a.pkl', **options)


def test_training_validates_on_the_validation_part(folder, capsys):
    summary = preprocess(write_table(folder / 'a.csv', 30, thirds))
    assert (summary.n_train, summary.n_valid, summary.n_test) == (10, 10, 10)
    about = {}
    train, valid, test = imdb.load_data('a.pkl', valid_portion=0.5, about=about)
    words = {number: word for word, number in datasets.load_dictionary('a.dict.pkl')[0].items()}
    for part, rest in ((train, 0), (valid, 1), (test, 2)):
        # The k-th text has k times so: lengths say which texts these are.
        assert sorted(len(ids) - 5 for ids in part[0]) == [k for k in range(30) if k % 3 == rest]
        assert [(len(ids) - 5) % 2 for ids in part[0]] == part[1]
    assert {words.get(number) for ids in valid[0] for number in ids} >= {'fig', 'sour', 'mild'}
    assert about['has_valid'] and not about['stratified']
    lstm.train_lstm(dataset='a.pkl', saveto='m.npz', dim_proj=4, max_epochs=1, n_words=20)
    out = capsys.readouterr().out
    assert 'Validation has the validation part of the dataset' in out
    assert '10 train examples\n10 valid examples\n10 test examples' in out


def test_maxlen_and_n_words_hold_for_it(folder):
    preprocess(write_table(folder / 'a.csv', 30, thirds))
    train, valid, test = imdb.load_data('a.pkl', maxlen=16, n_words=4)
    assert sorted(len(ids) - 5 for ids in valid[0]) == [1, 4, 7, 10]
    assert max(number for ids in valid[0] for number in ids) == 3
    with pytest.raises(DataError, match='1 reviews are left to train and 0 to validate'):
        imdb.load_data('a.pkl', maxlen=6)


def test_the_reader_of_the_tutorial_sees_two_parts(folder):
    preprocess(write_table(folder / 'a.csv', 30, thirds))
    with open('a.pkl', 'rb') as file:
        train, test = pickle.load(file), pickle.load(file)
    assert [len(labels) for _, labels in (train, test)] == [10, 10]
    assert [len(labels) for _, labels in datasets.read_dataset('a.pkl')] == [10, 10]


def test_its_texts_and_labels_are_checked(folder):
    preprocess(write_table(folder / 'a.csv', 30, thirds))
    with open('a.pkl', 'rb') as file:
        train, test = pickle.load(file), pickle.load(file)
    for valid, said in (([[[2]], [7]], 'the valid label 7, which no training review has'),
                        ([[[2]], [0, 1]], '1 sequences and 2 labels in valid'),
                        ([[[]], [0]], 'no review with a word in it in valid'),
                        ([[[-3]], [0]], 'the id -3'), (7, 'int where the pair of valid')):
        with open('b.pkl', 'wb') as file:
            for part in (train, test, [['valid', valid]]):
                pickle.dump(part, file, 2)
        with pytest.raises(DataError, match=said):
            imdb.load_data('b.pkl')


def test_a_table_for_each_part(folder, capsys):
    for start, name in ((0, 'train'), (40, 'validation'), (60, 'test')):
        write_table(folder / (name + '.csv'), 12 if start else 30, lambda k: '', start=start)
    assert imdb_preprocess.main(['train.csv', 'test.csv', 'validation.csv', '--output', 'a.pkl']) \
        == 0
    out = capsys.readouterr().out
    assert '30 train and 12 test texts, 12 validation texts' in out
    assert 'valid texts valid tokens' in out and '--valid-portion' not in out
    for name in ('a.pkl', 'a.dict.pkl'):
        (folder / name).unlink()
    (folder / 'notes.txt').write_text('x')
    assert imdb_preprocess.main(['.', '--output', 'b.pkl']) == 0
    err = capsys.readouterr().err
    assert '1 left out of the corpus, because they are no tables of a part: ./notes.txt' in err
    assert [len(labels) for _, labels in imdb.load_data('b.pkl')] == [30, 12, 12]


@pytest.mark.parametrize('name', ['a.pkl', 'a.arrow'])
def test_a_corpus_without_a_test_part_is_trained_as_with_no_test(folder, capsys, name):
    if name == 'a.arrow':
        pytest.importorskip('pyarrow')
    path = write_table(folder / 'a.csv', 30, lambda k: 'dev' if k % 3 else 'train')
    assert imdb_preprocess.main([path, '--split-column', 'fold', '--output', name]) == 0
    out, err = capsys.readouterr()
    assert 'There is no test part: training validates on the validation part' in err
    assert '10 train and 0 test texts, 20 validation texts' in out
    assert 'test tokens' not in out and 'in the test' not in err
    train, valid, test = imdb.load_data(name)
    assert [len(part[0]) for part in (train, valid, test)] == [10, 20, 0]
    lstm.train_lstm(dataset=name, saveto='m.npz', dim_proj=4, max_epochs=1, n_words=20)
    out = capsys.readouterr().out
    assert 'The dataset has no test part: there is no test error, as with --no-test' in out
    assert '10 train examples\n20 valid examples\n0 test examples' in out
    with open('b.pkl', 'wb') as file:  # without a validation part it is an error
        for part in (([[2, 3], [2]], [0, 1]), ([], [])):
            pickle.dump(part, file, 2)
    with pytest.raises(DataError, match='no review with a word in it in test'):
        imdb.load_data('b.pkl')


# Groups

def test_a_column_of_groups_splits_training(folder, capsys):
    path = write_table(folder / 'a.csv', 60, lambda k: 'test' if k > 47 else 'train',
                       groups=lambda k: 'author %d' % (k // 6))
    assert preprocess(path, group_column='Author').n_train == 48
    about = {}
    train, valid, _ = imdb.load_data('a.pkl', valid_split='group', valid_portion=0.3, about=about)
    authors = [{(len(ids) - 5) // 6 for ids in part[0]} for part in (train, valid)]
    assert authors[0] | authors[1] == set(range(8)) and not authors[0] & authors[1]
    assert about['n_groups'] == [len(found) for found in authors] and len(authors[1]) > 1


def test_texts_without_a_group_are_groups_of_their_own(folder):
    path = write_table(folder / 'a.csv', 30, lambda k: 'test' if k > 20 else 'train',
                       groups=lambda k: '' if k % 2 else 'x')
    with pytest.warns(UserWarning) as caught:
        preprocess(path, group_column='author')
    said = [str(warning.message) for warning in caught]
    assert '15 texts of %s have no group; each is a group of its own.' % path in said
    assert any('4 of the 9 test texts are of groups that training has too' in text
               for text in said), said
    facts = {}
    datasets.read_dataset('a.pkl', facts=facts)
    assert len(set(facts['groups'])) == 1 + 10 and len(facts['groups']) == 21


def test_a_column_that_is_not_there_is_refused(folder):
    path = write_table(folder / 'a.csv', 30, thirds)
    with pytest.raises(DataError, match="no column 'author'.*by --group-column"):
        preprocess(path, group_column='author')
