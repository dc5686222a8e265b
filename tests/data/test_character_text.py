"""Texts for a character model: which one is taken, reading it, and errors."""
import gzip
import hashlib
import io
import os
import zipfile

import numpy
import pytest
from test_downloads import Site
from test_imdb import dumps

from lstm_sentiment.data import character_text, downloads
from lstm_sentiment.data.character_text import find_text
from lstm_sentiment.errors import DataError, DownloadError
from lstm_sentiment.files import fingerprint
from lstm_sentiment.text import grammar_entropy
from lstm_sentiment.text.characters import plain_letters

TEXT = 'anarchism originated as a term of abuse ' * 5


@pytest.fixture
def offline(monkeypatch):
    """No server answers; the list of questions."""
    asked = []

    def probe(urls):
        asked.extend(urls)
        return dict.fromkeys(urls, 'the network is unreachable')
    monkeypatch.setattr(downloads, 'probe', probe)
    return asked


@pytest.fixture
def short_demo(monkeypatch):
    monkeypatch.setattr(character_text, 'N_DEMO', 2000)


def archive(content=TEXT, name='text8'):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as packed:
        packed.writestr(name, content)
    return stream.getvalue()


def write_reviews(folder, dictionary=True):
    words = {'The': 2, 'film': 3, '&apos;s': 4, 'caf\u00e9': 5, '&lt;': 6, 'br': 7, '/': 8,
             '&gt;': 9}
    parts = (([[2, 3, 6, 7, 8, 9], [5, 4, 1, 2]], [0, 1]), ([[2]], [1]))
    (folder / 'imdb.pkl').write_bytes(dumps(*parts))
    if dictionary:
        settings = {'fingerprint': fingerprint(str(folder / 'imdb.pkl'))}
        (folder / 'imdb.dict.pkl').write_bytes(dumps(words, settings))


# Which text.

@pytest.mark.parametrize('place', [0, 1, 2])
@pytest.mark.parametrize('name, content', [
    ('text8', TEXT.encode()), ('text8.gz', gzip.compress(TEXT.encode(), mtime=0)),
    ('text8.zip', archive())])
def test_text8_is_found(folders, offline, place, name, content):
    (folders[place] / name).write_bytes(content)
    write_reviews(folders[1])
    text = find_text(None, 'letters', 10)
    assert text == ('text8', TEXT[11:], TEXT[:11], None)
    assert not offline


def test_then_the_reviews(folders, offline, capsys):
    write_reviews(folders[1])
    text = find_text(None, 'all', 3)
    assert text == ('reviews', "film\ncaf\u00e9 's  The", 'The ', None)
    assert offline == [downloads.TEXT8_SOURCE.url]
    printed = capsys.readouterr().out
    assert 'text8 is not on this machine' in printed and 'the network is unreachable' in printed
    assert 'Reading the reviews instead' in printed


@pytest.mark.parametrize('reviews', [True, False])
def test_then_the_grammar(folders, offline, short_demo, capsys, reviews):
    if reviews:
        write_reviews(folders[1], dictionary=False)  # words are needed
    text = find_text(None, 'letters', 300)
    assert text.name == 'demo'
    assert 'the grammar of demo' in capsys.readouterr().out
    assert text == find_text('demo', 'letters', 300)


@pytest.mark.parametrize('kind', ['letters', 'all'])
def test_the_grammar_says_its_floor(short_demo, kind):
    text = find_text('demo', kind, 300)
    transform = character_text.KINDS[kind]
    for part, seed, length in ((text.training, 123, 2000), (text.held_out, 321, 301)):
        drawn = transform(grammar_entropy.draw_text(numpy.random.RandomState(seed), 2000))
        assert part == drawn[:length] and len(part) > 0.9 * length
    assert len(text.held_out) == 301
    assert text.least == grammar_entropy.least_perplexity(text.held_out, transform)


def test_a_text_by_name_asks_no_server(folders, offline, tmp_path, short_demo):
    path = tmp_path / 'book.txt'
    path.write_text(TEXT, encoding='utf-8')
    (folders[0] / 'text8').write_bytes(b'other')
    assert find_text(str(path), 'letters', 10).training == TEXT[11:]
    assert find_text(path, 'letters', 10).training == TEXT[11:]
    find_text('demo', 'letters', 10)
    assert not offline


