"""Tests of imdb.py: batching, loading, what is refused, and where the file comes from."""

import gzip
import hashlib
import os
import pickle

import numpy
import pytest

import imdb
from lstm_sentiment import files
from lstm_sentiment.data import datasets, downloads, finding
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.training import word_dropout

DATA_DIR = os.environ.get('IMDB_DATA_DIR')


def dumps(*values):
    return b''.join(pickle.dumps(value, 2) for value in values)


def small_parts(n_train=20, n_test=6):
    """Reviews of which each has its own length or shares it with one other."""
    rng = numpy.random.RandomState(5)
    parts = []
    for n_samples in (n_train, n_test):
        lengths = rng.permutation(numpy.repeat(numpy.arange(1, n_samples // 2 + 1), 2))
        sequences = [rng.randint(2, 30, size=length).tolist() for length in lengths]
        parts.append((sequences, rng.randint(0, 2, size=n_samples).tolist()))
    return parts


@pytest.fixture
def write(tmp_path):
    """Return a function that writes values, or bytes, to a file and returns its path."""
    def write_values(*values, name='small.pkl'):
        content = b''.join(value if isinstance(value, bytes) else dumps(value)
                           for value in values)
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith('.gz') else content)
        return str(path)
    return write_values


# Batching

@pytest.mark.parametrize('float_type', ['float32', 'float64'])
def test_prepare_data_pads_and_masks(monkeypatch, float_type):
    monkeypatch.setattr(imdb, 'config', type('Config', (), {'floatX': float_type}))
    seqs, labels = [[7, 8], [4, 5, 6], [9]], [1, 0, 1]
    x, mask, kept = imdb.prepare_data(seqs, labels)
    assert x.tolist() == [[7, 4, 9], [8, 5, 0], [0, 6, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0], [0, 1, 0]]
    assert (x.dtype, mask.dtype) == ('int64', float_type)
    assert kept == labels
    # The mask and not the padding says where a sequence ends.
    assert imdb.prepare_data([[0, 3], [2]], [0, 1])[1].tolist() == [[1, 1], [1, 0]]


def test_words_are_dropped_one_by_one_with_the_share_asked_for():
    seqs = [list(range(2, 1002)), [7, 8], [9]]
    kept = word_dropout.drop_words(seqs, 0.3, numpy.random.RandomState(0))
    assert 640 < len(kept[0]) < 760
    assert sorted(set(kept[0].tolist())) == kept[0].tolist()  # each at most once, in their order
    nearly_all = word_dropout.drop_words(seqs, 1 - 1e-12, numpy.random.RandomState(0))
    assert [words.tolist() for words in nearly_all] == [[2], [7], [9]]


def test_spans_are_parts_of_the_texts():
    seqs = [list(range(100 * k, 100 * k + 90)) for k in range(1, 400)] + [[7, 8, 9, 10], [11]]
    rng = numpy.random.RandomState(0)
    taken = word_dropout.take_spans(seqs, 0.4, rng)
    assert taken[-2:] == seqs[-2:]
    shorter = [span for span, seq in zip(taken, seqs) if len(span) < len(seq)]
    assert 120 < len(shorter) < 200
    for span, seq in zip(taken, seqs):
        assert span == seq[span[0] - seq[0]:][:len(span)] and len(span) >= min(4, len(seq))
    # As many of 4 to 19 words as of 19 to 90; from the beginning to the end of the text.
    assert 0.35 < numpy.mean([len(span) < 19 for span in shorter]) < 0.65
    starts = [span[0] % 100 / (90 - len(span)) for span in shorter]
    assert min(starts) < 0.05 and max(starts) > 0.95
    assert word_dropout.take_spans(seqs, 0., rng) == seqs


def test_prepare_data_keeps_only_shorter_sequences():
    seqs, labels = [[7, 8], [4, 5, 6], [9]], [1, 0, 1]
    x, mask, kept = imdb.prepare_data(seqs, labels, maxlen=3)
    assert x.tolist() == [[7, 9], [8, 0]]
    assert mask.tolist() == [[1, 1], [1, 0]]
    assert kept == [1, 1]
    assert imdb.prepare_data(seqs, labels, maxlen=1) == (None, None, None)
    assert imdb.prepare_data([], []) == (None, None, None)


def test_sequences_may_be_arrays():
    for labels in ([1, 0, 1], numpy.array([1, 0, 1])):
        seqs = [numpy.array([7, 8]), numpy.array([4, 5, 6], 'int32'), numpy.array([9])]
        ragged = numpy.empty(3, dtype=object)
        ragged[:] = seqs
        for given in (seqs, ragged, tuple(seqs)):
            x, mask, found = imdb.prepare_data(given, labels, maxlen=3)
            assert x.tolist() == [[7, 9], [8, 0]] and list(found) == [1, 1]
    x, mask, _ = imdb.prepare_data(numpy.array([[2, 3], [4, 5]]), numpy.array([0, 1]))
    assert x.tolist() == [[2, 4], [3, 5]] and mask.tolist() == [[1, 1], [1, 1]]


# Loading

def as_the_tutorials_own(monkeypatch, path):
    """Have a dataset be split as the tutorial's own are."""
    monkeypatch.setattr(datasets, 'IMDB_SHA256', {files.fingerprint(path)})


def test_load_data_agrees_with_a_plain_reading(write, monkeypatch):
    (train_x, train_y), (test_x, test_y) = small_parts()
    path = write((train_x, train_y), (test_x, test_y))
    as_the_tutorials_own(monkeypatch, path)
    maxlen, n_words = 8, 20
    capped_x = [[w if w < n_words else 1 for w in seq] for seq in train_x]
    capped_test = [[w if w < n_words else 1 for w in seq] for seq in test_x]
    kept = [n for n in range(20) if len(train_x[n]) < maxlen]
    assert len(kept) == 14 and max(map(len, train_x)) > maxlen
    order = numpy.random.RandomState(123).permutation(len(kept))
    n_train = 10  # 14 * 0.75 is 10.5, and numpy.round goes to the even number
    expected = [([capped_x[kept[n]] for n in half], [train_y[kept[n]] for n in half])
                for half in (order[:n_train], order[n_train:])] + [(capped_test, test_y)]
    options = dict(n_words=n_words, valid_portion=0.25, maxlen=maxlen)

    found = imdb.load_data(path, sort_by_len=False, **options)
    assert list(found) == expected
    assert imdb.load_data(path, sort_by_len=False, **options) == found

    for (x, y), (plain_x, plain_y) in zip(imdb.load_data(path, **options), expected):
        pairs = sorted(zip(plain_x, plain_y), key=lambda pair: len(pair[0]))
        assert list(zip(x, y)) == pairs


def rare_parts():
    """100 reviews of class 0, 30 of class 1, 2 of class 2, 1 of class 3."""
    labels = [0] * 100 + [1] * 30 + [2] * 2 + [3]
    return [([[2 + k] for k in range(133)], labels), ([[2]] * 4, [0, 1, 2, 3])]


@pytest.mark.parametrize('seed', range(40))
def test_every_class_is_trained_on_and_validated(write, seed):
    """By chance alone, a class of two is in one part only, in most of these seeds."""
    (train_x, train_y), (valid_x, valid_y), _ = imdb.load_data(
        write(*rare_parts()), valid_portion=0.1, rng=numpy.random.RandomState(seed))
    assert sorted(train_x + valid_x) == rare_parts()[0][0]
    label_of = dict(zip(map(tuple, rare_parts()[0][0]), rare_parts()[0][1]))
    assert [label_of[tuple(seq)] for seq in train_x + valid_x] == train_y + valid_y
    # 13 to validate, of which the shares are 9.8, 2.9, 0.2 and 0.1.
    assert [valid_y.count(label) for label in range(4)] == [9, 3, 1, 0]
    assert [train_y.count(label) for label in range(4)] == [91, 27, 1, 1]


def test_of_each_class_the_order_is_that_of_the_permutation(write):
    (train_x, _), (valid_x, valid_y), _ = imdb.load_data(
        write(*rare_parts()), valid_portion=0.1, sort_by_len=False)
    order = numpy.random.RandomState(123).permutation(133).tolist()
    expected = {0: [k for k in order if k < 100][-9:], 1: [k for k in order if 100 <= k < 130][-3:]}
    for label, members in expected.items():
        assert [seq for seq, its in zip(valid_x, valid_y) if its == label] == [
            [2 + k] for k in members]
    in_train = [k for k in order if [2 + k] not in valid_x]
    assert train_x == [[2 + k] for k in in_train]


def test_the_tutorials_own_and_the_demo_are_split_at_random(write, monkeypatch):
    path = write(*rare_parts())
    stratified, about = imdb.load_data(path), {}
    imdb.load_data(path, about=about)
    assert about['stratified']
    monkeypatch.setattr(finding, 'demo_dataset', lambda: path)
    at_random = imdb.load_data('demo', about=about)
    assert not about['stratified'] and at_random != stratified
    order = numpy.random.RandomState(123).permutation(133)
    assert sorted(at_random[1][0]) == sorted([2 + k] for k in order[120:].tolist())
    as_the_tutorials_own(monkeypatch, path)
    assert imdb.load_data(path, about=about) == at_random and not about['stratified']


def test_load_data_draws_one_permutation_from_the_generator(write):
    path = write(*small_parts())
    rng, same = numpy.random.RandomState(7), numpy.random.RandomState(7)
    state = numpy.random.get_state()[1].tolist()
    given = imdb.load_data(path, rng=rng)
    same.permutation(20)
    assert rng.randint(1 << 30) == same.randint(1 << 30)
    assert numpy.random.get_state()[1].tolist() == state
    assert given != imdb.load_data(path)


def test_load_data_reads_gzip_of_several_members(write, tmp_path):
    parts = small_parts()
    expected = imdb.load_data(write(*parts))
    content = dumps(*parts)
    path = tmp_path / 'members.pkl.gz'
    path.write_bytes(gzip.compress(content[:50]) + gzip.compress(content[50:]))
    assert imdb.load_data(str(path)) == expected
    digest = hashlib.sha256(content).hexdigest()
    assert files.fingerprint(str(path)) == files.fingerprint(write(*parts)) == digest


def test_the_collector_runs_again_after_a_failure(write):
    import gc
    with pytest.raises(DataError):
        imdb.load_data(write(b'nothing'))
    assert gc.isenabled()


def test_reviews_without_words_are_left_out_with_one_warning(write):
    train = ([[2], [], [3, 4], [], [5]], [0, 0, 1, 1, 0])
    with pytest.warns(UserWarning, match='2 of the 5 train reviews') as caught:
        train, valid, test = imdb.load_data(write(train, ([[2]], [1])), valid_portion=0.34)
    assert len(caught) == 1
    pairs = [(x, y) for part in (train, valid) for x, y in zip(*part)]
    assert sorted(pairs) == [([2], 0), ([3, 4], 1), ([5], 0)]


class Ordinary:
    """Pickles of it name a class."""


class Harmful:
    """Pickles of it name a function, to be called."""

    def __reduce__(self):
        return os.mkdir, ('harm',)


GOOD = ([[2, 3], [4]], [0, 1])
NEVER = 10 ** 30


@pytest.mark.parametrize('values, message', [
    ([b''], 'ends before the pickle of train'),
    ([b'no pickle at all'], 'no pickle: byte 0x6e at 0'),
    ([b'NN.'], 'UnpicklingError|NoneType'),
    ([dumps(GOOD, GOOD)[:-3]], 'truncated|EOFError'),
    ([dumps(GOOD)[:-9]], 'truncated|EOFError'),
    ([GOOD], 'ends before the pickle of test'),
    ([{'the': 2}, GOOD], 'dict where the pair of train'),
    ([GOOD, ([[2]], [0], [1])], 'tuple where the pair of test'),
    ([GOOD, ([[2]], 'label')], 'str where a list of test'),
    ([GOOD, ([2, 3], [0, 1])], 'int where a review of test'),
    ([GOOD, ([[2], [3]], [0])], '2 sequences and 1 labels in test'),
    ([([[2], [3]], [0, -1]), GOOD], 'the label -1 in train'),
    ([([[2], [3]], [0, True]), GOOD], 'the label True in train'),
    ([([[2], [3]], [0, 1.]), GOOD], 'the label 1.0 in train'),
    ([([[2], [3]], [0, 10000]), GOOD], 'the label 10000 in train'),
    ([([[2] * 100001, [3]], [0, 1]), GOOD], 'a review of 100001 words in train'),
    ([GOOD, ([[2], [3]], [0, 2])], 'test label 2, which no training'),
    ([([], []), GOOD], 'no review with a word in it in train'),
    ([GOOD, ([[], []], [0, 1])], 'no review with a word in it in test'),
    ([([[2, -3], [3]], [0, 1]), GOOD], 'the id -3'),
    ([GOOD, ([[2], [True, 3]], [0, 1])], 'the id True'),
    ([GOOD, ([[2], [3, 4.]], [0, 1])], 'the id 4.0'),
    ([GOOD, ([[2], [3, 'dull']], [0, 1])], "the id 'dull'"),
    ([GOOD, ([[2], [3, [4]]], [0, 1])], r'the id \[4\]'),
    ([GOOD, ([[2], [3, NEVER]], [0, 1])], f'the id {NEVER}'),
    ([GOOD, ([numpy.array([2, 3])], [0])], 'it asks for numpy'),
    ([GOOD, ([Ordinary()], [0])], 'it asks for .*Ordinary|it asks for copy'),
    ([GOOD, ([Harmful()], [0])], 'it asks for .*mkdir'),
])
@pytest.mark.parametrize('ending', ['.pkl', '.pkl.gz'])
def test_load_data_refuses(write, tmp_path, monkeypatch, values, message, ending):
    monkeypatch.chdir(tmp_path)
    path = write(*values, name='bad' + ending)
    with pytest.raises(DataError, match=message) as caught:
        imdb.load_data(path)
    assert path in str(caught.value) and 'Expected' in str(caught.value)
    assert not os.path.exists('harm')


def test_load_data_refuses_damaged_gzip(write, tmp_path):
    content = gzip.compress(dumps(*small_parts()))
    path = tmp_path / 'damaged.pkl.gz'
    wrong_checksum = content[:-8] + bytes([content[-8] ^ 1]) + content[-7:]
    for damaged, message in [(content[:-40], 'cut off'), (content[:-2], 'cut off'),
                             (wrong_checksum, 'incorrect data check'),
                             (content[:40] + b'\xff' * 9 + content[49:], 'error')]:
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=message):
            imdb.load_data(str(path))
    path.write_bytes(content)
    assert imdb.load_data(str(path))


def test_load_data_refuses_a_folder(tmp_path):
    with pytest.raises(DataError, match='There is no dataset'):
        imdb.load_data(str(tmp_path))


@pytest.mark.parametrize('options, message', [
    ({'n_words': 1}, 'n_words must be 2 or more, but it is 1'),
    ({'valid_portion': 0}, 'between 0 and 1 .* but it is 0'),
    ({'valid_portion': 1.}, 'between 0 and 1 .* but it is 1.0'),
    ({'maxlen': 0}, 'maxlen must be 1 or more, or None, but it is 0'),
])
def test_load_data_refuses_options(write, options, message):
    with pytest.raises(ConfigError, match=message):
        imdb.load_data(write(*small_parts()), **options)


def test_maxlen_that_leaves_no_review_names_the_shortest(write, monkeypatch):
    part = ([[2] * 7, [2] * 5, [2] * 9], [0, 1, 0])
    path = write(part, part)
    # Of two classes of one review each, none can validate.
    with pytest.raises(DataError, match='2 reviews are left to train and 0 to validate'):
        imdb.load_data(path, maxlen=8, valid_portion=0.5)
    as_the_tutorials_own(monkeypatch, path)
    with pytest.raises(DataError, match='maxlen=5 .* 0 reviews .* shortest .* 5 words'):
        imdb.load_data(path, maxlen=5)
    # One is left to train on, and none to validate.
    with pytest.raises(DataError, match='1 reviews are left to train and 0 to validate'):
        imdb.load_data(path, maxlen=6)
    assert len(imdb.load_data(path, maxlen=8, valid_portion=0.5)[0][0]) == 1


def test_check_ids_caps_as_a_plain_loop_does():
    rng = numpy.random.RandomState(3)
    for n_words in (2, 5, 40, 1000):
        plain = [rng.randint(0, 50, size=size).tolist() for size in rng.randint(1, 9, size=30)]
        capped = [list(seq) for seq in plain]
        datasets.check_ids(capped, n_words)
        assert capped == [[1 if w >= n_words else w for w in seq] for seq in plain]


# Dictionaries

def test_load_dictionary_reads_words_and_settings(write):
    words = {'the': 2, 'dull': 3}
    settings = {'fingerprint': 'ab', 'tokenizer': 'moses'}
    for name in ('d.pkl', 'd.pkl.gz'):
        assert datasets.load_dictionary(write(words, name=name), 'ab', 3) == (words, {})
        path = write(words, settings, name=name)
        assert datasets.load_dictionary(path, 'ab') == (words, settings)
        assert datasets.load_dictionary(path) == (words, settings)


def test_load_dictionary_of_another_dataset_is_refused(write):
    words = {'the': 2, 'dull': 3}
    path = write(words, {'fingerprint': 'ab'})
    with pytest.raises(DataError, match='does not belong .* fingerprint cd, found ab'):
        datasets.load_dictionary(path, 'cd')
    with pytest.raises(DataError, match='does not belong .* up to 4 or more, found ids up to 3'):
        datasets.load_dictionary(write(words), 'cd', largest_id=4)


def test_load_dictionary_reads_what_python_2_wrote(write):
    path = write(b'\x80\x02}q\x00U\x03\xc3\xa9tq\x01K\x02s.')
    assert datasets.load_dictionary(path) == ({'ét': 2}, {})


@pytest.mark.parametrize('values, message', [
    ([['the']], 'list without words'),
    ([{}], 'dict without words'),
    ([{'the': 2, 7: 3}], 'a word that is not a str'),
    ([{'the': 2, 'a': 2.5}], 'an id that is not an int'),
    ([{'the': 2, 'a': True}], 'an id that is not an int'),
    ([{'the': 1, 'a': 2}], 'an id that is not an int of 2 or more'),
    ([{'the': 2, 'a': 2}], 'two words with the same id'),
    ([{'the': 2}, ['moses']], 'list where a dict of text settings'),
    ([{'the': Ordinary()}], 'it asks for'),
    ([{'the': 2}, dumps({'fingerprint': 'ab'})[:-4]], 'truncated|EOFError'),
])
def test_load_dictionary_refuses(write, values, message):
    path = write(*values)
    with pytest.raises(DataError, match=message) as caught:
        datasets.load_dictionary(path)
    assert path in str(caught.value)


# Where the file comes from

def test_find_dataset_looks_in_order(folders):
    here, environment, data = folders
    candidates = [here / 'imdb.pkl', here / 'imdb.pkl.gz', environment / 'imdb.pkl',
                  environment / 'imdb.pkl.gz', data / 'imdb.pkl', data / 'imdb.pkl.gz']
    for candidate in reversed(candidates):
        candidate.write_bytes(b'')
        assert os.path.abspath(finding.find_dataset()) == str(candidate)
    assert finding.find_dataset(str(data / 'imdb.pkl')) == str(data / 'imdb.pkl')
    (data / 'imdb.pkl').unlink()
    assert finding.find_dataset(data / 'imdb.pkl') == str(data / 'imdb.pkl.gz')


def test_find_dataset_names_the_places(folders):
    for path in ('mine.pkl', 'imdb.pkl.gz'):
        with pytest.raises(DataError, match=f'There is no dataset {path}') as caught:
            finding.find_dataset(path)
        assert all(str(place) in str(caught.value) for place in folders)
    # A path with a folder in it is not looked for elsewhere.
    (folders[2] / 'imdb.pkl').write_bytes(b'')
    with pytest.raises(DataError, match=f'{folders[0]}') as caught:
        finding.find_dataset(os.path.join('.', 'imdb.pkl'))
    assert str(folders[2]) not in str(caught.value)


def test_find_dataset_may_be_told_not_to_download(folders, monkeypatch):
    monkeypatch.setattr(downloads, 'download_dataset', lambda *_: pytest.fail('downloads'))
    with pytest.raises(DataError, match='There is no dataset imdb.pkl'):
        finding.find_dataset(download=False)


def test_installed_scripts_use_a_cache_folder(folders, monkeypatch, tmp_path):
    (tmp_path / 'setup.py').unlink()
    monkeypatch.delenv('IMDB_DATA_DIR')
    folder, = finding.data_folders()
    assert 'lstm-sentiment' in folder and not folder.startswith(str(tmp_path))


# The real reviews

@pytest.mark.skipif(not DATA_DIR, reason='IMDB_DATA_DIR is not set')
def test_real_reviews_split_as_in_the_tutorial():
    train, valid, test = imdb.load_data(n_words=10000, valid_portion=0.05, maxlen=100)
    assert [len(x) for x, _ in (train, valid, test)] == [2003, 105, 25000]
    assert [len(y) for _, y in (train, valid, test)] == [2003, 105, 25000]
    for sequences, labels in (train, valid, test):
        lengths = list(map(len, sequences))
        assert lengths == sorted(lengths)
        assert set(labels) == {0, 1}
        assert min(map(min, sequences)) == 1 and max(map(max, sequences)) < 10000
    assert max(map(len, train[0])) == 99 and max(map(len, test[0])) > 100
