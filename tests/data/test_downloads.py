"""Tests of downloads.py: what a server sends is never trusted, and never waited for without end."""

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

import pytest
from test_imdb import dumps, small_parts

import imdb
from lstm_sentiment import files
from lstm_sentiment.data import datasets, downloads, finding
from lstm_sentiment.errors import DataError, DownloadError
from lstm_sentiment.text.vocabulary import CLASSES, TEXT_SETTINGS


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
                if isinstance(page, list):  # one answer after the other, and then the last
                    page = page.pop(0) if len(page) > 1 else page[0]
                if callable(page):
                    with contextlib.suppress(OSError):
                        page(self, site)
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


def silence(handler, site):
    site.closing.wait(20)


def endless(handler, site):
    handler.send_response(200)
    handler.end_headers()
    while not site.closing.is_set():
        handler.wfile.write(bytes(1 << 16))


def slow(handler, site):
    """Send a byte now and then: none is late, and the file never ends."""
    handler.send_response(200)
    handler.send_header('Content-Length', '10000')
    handler.end_headers()
    while not site.closing.wait(0.1):
        handler.wfile.write(b'x')


def stalled(handler, site):
    handler.send_response(200)
    handler.send_header('Content-Length', '10000')
    handler.end_headers()
    handler.wfile.write(b'x' * 50)
    site.closing.wait(20)


def leads_to(place):
    def page(handler, site):
        handler.send_response(302)
        handler.send_header('Location', place)
        handler.end_headers()
    return page


@pytest.fixture
def site(monkeypatch):
    """Put a server on this machine in the place of all sources."""
    site = Site()
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    for limit in ('PROBE_SECONDS', 'STALL_SECONDS', 'TOTAL_SECONDS'):
        monkeypatch.setattr(downloads, limit, 60.)  # the machine may be busy
    monkeypatch.setattr(downloads, 'RETRIES', downloads.RETRIES.new(backoff_factor=0.01))
    sha256 = hashlib.sha256(dumps(*small_parts())).hexdigest()
    archive_sha256 = hashlib.sha256(make_archive()).hexdigest()
    monkeypatch.setattr(downloads, 'PICKLE_SOURCES', tuple(
        downloads.Source(site.url(path), sha256, 10 ** 5)
        for path in ('/first.pkl', '/second.pkl')))
    monkeypatch.setattr(downloads, 'ARCHIVE_SOURCE',
                        downloads.Source(site.url('/reviews.tar.gz'), archive_sha256, 10 ** 5))
    monkeypatch.setattr(downloads, 'DICTIONARY_SOURCE',
                        downloads.Source(site.url('/dict.pkl.gz'), None, 10 ** 5))
    yield site
    site.close()


@pytest.fixture
def impatient(site, monkeypatch):
    """Short limits, for servers that keep one waiting."""
    monkeypatch.setattr(downloads, 'PROBE_SECONDS', 2.)
    monkeypatch.setattr(downloads, 'STALL_SECONDS', 1.)


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
    return gzip.compress(dumps({f'word{n}': n + 2 for n in range(n_words)}), mtime=0)


def test_download_checks_and_ties_the_dictionary(site, folders, capsys):
    site.pages = {'/first.pkl': dumps(*small_parts()), '/dict.pkl.gz': small_dictionary(),
                  '/second.pkl': dumps(*small_parts()), '/reviews.tar.gz': make_archive()}
    path = finding.find_dataset()
    assert path == str(folders[1] / 'imdb.pkl')
    # Each was asked whether it answers; the first source and the dictionary were then read.
    assert sorted(site.asked) == sorted(list(site.pages) + ['/first.pkl', '/dict.pkl.gz'])
    assert sorted(os.listdir(folders[1])) == ['imdb.dict.pkl.gz', 'imdb.pkl']
    output = capsys.readouterr()
    assert output.out == '' and output.err.count('\n') == 1
    words, settings = datasets.load_dictionary(str(folders[1] / 'imdb.dict.pkl.gz'),
                                           files.fingerprint(path))
    assert words['word3'] == 5
    assert settings == dict(TEXT_SETTINGS, classes=CLASSES,
                            fingerprint=files.fingerprint(path))
    # The tutorial's own way of reading it still gives the words.
    with gzip.open(folders[1] / 'imdb.dict.pkl.gz') as file:
        assert pickle.load(file) == words
    n_asked = len(site.asked)
    assert imdb.load_data() == imdb.load_data(path)
    assert len(site.asked) == n_asked


