"""Tests of tables.py: rows of tables, and what is said of those that are wrong."""

import gzip
import itertools
import json
import os
import tracemalloc

import pytest

from lstm_sentiment.errors import DataError
from lstm_sentiment.text import corpora, preprocessing, tables


def write(path, content):
    content = content if isinstance(content, bytes) else content.encode('utf-8')
    path.write_bytes(gzip.compress(content) if path.suffix == '.gz' else content)
    return path


def rows(path, **options):
    return [(row.text, row.label, row.part) for row in corpora.open_corpus(path, **options).rows]


TEXTS = [('Fine, "really".', 'good', None), ('Two\nlines', 'bad', None), ('été 中', 'good', None)]
CSV = 'label,text,n\ngood,"Fine, ""really"".",1\nbad,"Two\nlines",2\n\n good ,été 中,4\n'
JSON_LINES = '\n'.join(json.dumps({'n': 1, 'text': text, 'label': label})
                       for text, label, _ in TEXTS) + '\n\n'


@pytest.mark.parametrize('name, content', [
    ('a.csv', CSV), ('a.CSV.gz', CSV), ('a.csv', '\ufeff' + CSV),
    ('a.csv', CSV.replace('label', 'sentiment').replace('text', 'review')),
    ('a.tsv', CSV.replace('Fine,', 'Fine;').replace(',', '\t').replace('Fine;', 'Fine,')),
    ('a.jsonl', JSON_LINES), ('a.jsonl.gz', '\ufeff' + JSON_LINES)])
def test_rows_of_a_table(tmp_path, name, content):
    path = write(tmp_path / name, content)
    options = {'quotes': True} if name == 'a.tsv' else {}
    corpus = corpora.open_corpus(str(path), **options)
    assert (corpus.total, corpus.is_split) == (None, False)
    assert rows(path, **options) == TEXTS


def test_line_ends_of_windows_are_none_of_the_text(tmp_path):
    path = write(tmp_path / 'a.csv', 'text,label\r\n"one\r\ntwo",a\r\nthree,b\r\n')
    assert rows(path) == [('one\r\ntwo', 'a', None), ('three', 'b', None)]


def test_columns_can_be_named(tmp_path):
    path = write(tmp_path / 'a.csv', 'text,label,title,stars\na,b,c,5\n')
    assert rows(path) == [('a', 'b', None)]
    assert rows(path, text_column='title', label_column='stars') == [('c', '5', None)]


def test_labels_of_json(tmp_path):
    path = write(tmp_path / 'a.jsonl', '{"text": "a", "label": 1}\n{"text": "b", "label": false}\n')
    assert rows(path) == [('a', '1', None), ('b', 'false', None)]


def test_a_table_without_labels(tmp_path):
    path = str(write(tmp_path / 'a.csv', 'text,n\na,1\n'))
    rows, is_split = tables.read_table(path, labelled=False)
    assert not is_split and list(rows) == [('a', None, None, f'{path}, line 2', None)]
    with pytest.raises(DataError, match="no column 'stars'"):
        tables.read_table(path, tables.TableOptions(label_column='stars'), labelled=False)


@pytest.mark.parametrize('name, content, said', [
    ('a.csv', 'text,class\na,b\n', ["a.csv has no column 'label' or 'sentiment'",
                                    "'text', 'class'", '--label-column']),
    ('a.csv', 'label\na\n', ["no column 'text' or 'review'", '--delimiter']),
    ('a.csv', 'label,id\na,1\n', ["no column 'text' or 'review'", '--text-column']),
    ('a.csv', 'text,label\na,b\n"c\nd",e,f\n', ['a.csv, line 3: expected 2 fields', 'found 3']),
    ('a.tsv', 'text\tlabel\na\tb\nc\n', ['a.tsv, line 3: expected 2 fields', 'found 1']),
    ('a.csv', 'text,label\n\na,b\n"c\n,d', ['a.csv, line 4: unexpected end of data', 'twice']),
    ('a.csv', 'text,label\n"a" b,c\n', ['a.csv, line 2: ', 'quotes']),
    ('a.csv', 'text,label\na, \n', ['a.csv, line 2: no label']),
    ('a.csv', 'text,text,label\na,b,c\n', ['two columns have the same name']),
    ('a.csv', 'text,label\n', ['a.csv has no rows']), ('a.csv', '', ['a.csv has no rows']),
    ('a.csv', b'text,label\na,b\ncaf\xe9,c\n', ['a.csv, line 3, is not UTF-8', '0xe9']),
    ('a.csv', 'text,label\na,b\n'.encode('utf-16'), ['line 1, is not UTF-8']),
    ('a.jsonl', '{"text": "a", "label": "b"}\n\n{"text": "a"}\n',
     ["a.jsonl, line 3: no label"]),
    ('a.jsonl', '{"text": 1, "label": "b"}\n', ['a.jsonl, line 1: 1 where the text should be']),
    ('a.jsonl', '{"text": "a", "label": null}\n', ['line 1: no label']),
    ('a.jsonl', '{"text": "a", "label": [1]}\n', ['line 1: the label is [1]']),
    ('a.jsonl', '{"text": "a", "label": "b"}\n["a", "b"]\n', ["line 2: ['a', 'b']", 'object']),
    ('a.jsonl', '{"text": "a", "label": "b"}\n{"text"\n', ['a.jsonl, line 2: not JSON']),
    ('a.jsonl', b'{"text": "\xff"}', ['a.jsonl, line 1, is not UTF-8'])])
