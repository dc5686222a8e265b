"""Corpora as people have them: each kind is read whole, or refused with what to do."""
import bz2
import gzip
import json
import lzma
import pickle
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
    ('a.csv', 'sep=~\r\n' + fields(TEXTS, '~'), [], 30, 'down up', ''),
    ('a.csv', 'sep=;\n' + fields(TEXTS[:5] + [('x', '')] + TEXTS[5:], ';'), [], 30, 'down up',
     'line 8 (no label)'),
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
    ('a.json', gzip.compress(json.dumps(objects(TEXTS)).encode(), mtime=0), [], 30, 'down up', ''),
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
    ('a.csv', fields(TEXTS, head='\u200btext\xa0,\ufefflabel'), [], 30, 'down up', ''),
    ('a.csv', '\ufeff\ufeff' + PLAIN, [], 30, 'down up', ''),
    ('a.csv', PLAIN.encode('utf-16-le'), ['--encoding', 'utf-16-le'], 30, 'down up', ''),
    ('a.csv', fields([(k, words, k, name) for k, (words, name) in enumerate(TEXTS)],
                     head='x,text,x,label'), [], 30, 'down up', ''),
    ('a.csv', fields([(name, 199 * [k], words) for k, (words, name) in enumerate(TEXTS)],
                     head='label,n,text'), [], 30, 'down up', ''),
    ('a.csv', fields([(words, '%d,5' % k, name) for k, (words, name) in enumerate(TEXTS)], ';',
                     'text;n;label'), [], 30, 'down up', ''),
    ('a.csv', fields(TEXTS).replace('; ', ';\r\n').replace('The', '"The').replace('.,', '.",')
     .replace('""', '"'), [], 30, 'down up', ''),
    ('a.tsv', ''.join('"%s"\t"%s"\n' % row for row in [('text', 'label')] + TEXTS), [], 30,
     'down up', ''),
    ('a.txt', fields(TEXTS, '\t'), [], 30, 'down up', ''),
    ('a.txt', fields(TEXTS, '|'), ['--delimiter', '|'], 30, 'down up', ''),
    ('a.jsonl', json.dumps(objects(TEXTS), indent=2), [], 30, 'down up', ''),
    ('a.json', lines(objects(TEXTS)), [], 30, 'down up', ''),
    ('a.jsonl', lines([{name: value for name, value in row.items() if name != 'label'
                        or row['n'] % 9} for row in objects(TEXTS)]), [], 26, 'down up',
     'line 1 (no label), line 10 (no label), line 19 (no label), line 28 (no label)'),
    ('a.jsonl', lines(objects(TEXTS)).replace('"down"', 'NaN', 1), [], 29, 'down up',
     'line 1 (no label)'),
    ('a.csv', fields([(words, ('null', '#N/A', '\\N')[k] if k < 3 else name)
                      for k, (words, name) in enumerate(TEXTS)]), [], 27, 'down up',
     'line 2 (no label), line 3 (no label), line 4 (no label)'),
    ('a.csv', fields([('<p class="x">%s</p>' % words if k % 2 else words + ' <user>', name)
                      for k, (words, name) in enumerate(TEXTS)]), [], 30, 'down up',
     '15 texts have <p class="x"> in them'),
    ('a.csv', fields([(words + ' \U0001f600\u200d \u0645\u0645\u062a\u0639 \u202e', name)
                      for words, name in TEXTS]), [], 30, 'down up', ''),
    ('a b \xfc\u4e2d.csv', PLAIN, [], 30, 'down up', ''),
    ('a.csv', fields(TEXTS[:-1] + [('mild ' * 400000, 'up')]), [], 30, 'down up',
     'a.csv, line 31 has 400000 words; the first 100000 of them are used'),
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
    ('a.json', json.dumps({'data': objects(TEXTS)}), [], "a.json is one object, with ['data'] in"),
    ('a.json', json.dumps({'data': objects(TEXTS)}, indent=1), [], 'one object of several lines'),
    ('a.json', json.dumps({'text': {'0': 'x'}, 'label': {'0': 'y'}}), [], 'orient="records"'),
    ('a.csv', '# Fruit\n' + PLAIN, [], 'take lines above the names of the columns away'),
    ('a.csv', 'text,label\n' + 3 * 'sour, stale,down\n', [], 'Expected double quotes around texts'),
    ('a.jsonl', lines(objects(TEXTS, 'body', 'kind')), [], 'here perhaps --text-column body'),
    ('a.jsonl', lines(objects(TEXTS, label='my kind')), [], "perhaps --label-column 'my kind'"),
    ('a.csv', fields(TEXTS, head='\x01ext,label'), [], 'here perhaps --text-column 1.'),
    ('a.csv', fields(TEXTS, head='x' * 9999 + ',label'), [], 'here perhaps --text-column 1.'),
    ('a.csv', PLAIN.encode('utf-16-le'), [], 'It looks like utf_16_le: give --encoding utf_16_le'),
    ('a.csv', PLAIN.encode('utf-16-be'), ['--encoding', 'cp1252'], 'It looks like utf_16_be'),
    ('a.csv', PLAIN.encode('utf-32'), [], 'give --encoding utf_32'),
    ('a.csv', PLAIN.replace('The', '今日は雨です。').encode('shift_jis'), [],
     'give --encoding shift_jis'),
    ('a.csv', PLAIN.replace(';', ' \u201cso\u201d').encode('cp1252'), [], 'give --encoding cp1252'),
    ('a.csv', lzma.compress(PLAIN.encode()), [], 'compressed with bzip2, xz, zstd'),
    ('a.csv.bz2', bz2.compress(PLAIN.encode()), [], 'compressed with bzip2, xz, zstd'),
    ('a.csv.gz', gzip.compress(bytes(257) + b'ustar' + bytes(9)), [], 'it is a tar archive'),
    ('a.xls', b'\xd0\xcf\x11\xe0' + bytes(99), [], 'an Excel workbook'),
    ('a.csv', b'%PDF-1.7\n', [], 'it is a PDF'),
    ('a.csv', '<!doctype html>\n<p>Gone.', [], 'it is a web page'),
    ('a.csv', 'version https://git-lfs.github.com/spec/v1\n', [], 'git lfs pull'),
    ('a.csv', pickle.dumps([1], 2), [], 'it is a pickle of Python'),
    ('a.csv', '', [], 'a.csv has no rows'), ('a.csv', 'text,label\n', [], 'a.csv has no rows'),
    ('a.csv', 'text,label\nmild,up\n', [], 'too small to train on'),
    ('a.csv', fields([(words, k // 3) for k in range(30003) for words, _ in TEXTS[:1]]),
     ['--jobs', '1'], 'There are 10001 classes for 30003 texts'),
    ('a.csv', fields([(words, 'up') for words, _ in TEXTS]), [], 'Expected two classes or more'),
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
    for n_texts in (2, 4):
        (tmp_path / 'b.csv').write_text(fields(TEXTS[:n_texts]))
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
    zipped('a.zip', 'folder/a.tsv', fields(TEXTS, '\t'))
    with zipfile.ZipFile('a.zip', 'a') as archive:
        for name in ('__MACOSX/folder/._a.tsv', 'folder/._a.tsv', '.DS_Store', 'notes.md'):
            archive.writestr(name, 'x')
    assert n_texts_of('a.zip') == 30
    zipped('book.csv', '[Content_Types].xml', '<a/>')
    assert imdb_preprocess.main(['book.csv', '--output', 'b.pkl']) == 2
    assert 'an Excel workbook or another Office document; save' in capsys.readouterr().err
    zipped('none.zip', '\xe9.csv', PLAIN)
    (tmp_path / 'none.zip').write_bytes((tmp_path / 'none.zip').read_bytes().replace(
        b'\xc3\xa9', b'\xff\xa9'))
    assert imdb_preprocess.main(['none.zip', '--output', 'b.pkl']) == 2
    assert 'none.zip cannot be read: UnicodeDecodeError' in capsys.readouterr().err
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


def test_a_table_for_each_part_in_a_zip_archive(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for names, n_texts in ((['x/train.csv', 'x/test.csv', 'x/other.csv'], [30, 4]),
                           (['train.csv', 'dev.csv'], [30, 0])):
        with zipfile.ZipFile('a.zip', 'w') as archive:
            for name, rows in zip(names, (TEXTS, TEXTS[:4], TEXTS)):
                archive.writestr(name, fields(rows))
        assert imdb_preprocess.main(['a.zip', '--output', 'a.pkl']) == 0
        assert [len(part[1]) for part in datasets.read_dataset('a.pkl')] == n_texts
        assert ('are no tables of a part: x/other.csv' in capsys.readouterr().err) == (
            len(names) == 3)
    with zipfile.ZipFile('b.zip', 'w') as archive:
        archive.writestr('train.csv', PLAIN + 'x\n')
        archive.writestr('one.csv', PLAIN)
    assert imdb_preprocess.main(['b.zip', '--output', 'b.pkl']) == 2
    assert 'there are 2 tables in it' in capsys.readouterr().err


def test_names_of_classes_in_the_parquet_files_of_hugging_face(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arrow = pytest.importorskip('pyarrow')
    from pyarrow import parquet
    features = {'text': {'_type': 'Value'},
                'label': {'_type': 'ClassLabel', 'names': ['no', 'yes']}}
    table = arrow.table({'text': [words for words, _ in TEXTS],
                         'label': [k % 2 for k in range(N_TEXTS)]})
    for said, classes in (({'info': {'features': features}}, ['no', 'yes']),
                          ({'info': {'features': 7}}, ['0', '1']), ([], ['0', '1'])):
        about = {'huggingface': json.dumps(said)}
        parquet.write_table(table.replace_schema_metadata(about), 'a.parquet')
        assert n_texts_of('a.parquet') == 30
        assert datasets.read_vocabulary('a.dict.pkl').classes == classes
        assert ('names its numbered classes: no, yes' in capsys.readouterr().err) == (
            classes != ['0', '1'])


def test_a_folder_as_hugging_face_has_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'hf' / 'data').mkdir(parents=True)
    (tmp_path / 'hf' / 'README.md').write_text('x')
    for name, rows in (('train-00000-of-00002', TEXTS), ('train-00001-of-00002', TEXTS),
                       ('test-00000-of-00001', TEXTS[:4]), ('unsupervised-00000', TEXTS)):
        (tmp_path / 'hf' / 'data' / (name + '.csv')).write_text(fields(rows))
    assert imdb_preprocess.main(['hf', '--output', 'a.pkl']) == 0
    assert [len(part[1]) for part in datasets.read_dataset('a.pkl')] == [60, 4]
    err = capsys.readouterr().err
    assert '2 left out of the corpus' in err and 'hf/README.md, hf/data/unsupervised' in err


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


def frame_with_columns():
    texts, names = zip(*TEXTS)
    return Frame(n=range(N_TEXTS), Text=(float('nan'),) + texts[1:], label=names)


def frame_of_polars():
    polars = pytest.importorskip('polars', reason='polars is not installed')
    texts, names = zip(*TEXTS)
    return polars.DataFrame({'text': texts, 'label': (None,) + names[1:]})


@pytest.mark.parametrize('make_frame, skipped', [
    (frame_with_columns, 'row 1 .nan where the text'), (frame_of_polars, 'row 1 .no label')])
def test_a_data_frame(tmp_path, make_frame, skipped):
    frame = make_frame()
    with pytest.warns(UserWarning, match='1 of 30 rows of the table .*' + skipped):
        summary = imdb_preprocess.preprocess(frame, tmp_path / 'a.pkl')
    assert summary.n_train + summary.n_test == 29


def test_a_data_frame_of_pandas(tmp_path):
    pandas = pytest.importorskip('pandas', reason='pandas is not installed')
    texts, names = zip(*TEXTS)
    frame = pandas.DataFrame({'Text': texts, 'label': [len(name) for name in names],
                              'who': ['w%d' % (k % 7) for k in range(N_TEXTS)]},
                             index=range(5, 5 + N_TEXTS))
    frame.loc[7, 'Text'] = None
    frame['label'] = frame['label'].astype('Int64')
    frame.loc[9, 'label'] = pandas.NA
    frame['kind'] = pandas.Categorical(names)
    with pytest.warns(UserWarning, match='2 of 30 rows of the table .*row 3 .*row 5 .no label'):
        summary = imdb_preprocess.preprocess(frame, tmp_path / 'a.pkl')
    assert summary.n_train + summary.n_test == 28 and summary.classes == ['2', '4']
    assert frame.shape == (30, 4)
    with pytest.warns(UserWarning, match='1 of 30 rows of the table'):
        summary = imdb_preprocess.preprocess(frame, tmp_path / 'a.pkl', label_column='kind',
                                             group_column='who')
    assert summary.classes == ['down', 'up']
    facts = {}
    datasets.read_dataset(str(tmp_path / 'a.pkl'), facts=facts)
    assert len(set(facts['groups'])) == 7
