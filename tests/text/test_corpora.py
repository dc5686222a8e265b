"""Tests of corpora.py: texts from folders, and what is said of those that are wrong."""

import gzip

import pytest

from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.text import corpora


def write(path, content):
    content = content if isinstance(content, bytes) else content.encode('utf-8')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == '.gz' else content)
    return path


def rows(path, **columns):
    return [(row.text, row.label, row.part) for row in corpora.open_corpus(path, **columns).rows]


# Folders

def folder(path, *names):
    for name in names:
        write(path / name, name)
    return path


def test_folders_of_classes(tmp_path):
    path = folder(tmp_path, 'b/2.txt', 'b/10.txt', 'a/1.txt', 'c/1.txt', 'c/.2.txt', 'c/readme',
                  'readme.txt', '.git/1.txt')
    corpus = corpora.open_corpus(path)
    assert (corpus.total, corpus.is_split) == (4, False)
    assert rows(path) == [('c/1.txt', 'c', None), ('b/10.txt', 'b', None), ('b/2.txt', 'b', None),
                          ('a/1.txt', 'a', None)]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    write(tmp_path / 'a' / '1.txt', '\ufeffFine.')
    write(tmp_path / 'b' / '1.txt', 'Fine. \ufeff')
    assert rows(tmp_path) == [('Fine. \ufeff', 'b', None), ('Fine.', 'a', None)]


def test_folders_of_train_and_test(tmp_path):
    path = folder(tmp_path, *(f'{part}/{name}/1.txt' for part in ('train', 'test')
                              for name in 'abc'), 'train/unsup/1.txt')
    corpus = corpora.open_corpus(path)
    assert (corpus.total, corpus.is_split) == (6, True)
    assert rows(path) == [(f'{part}/{name}/1.txt', name, part) for part in ('train', 'test')
                          for name in 'cba']


@pytest.mark.parametrize('names, said', [
    (['train/a/1.txt', 'train/b/1.txt'], ['test cannot be read', 'No such file']),
    (['train/a/1.txt', 'train/b/1.txt', 'test/a/1.txt', 'test/c/1.txt'],
     ['other classes in train (a, b) than in test (a, c)']),
    (['a/1.txt', 'b/1.md'], ['b has no *.txt']), (['1.txt'], ['has no folders of texts'])])
def test_a_bad_folder_is_named(tmp_path, names, said):
    with pytest.raises(DataError) as caught:
        rows(folder(tmp_path, *names))
    for words in said:
        assert words in str(caught.value)


def test_what_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(DataError, match='a.txt is not of a kind that can be read. Expected'):
        rows(write(tmp_path / 'a.txt', 'text'))
    for name in ('nowhere', 'nowhere.csv'):
        with pytest.raises(DataError, match=f'{name} cannot be read: No such file'):
            rows(tmp_path / name)
    with pytest.raises(ConfigError, match='is a folder and has no columns'):
        rows(folder(tmp_path, 'a/1.txt', 'b/1.txt'), text_column='text')