RIGHT = dumps(*small_parts())
HTML = b'<!DOCTYPE html><html><body>Please log in to the network of the hotel.</body></html>'
BROKEN = {
    'nowhere': (404, 'the server answers 404 Not Found', 0),
    'in trouble': (500, 'the server answers 500', 3),
    'silent': (silence, 'no answer within 2 s', 0),
    'cut short': ((RIGHT[:100], len(RIGHT)), 'cut short', 3),
    'stalled': (stalled, 'no answer within 1 s', 3),
    'slow': (slow, 'it was not complete within 2 s', 1),
    'endless': (endless, 'it sends more than 100000 bytes', 1),
    'wrong bytes': (RIGHT[:-9] + b'x' + RIGHT[-8:], 'hash', 1),
    'too short a file': (RIGHT[:-9], 'hash', 1),
    'empty': (b'', 'hash', 1),
    'HTML': (HTML, 'hash', 1),
    'redirect loop': (leads_to('/first.pkl'), 'it has a redirect loop', 0),
    'too many redirects': ([leads_to('/first.pkl')] * 12 + [RIGHT], 'redirect loop', 0),
    'a redirect to nowhere': (leads_to('/nowhere'), 'the server answers 404', 0),
}


@pytest.fixture
def broken(request, site, monkeypatch):
    """A first source that cannot be used: the answer, the reason, how often it is tried."""
    if request.param in ('silent', 'stalled', 'slow'):
        request.getfixturevalue('impatient')
    if request.param == 'slow':  # the others end by themselves, before this
        monkeypatch.setattr(downloads, 'TOTAL_SECONDS', 2.)
    return BROKEN[request.param]


@pytest.mark.parametrize('broken', BROKEN, indirect=True)
def test_download_goes_on_to_the_next_source(site, folders, broken):
    first, _, n_attempts = broken
    site.pages = {'/first.pkl': first, '/second.pkl': RIGHT, '/dict.pkl.gz': small_dictionary()}
    started = time.monotonic()
    assert finding.find_dataset() == str(folders[1] / 'imdb.pkl')
    assert time.monotonic() - started < 60
    assert (folders[1] / 'imdb.pkl').read_bytes() == RIGHT
    assert sorted(os.listdir(folders[1])) == ['imdb.dict.pkl.gz', 'imdb.pkl']
    if n_attempts:
        assert site.asked.count('/first.pkl') == 1 + n_attempts  # it was asked first


@pytest.mark.parametrize('broken', BROKEN, indirect=True)
def test_the_reason_is_told(site, folders, broken):
    first, reason, _ = broken
    site.pages = {'/first.pkl': first}
    with pytest.raises(DownloadError) as caught:
        finding.find_dataset()
    line, = [line for line in str(caught.value).split('\n') if '/first.pkl: ' in line]
    assert reason in line.lower() or reason in line
    assert not os.path.exists(folders[1] / 'imdb.pkl') and not os.listdir(folders[1])


@pytest.mark.parametrize('failing', [500, 503, (RIGHT[:100], len(RIGHT)), stalled])
def test_a_broken_connection_and_a_server_error_are_tried_again(request, site, folders, failing):
    if failing is stalled:
        request.getfixturevalue('impatient')
    site.pages = {'/first.pkl': [failing, failing, RIGHT], '/dict.pkl.gz': small_dictionary()}
    assert finding.find_dataset() == str(folders[1] / 'imdb.pkl')
    assert (folders[1] / 'imdb.pkl').read_bytes() == RIGHT
    assert site.asked.count('/first.pkl') == 3 and '/second.pkl' in site.asked


def busy_for_an_hour(handler, site):
    handler.send_response(503)
    handler.send_header('Retry-After', '3600')
    handler.send_header('Content-Length', '0')
    handler.end_headers()


def test_a_server_cannot_ask_for_a_long_pause(site, folders):
    site.pages = {'/first.pkl': [busy_for_an_hour, busy_for_an_hour, RIGHT],
                  '/dict.pkl.gz': small_dictionary()}
    started = time.monotonic()
    assert finding.find_dataset() == str(folders[1] / 'imdb.pkl')
    assert time.monotonic() - started < 60
    assert site.asked.count('/first.pkl') == 3 and '/second.pkl' in site.asked


def test_pauses_grow_and_are_short():
    retries, pauses = downloads.RETRIES, []
    for _ in range(2):
        retries = retries.increment('GET', 'http://a/', error=ValueError())
        pauses.append(retries.get_backoff_time())
    assert pauses == [0, 4]
    with pytest.raises(downloads.MaxRetryError):
        retries.increment('GET', 'http://a/', error=ValueError())


def test_a_few_redirects_are_followed(site, folders):
    site.pages = {'/first.pkl': leads_to('/b'), '/b': leads_to('/c'), '/c': RIGHT,
                  '/dict.pkl.gz': 404}
    with pytest.warns(UserWarning, match='404'):
        assert finding.find_dataset() == str(folders[1] / 'imdb.pkl')


