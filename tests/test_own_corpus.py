"""From a corpus of each kind to a trained model, by the commands that the README gives."""

import csv
import json
import os
import pickle
import re
import shlex
import subprocess
import sys

import numpy
import pytest

import imdb_preprocess
import lstm
from lstm_sentiment.data import datasets
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.model import saved_model
from lstm_sentiment.text import preprocessing

ROOT = os.path.dirname(os.path.abspath(imdb_preprocess.__file__))
WORDS = {'bad': ['dull', 'poor', 'sad'], 'good': ['fine', 'warm', 'bright'],
         'so-so': ['plain', 'usual', 'mixed']}


def texts(names=('bad', 'good', 'so-so'), n_texts=12):
    """(text, class), n_texts of each, whose words tell the class."""
    rng = numpy.random.RandomState(1)
    return [("It's a %s,\n%s Film no. %d." % (rng.choice(WORDS[name]), rng.choice(WORDS[name]),
                                              number), name)
            for number in range(n_texts) for name in names]


def write_csv(path, rows, delimiter=','):
    with open(str(path), 'w', newline='', encoding='utf-8') as file:
        csv.writer(file, delimiter=delimiter).writerows([('review', 'sentiment')] + rows)
    return path


def write_folders(path, rows, parts=('',)):
    for number, (text, name) in enumerate(rows):
        folder = path / parts[number // 3 % len(parts)] / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ('%d.txt' % number)).write_text(text, encoding='utf-8')
    return path


def make_source(kind, folder):
    rows = texts()
    if kind == 'train and test':
        return write_folders(folder / 'shop', rows, ('train', 'test'))
    if kind == 'folders':
        return write_folders(folder / 'shop', rows)
    if kind == 'jsonl':
        (folder / 'shop.jsonl').write_text(''.join(
            json.dumps({'body': text, 'kind': name}) + '\n' for text, name in rows))
        return folder / 'shop.jsonl'
    return write_csv(folder / ('shop.' + kind), rows, {'csv': ',', 'tsv': '\t'}[kind])


def run_program(*command):
    """Run one of the scripts where the test is; return what it printed."""
    command = [sys.executable, os.path.join(ROOT, command[0])] + [str(part) for part in command[1:]]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            universal_newlines=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture
def run_here(capsys):
    """As `run_program`, in this process: each new one takes a second to begin."""
    def run_main(script, *arguments):
        main = {'imdb_preprocess.py': imdb_preprocess.main, 'lstm.py': lstm.main}[script]
        assert not main([str(argument) for argument in arguments])
        return capsys.readouterr().out.splitlines()
    return run_main


@pytest.mark.parametrize('kind', ['train and test', 'folders', 'csv', 'tsv', 'jsonl'])
def test_from_text_to_a_trained_model(tmp_path, monkeypatch, run_here, kind):
    monkeypatch.chdir(tmp_path)
    run = run_program if kind == 'csv' else run_here
    columns = {'jsonl': ['--text-column', 'body', '--label-column', 'kind'],
               'tsv': ['--quotes']}.get(kind, [])
    printed = run('imdb_preprocess.py', make_source(kind, tmp_path), '--output', 'shop.pkl',
                  *columns)
    # Half of the texts, or a fifth of each class of 12, is test.
    n_test = 18 if kind == 'train and test' else 6
    assert printed[0].startswith('%d train and %d test texts' % (36 - n_test, n_test))
    train = shlex.split(printed[-1])
    assert train[:4] == ['python', 'lstm.py', '--dataset', 'shop.pkl']
    printed = run(*train[1:] + ['--dim-proj', '4', '--max-epochs', '2', '--saveto', 'shop.npz'])
    assert '%d test examples' % n_test in printed
    assert not any('--dictionary' in line for line in printed)
    params, options, vocabulary = saved_model.load('shop.npz')
    assert params['U'].shape == (4, 3) and options['dataset'] == 'shop.pkl'
    assert vocabulary.classes == ['bad', 'good', 'so-so']
    assert vocabulary.settings == {'tokenizer': 'moses', 'language': 'en', 'lowercase': True}
    words, _ = datasets.load_dictionary('shop.dict.pkl')
    assert vocabulary.words == sorted(words, key=words.get)
    # The ids of the pickle are those that the model's vocabulary gives.
    (train_x, train_y), _ = datasets.read_dataset('shop.pkl')
    number = vocabulary.ids('it &apos;s a')
    assert all(text[:3] == number for text in train_x) and sorted(set(train_y)) == [0, 1, 2]


# Options

def load(path):
    with open(str(path), 'rb') as file:
        return pickle.load(file), pickle.load(file)


def prepare(tmp_path, rows, **options):
    summary = preprocessing.preprocess(write_csv(tmp_path / 'a.csv', rows), tmp_path / 'a.pkl',
                                         **options)
    return summary, load(tmp_path / 'a.pkl'), load(tmp_path / 'a.dict.pkl')


ROWS = [('One one ONE two two-three', 'y'), ('one Two', 'x'), ('one four', 'x'), ('two one', 'y')]


def test_text_settings_are_used_and_saved(tmp_path):
    _, _, (words, settings) = prepare(tmp_path, ROWS, tokenizer='whitespace', lowercase=False,
                                      language='fr', test_portion=0.01, seed=3)
    assert set(words) <= {'One', 'one', 'ONE', 'two', 'Two', 'two-three', 'four'}
    assert {name: settings[name] for name in ('tokenizer', 'language', 'lowercase', 'classes')
            } == {'tokenizer': 'whitespace', 'language': 'fr', 'lowercase': False,
                  'classes': ['x', 'y']}


def test_the_dictionary_can_be_cut(tmp_path):
    rows = [('a a a b b c', name) for name in 'xxyy']
    summary, ((train_x, _), (test_x, _)), (words, _) = prepare(tmp_path, rows)
    assert words == {'a': 2, 'b': 3, 'c': 4} and summary.n_cut == summary.unknown_portion == 0
    for options in ({'n_words': 4}, {'min_count': 3}):
        summary, ((train_x, _), (test_x, _)), (words, _) = prepare(tmp_path, rows, **options)
        assert words == {'a': 2, 'b': 3}
        assert train_x == test_x == [[2, 2, 2, 3, 3, 1]] * 2
        assert (summary.n_words, summary.n_cut, summary.unknown_portion) == (2, 1, 1 / 6)


def test_the_test_part_is_drawn_from_each_class_by_the_seed(tmp_path):
    rows = [('%s %d' % (name, number), name)
            for name, n_texts in (('x', 20), ('y', 10), ('z', 1)) for number in range(n_texts)]
    summary, parts, _ = prepare(tmp_path, rows, test_portion=0.3)
    assert [summary.sizes['test', name][0] for name in 'xyz'] == [6, 3, 0]
    assert [summary.sizes['train', name][0] for name in 'xyz'] == [14, 7, 1]
    assert prepare(tmp_path, rows, test_portion=0.3)[1] == parts
    assert prepare(tmp_path, rows, test_portion=0.3, seed=4)[1] != parts
    summary, _, _ = prepare(tmp_path, rows)
    assert [summary.sizes['test', name][0] for name in 'xyz'] == [4, 2, 0]


def test_labels_follow_the_class_names_and_texts_their_order(tmp_path):
    rows = [('w%d' % number, 'zyx'[number % 3]) for number in range(30)]
    _, (train, test), (words, settings) = prepare(tmp_path, rows, test_portion=0.5)
    assert settings['classes'] == ['x', 'y', 'z']
    known = {number: word for word, number in words.items()}
    places = [int(known[text[0]][1:]) for text in train[0]]
    assert places == sorted(places) and len(places) == 15
    assert train[1] == [2 - place % 3 for place in places]
    assert test == ([[1]] * 15, [2 - place % 3 for place in range(30) if place not in places])


def test_the_suggested_options(tmp_path):
    rows = [(' '.join('w%d' % word for word in range(n_words)), 'xy'[n_words % 2])
            for n_words in range(1, 101)]
    summary, _, _ = prepare(tmp_path, rows, tokenizer='whitespace')
    command = imdb_preprocess.training_command(summary, 'my shop.pkl')
    maxlen = int(re.search(r'--maxlen (\d+)', command).group(1))
    n_kept = (summary.lengths < maxlen).sum()
    # 80 training texts, of different lengths: 76 are 95 %.
    assert n_kept == 76 and (summary.lengths < maxlen - 1).sum() == 75
    assert command.startswith("python lstm.py --dataset 'my shop.pkl' --maxlen ")
    assert command.endswith(" --n-words %d --valid-portion 0.13 --saveto 'my shop.npz'"
                            % (summary.n_words + 2))
    large = summary._replace(n_words=20000, lengths=numpy.arange(1, 10001))
    assert imdb_preprocess.training_command(large, 'a.pkl') == (
        'python lstm.py --dataset a.pkl --maxlen 9501 --saveto a.npz')
    assert ' --n-words 20002 ' in imdb_preprocess.training_command(large, 'a.pkl', 20002)


def test_a_dictionary_elsewhere_is_told_of(tmp_path, monkeypatch, run_here):
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / 'a.csv', ROWS + ROWS)
    printed = run_here('imdb_preprocess.py', 'a.csv', '--output', 'a.pkl', '--dictionary', 'b.pkl',
                       '--no-lowercase', '--jobs', '1', '--min-count', '1')
    assert 'a.dict.pkl' in printed[-3] and printed[-3].endswith('--dictionary b.pkl')
    assert sorted(os.listdir('.')) == ['a.csv', 'a.pkl', 'b.pkl']