@pytest.mark.parametrize('source, said', [
    ('text8', 'text8 is not on this machine'), ('reviews', 'imdb.pkl')])
def test_a_text_by_name_that_is_not_there(folders, offline, source, said):
    with pytest.raises(DataError, match=said):
        find_text(source, 'letters', 10)


# The download.

@pytest.fixture
def site(monkeypatch):
    site = Site()
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.setattr(downloads, 'TEXT8_SOURCE', downloads.Source(
        site.url('/text8.zip'), hashlib.sha256(archive()).hexdigest(), 10 ** 5))
    yield site
    site.close()


def test_text8_is_downloaded_once(site, folders):
    site.pages['/text8.zip'] = archive()
    for _ in range(2):
        assert find_text(None, 'letters', 10).training == TEXT[11:]
    assert os.listdir(str(folders[1])) == ['text8.zip']
    assert len(site.asked) == 2  # a question whether it is there, and the file


@pytest.mark.parametrize('page, said', [(archive('other'), 'hash'), (404, '404')])
def test_another_file_is_not_taken_for_text8(site, folders, page, said):
    site.pages['/text8.zip'] = page
    with pytest.raises(DownloadError, match=said):
        find_text('text8', 'letters', 10)
    assert not os.listdir(str(folders[1]))


def test_the_hash_is_the_published_one():
    assert downloads.TEXT8_SOURCE.url == 'http://mattmahoney.net/dc/text8.zip'
    assert downloads.TEXT8_SOURCE.sha256 == (
        'a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232')


# Files that cannot be used.

@pytest.mark.parametrize('content, said', [
    (b'', 'holds no characters'), (b' \n', 'holds no characters'), (b'12', 'holds no characters'),
    (b'\xff\xfe\x00', 'is not UTF-8'), (b'a word\ncaf\xe9 noir', 'is not UTF-8'),
    (gzip.compress(TEXT.encode(), mtime=0)[:-9], 'cut off')])
def test_files_without_a_text(tmp_path, content, said):
    path = tmp_path / 'bad.txt'
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        find_text(str(path), 'letters', 10)
    assert said in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize('name', ['nowhere.txt', '.'])
def test_places_without_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match='cannot be read: .*Expected a file of text'):
        find_text(name, 'letters', 10)


@pytest.mark.parametrize('content', [b'', b'no archive', archive(name='other')])
def test_damaged_archives(folders, content):
    (folders[0] / 'text8.zip').write_bytes(content)
    with pytest.raises(DataError, match='text8.zip cannot be read: .*Expected the published'):
        find_text('text8', 'letters', 10)


def test_large_texts_are_refused(folders, monkeypatch):
    monkeypatch.setattr(character_text, 'MAX_TEXT', len(TEXT) - 1)
    for name, content in (('text8.zip', archive()), ('text8', TEXT.encode())):
        (folders[0] / name).write_bytes(content)
        with pytest.raises(DataError, match='more than 199 bytes'):
            find_text('text8', 'letters', 10)


def test_a_byte_order_mark_is_no_character(tmp_path):
    path = tmp_path / 'marked.txt'
    path.write_bytes(b'\xef\xbb\xbf' + TEXT.encode())
    assert find_text(str(path), 'all', 10).held_out == TEXT[:11]


def test_both_parts_have_their_share_in_the_hash():
    one = character_text.CharacterText('a', 'bc', 'd', None)
    assert character_text.sha256_of(one) == character_text.sha256_of(one._replace(name='x'))
    for other in (one._replace(training='b', held_out='cd'), one._replace(held_out='e')):
        assert character_text.sha256_of(other) != character_text.sha256_of(one)


def test_reviews_become_lines_of_plain_letters(folders):
    write_reviews(folders[0])
    text = find_text('reviews', 'letters', 3)
    assert text.held_out + text.training == plain_letters("The film\ncaf\u00e9 's  The")