def test_a_bad_table_is_named_with_its_line(tmp_path, name, content, said):
    path = write(tmp_path / name, content)
    with pytest.raises(DataError) as caught:
        rows(path, strict=True)
    for words in said:
        assert words in str(caught.value)


def test_a_quote_that_is_never_closed_does_not_swallow_the_file(tmp_path):
    path = write(tmp_path / 'a.csv', 'text,label\n"a,b\n' + 'ten chars\n' * 1100000)
    with pytest.raises(DataError, match='line 2: field larger than field limit.* --no-quotes'):
        rows(path)


def test_a_file_that_is_cut_off(tmp_path):
    path = write(tmp_path / 'a.csv.gz', CSV * 100)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match='a.csv.gz cannot be read'):
        rows(path)


def test_compression_is_told_by_the_content(tmp_path):
    (tmp_path / 'a.csv.gz').write_bytes(CSV.encode())
    (tmp_path / 'a.csv').write_bytes(gzip.compress(CSV.encode()))
    assert rows(tmp_path / 'a.csv.gz') == rows(tmp_path / 'a.csv') == TEXTS


# Memory

def test_a_large_table_needs_no_memory_for_its_text(tmp_path):
    word = 'long' * 25
    line = '"%s",%s\n'
    with open(tmp_path / 'a.csv', 'w') as file:
        file.write('text,label\n')
        file.writelines(line % (' '.join([word + str(number % 7)] * 100), number % 2)
                        for number in range(2000))
    size = os.path.getsize(tmp_path / 'a.csv')
    assert size > 20e6
    tracemalloc.start()
    try:
        for row in itertools.islice(corpora.open_corpus(tmp_path / 'a.csv').rows, 1990, 2000):
            assert row.text.startswith('longlong')
        assert tracemalloc.get_traced_memory()[1] < 1e6
        preprocessing.preprocess(tmp_path / 'a.csv', tmp_path / 'a.pkl', tokenizer='whitespace')
        assert tracemalloc.get_traced_memory()[1] < 0.5 * size
    finally:
        tracemalloc.stop()


# Quotes

def tabbed(n_rows=30):
    """A tab-separated table in which two texts have one quote each."""
    lines = ['%s\tplain words %d' % ('xy'[k % 2], k) for k in range(n_rows)]
    lines[4] = 'x\t"And so it began'
    lines[14] = 'y\tthey said 12"'
    return 'label\ttext\n' + '\n'.join(lines) + '\n'


def test_quotes_in_tab_separated_values_are_text(tmp_path):
    path = write(tmp_path / 'a.tsv', tabbed())
    found = rows(path)
    assert len(found) == 30 and found[4] == ('"And so it began', 'x', None)
    assert found[14][0] == 'they said 12"'


@pytest.mark.parametrize('name, delimiter', [('a.tsv', '\t'), ('a.csv', ';')])
def test_a_text_that_has_swallowed_rows_is_warned_of_with_its_line(tmp_path, name, delimiter):
    path = write(tmp_path / name, tabbed().replace('\t', delimiter))
    with pytest.warns(UserWarning, match=f'{name}, line 6: a quote has made one text of 10 rows'):
        assert len(rows(path, quotes=True)) == 20
    assert len(rows(path, quotes=False)) == 30


def test_lines_of_a_text_are_no_swallowed_rows(tmp_path, recwarn):
    path = write(tmp_path / 'a.csv', 'text,label\n"Dear all,\nwell, yes\nno, thanks",x\n"a\nb",y\n')
    assert len(rows(path)) == 2 and not recwarn.list


def test_a_quote_that_breaks_a_later_row_is_an_error_with_both_lines(tmp_path):
    path = write(tmp_path / 'a.csv', 'text,label\na,x\n"b,y\nc,x\n"d",y\n')
    with pytest.raises(DataError, match='line 3: .*goes to line 5.*--no-quotes'):
        rows(path)