# Bad input

@pytest.mark.parametrize('rows, options, error, said', [
    (ROWS, {'test_portion': 0.}, ConfigError, 'test_portion must lie between 0 and 1'),
    (ROWS, {'n_words': 2}, ConfigError, 'n_words must be 3 or more, but it is 2'),
    (ROWS, {'min_count': 0}, ConfigError, 'min_count must be 1 or more'),
    (ROWS, {'language': 'xx'}, ConfigError, "language='xx' cannot be used"),
    (ROWS, {'tokenizer': 'spacy'}, ConfigError, "tokenizer='spacy' cannot be used"),
    ([('a', 'x'), ('b', 'x')], {}, DataError, 'Expected two classes or more'),
    ([('a', 'x'), ('b', 'x'), ('\x01', 'y')], {}, DataError, 'classes x, y; '
     'with words to train on: x'),
    ([('a', 'x'), ('b', 'y')], {}, DataError, 'There is no test text'),
    ([('\x01', 'x'), ('\x01', 'y')], {}, DataError, 'There is no train text'),
    ([(' ', 'x'), ('', 'y')], {}, DataError, '2 of 2 rows of .* cannot be used: line 2')])
@pytest.mark.filterwarnings('ignore:.*no words')
def test_what_cannot_be_used(tmp_path, rows, options, error, said):
    with pytest.raises(error, match=said):
        prepare(tmp_path, rows, **options)
    assert os.listdir(str(tmp_path)) == ['a.csv']


