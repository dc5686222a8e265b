"""Tests of safe_reading.py: plain data passes as it is, and nothing else does."""

import gzip
import io
import os
import pickle
import pickletools
import struct
import tracemalloc
import zipfile

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_sentiment import files
from lstm_sentiment.data import safe_reading
from lstm_sentiment.errors import DataError

# What files of words and ids hold.
texts = st.text(max_size=9)
numbers = st.one_of(st.integers(-2 ** 63, 2 ** 63 - 1), st.integers(0, 300))
reviews = st.lists(st.lists(numbers, min_size=1, max_size=9), max_size=9)
parts = st.tuples(reviews, st.lists(numbers, max_size=9))
words = st.dictionaries(texts, st.integers(-2 ** 31, 2 ** 31 - 1), max_size=9)
plain = st.one_of(texts, st.booleans(), st.none(), st.floats(allow_nan=False),
                  st.lists(texts, min_size=1, max_size=3))
contents = st.one_of(st.tuples(parts, parts),
                     st.tuples(words, st.dictionaries(texts, plain, max_size=9)))


def dump(value, protocol, plain, optimized):
    """Pickle with the pickler in C or in Python, and with or without what is never read."""
    stream = io.BytesIO()
    (pickle._Pickler if plain else pickle.Pickler)(stream, protocol).dump(value)
    content = stream.getvalue()
    return pickletools.optimize(content) if optimized else content


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(contents, st.integers(0, pickle.HIGHEST_PROTOCOL),
       st.booleans(), st.booleans())
def test_plain_data_passes_in_every_protocol(two, protocol, plain, optimized):
    content = b''.join(dump(value, protocol, plain, optimized) for value in two)
    safe_reading.scan(content)
    stream = io.BufferedReader(io.BytesIO(content))
    assert tuple(safe_reading.read_pickle(stream) for _ in two) == two


def test_long_lists_pass():
    """Places in the memo past the ones that a byte counts, and past two."""
    sequences = [[n, 2] for n in range(70000)]
    for protocol in (0, 2, 4):
        content = pickle.dumps((sequences, [1] * 70000), protocol)
        safe_reading.scan(content)
        assert safe_reading.read_pickle(io.BytesIO(content)) == (sequences, [1] * 70000)
    # More than a million of them.
    safe_reading.scan(b'(' + b''.join(b']r' + struct.pack('<I', n) for n in range(1100000)) + b't.')


BOMBS = {
    'a place in the memo': b'\x80\x02Nr\xff\xff\xff\xff.',
    'a place in the memo, in digits': b'Np999999999\n.',
    'text of 4 GB': b'X\xff\xff\xff\xffab.',
    'text of 8 EB': b'\x8d' + b'\xff' * 7 + b'\x7fab.',
    'bytes of 8 EB': b'\x8e' + b'\xff' * 7 + b'\x7fab.',
    'a bytearray of 8 EB': b'\x96' + b'\xff' * 7 + b'\x7fab.',
    'a number of 2 GB': b'\x8b\xff\xff\xff\x7fab.',
    'a number of a million digits': b'L' + b'9' * 10 ** 6 + b'L\n.',
    'a frame of 8 EB': b'\x80\x04\x95' + b'\xff' * 7 + b'\x7fN.',
    'lists': b'(' + b']' * 10 ** 6 + b't.',
    'dicts': b'(' + b'}' * 10 ** 6 + b't.',
    'sets': b'(' + b'\x8f' * 10 ** 6 + b't.',
    'tuples': b'N' + b'\x85' * 10 ** 6 + b'.',
    'a key of nested tuples': b'}N' + b'\x85' * 10 ** 5 + b'K\x01s.',
    'a key of tuples made of pairs of themselves':
        b'}K\x01q\x00' + b'h\x00h\x00\x86q\x00' * 60 + b'K\x01s.',
    'a set of them': b'\x8f(K\x01q\x00' + b'h\x00h\x00\x86q\x00' * 60 + b'\x90.',
    'keys with one hash': b'}(' + b''.join(
        b'\x8a\x10' + (n * (2 ** 61 - 1)).to_bytes(16, 'little') + b'N'
        for n in range(1, 10 ** 5)) + b'u.',
    'a copy': b'K\x012.', 'a stored class': b'\x82\x01.', 'an object of another store': b'Qx\n.',
}