def test_https_leads_to_nothing_else(site, monkeypatch):
    """As if the server on this machine were reached by HTTPS and led to an open address."""
    site.pages = {'/first.pkl': leads_to('/b'), '/b': RIGHT}
    secure = site.url('/first.pkl').replace('http:', 'https:')
    get = downloads.requests.Session.get
    monkeypatch.setattr(downloads.requests.Session, 'get', lambda session, url, **arguments: get(
        session, url.replace('https:', 'http:'), **arguments))
    with pytest.raises(DownloadError, match='from HTTPS to an unencrypted connection'), \
            downloads.answer(secure, 1.):
        pass
    with downloads.answer(site.url('/first.pkl'), 1.) as response:
        assert response.content == RIGHT


@pytest.mark.parametrize('dictionary, reason', [
    (404, 'the server answers 404'),
    pytest.param(small_dictionary(5), 'ids up to 29 or more, found ids up to 6', id='too small'),
    (b'no dictionary', 'cannot be used'),
])
def test_download_does_without_a_dictionary(site, folders, dictionary, reason):
    site.pages = {'/first.pkl': dumps(*small_parts()), '/dict.pkl.gz': dictionary}
    with pytest.warns(UserWarning, match=reason):
        path = finding.find_dataset()
    assert os.listdir(folders[1]) == ['imdb.pkl']
    assert imdb.load_data(path)


def test_download_of_the_reviews_themselves(site, folders, tmp_path):
    site.pages = {'/reviews.tar.gz': make_archive()}
    path = finding.find_dataset()
    assert sorted(os.listdir(folders[1])) == ['imdb.dict.pkl', 'imdb.pkl']
    train, test = datasets.read_dataset(path)
    # a film . come first in order and count; then fine and dull, once each.
    assert train == ([[2, 5, 3, 4], [2, 6, 3, 4]], [1, 0])
    assert test == ([[5, 1], [6, 4]], [1, 0])
    words, _ = datasets.load_dictionary(str(folders[1] / 'imdb.dict.pkl'),
                                        files.fingerprint(path))
    assert words == {'a': 2, 'film': 3, '.': 4, 'fine': 5, 'dull': 6}


def test_only_the_reviews_are_unpacked(tmp_path):
    archive = tmp_path / 'reviews.tar.gz'
    archive.write_bytes(make_archive())
    inside = tmp_path / 'deep' / 'inside'
    inside.mkdir(parents=True)
    downloads.unpack_reviews(str(archive), str(inside))
    found = {os.path.relpath(os.path.join(folder, name), tmp_path)
             for folder, _, names in os.walk(tmp_path) for name in names}
    reviews = {os.path.join('deep', 'inside', 'aclImdb', *name.split('/')) for name in REVIEWS}
    assert found == reviews | {'reviews.tar.gz'}


