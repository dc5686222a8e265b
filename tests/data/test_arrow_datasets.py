"""Tests of datasets as Arrow files: the same numbers as of pickles, and what is refused."""
import json
import random
import sys
import warnings

import numpy
import pytest

import imdb
import imdb_preprocess
import lstm
from lstm_sentiment.data import arrow_datasets, training_data
from lstm_sentiment.data.text_ids import TextIds, lengths_of, take, unknown_share
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.model import saved_model
from lstm_sentiment.text import preprocessing, spill

arrow = pytest.importorskip('pyarrow', reason='the extra arrow is not installed')


def write_table(path, parts=('train', 'train', 'test'), n_texts=90, groups=False):
    """A table of texts of three classes, of 1 to 12 words; the rare words differ in number."""
    rng = random.Random(1)
    lines = ['text,label' + (',split' if parts else '') + (',author' if groups else '')]
    for number in range(n_texts):
        words = ['w%d' % min(40, rng.paretovariate(0.8)) for _ in range(1 + number % 12)]
        lines.append(' '.join(words) + ',' + ('bad', 'good', 'so-so')[number % 3]
                     + (',' + parts[rng.randrange(len(parts))] if parts else '')
                     + (',a%d' % (number // 4) if groups else ''))
    path.write_text('\n'.join(lines) + '\n')
    return str(path)


def both(folder, source, **options):
    """The same corpus in both formats; returns their paths."""
    options = dict({'tokenizer': 'whitespace'}, **options)
    paths = [str(folder / name) for name in ('shop.pkl', 'shop.arrow')]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        summaries = [preprocessing.preprocess(source, path, **options) for path in paths]
    assert summaries[0].fingerprint == summaries[1].fingerprint
    return paths


def as_lists(part):
    return [list(map(int, ids)) for ids in part[0]], list(map(int, part[1]))


@pytest.mark.parametrize('table, loading', [
    ({}, {}), ({}, {'maxlen': 9, 'n_words': 12}), ({'parts': None}, {'maxlen': 9}),
    ({'parts': ('train', 'test', 'valid')}, {'n_words': 7}),
    ({'parts': ('train', 'test', 'dev')}, {'maxlen': 6, 'sort_by_len': False}),
    ({'groups': True}, {'valid_split': 'group', 'valid_portion': 0.3, 'maxlen': 12})])
def test_both_formats_load_alike(tmp_path, monkeypatch, table, loading):
    monkeypatch.setattr(spill, 'TEXTS', 7)  # several batches a part
    source = write_table(tmp_path / 'a.csv', **table)
    paths = both(tmp_path, source, **({'group_column': 'author'} if table.get('groups') else {}))
    about = {}, {}
    found = [imdb.load_data(path, about=said, **loading) for path, said in zip(paths, about)]
    for lists, mapped in zip(*found):
        assert as_lists(lists) == as_lists(mapped)
        assert isinstance(mapped[0], TextIds) and mapped[0].lengths.tolist() == [
            len(ids) for ids in lists[0]]
    vocabulary = about[1].pop('vocabulary')
    for said in about:
        del said['path'], said['largest_id']  # of the pickle, the largest that maxlen leaves
    assert about[0] == about[1]
    assert vocabulary.fingerprint == about[0]['fingerprint']


def test_a_batch_is_made_of_slices(tmp_path):
    _, path = both(tmp_path, write_table(tmp_path / 'a.csv'))
    (sequences, labels), _, _ = imdb.load_data(path)
    assert numpy.shares_memory(sequences.flat, sequences.take(numpy.array([2, 0])).flat)
    x, mask, y = imdb.prepare_data([sequences[k] for k in (0, 30)], [labels[k] for k in (0, 30)])
    assert x[:, 1].tolist() == sequences[30].tolist() and mask.sum() == len(x) + len(sequences[0])


@pytest.mark.slow
@pytest.mark.parametrize('options', [{}, {'length_window': 3, 'word_dropout': 0.3}])
def test_both_formats_train_alike_update_by_update(tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    found = []
    for path in both(tmp_path, write_table(tmp_path / 'a.csv')):
        records = []
        lstm.train_lstm(dataset=path, saveto='m.npz', dim_proj=4, max_epochs=3, n_words=20,
                        dispFreq=1, validFreq=3, overwrite=True, valid_portion=0.2,
                        callback=records.append, **options)
        model = saved_model.load('m.npz')
        found.append((records, model.params, model.vocabulary.words))
    assert len(found[0][0]) > 10 and found[0][0] == found[1][0]
    assert found[0][2] == found[1][2]
    for name, value in found[0][1].items():
        numpy.testing.assert_array_equal(value, found[1][1][name])


def test_the_words_come_with_it_and_a_run_finds_them(tmp_path):
    pickled, path = both(tmp_path, write_table(tmp_path / 'a.csv'))
    options = dict(n_words=9, maxlen=None, valid_portion=0.2, test_size=-1, dataset=path)
    loaded = [training_data.load_training_data(
        lambda about, dataset=dataset, **more: imdb.load_data(dataset, about=about, **more),
        options, numpy.random.RandomState(1)) for dataset in (pickled, path)]
    words = [data.vocabulary() for data in loaded]
    assert words[0].words == words[1].words and len(words[0].words) == 7
    assert words[0].classes == words[1].classes and options['ydim'] == 3


# As a file

def test_it_is_a_plain_table(tmp_path):
    pickled, path = both(tmp_path, write_table(tmp_path / 'a.csv', groups=True),
                         group_column='author')
    with arrow.memory_map(path) as source:
        table = arrow.ipc.open_file(source).read_all()
        rows = table.to_pydict()
    assert list(rows) == ['ids', 'label', 'part', 'group']
    train = [k for k, part in enumerate(rows['part']) if part == 'train']
    found = imdb.load_data(pickled, sort_by_len=False)
    texts = found[0][0] + found[1][0]
    assert sorted(rows['ids'][k] for k in train) == sorted(texts)
    about = json.loads(table.schema.metadata[b'lstm_sentiment'])
    assert about['classes'] == ['bad', 'good', 'so-so'] and len(about['words']) > 10
    assert all(group >= 0 for group in rows['group'][:len(train)])


def test_the_command_line_writes_one_file(tmp_path, capsys):
    source, path = write_table(tmp_path / 'a.csv'), str(tmp_path / 'b.arrow')
    assert imdb_preprocess.main([source, '--output', path, '--tokenizer', 'whitespace']) == 0
    out = capsys.readouterr().out
    assert '\n%s written in' % path in out and '--dataset %s ' % path in out
    assert 'dict' not in out
    assert sorted(found.name for found in tmp_path.iterdir()) == ['a.csv', 'b.arrow']


def test_pyarrow_that_is_missing_is_named_before_the_work(tmp_path, monkeypatch):
    source = write_table(tmp_path / 'a.csv')
    _, path = both(tmp_path, source)
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    for fails in (lambda: preprocessing.preprocess(source, tmp_path / 'b.arrow'),
                  lambda: imdb.load_data(path)):
        with pytest.raises(ConfigError, match='pip install "pyarrow>=14.0.1"'):
            fails()
    assert not (tmp_path / 'b.arrow').exists()


def test_a_compressed_output_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='cannot be compressed'):
        preprocessing.preprocess(write_table(tmp_path / 'a.csv'), tmp_path / 'b.arrow.gz')


# What is refused

ABOUT = dict(words=['a', 'b'], classes=['x', 'y'], fingerprint='f', of_texts='f', largest_id=3,
             settings={'tokenizer': 'whitespace', 'language': 'en', 'lowercase': True})
ROWS = {'ids': [[2, 3], [3], [2], [3, 3, -7]], 'label': [0, 1, 0, 1],
        'part': ['train', 'train', 'test', 'test']}
TYPES = {'ids': arrow.list_(arrow.int32()), 'label': arrow.int32(), 'part': arrow.string(),
         'group': arrow.int64()}


def write(path, rows=(), about=(), types=(), batches=(2, 2), columns=None, **options):
    """Write an Arrow file by pyarrow alone, with some things other than they should be."""
    rows, types = dict(ROWS, **dict(rows)), dict(TYPES, **dict(types))
    columns = columns or list(rows)
    metadata = {} if about is None else {'lstm_sentiment': json.dumps(dict(ABOUT, **dict(about)))}
    schema = arrow.schema([(name, types[name]) for name in columns], metadata=metadata)
    options = arrow.ipc.IpcWriteOptions(**options)
    with arrow.OSFile(str(path), 'wb') as file, \
            arrow.ipc.new_file(file, schema, options=options) as writer:
        first = 0
        for size in batches:
            arrays = [arrow.array(rows[name][first:first + size], types[name]) for name in columns]
            writer.write_batch(arrow.record_batch(arrays, schema=schema))
            first += size
    return str(path)


def test_ids_that_the_model_cannot_have_are_unknown(tmp_path):
    path = write(tmp_path / 'a.arrow')
    found = arrow_datasets.ArrowDataset(path, n_words=3)
    assert as_lists(found.parts['train']) == ([[2, 1], [1]], [0, 1])
    assert as_lists(found.parts['test']) == ([[2], [1, 1, 1]], [0, 1])


def test_texts_without_words_are_left_out(tmp_path):
    path = write(tmp_path / 'a.arrow', {'ids': [[2], [3], [], [3]]})
    with pytest.warns(UserWarning, match='1 of the 2 test texts in .* have no words'):
        found = arrow_datasets.ArrowDataset(path)
    assert as_lists(found.parts['test']) == ([[3]], [1])


def test_one_part_may_have_batches_without_rows(tmp_path):
    found = arrow_datasets.ArrowDataset(write(tmp_path / 'a.arrow', batches=(0, 1, 1, 0, 2)))
    assert as_lists(found.parts['train']) == ([[2, 3], [3]], [0, 1])


WRONG = [
    (dict(compression='lz4'), 'Found compressed record batches'),
    (dict(compression='zstd'), 'Found compressed record batches'),
    (dict(about=None), 'no words and classes'), (dict(about={'words': ['a', 'a']}), 'twice'),
    (dict(about={'classes': ['x']}), 'classes'), (dict(about={'of_texts': 3}), 'of_texts'),
    (dict(about={'largest_id': 'x'}), 'largest_id'), (dict(about={'settings': {}}), 'settings'),
    (dict(columns=['ids', 'part']), 'no column label'),
    (dict(types={'ids': arrow.list_(arrow.int64())}), 'column ids of'),
    (dict(types={'ids': arrow.large_list(arrow.int32())}), 'column ids of'),
    (dict(types={'label': arrow.int64()}), 'column label of'),
    (dict(rows={'label': [0, 1, 0, -1]}), 'label -1'),
    (dict(rows={'label': [0, 1, 0, 10000]}), 'label 10000'),
    (dict(rows={'label': [0, 1, 0, 5]}), 'test label 5'),
    (dict(rows={'ids': [[2], None, [3], [2]]}), 'missing'),
    (dict(rows={'ids': [[2], [2], [3] * 100001, [2]]}), '100001 words'),
    (dict(rows={'ids': [[2], [2], [], []]}), 'no text with a word in it in test'),
    (dict(batches=(4,)), 'one of train, test, valid'),
    (dict(rows={'part': ['train', 'train', 'dev', 'dev']}), 'one of train, test, valid'),
    (dict(batches=(2,)), 'no text in test'),
    (dict(rows={'group': [0, -1, -1, -1]}, columns=['ids', 'label', 'part', 'group']),
     'group -1')]


@pytest.mark.parametrize('changes, said', WRONG)
def test_other_files_are_refused(tmp_path, changes, said):
    path = write(tmp_path / 'a.arrow', **changes)
    with pytest.raises(DataError, match=said) as error:
        arrow_datasets.ArrowDataset(path)
    assert path in str(error.value) and 'Expected an uncompressed Arrow file' in str(error.value)


@pytest.mark.parametrize('content', [b'', b'ARROW1', b'text,label\n', b'ARROW1\0\0' + 40 * b'\xff'
                                     + b'ARROW1', b'ARROW1\0\0ARROW1',
                                     b'ARROW1\0\0\xff\xff\xff\xff' + bytes(8) + b'ARROW1',
                                     b'ARROW1' + bytes(58) + b'ARROW1'])
def test_other_contents_are_refused(tmp_path, content):
    (tmp_path / 'a.arrow').write_bytes(content)
    with pytest.raises(DataError, match='a.arrow cannot be'):
        arrow_datasets.ArrowDataset(str(tmp_path / 'a.arrow'))


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path):
    content = open(write(tmp_path / 'a.arrow'), 'rb').read()
    for length in range(0, len(content), 37):
        (tmp_path / 'b.arrow').write_bytes(content[:length])
        with pytest.raises(DataError):
            arrow_datasets.ArrowDataset(str(tmp_path / 'b.arrow'))


# Parts as lists or arrays

def test_the_share_of_unknown_words_is_that_of_every_so_many_texts():
    sequences = [[1, 2], [1], [2, 2, 2, 2], [1], [3]]
    assert unknown_share(sequences) == 3 / 9
    assert unknown_share(sequences, n_texts=3) == 1 / 7
    flat = numpy.array(sum(sequences, []), dtype='int32')
    lengths = lengths_of(sequences)
    texts = TextIds(flat, numpy.cumsum(lengths) - lengths, lengths, 100)
    assert unknown_share(texts, n_texts=3) == 1 / 7
    assert unknown_share([]) == 0


def test_what_is_taken_has_the_order_of_the_places():
    places = numpy.array([2, 0])
    assert take([5, 6, 7], places) == [7, 5]
    assert take(numpy.array([5, 6, 7]), places).tolist() == [7, 5]
