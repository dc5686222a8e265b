"""Tests of imdb.py: batching, loading, what is refused, and where the file comes from."""

import contextlib
import gzip
import hashlib
import http.server
import io
import os
import pickle
import re
import socket
import tarfile
import threading
import time

import numpy
import pytest

import imdb
import imdb_preprocess
from errors import ConfigError, DataError, DownloadError

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


def test_prepare_data_keeps_only_shorter_sequences():
    seqs, labels = [[7, 8], [4, 5, 6], [9]], [1, 0, 1]
    x, mask, kept = imdb.prepare_data(seqs, labels, maxlen=3)
    assert x.tolist() == [[7, 9], [8, 0]]
    assert mask.tolist() == [[1, 1], [1, 0]]
    assert kept == [1, 1]
    assert imdb.prepare_data(seqs, labels, maxlen=1) == (None, None, None)
    assert imdb.prepare_data([], []) == (None, None, None)


# Loading

def test_load_data_agrees_with_a_plain_reading(write):
    (train_x, train_y), (test_x, test_y) = small_parts()
    path = write((train_x, train_y), (test_x, test_y))
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
    assert imdb.fingerprint(str(path)) == imdb.fingerprint(write(*parts)) == digest


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
    ([b'no pickle at all'], 'UnpicklingError|ValueError|IndexError|KeyError|EOFError'),
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


def test_maxlen_that_leaves_no_review_names_the_shortest(write):
    part = ([[2] * 7, [2] * 5, [2] * 9], [0, 1, 0])
    path = write(part, part)
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
        imdb.check_ids(capped, n_words)
        assert capped == [[1 if w >= n_words else w for w in seq] for seq in plain]


# Dictionaries

def test_load_dictionary_reads_words_and_settings(write):
    words = {'the': 2, 'dull': 3}
    settings = {'fingerprint': 'ab', 'tokenizer': 'moses'}
    for name in ('d.pkl', 'd.pkl.gz'):
        assert imdb.load_dictionary(write(words, name=name), 'ab', 3) == (words, {})
        path = write(words, settings, name=name)
        assert imdb.load_dictionary(path, 'ab') == (words, settings)
        assert imdb.load_dictionary(path) == (words, settings)


def test_load_dictionary_of_another_dataset_is_refused(write):
    words = {'the': 2, 'dull': 3}
    path = write(words, {'fingerprint': 'ab'})
    with pytest.raises(DataError, match='does not belong .* fingerprint cd, found ab'):
        imdb.load_dictionary(path, 'cd')
    with pytest.raises(DataError, match='does not belong .* up to 4 or more, found ids up to 3'):
        imdb.load_dictionary(write(words), 'cd', largest_id=4)


def test_load_dictionary_reads_what_python_2_wrote(write):
    path = write(b'\x80\x02}q\x00U\x03\xc3\xa9tq\x01K\x02s.')
    assert imdb.load_dictionary(path) == ({'ét': 2}, {})


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
        imdb.load_dictionary(path)
    assert path in str(caught.value)


# Where the file comes from

