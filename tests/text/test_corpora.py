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
    with pytest.warns(UserWarning, match='1 left out .* not end in .txt: .*readme$'):
        corpus = corpora.open_corpus(path)
    assert (corpus.total, corpus.is_split) == (4, False)
    assert [row[:3] for row in corpus.rows] == [
        ('c/1.txt', 'c', None), ('b/10.txt', 'b', None), ('b/2.txt', 'b', None),
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


def test_texts_in_any_case_and_in_folders_below(tmp_path):
    path = folder(tmp_path, 'a/1.TXT', 'a/x/y/2.txt', 'a/x/1.txt', 'b/3.Txt', 'a/x/.git/1.txt')
    assert rows(path) == [('b/3.Txt', 'b', None), ('a/1.TXT', 'a', None), ('a/x/1.txt', 'a', None),
                          ('a/x/y/2.txt', 'a', None)]


def test_links_are_followed_but_not_in_a_circle(tmp_path):
    path = folder(tmp_path / 'x', 'a/1.txt', 'b/1.txt')
    (path / 'b' / 'more').symlink_to(folder(tmp_path / 'y', '2.txt'))
    (path / 'b' / 'again').symlink_to(path)
    with pytest.warns(UserWarning, match='1 left out .*again'):
        assert [row[0] for row in rows(path)] == ['b/1.txt', '2.txt', 'a/1.txt']


def test_folders_that_are_left_out_are_named(tmp_path):
    path = folder(tmp_path, *(f'{part}/{name}/1.txt' for part in ('train', 'test', 'more')
                              for name in 'ab'))
    with pytest.warns(UserWarning, match=f'none of train, test and validation: {path / "more"}'):
        assert len(rows(path)) == 4


@pytest.mark.parametrize('names', ['train test dev', 'Train TEST valid', 'training testing val',
                                   'train test Validation'])
def test_a_validation_part_in_folders(tmp_path, names):
    path = folder(tmp_path, *(f'{part}/{name}/{k}.txt' for part, n_texts in zip(names.split(),
                                                                              (3, 2, 1))
                              for name in 'ab' for k in range(n_texts)))
    assert [(label, part) for _, label, part in rows(path)] == (
        3 * [('b', 'train')] + 3 * [('a', 'train')] + 2 * [('b', 'test')] + 2 * [('a', 'test')]
        + [('b', 'valid'), ('a', 'valid')])
    folder(path, names.split()[2] + '/c/1.txt')
    with pytest.raises(DataError, match=r'other classes in train \(a, b\) than in valid'):
        rows(path)


def test_classes_may_have_the_names_of_parts(tmp_path):
    path = folder(tmp_path, 'valid/1.txt', 'invalid/1.txt', 'testing/1.txt')
    assert {row[1:] for row in rows(path)} == {('valid', None), ('invalid', None),
                                               ('testing', None)}


def test_text_in_another_encoding(tmp_path):
    write(tmp_path / 'a' / '1.txt', 'Un café.'.encode('cp1252'))
    write(tmp_path / 'b' / '1.txt', 'Un bar.')
    with pytest.raises(DataError, match='1.txt is not UTF-8.*looks like cp1252: give --encoding c'):
        rows(tmp_path)
    assert rows(tmp_path, encoding='cp1252')[1] == ('Un café.', 'a', None)
    with pytest.raises(DataError, match='1.txt is not ascii'):
        rows(tmp_path, encoding='ascii')


def test_files_beside_folders_of_classes_are_named(tmp_path):
    names = ['%s/%d.txt' % (name, k) for name in 'ab' for k in range(2)]
    path = folder(tmp_path / 'x', *names, 'labels.csv', 'Thumbs.db', 'a/desktop.ini', '.DS_Store')
    with pytest.warns(UserWarning, match='^1 left .* are in no folder of a class: .*labels.csv$'):
        assert len(rows(path)) == 4
    path = folder(tmp_path / 'y', *('%s/%s' % (part, name) for part in ('train', 'test')
                                    for name in names), 'README', 'test/z.txt', 'notes.txt')
    with pytest.warns(UserWarning) as caught:
        assert len(rows(path)) == 8
    said = ' '.join(str(warning.message) for warning in caught)
    assert 'z.txt' in said and 'notes.txt' in said and 'README' not in said


@pytest.mark.parametrize('test_too', [False, True])
def test_folders_of_train_and_dev_without_test(tmp_path, test_too):
    path = folder(tmp_path, *('%s/%s/1.txt' % (part, name) for part in ('train', 'dev')
                              for name in 'ab'), *['test/a/1.txt'] * test_too)
    if test_too:
        with pytest.raises(DataError, match='other classes in train'):
            rows(path)
    else:
        assert [part for *_, part in rows(path)] == ['train', 'train', 'valid', 'valid']


# Several files

def test_one_file_for_each_class(tmp_path):
    write(tmp_path / 'films.pos', 'Fine.\n\nWarm.\n')
    write(tmp_path / 'films.neg', 'Dull.\n')
    write(tmp_path / 'README', 'Not a text.')
    with pytest.warns(UserWarning) as caught:
        assert rows(tmp_path) == [('Fine.', 'pos', None), ('Warm.', 'pos', None),
                                  ('Dull.', 'neg', None)]
    said = ' '.join(str(warning.message) for warning in caught)
    assert 'README' in said and 'line 2 (blank)' in said


@pytest.mark.parametrize('names', [('train.csv', 'test.csv'), ('Train-0.csv', 'Test-0.csv')])
def test_a_table_for_each_part(tmp_path, names):
    for name, text in zip(names, ('Fine.', 'Dull.')):
        write(tmp_path / name, f'text,label\n{text},x\n')
    expected = [('Dull.', 'x', 'test'), ('Fine.', 'x', 'train')]
    assert sorted(rows(tmp_path)) == expected
    corpus = corpora.open_corpus([tmp_path / name for name in reversed(names)])
    assert corpus.is_split and sorted(row[:3] for row in corpus.rows) == expected


def test_tables_whose_part_cannot_be_told(tmp_path):
    for name in ('a.csv', 'b.csv', 'c.csv', 'train.csv'):
        write(tmp_path / name, 'text,label\nFine.,x\n')
    found = corpora.open_corpus([tmp_path / 'a.csv', tmp_path / 'b.csv']).rows
    assert [row.part for row in found] == ['train', 'test']
    for names in (('a.csv', 'b.csv', 'c.csv'), ('train.csv', 'b.csv')):
        with pytest.raises(ConfigError, match='expected a table for training and one for testing'):
            corpora.open_corpus([tmp_path / name for name in names])
    with pytest.raises(ConfigError, match='expected a table for training and one for testing'):
        rows(tmp_path)


def test_a_test_table_without_labels_is_told_of(tmp_path):
    write(tmp_path / 'train.csv', 'id,text,label\n1,Fine.,x\n')
    write(tmp_path / 'test.csv', 'id,text\n1,Fine.\n')
    write(tmp_path / 'sample_submission.csv', 'id,label\n1,x\n')
    with pytest.warns(UserWarning, match='1 left out .*sample_submission.csv'), \
            pytest.raises(DataError, match="no column 'label'.* it is no test part: name the tr"):
        rows(tmp_path)


def test_a_column_says_the_part(tmp_path):
    table = 'text,label,Split\na,x,train\nb,x,test\nc,y,validation\nd,y,train\n'
    path = write(tmp_path / 'a.csv', table)
    assert corpora.open_corpus(path).is_split
    assert rows(path) == [('a', 'x', 'train'), ('b', 'x', 'test'), ('c', 'y', 'valid'),
                          ('d', 'y', 'train')]
    path = write(tmp_path / 'a.csv', table.replace('Split', 'fold').replace(',test', ',third'))
    assert not corpora.open_corpus(path).is_split
    with pytest.warns(UserWarning, match="line 3 .the part 'third'"):
        assert len(rows(path, split_column='fold')) == 3


def test_what_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(DataError, match='a.txt is not of a kind that can be read. Expected'):
        rows(write(tmp_path / 'a.txt', 'text'))
    for name in ('nowhere', 'nowhere.csv'):
        with pytest.raises(DataError, match=f'{name} cannot be read: No such file'):
            rows(tmp_path / name)
    with pytest.raises(ConfigError, match='is a folder and has no columns'):
        rows(folder(tmp_path, 'a/1.txt', 'b/1.txt'), text_column='text')
