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


# Options

def read_options(tmp_path, content):
    (tmp_path / 'o.pkl').write_bytes(content)
    return safe_reading.read_options_pickle(str(tmp_path / 'o.pkl'))


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('plain', [True, False])
def test_options_come_back_from_every_protocol(tmp_path, protocol, plain):
    numbers = {'%s %r' % (kind, value): numpy.dtype(kind).type(value)
               for kind in ('float64', 'float32', 'int64', 'int32', 'uint8', 'bool')
               for value in (0, 1, 100)}
    numbers['great'] = numpy.float64(-1e300)
    options = dict(numbers, dim_proj=128, huge=2 ** 70, negative=-3, decay_c=0.25, maxlen=None,
                   encoder='lstm', name='caf\xe9 \u20ac', use_dropout=True, again='lstm',
                   numbers=[1, 2, [3]], none={})
    found = read_options(tmp_path, dump(options, protocol, plain, False))
    assert found == options
    assert all(type(found[name]) in (int, float, bool) for name in numbers)


@pytest.mark.parametrize('module', ['__main__', 'lstm', 'optimizers'])
def test_an_optimizer_becomes_its_name(tmp_path, module):
    content = b'}U\x01ac%s\nadadelta\ns.' % module.encode()
    assert read_options(tmp_path, content) == {'a': 'adadelta'}


DTYPE = b'cnumpy\ndtype\n(U\x02i8K\x00K\x01tR'
OPTION_BOMBS = {
    'a key of tuples made of pairs of themselves':
        b'}(K\x01\x85q\x00' + b'h\x00h\x00\x86q\x00' * 60 + b'tK\x01s.',
    'the same, hidden by an empty state':
        b'}(K\x01\x85Nbq\x00' + b'h\x00h\x00\x86Nbq\x00' * 60 + b'tK\x01s.',
    'the same, hidden by a frame':
        b'\x80\x04}(K\x01\x85' + b'\x95' + bytes(8) + b'\x94'
        + (b'h\x00h\x00\x86' + b'\x95' + bytes(8) + b'q\x00') * 60 + b'tK\x01s.',
    'a key of nested tuples': b'}N' + b'\x85' * 60000 + b'K\x01s.',
    'a place in the memo': b'}r\xff\xff\xff\xff.', 'a place in digits': b'}p999999999\n.',
    'a frame': b'\x80\x04\x95' + b'\xff' * 7 + b'\x7f}.', 'text': b'}X\xff\xff\xff\x7fabK\x01s.',
    'bytes': b'}B\xff\xff\xff\x7fabK\x01s.', 'a stored class': b'}K\x01\x82\x01s.',
    'an object': b'}K\x01cnumpy\ndtype\n)\x81s.', 'a set': b'}K\x01\x8fs.',
    'a copy': b'}U\x01aK\x012s.',
    'another name': b'}U\x01acnumpy\nload\n(U\x01xtRs.',
    'a scalar that is none': b'}U\x01acnumpy.core.multiarray\nscalar\n(K\x01U\x01xtRs.',
    'an array': b'}U\x01acnumpy.core.multiarray\n_reconstruct\n)Rs.',
    'a type of objects': b'}U\x01acnumpy\ndtype\n(U\x01OK\x00K\x01tRs.',
    'another byte order': b'}U\x01a' + DTYPE + b'(K\x03U\x01xNNNK\x01K\x01K\x00tbs.',
    'two numbers': b'}U\x01acnumpy.core.multiarray\nscalar\n(' + DTYPE + b'U\x10' + bytes(16)
        + b'tRs.',
    'an option without a name': b'}K\x01K\x02s.',
}


@pytest.mark.parametrize('name', OPTION_BOMBS)
def test_bombs_among_options_are_refused(tmp_path, name):
    tracemalloc.start()
    try:
        with pytest.raises((DataError, ValueError, TypeError, AttributeError)):
            read_options(tmp_path, OPTION_BOMBS[name])
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_attributes_of_what_is_called_cannot_be_set_for_others(tmp_path):
    for content in (b'}U\x01acnumpy\ndtype\nN}U\x0c__defaults__)s\x86bs.',
                    b'}U\x01acnumpy.core.multiarray\nscalar\n}U\x01xK\x01sbs.'):
        found = read_options(tmp_path, content)
        assert callable(found['a'])  # which is no option: `saved_model` refuses it
    unpickler = safe_reading.OptionsUnpickler(io.BytesIO())
    fresh = unpickler.find_class('numpy', 'dtype')
    assert fresh.__defaults__ is None and fresh is not unpickler.find_class('numpy', 'dtype')


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


def larger_kind(path, monkeypatch, **arrays):
    """An .npz with records of 64 bits, as one of more than 2 GiB has them."""
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, 'ZIP64_LIMIT', 100)
        numpy.savez(str(path), **arrays)
    content = path.read_bytes()
    assert content[-42:-38] == b'PK\x06\x07' and content[-98:-94] == b'PK\x06\x06'
    return content


@pytest.mark.parametrize('kind', ['float32', 'float64'])
def test_a_zip_of_the_larger_kind_is_read(tmp_path, monkeypatch, kind):
    arrays = {'Wemb': numpy.arange(60, dtype=kind).reshape(20, 3), 'b': numpy.zeros(2, kind)}
    larger_kind(tmp_path / 'a.npz', monkeypatch, **arrays)
    found = read(str(tmp_path / 'a.npz'))
    assert set(found) == set(arrays)
    assert all((found[name] == value).all() for name, value in arrays.items())


@pytest.mark.parametrize('place, value', [
    (-98, b'PK\x06\x05'), (-94, struct.pack('<Q', 45)), (-94, struct.pack('<Q', 1 << 40)),
    (-58, struct.pack('<Q', 1 << 40)), (-50, struct.pack('<Q', 0)), (-50, b'\xff' * 8),
    (-34, struct.pack('<Q', 0)), (-34, b'\xff' * 8)])
def test_a_record_of_64_bits_that_does_not_fit_is_refused(tmp_path, monkeypatch, place, value):
    path = tmp_path / 'a.npz'
    content = larger_kind(path, monkeypatch, Wemb=numpy.zeros((20, 3)))
    place += len(content)
    path.write_bytes(content[:place] + value + content[place + len(value):])
    with pytest.raises(DataError, match='no arrays by name'):
        read(str(path))


def test_a_long_list_in_a_zip_of_the_larger_kind_is_refused(tmp_path, monkeypatch):
    larger_kind(tmp_path / 'a.npz', monkeypatch, **{str(n): numpy.zeros(1) for n in range(1500)})
    with pytest.raises(DataError, match='bytes of names'):
        read(str(tmp_path / 'a.npz'))


def test_a_zip_that_only_claims_to_be_of_the_larger_kind_is_refused(tmp_path):
    """Its own record, before the usual one, could announce a list of any length."""
    path = tmp_path / 'a.npz'
    zip_of(path, npy())
    content = path.read_bytes()
    locator = struct.pack('<4sLQL', b'PK\x06\x07', 0, len(content) - 22, 1)
    path.write_bytes(content[:-22] + locator + content[-22:])
    with pytest.raises(DataError, match='no arrays by name'):
        read(str(path))
