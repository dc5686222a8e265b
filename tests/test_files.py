"""Tests of files.py: a file is written whole or not at all, and read to its end or refused."""

import bz2
import gzip
import io
import os
import stat
import threading
import zlib

import pytest

from lstm_sentiment import files
from lstm_sentiment.errors import ConfigError, DataError

posix = pytest.mark.skipif(os.name != 'posix', reason='permissions and links as on Unix')


def mode_of(path):
    return stat.S_IMODE(os.stat(str(path)).st_mode)


# Writing

def test_files_appear_together_when_they_are_whole(tmp_path):
    paths = [str(tmp_path / name) for name in 'ab']
    with files.whole_files(*paths) as (first, second):
        first.write(b'1')
        second.write(b'2')
        first.flush()
        assert not any(map(os.path.exists, paths))
    assert [(tmp_path / name).read_bytes() for name in 'ab'] == [b'1', b'2']
    assert sorted(os.listdir(tmp_path)) == ['a', 'b']


def test_all_are_on_the_disk_before_any_is_replaced(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, 'fsync', lambda number: (calls.append('fsync'), fsync(number)))
    monkeypatch.setattr(os, 'replace', lambda *names: (calls.append('replace'), replace(*names)))
    with files.whole_files(str(tmp_path / 'a'), str(tmp_path / 'b')) as streams:
        for stream in streams:
            stream.write(b'x')
    assert calls == ['fsync', 'fsync', 'replace', 'replace']


@pytest.mark.parametrize('error', [KeyboardInterrupt, SystemExit, ValueError, OSError])
def test_nothing_is_left_of_what_was_not_finished(tmp_path, error):
    (tmp_path / 'a').write_bytes(b'earlier')
    with pytest.raises(error), \
            files.whole_files(str(tmp_path / 'a'), str(tmp_path / 'b')) as (first, _):
        first.write(b'x' * 100000)
        raise error
    assert os.listdir(tmp_path) == ['a'] and (tmp_path / 'a').read_bytes() == b'earlier'


def test_an_error_inside_that_is_not_of_the_files_stays_what_it_is(tmp_path):
    with pytest.raises(BrokenPipeError), \
            files.whole_files(str(tmp_path / 'a'), error=ConfigError):
        raise BrokenPipeError(32, 'Broken pipe')
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='there is no full device')
@pytest.mark.parametrize('size', [1, 1 << 20])
def test_a_full_disk_names_the_file(tmp_path, monkeypatch, size):
    path = str(tmp_path / 'a')
    create = os.open
    monkeypatch.setattr(files.os, 'open', lambda name, flags, mode: create(
        '/dev/full', flags & ~os.O_EXCL, mode))
    with pytest.raises(ConfigError, match='a cannot be written: No space left on device. Try b'), \
            files.whole_files(path, error=ConfigError, advice='Try b') as (stream,):
        stream.write(b'x' * size)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize('name, said', [
    ('folder', 'it is a folder'), ('nowhere/a', 'No such file or directory'),
    ('pipe', 'it is not a regular file'), ('/dev/null', 'it is not a regular file')])
@posix
def test_what_cannot_be_replaced_is_refused_on_entry(tmp_path, name, said):
    (tmp_path / 'folder').mkdir()
    os.mkfifo(str(tmp_path / 'pipe'))
    path = os.path.join(str(tmp_path), name)
    with pytest.raises(DataError, match='%s cannot be written: %s' % (path, said)), \
            files.whole_files(path, error=DataError):
        pytest.fail('opened')
    with pytest.raises(ConfigError, match='saveto=%s cannot be written: %s' % (path, said)):
        files.require_writable('saveto', path)
    assert sorted(os.listdir(tmp_path)) == ['folder', 'pipe']
    assert not stat.S_ISREG(os.stat('/dev/null').st_mode)


@posix
@pytest.mark.parametrize('mode', [0o600, 0o640, 0o664, 0o444])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / 'a'
    path.write_bytes(b'earlier')
    path.chmod(mode)
    with files.whole_files(str(path)) as (stream,):
        # Nor can others read it while it is written.
        assert stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & ~mode == 0
        stream.write(b'later')
    assert mode_of(path) == mode and path.read_bytes() == b'later'


