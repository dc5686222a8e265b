"""Small corpora with the faults of real ones, from a generator that is not in the repository.

It is the file that CORPUS_CASES names. ``EXPECTED.md`` beside it says what each corpus must give,
and each row of that table has its test here. The other tests have corpora of their own, and run
without the generator.
"""
import io
import os
import re
import shlex
import subprocess
import sys

import pytest
from models import save_model

import imdb_preprocess
import lstm
import predict
from lstm_sentiment.data import datasets

ROOT = os.path.dirname(os.path.abspath(imdb_preprocess.__file__))
GENERATOR = os.environ.get('CORPUS_CASES', '')

pytestmark = pytest.mark.skipif(not GENERATOR, reason='CORPUS_CASES names no generator of corpora')

STARS = ['--text-column', 'reviewText', '--label-column', 'overall']
TWEETS = ['--no-header', '--text-column', '6', '--label-column', '1']
# name, options, (train, test, validation) or all texts, classes, what is said
READ = [
    ('kaggle_imdb.csv', [], 60, 'negative positive', '60 texts have <br /> in them'),
    ('tweets_latin1.csv', TWEETS + ['--encoding', 'latin-1'], 60, '0 4', ''),
    ('tweets_utf8.csv', TWEETS, 60, '0 4', ''),
    ('sms_noheader.tsv', ['--no-header', '--text-column', '2', '--label-column', '1'], 60,
     'ham spam', ''),
    ('sms_odd_quotes.tsv', [], 60, 'ham spam', ''),
    ('spam_extra_columns.csv', ['--text-column', 'v2', '--label-column', 'v1'], 60, 'ham spam', ''),
    ('phrases.tsv', ['--text-column', 'Phrase', '--label-column', 'Sentiment'], 59, '0 2',
     '1 of 60 rows of phrases.tsv cannot be used: line 9'),
    ('stars.jsonl', STARS, 120, '1 2 3 4 5', '1.0 (24) as 1'),
    ('stars_missing_text.jsonl', STARS, 119, '1 2 3 4 5', '1 of 120 rows'),
    ('stars_array.json', STARS, 40, '1 2 3 4 5', ''),
    ('fasttext.txt', [], 60, 'neg pos', ''),
    ('polarity', [], 60, 'neg pos', ''),
    ('two_tables', [], (60, 20, 0), 'neg pos', ''),
    ('two_tables/train.csv two_tables/test.csv', [], (60, 20, 0), 'neg pos', ''),
    ('split_column.csv', [], (45, 15, 0), 'neg pos', ''),
    ('split_column.csv', ['--split-column', 'split'], (45, 15, 0), 'neg pos', ''),
    ('with_dev', [], (60, 60, 60), 'neg pos', ''),
    ('bom.csv', [], 60, 'neg pos', None), ('crlf.csv', [], 60, 'neg pos', None),
    ('pandas_index.csv', [], 60, 'neg pos', None), ('nul.csv', [], 60, 'neg pos', None),
    ('semicolon.csv', [], 60, 'neg pos', None), ('tabs_named.csv', [], 60, 'neg pos', None),
    ('upper_case_header.csv', [], 60, 'neg pos', None),
    ('spaced_header.csv', [], 60, 'neg pos', None), ('one_huge_field.csv', [], 60, 'neg pos', None),
    ('latin1_text', ['--encoding', 'cp1252'], None, '', 'too small'),
    ('nan_labels.csv', [], 57, 'neg pos',
     '3 of 60 rows of nan_labels.csv cannot be used: line 9 (no label), line 10 (no label), line '
     '11 (no label). They'),
    ('number_labels.csv', [], 60, '0 1', '0.0 (29), 0 (1) as 0; 1.0 (30) as 1'),
    ('label_spellings.csv', [], 60, 'neg pos', 'neg (26), Neg (4); pos (27), POS (3)'),
    ('null_text.jsonl', [], 59, 'neg pos', 'line 10 (None where the text should be)'),
    ('mixed_case_endings', [], 60, 'neg pos', None), ('folders_below', [], 60, 'neg pos', None),
    ('bom_in_one_class', [], 60, 'neg pos', None),
    ('one_rare.csv', [], 101, 'neg pos',
     'The class neg has 1 text to train on and none in the test or validation part'),
    ('duplicates.csv', [], 300, 'neg pos', '60 of the 60 test texts are in training as well'),
    ('unequal.csv', [], 1000, 'neg pos', ''), ('chinese.csv', [], 400, '好评 差评', ''),
    ('chinese.csv', ['--language', 'zh'], 400, '好评 差评', ''),
    ('arabic.csv', [], 400, 'neg pos', ''), ('emoji.csv', [], 400, 'neg pos', ''),
    ('four_rows.csv', [], None, '', 'Expected three texts or more of a class'),
    ('tweets_latin1.csv', [], None, '', 'is not UTF-8'),
    ('tweets_latin1.csv', [], None, '', 'It looks like cp1252: give --encoding cp1252'),
    ('tweets_utf8.csv', [], None, '', 'give --no-header and the columns by number, here perhaps '
                                      '--text-column 6 --label-column 1'),
    ('sms_noheader.tsv', [], None, '', 'here perhaps --text-column 2 --label-column 1'),
    ('spam_extra_columns.csv', [], None, '', '--text-column v2'),
    ('phrases.tsv', [], None, '', '--text-column Phrase'),
    ('stars.jsonl', [], None, '', '--text-column reviewText'),
    ('stars.jsonl', STARS[:2], None, '', '--label-column'),
    ('stars_missing_text.jsonl', STARS + ['--strict'], None, '', 'text.jsonl, line 34: None'),
    ('latin1_text', [], None, '', '1.txt is not UTF-8'),
    ('latin1_text', [], None, '', 'It looks like cp1252: give --encoding cp1252'),
    ('label_column_is_an_id.csv', [], None, '', 'There are 60 classes for 60 texts'),
    ('label_column_is_an_id.csv', [], None, '', 'perhaps the label column is the wrong one')]