@pytest.mark.parametrize('name', BOMBS)
def test_bombs_are_refused_before_they_are_read(name):
    with pytest.raises(DataError):
        safe_reading.scan(BOMBS[name])


@pytest.mark.parametrize('content, message', [
    (b'cos\nsystem\n(S"true"\ntR.', 'it asks for os.system'),
    (b'c__builtin__\neval\n(S"1"\ntR.', 'it asks for __builtin__.eval'),
    (b'\x8c\x02os\x8c\x06system\x93.', 'it asks for a class or a function'),
    (b'(ios\nsystem\n.', 'it asks for a class or a function'),
    (b'K\x01}b.', 'it asks for a class or a function'),
    (b'\xff', 'no pickle: byte 0xff at 0'), (b'M\x01', 'truncated.*BININT2 at 0 of 2'),
    (b'X\x05\x00\x00\x00ab', 'truncated: 5 bytes announced at 5, 2 left'),
])
def test_the_message_says_what_was_found(content, message):
    with pytest.raises(DataError, match=message):
        safe_reading.scan(content)


SMALL = 20000
DENSE = {  # the most that a byte of each can take
    'lists': b'(' + b']\x94' * SMALL + b't.',
    'short texts': b'(' + b'\x8c\x02\xc4\x80' * SMALL + b't.',
    'numbers': b'(' + b'M\x00\x02' * SMALL + b't.', 'places': b'(' + b'N\x94' * SMALL + b't.',
    'marks': b'(' * SMALL + b't' * 10 + b'.',
    'items': b'}(' + b''.join(b'M' + struct.pack('<H', n) + b'N' for n in range(SMALL)) + b'u.',
    'dicts': b'(' + b'}NNNNN0'.replace(b'0', b'N') * SMALL + b't.',
}


@pytest.mark.parametrize('name', DENSE)
def test_memory_stays_within_the_factor(name):
    content = DENSE[name]
    safe_reading.scan(content)
    stream = io.BufferedReader(io.BytesIO(content))
    tracemalloc.start()
    try:
        safe_reading.read_pickle(stream)
    except (pickle.UnpicklingError, TypeError):
        assert name == 'marks'
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < safe_reading.MEMORY_FACTOR * len(content)


# Files

def test_a_large_file_may_have_a_large_content(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_reading, 'MAX_UNPACKED', 1 << 10)
    path = tmp_path / 'large.pkl'
    path.write_bytes(pickle.dumps(list(range(1000)), 2))
    with safe_reading.open_pickles(str(path), 'x') as stream:
        assert len(safe_reading.read_pickle(stream)) == 1000


def test_what_is_too_large_unpacked_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_reading, 'MAX_UNPACKED', 1 << 20)
    monkeypatch.setattr(safe_reading, 'INFLATION', 1)
    path = tmp_path / 'bomb.pkl.gz'
    bomb = gzip.compress(bytes(1 << 28))
    for content in (bomb, gzip.compress(bytes((1 << 20) + 1)),
                    gzip.compress(bytes(1 << 20)) + bomb):
        path.write_bytes(content)
        tracemalloc.start()
        with pytest.raises(DataError, match='more than 1048576 bytes'), \
                safe_reading.open_pickles(str(path), 'x'):
            pass
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
        tracemalloc.stop()


def test_a_known_file_needs_no_scan(tmp_path, monkeypatch):
    path = tmp_path / 'known.pkl'
    content = pickle.dumps([1, 2], 2)
    path.write_bytes(gzip.compress(content))
    fingerprint = files.fingerprint(str(path))
    scanned = []
    monkeypatch.setattr(safe_reading, 'scan', scanned.append)
    with safe_reading.open_pickles(str(path), 'x', {fingerprint}) as stream:
        assert safe_reading.read_pickle(stream) == [1, 2]
    assert scanned == []
    with safe_reading.open_pickles(str(path), 'x', {'0' * 64}) as stream:
        assert safe_reading.read_pickle(stream) == [1, 2]
    assert scanned == [content]


@pytest.mark.parametrize('path', ['/dev/zero', os.curdir])
def test_what_is_no_file_is_refused(path):
    with pytest.raises(DataError, match='a folder or a device|There is no|No such file'), \
            safe_reading.open_pickles(path, 'x'):
        pass


# Arrays