@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Make the current folder, IMDB_DATA_DIR and data/ empty folders; return their paths."""
    places = [tmp_path / name for name in ('here', 'environment', 'data')]
    for place in places:
        place.mkdir()
    monkeypatch.chdir(places[0])
    monkeypatch.setenv('IMDB_DATA_DIR', str(places[1]))
    # data/ is beside the scripts.
    (tmp_path / 'setup.py').write_text('')
    monkeypatch.setattr(imdb, '__file__', str(tmp_path / 'imdb.py'))
    return places


def test_find_dataset_looks_in_order(folders):
    here, environment, data = folders
    candidates = [here / 'imdb.pkl', here / 'imdb.pkl.gz', environment / 'imdb.pkl',
                  environment / 'imdb.pkl.gz', data / 'imdb.pkl', data / 'imdb.pkl.gz']
    for candidate in reversed(candidates):
        candidate.write_bytes(b'')
        assert os.path.abspath(imdb.find_dataset()) == str(candidate)
    assert imdb.find_dataset(str(data / 'imdb.pkl')) == str(data / 'imdb.pkl')
    (data / 'imdb.pkl').unlink()
    assert imdb.find_dataset(data / 'imdb.pkl') == str(data / 'imdb.pkl.gz')


def test_find_dataset_names_the_places(folders):
    for path in ('mine.pkl', 'imdb.pkl.gz'):
        with pytest.raises(DataError, match=f'There is no dataset {path}') as caught:
            imdb.find_dataset(path)
        assert all(str(place) in str(caught.value) for place in folders)
    # A path with a folder in it is not looked for elsewhere.
    (folders[2] / 'imdb.pkl').write_bytes(b'')
    with pytest.raises(DataError, match=f'{folders[0]}') as caught:
        imdb.find_dataset(os.path.join('.', 'imdb.pkl'))
    assert str(folders[2]) not in str(caught.value)


def test_find_dataset_may_be_told_not_to_download(folders, monkeypatch):
    monkeypatch.setattr(imdb, 'download_dataset', lambda *_: pytest.fail('downloads'))
    with pytest.raises(DataError, match='There is no dataset imdb.pkl'):
        imdb.find_dataset(download=False)


def test_installed_scripts_use_a_cache_folder(folders, monkeypatch, tmp_path):
    (tmp_path / 'setup.py').unlink()
    monkeypatch.delenv('IMDB_DATA_DIR')
    folder, = imdb.data_folders()
    assert 'lstm-sentiment' in folder and not folder.startswith(str(tmp_path))


class Site:
    """A server on this machine; each path answers with bytes, a status, or not at all."""

    def __init__(self):
        self.pages, self.asked = {}, []
        self.closing = threading.Event()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                page = site.pages.get(self.path, 404)
                if page == 'silence':
                    site.closing.wait(20)
                elif isinstance(page, int):
                    self.send_error(page)
                else:
                    content, length = page if isinstance(page, tuple) else (page, len(page))
                    self.send_response(200)
                    self.send_header('Content-Length', str(length))
                    self.end_headers()
                    with contextlib.suppress(OSError):
                        self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path):
        return f'http://127.0.0.1:{self.server.server_address[1]}{path}'

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site(monkeypatch):
    """Put a server on this machine in the place of all sources."""
    site = Site()
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.setattr(imdb, 'PROBE_SECONDS', 1.)
    monkeypatch.setattr(imdb, 'STALL_SECONDS', 1.)
    sha256 = hashlib.sha256(dumps(*small_parts())).hexdigest()
    archive_sha256 = hashlib.sha256(make_archive()).hexdigest()
    monkeypatch.setattr(imdb, 'PICKLE_SOURCES', tuple(
        imdb.Source(site.url(path), sha256) for path in ('/first.pkl', '/second.pkl')))
    monkeypatch.setattr(imdb, 'ARCHIVE_SOURCE',
                        imdb.Source(site.url('/reviews.tar.gz'), archive_sha256))
    monkeypatch.setattr(imdb, 'DICTIONARY_SOURCE', imdb.Source(site.url('/dict.pkl.gz'), None))
    yield site
    site.close()


REVIEWS = {'train/pos/10_9.txt': b'A fine film .', 'train/neg/2_1.txt': b'a dull film .',
           'test/pos/1_8.txt': b'fine !', 'test/neg/1_1.txt': b'dull .'}


def make_archive():
    """An archive of reviews, and of members that must not be unpacked."""
    target = io.BytesIO()
    members = {'aclImdb/' + name: text for name, text in REVIEWS.items()}
    for name in ('aclImdb/README', 'aclImdb/train/unsup/1_0.txt', '../evil.txt',
                 'x/aclImdb/train/pos/7_7.txt', 'aclImdb/train/pos/8_8.txt.old',
                 'aclImdb/train/pos/../../../../evil.txt', '/evil.txt'):
        members[name] = b'evil'
    with tarfile.open(fileobj=target, mode='w') as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
        link = tarfile.TarInfo('aclImdb/train/pos/5_5.txt')
        link.type, link.linkname = tarfile.SYMTYPE, '/etc/hostname'
        archive.addfile(link)
    return gzip.compress(target.getvalue(), mtime=0)


def small_dictionary(n_words=28):
    return gzip.compress(dumps({f'word{n}': n + 2 for n in range(n_words)}))


def test_download_checks_and_ties_the_dictionary(site, folders, capsys):
    site.pages = {'/first.pkl': dumps(*small_parts()), '/dict.pkl.gz': small_dictionary(),
                  '/second.pkl': dumps(*small_parts()), '/reviews.tar.gz': make_archive()}
    path = imdb.find_dataset()
    assert path == str(folders[1] / 'imdb.pkl')
    # Each was asked whether it answers; the first source and the dictionary were then read.
    assert sorted(site.asked) == sorted(list(site.pages) + ['/first.pkl', '/dict.pkl.gz'])
    assert sorted(os.listdir(folders[1])) == ['imdb.dict.pkl.gz', 'imdb.pkl']
    output = capsys.readouterr()
    assert output.out == '' and output.err.count('\n') == 1
    words, settings = imdb.load_dictionary(str(folders[1] / 'imdb.dict.pkl.gz'),
                                           imdb.fingerprint(path))
    assert words['word3'] == 5
    assert settings == dict(imdb_preprocess.TEXT_SETTINGS, fingerprint=imdb.fingerprint(path))
    # The tutorial's own way of reading it still gives the words.
    with gzip.open(folders[1] / 'imdb.dict.pkl.gz') as file:
        assert pickle.load(file) == words
    n_asked = len(site.asked)
    assert imdb.load_data() == imdb.load_data(path)
    assert len(site.asked) == n_asked


@pytest.mark.parametrize('first', [404, b'a page of the hotel', 'silence',
                                   (dumps(*small_parts())[:100], 5000)])
def test_download_goes_on_to_the_next_source(site, folders, first):
    site.pages = {'/first.pkl': first, '/second.pkl': dumps(*small_parts()),
                  '/dict.pkl.gz': small_dictionary(), '/reviews.tar.gz': make_archive()}
    assert imdb.find_dataset() == str(folders[1] / 'imdb.pkl')
    assert (folders[1] / 'imdb.pkl').read_bytes() == dumps(*small_parts())
    assert sorted(os.listdir(folders[1])) == ['imdb.dict.pkl.gz', 'imdb.pkl']


@pytest.mark.parametrize('dictionary, reason', [
    (404, 'the server answers 404'),
    (small_dictionary(5), 'ids up to 29 or more, found ids up to 6'),
    (b'no dictionary', 'cannot be used'),
])
def test_download_does_without_a_dictionary(site, folders, dictionary, reason):
    site.pages = {'/first.pkl': dumps(*small_parts()), '/dict.pkl.gz': dictionary}
    with pytest.warns(UserWarning, match=reason):
        path = imdb.find_dataset()
    assert os.listdir(folders[1]) == ['imdb.pkl']
    assert imdb.load_data(path)


def test_download_of_the_reviews_themselves(site, folders, tmp_path):
    site.pages = {'/reviews.tar.gz': make_archive()}
    path = imdb.find_dataset()
    assert sorted(os.listdir(folders[1])) == ['imdb.dict.pkl', 'imdb.pkl']
    train, test = imdb.read_dataset(path)
    # a film . come first in order and count; then fine and dull, once each.
    assert train == ([[2, 5, 3, 4], [2, 6, 3, 4]], [1, 0])
    assert test == ([[5, 1], [6, 4]], [1, 0])
    words, _ = imdb.load_dictionary(str(folders[1] / 'imdb.dict.pkl'), imdb.fingerprint(path))
    assert words == {'a': 2, 'film': 3, '.': 4, 'fine': 5, 'dull': 6}


def test_only_the_reviews_are_unpacked(tmp_path):
    archive = tmp_path / 'reviews.tar.gz'
    archive.write_bytes(make_archive())
    inside = tmp_path / 'deep' / 'inside'
    inside.mkdir(parents=True)
    imdb_preprocess.unpack_reviews(str(archive), str(inside))
    found = {os.path.relpath(os.path.join(folder, name), tmp_path)
             for folder, _, names in os.walk(tmp_path) for name in names}
    reviews = {os.path.join('deep', 'inside', 'aclImdb', *name.split('/')) for name in REVIEWS}
    assert found == reviews | {'reviews.tar.gz'}


def test_no_source_names_each_with_its_reason(site, folders, monkeypatch):
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        refused = f'http://127.0.0.1:{closed.getsockname()[1]}/imdb.pkl'
    monkeypatch.setattr(imdb, 'PICKLE_SOURCES', (
        imdb.Source(refused, 'ab'), imdb.Source(site.url('/silent.pkl'), 'ab')))
    site.pages = {'/silent.pkl': 'silence', '/reviews.tar.gz': b'not the archive'}
    started = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        imdb.load_data()
    assert time.monotonic() - started < 6
    message = str(caught.value)
    assert f'{refused}: the connection was refused' in message
    assert f'{site.url("/silent.pkl")}: no answer within 1 s' in message
    assert f'{site.url("/reviews.tar.gz")}: ' in message and 'hash' in message.lower()
    for way in ('IMDB_DATA_DIR', 'imdb_preprocess.py', '--dataset demo', str(folders[2])):
        assert way in message
    assert os.listdir(folders[1]) == []


def test_silent_sources_share_one_deadline(site):
    site.pages = {f'/{n}': 'silence' for n in range(5)}
    started = time.monotonic()
    reasons = imdb.probe([site.url(f'/{n}') for n in range(5)])
    assert time.monotonic() - started < 1.9
    assert set(reasons.values()) == {'no answer within 1 s'}


def test_names_whose_look_up_hangs_share_the_deadline(site, monkeypatch):
    def hang(*_, **__):
        site.closing.wait(20)
        raise OSError
    monkeypatch.setattr('requests.get', hang)
    started = time.monotonic()
    reasons = imdb.probe(['http://a/', 'http://b/', 'http://c/'])
    assert time.monotonic() - started < 1.9
    assert set(reasons.values()) == {'no answer within 1 s'}


def test_sources_are_given_less_than_ten_seconds():
    assert imdb.PROBE_SECONDS < 9


def test_sources_are_those_that_the_tutorial_names():
    urls = [source.url for source in imdb.PICKLE_SOURCES] + [imdb.ARCHIVE_SOURCE.url]
    assert [url.split('/')[2] for url in urls] == [
        'www.iro.umontreal.ca', 's3.amazonaws.com', 'ai.stanford.edu']
    assert all(len(source.sha256) == 64
               for source in imdb.PICKLE_SOURCES + (imdb.ARCHIVE_SOURCE,))


def test_reasons_are_in_plain_words(tmp_path):
    from requests import exceptions
    for error, reason in [
            (exceptions.ConnectionError('Failed to resolve host'), 'its name cannot be'),
            (exceptions.ConnectionError('Network is unreachable'), 'network is unreachable'),
            (exceptions.ConnectTimeout('... timed out.'), 'no answer within'),
            (exceptions.ProxyError('Connection refused'), 'the proxy cannot be used'),
            (exceptions.SSLError('self-signed certificate'), 'no secure connection'),
            (exceptions.ChunkedEncodingError('x'), r'failed \(ChunkedEncodingError\)'),
            (PermissionError(13, 'Permission denied', '/data'), '/data: Permission denied')]:
        assert re.search(reason, imdb.plain_reason(error))


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