@pytest.fixture(scope='module')
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp('cases')
    subprocess.run([sys.executable, GENERATOR, str(folder)], check=True)
    return folder


@pytest.fixture(autouse=True)
def here(cases, monkeypatch):
    """Work in the folder of the corpora, in which nothing is written."""
    monkeypatch.chdir(cases)


@pytest.mark.parametrize('names, options, n_texts, classes, said', READ,
                         ids=['%d %s' % (k, row[0]) for k, row in enumerate(READ)])
def test_a_row(tmp_path, capsys, names, options, n_texts, classes, said):
    path = str(tmp_path / 'a.pkl')
    status = imdb_preprocess.main(names.split() + ['--output', path, '--jobs', '1'] + options)
    err = capsys.readouterr().err
    assert 'Traceback' not in err
    assert err == '' if said is None else said in err
    if n_texts is None:
        assert status == 2 and not os.path.exists(path)
        return
    assert status == 0
    facts = {}
    train, test = datasets.read_dataset(path, facts=facts)
    found = len(train[1]), len(test[1]), len((facts['valid'] or ([], []))[1])
    assert (sum(found) if isinstance(n_texts, int) else found) == n_texts
    vocabulary = datasets.read_vocabulary(str(tmp_path / 'a.dict.pkl'))
    assert vocabulary.classes == classes.split()
    assert not any('\0' in word or '\ufeff' in word for word in vocabulary.words)
    if names == 'nul.csv':
        assert 'lovely' in vocabulary.words


def test_every_row_of_the_table_is_here():
    with io.open(os.path.join(os.path.dirname(GENERATOR), 'EXPECTED.md'), encoding='utf-8') as file:
        rows = [line for line in file if line.startswith('| `')]
    names = [name.rstrip('/') for row in rows
             for name in re.findall('`([^`]*)`', row.split('|')[1])]
    tested = {row[0] for row in READ} | {'blank_labels_to_predict.csv'}
    assert len(names) > 30 and set(names) <= tested


def ask(capsys, model, *options):
    assert predict.main([model, '--format', 'tsv', *options]) == 0
    out, err = capsys.readouterr()
    return out.splitlines()[1:], err


def test_answers_to_tables(tmp_path, capsys):
    model = save_model(tmp_path / 'm.npz')[0]
    answers, _ = ask(capsys, model, '--file', 'sms_odd_quotes.tsv', '--no-labels')
    assert len(answers) == 60
    answers, err = ask(capsys, model, '--file', 'sms_odd_quotes.tsv',
                       '--labels', 'ham=pos,spam=neg')
    assert len(answers) == 60 and 'of 60 texts are right' in err
    for options in ([], ['--no-labels']):
        answers, err = ask(capsys, model, '--file', 'blank_labels_to_predict.csv', *options)
        assert len(answers) == 10 and 'right' not in err


def train(name, tmp_path, capsys, language=(), options=(), n_epochs=25):
    """Train by the command that preprocessing prints; return the model and what was printed."""
    path = str(tmp_path / 'a.pkl')
    imdb_preprocess.main([name, '--output', path, '--jobs', '1', *language])
    command = shlex.split(capsys.readouterr().out.splitlines()[-1])[2:]
    command += ['--saveto', str(tmp_path / 'a.npz'), '--overwrite', '--dim-proj', '16',
                '--max-epochs', str(n_epochs), '--valid-freq', '-1', *options]
    assert lstm.main(command) == 0
    return predict.load_model(str(tmp_path / 'a.npz')), capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize('name, language', [
    ('chinese.csv', []), ('chinese.csv', ['--language', 'zh']), ('arabic.csv', []),
    ('emoji.csv', [])])
def test_other_scripts(tmp_path, capsys, name, language):
    model, out = train(name, tmp_path, capsys, language)
    assert float(re.findall(r'Test  ([0-9.e-]+)', out)[-1]) < 0.05
    if name == 'chinese.csv':  # in sentences that are not in the corpus
        assert model.predict(['我觉得真好看，喜欢。', '我觉得真无聊，失望。']) == ['好评', '差评']


@pytest.mark.slow
def test_a_byte_order_mark_tells_no_class(tmp_path, capsys):
    train('bom_in_one_class', tmp_path, capsys, n_epochs=3)
    folder = tmp_path / 'texts'
    folder.mkdir()
    for k in range(60):
        with open('bom_in_one_class/%s/%d.txt' % (('neg', 'pos')[k % 2], k), 'rb') as file:
            text = file.read().decode('utf-8-sig')
        (folder / '1.txt').write_bytes(text.encode('utf-8'))
        (folder / '2.txt').write_bytes(('\ufeff' + text).encode('utf-8'))
        answers, _ = ask(capsys, str(tmp_path / 'a.npz'), '--file', str(folder))
        assert len(answers) == 2 and answers[0].split('\t')[1:] == answers[1].split('\t')[1:]


@pytest.mark.slow
def test_weights_raise_the_f1_of_a_rare_class(tmp_path, capsys):
    scores = []
    for options in ([], ['--class-weight', 'balanced']):
        _, out = train('unequal.csv', tmp_path, capsys, options=options, n_epochs=10)
        of_test = out[out.index('test: accuracy'):]
        line = re.search(r'^ *neg +[0-9.]+ +[0-9.]+ +([0-9.]+) +4$', of_test, re.MULTILINE)
        scores.append(float(line.group(1)))
    assert scores[0] < 0.5 < scores[1]