def npy(descr="'<f4'", order='False', shape='(2, 3)', content=bytes(24), version=b'\x01\x00'):
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    header += b' ' * (-(len(header) + 11) % 64) + b'\n'
    return b'\x93NUMPY' + version + struct.pack('<H', len(header)) + header + content


def zip_of(path, content, name='Wemb.npy', method=zipfile.ZIP_STORED, comment=b''):
    with zipfile.ZipFile(str(path), 'w', method) as archive:
        archive.writestr(name, content)
        archive.comment = comment
    return str(path)


def read(path):
    with safe_reading.open_arrays(path) as (arrays, members):
        return {name: arrays[name] for name in members}


@pytest.mark.parametrize('value', [
    numpy.arange(6).astype(kind).reshape(2, 3) for kind in
    ('float32', 'float64', '>f4', 'float16', 'int64', 'uint8', 'bool')]
    + [numpy.array(0.25), numpy.zeros((0, 3)), numpy.arange(3.),
       numpy.asfortranarray(numpy.arange(6.).reshape(2, 3))])
@pytest.mark.parametrize('save', [numpy.savez, numpy.savez_compressed])
def test_arrays_of_numbers_pass(tmp_path, value, save):
    path = str(tmp_path / 'a.npz')
    save(path, value=value, other=numpy.arange(2.))
    found = read(path)
    assert set(found) == {'value', 'other'} and (found['value'] == value).all()
    assert found['value'].dtype == value.dtype and found['value'].shape == value.shape


def test_arrays_of_python_2_pass(tmp_path):
    path = zip_of(tmp_path / 'a.npz', npy(shape='(2L, 3L)'))
    with safe_reading.open_arrays(path) as (_, members):
        assert members['Wemb'] == ((2, 3), 24)


@pytest.mark.parametrize('member', [
    npy(shape='(1000000000, 1000000000)'), npy(shape='(99999999999999999999, 3)'),
    npy(shape='(0, 99999999999999)', content=b'abc'), npy(shape='(2, 4)'), npy(shape='(2, 2)'),
    npy(shape='(' + '1, ' * 40 + ')', content=bytes(4)), npy("'|O'"), npy("'<U6'"), npy("'|S4'"),
    npy("[('a', '<f4')]"), npy("'<f4', 'x': __import__('os').system('true')"), npy('-' * 3000),
    npy(order='True or print'), npy(version=b'\x03\x00'), b'', b'\x93NUMPY', npy()[:-1],
])
def test_headers_that_do_not_fit_are_refused(tmp_path, member):
    with pytest.raises(DataError):
        read(zip_of(tmp_path / 'a.npz', member))


def test_what_is_no_array_of_numbers_is_left_alone(tmp_path):
    path = str(tmp_path / 'a.npz')
    numpy.savez(path, good=numpy.arange(2.), objects=numpy.array([[0.5, None]], dtype=object))
    found = read(path)
    assert set(found) == {'good'} and found['good'].tolist() == [0, 1]


def test_zip_bombs_are_refused(tmp_path):
    n_bytes = 64 << 20
    bomb = npy(shape=f'({n_bytes // 4},)', content=bytes(n_bytes))
    path = zip_of(tmp_path / 'a.npz', bomb, method=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    with pytest.raises(DataError, match='more than 100 times'):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_other_zips_are_refused(tmp_path):
    path = tmp_path / 'a.npz'
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        with pytest.raises(DataError, match='no arrays of numbers by name'):
            read(zip_of(path, npy(), method=method))
    with pytest.raises(DataError, match='no arrays of numbers by name'):
        read(zip_of(path, npy(), name='../../evil.txt'))
    with pytest.raises(DataError, match='no arrays by name'):
        read(zip_of(path, npy(), comment=b'x'))
    with zipfile.ZipFile(str(path), 'w') as archive:
        for n in range(1500):
            archive.writestr(f'{n}.npy', npy())
    with pytest.raises(DataError, match='bytes of names'):
        read(str(path))


def test_a_zip_of_the_larger_kind_is_refused(tmp_path):
    """Its own record, before the usual one, could announce a list of any length."""
    path = tmp_path / 'a.npz'
    zip_of(path, npy())
    content = path.read_bytes()
    locator = struct.pack('<4sLQL', b'PK\x06\x07', 0, len(content) - 22, 1)
    path.write_bytes(content[:-22] + locator + content[-22:])
    with pytest.raises(DataError, match='no arrays by name'):
        read(str(path))