def test_a_split_corpus_is_not_split_again(tmp_path):
    source = write_folders(tmp_path / 'shop', texts(), ('train', 'test'))
    with pytest.raises(ConfigError, match='already has train and test'):
        preprocessing.preprocess(source, tmp_path / 'a.pkl', test_portion=0.2)


def test_an_empty_text_in_a_table_is_left_out_with_its_line(tmp_path):
    with pytest.warns(UserWarning, match='1 of 5 rows of .*a.csv cannot be used: line 3'):
        summary, _, _ = prepare(tmp_path, ROWS[:1] + [(' ', 'x')] + ROWS[1:])
    assert summary.n_train + summary.n_test == 4
    with pytest.raises(DataError, match='a.csv, line 3: '):
        prepare(tmp_path, ROWS[:1] + [(' ', 'x')] + ROWS[1:], strict=True)


@pytest.mark.parametrize('files, source, said', [
    ({'a.csv': b'text,label\na\nb,c\nc\n'}, 'a.csv', 'line 2 (expected 2 fields'),
    ({'a.csv': b'text,kind\na,b\n'}, 'a.csv', "a.csv has no column 'label'"),
    ({'a.csv': b'text,label\na,\nc,\n'}, 'a.csv', 'line 2 (no label), line 3 (no label)'),
    ({'a.tsv': b'text\tlabel\na\tb\n\xe9\tb\n'}, 'a.tsv', 'a.tsv, line 3, is not UTF-8'),
    ({'a.jsonl': b'{"text": "a", "label": 1}\n' * 3}, 'a.jsonl', 'Expected two classes or more'),
    ({'a/train/x/1.txt': b'a', 'a/train/y/1.txt': b'a', 'a/test/x/1.txt': b'a',
      'a/test/z/1.txt': b'a'}, 'a', 'other classes in train (x, y) than in test (x, z)')])
def test_the_command_line_says_what_is_wrong(tmp_path, monkeypatch, capsys, files, source, said):
    monkeypatch.chdir(tmp_path)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert imdb_preprocess.main([source]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == '' and stderr.startswith('error: ') and said in stderr
    assert 'Traceback' not in stderr and os.listdir('.') == [source]
