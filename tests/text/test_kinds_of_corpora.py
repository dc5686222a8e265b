"""Corpora as people have them: each kind is read whole, or refused with what to do."""
import gzip
import json
import zipfile

import pytest

import imdb_preprocess
from lstm_sentiment.data import datasets

N_TEXTS = 30
WORDS = {'down': ('sour', 'stale', 'bitter'), 'up': ('sweet', 'fresh', 'mild')}
TEXTS = [('The %s no. %d tastes %s; well, %s.' % (
    ('plum', 'pear', 'fig')[k % 3], k, WORDS[name][k % 3], WORDS[name][k // 3 % 3]), name)
    for k in range(N_TEXTS) for name in [('down', 'up')[k % 2]]]


def fields(rows, separator=',', head='text,label'):
    """Separated values with quotes where they are needed."""
    def field(value):
        value = str(value)
        quoted = separator in value or '"' in value
        return '"%s"' % value.replace('"', '""') if quoted else value
    lines = [separator.join(map(field, row)) for row in rows]
    return '\n'.join(([head.replace(',', separator)] if head else []) + lines) + '\n'


def objects(rows, text='text', label='label'):
    return [{'n': k, text: words, label: name} for k, (words, name) in enumerate(rows)]


def lines(records):
    return ''.join(json.dumps(record) + '\n' for record in records)


def zipped(path, name, content):
    with zipfile.ZipFile(str(path), 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)


PLAIN = fields(TEXTS)
POSTS = [(name, k, 'none', words + (' Voilà.' if k % 4 == 0 else ''))
         for k, (words, name) in enumerate(TEXTS)]
COLUMNS = ['--no-header', '--text-column', '4', '--label-column', '1']
LESS = [(words, '' if k == 3 else 'NaN' if k == 5 else 'nan' if k == 8 else name)
        for k, (words, name) in enumerate(TEXTS)]

# name, content, options, number of texts, classes, what is said
READ = [
    ('a.csv', PLAIN, [], 30, 'down up', ''),
    ('a.csv', '\ufeff' + PLAIN, [], 30, 'down up', ''),
    ('a.csv', PLAIN.replace('\n', '\r\n'), [], 30, 'down up', ''),
    ('a.csv', PLAIN.replace('\n', '\r'), [], 30, 'down up', ''),
    ('a.csv', PLAIN.replace('tastes', 'ta\0stes'), [], 30, 'down up', ''),
    ('a.csv', fields(TEXTS, ';'), [], 30, 'down up', ''),
    ('a.csv', fields(TEXTS, '\t'), [], 30, 'down up', ''),
    ('a.csv', fields(TEXTS, '|'), [], 30, 'down up', ''),
    ('a.csv', fields(TEXTS, '~'), ['--delimiter', '~'], 30, 'down up', ''),
    ('a.csv', fields(TEXTS, head='TEXT, Label '), [], 30, 'down up', ''),
    ('a.csv', fields([(k, *row) for k, row in enumerate(TEXTS)], head=',text,label'), [], 30,
     'down up', ''),
    ('a.csv', fields([(*row, '', '') for row in TEXTS], head='v2,v1,,'),
     ['--text-column', 'v2', '--label-column', 'v1'], 30, 'down up', ''),
    ('a.csv', fields([(words.replace(';', '<br /><br />'), name) for words, name in TEXTS]), [], 30,
     'down up', '30 texts have <br /> in them'),
    ('a.csv', fields(TEXTS[:-1] + [('mild ' * 40000, 'up')]), [], 30, 'down up', ''),
    ('a.csv', fields(TEXTS + [('text', 'label')]), [], 30, 'down up', 'line 32 (the header again)'),
    ('posts.csv', fields(POSTS, head='').encode('cp1252'), COLUMNS + ['--encoding', 'cp1252'], 30,
     'down up', ''),
    ('posts.csv', fields(POSTS, head='').encode('utf-16'), COLUMNS + ['--encoding', 'utf-16'], 30,
     'down up', ''),
    ('posts.csv', fields(POSTS, head=''), COLUMNS, 30, 'down up', ''),
    ('a.tsv', fields(TEXTS, '\t', ''), ['--no-header', '--text-column', '1', '--label-column', '2'],
     30, 'down up', ''),
    ('a.jsonl', lines(objects(TEXTS)), [], 30, 'down up', ''),
    ('a.jsonl', lines(objects([(words, 1. + k % 3) for k, (words, _) in enumerate(TEXTS)])), [], 30,
     '1 2 3', '1.0 (10) as 1; 2.0 (10) as 2'),
    ('a.jsonl', lines([dict(row, text=None) if row['n'] == 4 else row for row in objects(TEXTS)]),
     [], 29, 'down up', 'line 5 (None where the text should be)'),
    ('a.json', json.dumps(objects(TEXTS, 'body', 'kind')),
     ['--text-column', 'body', '--label-column', 'kind'], 30, 'down up', ''),
    ('a.json', gzip.compress(json.dumps(objects(TEXTS)).encode()), [], 30, 'down up', ''),
    ('a.json', json.dumps(objects(TEXTS)).encode('utf-16'), ['--encoding', 'utf-16'], 30,
     'down up', ''),
    ('a.txt', ''.join('__label__%s %s\n' % (name, words) for words, name in TEXTS), [], 30,
     'down up', ''),
    ('a.csv', fields(LESS), [], 27, 'down up',
     '3 of 30 rows of a.csv cannot be used: line 5 (no label), line 7 (no label), line 10'),
    ('a.csv', fields([(words, '0.0' if name == 'down' else k % 5 and '1' or '1.0')
                      for k, (words, name) in enumerate(TEXTS)]), [], 30, '0 1',
     '0.0 (15) as 0; 1 (12), 1.0 (3)'),
    ('a.csv', fields([(words, name.title() if k % 7 == 0 else name)
                      for k, (words, name) in enumerate(TEXTS)]), [], 30, 'down up',
     'down (12), Down (3); up (13), Up (2)'),
    ('a.csv', fields(TEXTS * 3), [], 90, 'down up', 'test texts are in training as well'),
    ('a.csv', fields(TEXTS + [('odd', 'rare')]), [], 31, 'down rare up',
     'The class rare has 1 text to train on and none in the test or validation part'),
]


@pytest.mark.parametrize('name, content, options, n_texts, classes, said', READ,
                         ids=['%d %s' % (k, row[0]) for k, row in enumerate(READ)])
def test_it_is_read_whole(tmp_path, monkeypatch, capsys, name, content, options, n_texts, classes,
                          said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert imdb_preprocess.main([name, '--output', 'a.pkl', '--tokenizer', 'whitespace',
                                 *options]) == 0
    out, err = capsys.readouterr()
    parts = datasets.read_dataset('a.pkl')
    assert sum(len(labels) for _, labels in parts) == n_texts, out
    assert datasets.read_vocabulary('a.dict.pkl').classes == classes.split()
    assert said in err and bool(said) == bool(err)
    words = datasets.load_dictionary('a.dict.pkl')[0]
    assert 'tastes' in words and not any('\0' in word or '\ufeff' in word for word in words)


REFUSED = [
    ('posts.csv', fields(POSTS, head='').encode('cp1252'), [], 'give --encoding cp1252'),
    ('posts.csv', fields(POSTS, head=''), [],
     '--no-header and the columns by number, here perhaps --text-column 4 --label-column 1'),
    ('a.tsv', fields(TEXTS, '\t', ''), [], '--text-column 1 --label-column 2'),
    ('a.csv', fields(TEXTS, '~'), [], 'Give --delimiter'),
    ('a.csv', fields([(words, 'id%d' % k) for k, (words, _) in enumerate(TEXTS)]), [],
     '30 classes for 30 texts'),
    ('a.csv', fields(LESS), ['--strict'], 'a.csv, line 5: no label'),
    ('a.jsonl', lines(objects(TEXTS, label='kind')), [], "no column 'label' or 'sentiment'"),
    ('a.json', '[{"text": "a", "label": "b"}, {"text"', [], 'a.json cannot be read'),
    ('a.parquet', b'PAR1' + bytes(100), [], 'a.parquet cannot be read'),
    ('a.csv', b'PK\x03\x04' + bytes(100), [], 'a.csv cannot be read: BadZipFile')]


@pytest.mark.parametrize('name, content, options, said', REFUSED,
                         ids=['%d %s' % (k, row[0]) for k, row in enumerate(REFUSED)])
def test_it_is_refused_with_what_to_do(tmp_path, monkeypatch, capsys, name, content, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert imdb_preprocess.main([name, '--output', 'a.pkl', *options]) == 2
    err = capsys.readouterr().err
    assert said in err and 'Traceback' not in err and not (tmp_path / 'a.pkl').exists()


def test_no_command_is_printed_that_cannot_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.csv').write_text(fields(TEXTS[:6]))
    assert n_texts_of('a.csv') == 6
    assert 'lstm.py --dataset' in capsys.readouterr().out
    (tmp_path / 'b.csv').write_text(fields(TEXTS[:4]))
    assert imdb_preprocess.main(['b.csv', '--output', 'b.pkl']) == 2
    assert 'no class has two training texts' in capsys.readouterr().err
    assert not (tmp_path / 'b.pkl').exists()


def n_texts_of(path):
    assert imdb_preprocess.main([str(path), '--output', 'a.pkl']) == 0
    return sum(len(labels) for _, labels in datasets.read_dataset('a.pkl'))


def test_zip_archives(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, content in (('a.csv', PLAIN), ('b.json', json.dumps(objects(TEXTS)))):
        zipped('a.zip', 'folder/' + name, content)
        assert n_texts_of('a.zip') == 30
    zipped('book.csv', '[Content_Types].xml', '<a/>')
    assert imdb_preprocess.main(['book.csv', '--output', 'b.pkl']) == 2
    assert 'an Excel workbook or another Office document; save' in capsys.readouterr().err
    zipped('none.zip', 'a.png', '')
    assert imdb_preprocess.main(['none.zip', '--output', 'b.pkl']) == 2
    assert 'there are 0 tables in it' in capsys.readouterr().err


def test_parquet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    duckdb = pytest.importorskip('duckdb')
    with duckdb.connect() as database:
        database.execute('CREATE TABLE texts (text VARCHAR, label BIGINT)')
        database.executemany('INSERT INTO texts VALUES (?, ?)',
                             [(words, len(name) // 4) for words, name in TEXTS])
        database.execute("COPY texts TO 'a[1].parquet' (FORMAT parquet)")
    assert n_texts_of('a[1].parquet') == 30
    assert datasets.read_vocabulary('a.dict.pkl').classes == ['0', '1']


def test_tags_become_spaces_here_and_in_the_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.csv').write_text(PLAIN.replace(';', '<br /><i>'))
    assert imdb_preprocess.main(['a.csv', '--output', 'a.pkl', '--strip-html']) == 0
    vocabulary = datasets.read_vocabulary('a.dict.pkl')
    assert not {'br', '&lt;', 'i'} & set(vocabulary.words)
    assert vocabulary.settings['strip_html'] is True
    assert type(vocabulary).from_json(vocabulary.to_json()).settings == vocabulary.settings


class Frame:
    """What is used of a DataFrame."""

    def __init__(self, **columns):
        self.columns, self.values = list(columns), list(zip(*columns.values()))

    def __len__(self):
        return len(self.values)

    def itertuples(self, index, name):
        assert not index and name is None
        return iter(self.values)


def test_a_data_frame(tmp_path):
    texts, names = zip(*TEXTS)
    frame = Frame(n=range(N_TEXTS), Text=(float('nan'),) + texts[1:], label=names)
    with pytest.warns(UserWarning, match='1 of 30 rows of the table .* row 1 .nan where the text'):
        summary = imdb_preprocess.preprocess(frame, tmp_path / 'a.pkl')
    assert summary.n_train + summary.n_test == 29