def tar_of(*members):
    """A gzip archive of (name, type, size claimed, content)."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode='w', format=tarfile.GNU_FORMAT) as archive:
        for name, kind, size, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, size
            member.linkname = '../../../../evil.txt'
            if kind == tarfile.REGTYPE:
                archive.addfile(member, io.BytesIO(content))
            else:
                target.write(member.tobuf(tarfile.GNU_FORMAT) + content)
                archive.offset = target.tell()
    return gzip.compress(target.getvalue())


@pytest.mark.parametrize('kind', [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE,
                                  tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_not_unpacked(tmp_path, kind):
    archive = tmp_path / 'a.tar.gz'
    name = 'aclImdb/test/pos/1_8.txt'
    archive.write_bytes(tar_of((name, kind, 0, b''), ('aclImdb/test/neg/2_1.txt', tarfile.REGTYPE,
                                                      1, b'x')))
    downloads.unpack_reviews(str(archive), str(tmp_path))
    assert os.listdir(tmp_path / 'aclImdb' / 'test' / 'pos') == []
    assert (tmp_path / 'aclImdb' / 'test' / 'neg' / '2_1.txt').read_bytes() == b'x'


@pytest.mark.parametrize('name', [
    '/aclImdb/train/pos/1_8.txt', '../aclImdb/train/pos/1_8.txt', 'aclImdb/train/pos/../1_8.txt',
    'aclImdb/train/pos/con.txt', 'aclImdb/train/pos/1_8.txt\n', 'C:aclImdb/train/pos/1_8.txt',
    'aclImdb\\train\\pos\\1_8.txt', 'aclImdb/train/unsup/1_8.txt'])
def test_other_names_are_not_unpacked(tmp_path, name):
    archive = tmp_path / 'a.tar.gz'
    archive.write_bytes(tar_of((name, tarfile.REGTYPE, 1, b'x')))
    downloads.unpack_reviews(str(archive), str(tmp_path))
    assert [names for _, _, names in os.walk(tmp_path) if names] == [['a.tar.gz']]


def test_archives_that_unpack_to_too_much_are_refused(tmp_path, monkeypatch):
    archive = tmp_path / 'a.tar.gz'
    name = 'aclImdb/train/pos/1_8.txt'
    # The header of a sparse file says how large it is: nothing of it need be there.
    sparse = tarfile.TarInfo(name)
    sparse.type, sparse.size = tarfile.GNUTYPE_SPARSE, 0
    header = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b'%011o ' % (1 << 32)
    header[148:156] = b'%06o\0 ' % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    archive.write_bytes(gzip.compress(bytes(header) + bytes(1024)))
    with pytest.raises(DataError, match='holds 4294967296 bytes'):
        downloads.unpack_reviews(str(archive), str(tmp_path / 'sparse'))
    archive.write_bytes(tar_of((name, tarfile.REGTYPE, 1 << 20, bytes(1 << 20)),
                               (name, tarfile.REGTYPE, 1 << 20, bytes(1 << 20))))
    downloads.unpack_reviews(str(archive), str(tmp_path / 'two'))
    monkeypatch.setattr(downloads, 'MAX_ARCHIVE', (1 << 20) + 4096)
    with pytest.raises(DataError, match='unpacks to more than|in all'):
        downloads.unpack_reviews(str(archive), str(tmp_path / 'bounded'))
    # A header that has a name of this length is read whole, before it is looked at.
    archive.write_bytes(tar_of(('x', tarfile.GNUTYPE_LONGNAME, 3 << 20, bytes(3 << 20))))
    with pytest.raises(DataError, match='unpacks to more than'):
        downloads.unpack_reviews(str(archive), str(tmp_path / 'name'))


def test_no_source_names_each_with_its_reason(site, impatient, folders, monkeypatch):
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        refused = f'http://127.0.0.1:{closed.getsockname()[1]}/imdb.pkl'
    monkeypatch.setattr(downloads, 'PICKLE_SOURCES', (
        downloads.Source(refused, 'ab', 9), downloads.Source(site.url('/silent.pkl'), 'ab', 9)))
    site.pages = {'/silent.pkl': silence, '/reviews.tar.gz': b'not the archive'}
    started = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        imdb.load_data()
    assert time.monotonic() - started < 60
    message = str(caught.value)
    assert f'{refused}: the connection was refused' in message
    assert f'{site.url("/silent.pkl")}: no answer within 2 s' in message
    assert f'{site.url("/reviews.tar.gz")}: ' in message and 'hash' in message.lower()
    for way in ('IMDB_DATA_DIR', 'imdb_preprocess.py', '--dataset demo', str(folders[2])):
        assert way in message
    assert os.listdir(folders[1]) == []


def test_silent_sources_share_one_deadline(site, impatient):
    site.pages = {f'/{n}': silence for n in range(5)}
    started = time.monotonic()
    reasons = downloads.probe([site.url(f'/{n}') for n in range(5)])
    assert time.monotonic() - started < 5  # and not 2 s for each
    assert set(reasons.values()) == {'no answer within 2 s'}


def test_names_whose_look_up_hangs_share_the_deadline(site, impatient, monkeypatch):
    def hang(*_, **__):
        site.closing.wait(20)
        raise OSError
    monkeypatch.setattr('requests.Session.get', hang)
    started = time.monotonic()
    reasons = downloads.probe(['http://a/', 'http://b/', 'http://c/'])
    assert time.monotonic() - started < 5  # and not 2 s for each
    assert set(reasons.values()) == {'no answer within 2 s'}


def test_sources_are_given_less_than_ten_seconds():
    assert downloads.PROBE_SECONDS < 9


def test_sources_are_those_that_the_tutorial_names():
    urls = [source.url for source in downloads.PICKLE_SOURCES] + [downloads.ARCHIVE_SOURCE.url]
    assert [url.split('/')[2] for url in urls] == [
        'www.iro.umontreal.ca', 'www.iro.umontreal.ca', 's3.amazonaws.com', 'ai.stanford.edu']
    assert all(re.fullmatch('[0-9a-f]{64}', source.sha256)
               for source in downloads.PICKLE_SOURCES + (downloads.ARCHIVE_SOURCE,))
    # What has no hash comes by HTTPS alone, and an open address after the same by HTTPS.
    assert downloads.DICTIONARY_SOURCE.url.startswith('https:')
    assert all(url.startswith('https:') or url.replace('http:', 'https:') in urls[:place]
               for place, url in enumerate(urls))


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
        assert re.search(reason, downloads.plain_reason(error))