@posix
@pytest.mark.parametrize('mask, mode', [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_a_new_file_gets_the_permissions_of_the_process(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        files.replace_file(str(tmp_path / 'a'), b'x')
    finally:
        os.umask(before)
    assert mode_of(tmp_path / 'a') == mode


def test_the_umask_is_never_touched(tmp_path, monkeypatch):
    """It is that of all threads."""
    monkeypatch.setattr(os, 'umask', lambda mask: pytest.fail('umask(%o)' % mask))
    files.replace_file(str(tmp_path / 'a'), b'x')
    files.require_writable('saveto', str(tmp_path / 'a'))


@posix
def test_a_symbolic_link_stays_one(tmp_path):
    for name in ('real', 'links'):
        (tmp_path / name).mkdir()
    (tmp_path / 'real' / 'a').write_bytes(b'earlier')
    (tmp_path / 'real' / 'a').chmod(0o600)
    for name in 'ab':  # b leads to a file that is not there yet
        os.symlink(os.path.join('..', 'real', name), str(tmp_path / 'links' / name))
        files.replace_file(str(tmp_path / 'links' / name), b'later')
        assert os.readlink(str(tmp_path / 'links' / name)) == os.path.join('..', 'real', name)
        assert (tmp_path / 'real' / name).read_bytes() == b'later'
    assert mode_of(tmp_path / 'real' / 'a') == 0o600
    assert [sorted(os.listdir(tmp_path / name)) for name in ('real', 'links')] == [['a', 'b']] * 2


@posix
def test_links_in_a_circle_are_refused(tmp_path):
    os.symlink('a', str(tmp_path / 'a'))
    with pytest.raises(OSError):
        files.replace_file(str(tmp_path / 'a'), b'x')
    assert os.path.islink(str(tmp_path / 'a')) and os.listdir(tmp_path) == ['a']


def test_two_threads_write_one_path(tmp_path):
    path = str(tmp_path / 'a')
    contents = [bytes([number]) * 100000 for number in range(8)]
    threads = [threading.Thread(target=files.replace_file, args=(path, content))
               for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(path, 'rb') as stream:
        assert stream.read() in contents
    assert os.listdir(tmp_path) == ['a']


def test_writable_is_found_out_and_nothing_is_left(tmp_path, monkeypatch):
    (tmp_path / 'a').write_bytes(b'earlier')
    files.require_writable('saveto', str(tmp_path / 'a'), str(tmp_path / 'b'))
    assert os.listdir(tmp_path) == ['a'] and (tmp_path / 'a').read_bytes() == b'earlier'
    (tmp_path / 'a.json').mkdir()
    with pytest.raises(ConfigError, match='saveto=.*/a cannot be written: .*/a.json: it is a fold'):
        files.require_writable('saveto', str(tmp_path / 'a'), str(tmp_path / 'a.json'))

    def refuse(*_, **__):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(files.os, 'open', refuse)  # root may write anywhere
    with pytest.raises(ConfigError, match='a cannot be written: Permission denied. Name a file'):
        files.require_writable('saveto', str(tmp_path / 'a'))


# Reading

def test_decompress_reads_what_gzip_wrote():
    content = os.urandom(3000) + bytes(5 << 20)
    for packed in (gzip.compress(content), gzip.compress(content[:1000])
                   + gzip.compress(content[1000:])):
        blocks = list(files.decompress(io.BytesIO(packed)))
        assert b''.join(blocks) == content and max(map(len, blocks)) <= files.BLOCK
    with pytest.raises(EOFError):
        list(files.decompress(io.BytesIO(packed[:-1])))
    with pytest.raises(zlib.error):
        list(files.decompress(io.BytesIO(bz2.compress(content))))


def test_more_than_the_limit_is_refused(tmp_path):
    for name, content in (('a', bytes(1001)), ('a.gz', gzip.compress(bytes(1001)))):
        (tmp_path / name).write_bytes(content)
        assert files.read_bounded(str(tmp_path / name), 1001) == bytes(1001)
        with pytest.raises(DataError, match='more than 1000 bytes, unpacked'):
            files.read_bounded(str(tmp_path / name), 1000)


def test_a_fingerprint_is_that_of_the_content(tmp_path):
    for name, content in (('a', b'abc'), ('a.gz', gzip.compress(b'abc'))):
        (tmp_path / name).write_bytes(content)
        assert files.fingerprint(str(tmp_path / name)).startswith('ba7816bf8f01cfea414140de')
    with pytest.raises(DataError, match='nowhere cannot be read: No such file'):
        files.fingerprint(str(tmp_path / 'nowhere'))
    with pytest.raises(DataError, match='cannot be read: a folder or a device'):
        files.fingerprint(str(tmp_path))


# Text

def lines(content, **options):
    return list(files.read_lines(io.BufferedReader(io.BytesIO(content)), name='a', **options))


@pytest.mark.parametrize('size', [1, 2, 3, 1 << 16])
def test_lines_end_as_editors_have_it_wherever_blocks_end(monkeypatch, size):
    monkeypatch.setattr(files, 'TEXT_BLOCK', size)
    text = '\ufeffone\ntwo\r\n\rthree\rf\u00e9\u2028\x85\x0b\n\n'
    expected = ['one\n', 'two\r\n', '\r', 'three\r', 'f\u00e9\u2028\x85\x0b\n', '\n']
    assert lines(text.encode('utf-8')) == expected
    assert lines(text.encode('utf-16'), encoding='utf-16') == expected
    assert lines(gzip.compress(text.encode('utf-8'))) == expected
    assert lines(text.encode('utf-8')[:-2]) == expected[:4] + ['f\u00e9\u2028\x85\x0b']
    assert lines(b'') == []


@pytest.mark.parametrize('encoding, text', [
    ('cp1252', 'A lovely café, a naïve façade.'), ('cp1251', 'Это хороший фильм'),
    ('gb18030', '这个故事真好看，我觉得温暖。'), ('utf-16', 'A lovely film')])
def test_another_encoding_is_named_with_the_line(encoding, text):
    content = ('first\n' + text + '\n' + text + '\n').encode(encoding)
    with pytest.raises(DataError) as caught:
        lines(content)
    assert 'a, line %d, is not UTF-8' % (1 if encoding == 'utf-16' else 2) in str(caught.value)
    option = encoding.replace('-', '_')
    assert 'It looks like %s: give --encoding %s, or' % (option, option) in str(caught.value)
    assert lines(content, encoding=option) == ['first\n', text + '\n', text + '\n']


@pytest.mark.parametrize('encoding, error, said', [
    ('nonsense', ConfigError, "no encoding 'nonsense'"), ('base64', ConfigError, 'no encoding'),
    ('a\0', ConfigError, 'no encoding'), ('ascii', DataError, 'a is not ascii')])
def test_an_encoding_that_is_not_that_of_the_text(encoding, error, said):
    with pytest.raises(error) as caught:
        lines(b'caf\xc3\xa9', encoding=encoding)
    assert said in str(caught.value)
