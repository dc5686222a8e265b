"""Spoilt and hostile files, fed to every loader by the thousand.

Whatever a file holds, a loader returns data that passes every check, or raises the project's own
error. Nothing that a file names is run, and no case takes long or much memory.

``make long`` runs this with over 15,000 cases, others each time, and prints the count.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import pickle
import pickletools
import random
import struct
import sys
import tempfile
import time
import warnings
import zipfile

import duckdb
import numpy
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import imdb
from lstm_sentiment.data import arrow_datasets, datasets, safe_reading
from lstm_sentiment.errors import ConfigError, DataError, ModelError, TutorialError
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction import inputs
from lstm_sentiment.text import arrow_files, corpora
from lstm_sentiment.text.vocabulary import CLASSES, TEXT_SETTINGS, Vocabulary
from lstm_sentiment.training import checkpoint, provenance

try:
    import pyarrow
    import pyarrow.compute  # arrays import it when it is needed; it makes named tuples by exec
    import pyarrow.ipc
except ImportError:  # an extra
    pyarrow = None

N_CASES, MANY_CASES = 80, 1200  # for each loader: in the usual tests, and under ``make long``
# What a case may take: processor time, and memory, in all cases together.
SECONDS = 2.
MEBIBYTES = 160

# Asking for it the first time writes a file.
TEMPORARY = tempfile.gettempdir()

tally = {'cases': 0, 'accepted': 0, 'slowest': 0., 'memory': 0., 'run': []}


# What must never happen

def planted(*arguments):
    """What the payloads call, if anything can be called."""
    tally['run'].append('planted%r' % (arguments,))


class Payload:
    """Pickles of it call `planted`, or what is given."""

    def __init__(self, function=planted, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


HARMFUL = ('os.system', 'os.exec', 'os.posix_spawn', 'os.fork', 'os.putenv', 'os.remove',
           'os.mkdir', 'os.rename', 'os.symlink', 'subprocess.Popen', 'socket.connect',
           'ctypes.dlopen', 'shutil.rmtree', 'pickle.find_class')


def watch(event, arguments):
    """An audit hook: what a loader does while it reads a case."""
    if not tally.get('reading'):
        return
    writes = event == 'open' and isinstance(arguments[1], str) and set(arguments[1]) & set('wax+')
    # The folder itself is opened for a temporary file without a name; Python 3.8 then reports the
    # descriptor that it got as well.
    writes = writes and arguments[0] != TEMPORARY and not isinstance(arguments[0], int)
    # The file into which a table is unpacked is taken away again.
    own = event == 'os.remove' and str(arguments[0]).startswith(os.path.join(TEMPORARY, 'lstm-'))
    # Modules of the standard library may be imported; text may not be run.
    runs = event == 'exec' and arguments[0].co_filename == '<string>'
    if event in HARMFUL and not own or writes or runs:
        tally['run'].append((event, repr(arguments)))


sys.addaudithook(watch)


def peak_memory():
    """MiB that this process has taken at most so far."""
    resource = pytest.importorskip('resource')
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == 'darwin' else 1 << 10)


# Files that are right, to be spoilt

def dataset(protocol):
    rng = random.Random(1)
    parts = [([[rng.randrange(2, 300) for _ in range(1 + n % 4)] for n in range(12)],
              [n % 2 for n in range(12)]) for _ in range(2)]
    return b''.join(pickle.dumps(part, protocol) for part in parts)


def dictionary(protocol):
    settings = {'tokenizer': 'moses', 'lowercase': True, 'classes': ['neg', 'pos'],
                'fingerprint': 'ab' * 32}
    words = {'word%d' % n: n + 2 for n in range(9)}
    return pickle.dumps(words, protocol) + pickle.dumps(settings, protocol)


OPTIONS = {'dim_proj': 3, 'n_words': 5, 'lrate': 0.0001, 'maxlen': None, 'use_dropout': True,
           'dataset': 'imdb', 'ydim': 2, 'encoder': 'lstm', 'saveto': 'model.npz'}


def options_pickle(protocol):
    return pickle.dumps(dict(OPTIONS, ydim=numpy.int64(2), lrate=numpy.float64(0.1)), protocol)


def zeros():
    return {'Wemb': numpy.zeros((5, 3)), 'b': numpy.zeros(2, 'float32')}


def npz(save=numpy.savez, **more):
    stream = io.BytesIO()
    save(stream, train_err=0.5, **dict(zeros(), **more))
    return stream.getvalue()


def objects(value):
    array = numpy.empty((5, 3), dtype=object)
    array[...] = value
    return array


PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
PAYLOADS = [Payload(), Payload(os.system, 'true'), Payload(eval, '1'), Payload(exec, ''),
            Payload(Payload, Payload()), Payload(map, planted, [1]),
            Payload(getattr, Payload(__import__, 'os'), 'getpid')]
PAYLOAD_PICKLES = [pickle.dumps(value, protocol) for payload in PAYLOADS for protocol in PROTOCOLS
                   for value in (payload, [payload], ([[payload]], [0]), {'dim_proj': payload})]

# Pieces of pickles: calls, claims of sizes that nobody has, and structures that grow.
CALLS = [
    b'cos\nsystem\n(S"true"\ntR', b'cbuiltins\neval\n(S"1"\ntR', b'c__builtin__\neval\n', b')R',
    b'ctest_fuzz\nplanted\n)R', b'\x8c\x09test_fuzz\x8c\x07planted\x93)R', b')\x81', b'b',
    b'(itest_fuzz\nplanted\n', b'(ctest_fuzz\nplanted\no', b'cnumpy\nload\n', b'cnumpy\ndtype\n',
    b'cnumpy.core.multiarray\nscalar\n', b'c_codecs\nencode\n', b'\x82\x01', b'Qx\n', b'P1\n']
CLAIMS = [
    b'r\xff\xff\xff\xff', b'r\xff\xff\xff\x0f', b'p999999999\n', b'j\xff\xff\xff\xff',
    b'X\xff\xff\xff\x7f', b'T\xff\xff\xff\x7f', b'B\xff\xff\xff\x7f', b'\x8b\xff\xff\xff\x7f',
    b'\x8a\xff', b'\x8a\x10' + b'\xff' * 15 + b'\x7f', b'\x95' + b'\xff' * 7 + b'\x7f',
    b'\x8d' + b'\xff' * 7 + b'\x7f', b'\x8e' + b'\xff' * 7 + b'\x7f', b'\x96' + b'\xff' * 8]
GROWTH = [b'h\x00h\x00\x86q\x00' * 40, b'\x85' * 50, b'(' * 50, b']' * 50, b'}' * 50, b'\x8f' * 50,
          b'I' + b'9' * 5000 + b'\n', b'L' + b'9' * 5000 + b'L\n']
SINGLE = [b'F1e999\n', b'Fnan\n', b'\x80\x02', b'\x80\xff', b'V\\ud800\n', b"S'\\xff'\n", b'q\x00',
          b'M\xff\xff', b'J\xff\xff\xff\xff', b'G\x7f\xf8' + bytes(6), b'h\x00', b'(\x90', b'(\x91']
SINGLE += [bytes([code]) for code in b'210tldsuaeN.\x88\x89\x94\x97\x98\x85\x86\x87]})(']
PIECES = CALLS + CLAIMS + GROWTH + SINGLE
JSON_PIECES = [
    b'[' * 3000, b'{"a":' * 3000, b'9' * 5000, b'1e999', b'NaN', b'-Infinity', b'"\\ud800"',
    b'\xff', b'null', b'true', b'{}', b'[]', b'"', b'{"dim_proj": 1e12}', b'\x00', b',', b':',
    b'"n_words": 99999999999999999999, ', b'"dim_proj": -1, ', b'"__proto__": [], ']
ZIP_PIECES = [
    b"'|O'", b"'<U9'", b"'<f8'", b"'<c16'", b'(1000000000, 1000000000)', b'(5, 3)', b'(5,)',
    b'PK\x05\x06', b'PK\x06\x07', b'PK\x06\x06', b'PK\x01\x02', b'PK\x03\x04', b'\xff' * 4,
    b'\xff' * 8, b'\x93NUMPY\x01\x00', b'\x93NUMPY\x03\x00', bytes(4), b'Wemb.npy', b'../../x.npy',
    b'\x08\x00', b'\x0e\x00', b'True', b'__import__("os").getpid()']


@st.composite
def spoilt(draw, bases, pieces):
    """One of the files in `bases`, with changes; each puts bytes in the place of others."""
    content = bytearray(draw(st.sampled_from(bases)))
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3, 6]))):
        place = draw(st.integers(0, len(content)))
        piece = draw(st.one_of(
            st.binary(min_size=1, max_size=1), st.binary(min_size=1, max_size=1),
            st.binary(max_size=4), st.sampled_from(pieces),
            st.integers(0, len(content)).map(lambda start: bytes(content[start:start + 40]))))
        n_lost = draw(st.sampled_from([len(piece), len(piece), 0, 1, 2, 4, 8, 10 ** 9]))
        content[place:place + n_lost] = piece
    return bytes(content)


def spoilt_pickles(function):
    bases = 3 * [function(protocol) for protocol in PROTOCOLS] + PAYLOAD_PICKLES[::20]
    return spoilt(bases, PIECES + PAYLOAD_PICKLES[::7])


def packed(strategy):
    """The same, compressed now and then, and spoilt once more."""
    return st.one_of(strategy, strategy.map(gzip.compress),
                     spoilt([gzip.compress(bytes(9)), gzip.compress(dataset(2))], PIECES))


NAMES = st.sampled_from(['Wemb.npy', 'b.npy', 'b', '/b.npy', '\ud7ff.npy'])
LENGTHS = st.sampled_from([0, 1, 2, 3, 5, 10 ** 9])
TYPES = st.sampled_from(['<f4', '>f8', '|O', '<i8', '|b1', '<U3', '|V9', '<f2', 'x'])
HEADERS = st.sampled_from(["{'descr': %r, 'fortran_order': False, 'shape': %r, }",
                           "{'descr': [('f', %r)], 'fortran_order': False, 'shape': %r, }",
                           '(' * 200 + '%r%r', '-' * 3000 + '1%r%r'])
CONTENTS = st.sampled_from([bytes(60), bytes(8), bytes(120), bytes(1 << 16),
                            pickle.dumps([Payload()])])
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])


@st.composite
def strange_npz(draw):
    """Zip files of arrays with headers that are true to nothing."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, 'w', draw(METHODS)) as archive:
        warnings.simplefilter('ignore')  # the same name twice
        for name in draw(st.lists(NAMES, max_size=4)):
            shape = tuple(draw(st.lists(LENGTHS, max_size=4)))
            header = (draw(HEADERS) % (draw(TYPES), shape) + '\n').encode()
            archive.writestr(name, b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header
                             + draw(CONTENTS))
    return stream.getvalue()


# The loaders, and what they may return

def load_dataset(path):
    parts = imdb.load_data(path, n_words=200, valid_portion=0.25)
    assert len(parts) == 3
    for sequences, labels in parts:
        assert len(sequences) == len(labels)
        for sequence, label in zip(sequences, labels):
            assert type(sequence) is list and sequence and type(label) is int
            assert 0 <= label <= datasets.MAX_LABEL
            assert all(type(word) is int and 0 <= word < 200 for word in sequence)


def load_dictionary(path):
    words, settings = datasets.load_dictionary(path)
    assert words and type(settings) is dict
    assert all(type(word) is str and type(number) is int and number >= 2
               for word, number in words.items())
    assert len(set(words.values())) == len(words)
    json.dumps(settings)  # nothing that refers to itself, or is a class


def load_options(path):
    options = saved_model.load_options(path.rsplit('.', 1)[0])
    assert type(options) is dict
    for name, value in options.items():
        assert type(name) is str and type(value) in (bool, int, float, str, type(None))
        assert name != 'dim_proj' or type(value) is int and value >= 1


def load_model(path):
    params = saved_model.load_params(path, zeros())
    for name, value in zeros().items():
        assert params[name].shape == value.shape and params[name].dtype == value.dtype
        assert numpy.isfinite(params[name]).all()


def scan(path):
    """What the scan lets through has, by the standard library, the instructions of plain data."""
    with open(path, 'rb') as file:
        content = file.read()
    safe_reading.scan(content)
    stream = io.BytesIO(content)
    while stream.tell() < len(content):
        try:
            for instruction, argument, place in pickletools.genops(stream):
                assert instruction.name in PLAIN, instruction.name
                if 'PUT' in instruction.name:
                    assert argument <= place + (2 << 20)
        except ValueError:
            return  # numbers in digits, or text, that are none; or no end


def load_whole_model(path):
    """The arrays of a model, beside options and words that are right, and fit each other."""
    params, options, vocabulary = saved_model.load(path)
    assert params['Wemb'].shape == (5, 3) and params['b'].shape == (2,)
    assert options['ydim'] == 2 and vocabulary.words == ['the', 'dull', 'film']


def load_words(path):
    """The words beside a model, whose options vouch for them."""
    with open(path, 'rb') as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    found = saved_model.load_vocabulary(path[:-len('.words.json')], {'words_sha256': sha256})
    assert all(type(word) is str and word.split() == [word] for word in found.words)
    assert len(set(found.words)) == len(found.words) and len(found.classes) > 1
    assert found.ids('the') in ([1], [found.words.index('the') + 2 if 'the' in found.words else 1])


def run_to_resume():
    """The checkpoint of a small run, and what the run consists of."""
    values = {'param.b': numpy.zeros(2), 'rng': numpy.random.RandomState(1)}
    return checkpoint.Checkpoint('c', dict(OPTIONS, **provenance.provenance())), values


def kept(progress=None):
    """A checkpoint of that run, with this text of its progress or the right one."""
    content = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, 'replace_file', lambda path, found: content.update({path: found}))
        place, values = run_to_resume()
        place.save(dict(values, **{'best.b': numpy.ones(2)}), {
            'update': 3, 'epoch': 0, 'n_done': 3, 'validated_at': 3, 'seconds': 1.5,
            'history_errs': [[0.5, 0.25]], 'best_errors': [0.25, 0.5, 0.25], 'finished': False})
    with numpy.load(io.BytesIO(content['c'])) as found:
        arrays = dict(found)
    if progress is None:
        return content['c'], arrays['progress'].tobytes()
    spoilt_content = io.BytesIO()
    numpy.savez(spoilt_content, **dict(arrays, progress=numpy.frombuffer(progress, 'uint8')))
    return spoilt_content.getvalue()


def load_checkpoint(path):
    place, values = run_to_resume()
    place.path = path
    with contextlib.redirect_stdout(io.StringIO()):
        found, progress = place.load(values, {'best.b': numpy.zeros(2)})
    assert found['param.b'].shape == found.get('best.b', found['param.b']).shape == (2,)
    assert all(type(progress[name]) is int for name in ('update', 'epoch', 'n_done'))
    assert 0 <= found['rng'].rand() < 1


def load_texts(path):
    samples = list(inputs.from_path(path, CLASSES).samples)
    assert all(type(sample.text) is str for sample in samples)


def load_table(path):
    rows = list(corpora.open_corpus(path).rows)
    assert all(type(row.text) is str and type(row.label) is str and row.label for row in rows)


PLAIN = {
    'PROTO', 'FRAME', 'MARK', 'STOP', 'NONE', 'NEWTRUE', 'NEWFALSE', 'INT', 'BININT', 'BININT1',
    'BININT2', 'LONG', 'LONG1', 'FLOAT', 'BINFLOAT', 'STRING', 'BINSTRING', 'SHORT_BINSTRING',
    'UNICODE', 'BINUNICODE', 'SHORT_BINUNICODE', 'EMPTY_LIST', 'LIST', 'APPEND', 'APPENDS',
    'EMPTY_TUPLE', 'TUPLE', 'TUPLE1', 'TUPLE2', 'TUPLE3', 'EMPTY_DICT', 'DICT', 'SETITEM',
    'SETITEMS', 'PUT', 'BINPUT', 'LONG_BINPUT', 'MEMOIZE', 'GET', 'BINGET', 'LONG_BINGET'}
JSON = json.dumps(OPTIONS).encode()
WORDS = Vocabulary(['the', 'dull', 'film'], TEXT_SETTINGS, CLASSES, 'ab' * 32).to_json()
WHOLE = {'.words.json': WORDS, '.json': json.dumps(dict(
    OPTIONS, words_sha256=hashlib.sha256(WORDS).hexdigest())).encode()}
CSV = 'text,label\n"Dull, but long.",neg\nNice.,pos\n"Two\nlines ""quoted""",pos\n'.encode()
JSON_LINES = b'{"text": "Dull.", "label": "neg"}\n\n{"text": "Nice \\u00e9.", "label": 1}\n'
TABLE_PIECES = [b'"', b'""', b',', b'\n', b'\r', b'\r\n', b'\0', b'\t', b'\xff', b'\xef\xbb\xbf',
                b'\xed\xa0\x80', b'text', b'label', b'text,', b'"' + b'x' * 200000, b',' * 500]
ARRAYS = [npz(), npz(numpy.savez_compressed), npz(Wemb=objects(Payload())),
          npz(more=objects(Payload(os.system, 'true'))), npz(Wemb=numpy.zeros((5, 3), '<U3')),
          npz(b=numpy.array([numpy.nan, 1.])),
          npz(numpy.savez_compressed, more=numpy.zeros(10 ** 7))]
CHECKPOINT, PROGRESS = kept()
TEXTS = 'A film.\n\nDull; très long.\n'.encode()
JSON_ARRAY = b'[' + b','.join(line for line in JSON_LINES.split(b'\n') if line) + b']'
TABLES = {'t.csv': CSV, 't.jsonl': JSON_LINES, 't.json': JSON_ARRAY}


def zipped(method, tables=('t.csv',), **more):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', method) as archive:
        for name in tables:
            archive.writestr(name, TABLES[name])
        for name, content in more.items():
            archive.writestr(name, content)
    return stream.getvalue()


def parquet(names=None):
    """A small Parquet file; it may name its classes, as Hugging Face has it."""
    about = '' if names is None else ", kv_metadata {huggingface: '%s'}" % json.dumps(
        {'info': {'features': {'label': {'_type': 'ClassLabel', 'names': names}}}})
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = os.path.join(folder, 't.parquet')
        connection.execute("copy (select * from (values ('Dull.', 0), ('Nice.', 1), ('Two', 1)) "
                           "as found(text, label)) to '%s' (format parquet%s)" % (path, about))
        with open(path, 'rb') as file:
            return file.read()


class Arrays:
    """Texts as `write_arrow` wants them: one block."""

    def __init__(self, texts):
        self.texts = texts

    def blocks(self):
        yield numpy.concatenate(self.texts), numpy.array([len(text) for text in self.texts])


def arrow_file(groups, **about):
    """An Arrow file of two small parts."""
    stream = io.BytesIO()
    parts = {name: (Arrays([numpy.arange(n % 3 + 1) for n in range(6)]), numpy.arange(6) % 2)
             for name in ('train', 'test')}
    arrow_files.write_arrow(stream, parts, groups, numpy.arange(2, 9), dict(
        dict(words=['the', 'dull', 'film'], settings=TEXT_SETTINGS, classes=CLASSES,
             fingerprint='ab' * 32, of_texts='ab' * 32, largest_id=4), **about))
    return stream.getvalue()


def recompressed(content, method):
    """The same Arrow file with compressed batches; some of a million zeros."""
    stream = io.BytesIO()
    with pyarrow.ipc.open_file(content) as source, pyarrow.ipc.new_file(
            stream, source.schema, options=pyarrow.ipc.IpcWriteOptions(compression=method)) as sink:
        for number in range(source.num_record_batches):
            batch = source.get_batch(number)
            ids = pyarrow.array([[0] * 10 ** 6] * len(batch), batch.schema.field('ids').type)
            sink.write_batch(batch)
            sink.write_batch(pyarrow.record_batch([ids] + batch.columns[1:], schema=batch.schema))
    return stream.getvalue()


def load_arrow(path):
    found = arrow_datasets.ArrowDataset(path, n_words=100)
    for texts, labels in found.parts.values():
        assert len(texts) == len(labels) > 0
        for ids, label in zip(texts, labels.tolist()):
            assert len(ids) > 0 and ids.min() >= 0 and ids.max() < 100
            assert 0 <= label <= datasets.MAX_LABEL
    assert found.groups is None or len(found.groups) == len(found.parts['train'][0])
    assert len(found.vocabulary.classes) > 1


RIGHT = {'checkpoint': CHECKPOINT, 'texts': TEXTS,
         'dataset': dataset(2), 'dictionary': dictionary(4), 'options, pickle': options_pickle(2),
         'options, JSON': JSON, 'model': npz(), 'scan': dataset(0), 'words': WORDS, 'csv': CSV,
         'whole model': npz(U=numpy.zeros((3, 2))), 'jsonl': JSON_LINES,
         'tsv': b'text\tlabel\nDull.\tneg\nNice.\tpos\n"Two\tpos\n',
         'jsonl.gz': gzip.compress(JSON_LINES), 'json': JSON_ARRAY, 'parquet': parquet(),
         'zip': zipped(zipfile.ZIP_DEFLATED)}
PARQUET_PIECES = [b'"names"', b'["neg", "pos"]', b'huggingface', b'{', b'7', b'[' * 9, b'PAR1',
                  b'PARE', bytes(4), b'\xff' * 4, b'\xff' * 8, b'\x7f\xff\xff\xff',
                  b'\x15\xfe\xff\xff\xff\x0f', b'text', b'label', b'\x19', b'\x1c', b'\x00']
ARROW_PIECES = [b'ARROW1', b'\xff' * 4, b'\xff' * 8, bytes(8), b'\xff\xff\xff\x7f', b'\x80',
                b'part', b'label', b'train', b'valid', b'\x01\x00\x00\x00', b'"words"',
                b'arrow.py_extension_type']
ARCHIVES = [zipped(zipfile.ZIP_STORED), zipped(zipfile.ZIP_DEFLATED), zipped(zipfile.ZIP_LZMA),
            zipped(zipfile.ZIP_STORED, ['t.jsonl']), zipped(zipfile.ZIP_DEFLATED, ['t.json']),
            zipped(zipfile.ZIP_DEFLATED, [], **{'train.csv': CSV, 'dev.jsonl': JSON_LINES,
                                                'test.json': JSON_ARRAY}),
            zipped(zipfile.ZIP_STORED, TABLES), zipped(zipfile.ZIP_STORED, [], **{'../t.csv': CSV}),
            zipped(zipfile.ZIP_DEFLATED, [], **{'t.csv': b'text,label\n' + b'x' * 10 ** 7})]
# name: (file name, files, loader, what it raises)
LOADERS = {
    'dataset': ('d.pkl', packed(spoilt_pickles(dataset)), load_dataset, DataError),
    'dictionary': ('w.pkl', packed(spoilt_pickles(dictionary)), load_dictionary, DataError),
    'options, pickle': ('m.npz.pkl', spoilt_pickles(options_pickle), load_options, ModelError),
    'options, JSON': ('m.npz.json', spoilt([JSON], JSON_PIECES), load_options, ModelError),
    'model': ('m.npz', spoilt(ARRAYS, ZIP_PIECES), load_model, ModelError),
    'model, strange headers': ('m.npz', strange_npz(), load_model, ModelError),
    'scan': ('s.pkl', spoilt_pickles(dataset), scan, DataError),
    'whole model': ('n.npz', spoilt([RIGHT['whole model']], ZIP_PIECES), load_whole_model,
                    ModelError),
    'words': ('v.npz.words.json', spoilt([WORDS], JSON_PIECES), load_words, ModelError),
    'checkpoint': ('c.checkpoint', spoilt([CHECKPOINT], ZIP_PIECES), load_checkpoint,
                   (ConfigError, ModelError)),
    'progress in it': ('c.checkpoint', spoilt([PROGRESS], JSON_PIECES).map(kept), load_checkpoint,
                       (ConfigError, ModelError)),
    'texts': ('t.txt', spoilt([TEXTS], TABLE_PIECES), load_texts, DataError),
    'csv': ('t.csv', spoilt([CSV], TABLE_PIECES), load_table, DataError),
    'tsv': ('t.tsv', spoilt([RIGHT['tsv']], TABLE_PIECES), load_table, DataError),
    'jsonl': ('t.jsonl', spoilt([JSON_LINES], TABLE_PIECES + JSON_PIECES), load_table, DataError),
    'jsonl.gz': ('t.jsonl.gz', packed(spoilt([JSON_LINES], JSON_PIECES)), load_table, DataError),
    'json': ('t.json', spoilt([JSON_ARRAY], TABLE_PIECES + JSON_PIECES), load_table, DataError),
    'parquet': ('t.parquet', spoilt([RIGHT['parquet'], parquet(['neg', 'pos'])], PARQUET_PIECES),
                load_table, DataError),
    'zip': ('t.zip', spoilt(ARCHIVES, ZIP_PIECES + TABLE_PIECES), load_table, DataError),
}
if pyarrow is not None:
    RIGHT['arrow'] = arrow_file(None)
    FILES = [RIGHT['arrow'], arrow_file([0, 0, 1, 1, 2, 2]), recompressed(RIGHT['arrow'], 'zstd')]
    LOADERS['arrow'] = ('a.arrow', spoilt(FILES, ARROW_PIECES), load_arrow, DataError)


def write_companions(folder):
    """The files beside a whole model."""
    for ending, content in WHOLE.items():
        (folder / ('n.npz' + ending)).write_bytes(content)


def feed(loader, path, content, expected):
    """Give a loader one file; note what happens, and what it takes."""
    with open(path, 'wb') as file:
        file.write(content)
    started, tally['reading'] = time.process_time(), True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            loader(path)
        tally['accepted'] += 1
    except TutorialError as error:
        assert isinstance(error, expected)
        assert 20 < len(str(error)) < 1000 and str(error).isprintable()
    finally:
        tally['reading'] = False
    seconds = time.process_time() - started
    tally['cases'] += 1
    tally['slowest'] = max(tally['slowest'], seconds)
    run, tally['run'] = tally['run'], []
    assert run == []
    assert seconds < SECONDS


@pytest.mark.parametrize('name', RIGHT)
def test_right_files_are_read(tmp_path, name):
    file_name, _, loader, _ = LOADERS[name]
    write_companions(tmp_path)
    (tmp_path / file_name).write_bytes(RIGHT[name])
    loader(str(tmp_path / file_name))  # what is imported late is now at hand


@pytest.mark.parametrize('word', [b'text', b'label'])
def test_a_name_of_a_column_that_is_no_utf_8(tmp_path, word):
    content = RIGHT['parquet'].replace(word, b'\x80' + word[1:])
    assert content != RIGHT['parquet']
    feed(load_table, str(tmp_path / 't.parquet'), content, DataError)


@pytest.mark.parametrize('name', LOADERS)
def test_spoilt_files_are_refused_or_right(tmp_path, name):
    feed_spoilt_files(tmp_path, name, N_CASES, derandomize=True)  # the same ones each time


@pytest.mark.long
@pytest.mark.parametrize('name', LOADERS)
def test_many_spoilt_files_are_refused_or_right(tmp_path, name):
    feed_spoilt_files(tmp_path, name, MANY_CASES, derandomize=False)
    print('\n%(cases)d cases so far, %(accepted)d accepted, none run; the slowest %(slowest).2f s, '
          'at most %(memory).0f MiB of memory' % tally)


def feed_spoilt_files(folder, name, n_cases, derandomize):
    """Feed so many files to the loader of that name; check how many it accepts."""
    file_name, files, loader, expected = LOADERS[name]
    path = str(folder / file_name)
    write_companions(folder)

    @settings(max_examples=n_cases, deadline=None, database=None, derandomize=derandomize,
              phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
    @given(files)
    def run(content):
        feed(loader, path, content, expected)

    feed(loader, path, b'', expected)
    memory, (cases, accepted) = peak_memory(), (tally['cases'], tally['accepted'])
    run()
    grown = peak_memory() - memory
    tally['memory'] = max(grown, tally['memory'])
    assert grown < MEBIBYTES
    assert tally['cases'] - cases >= 0.9 * n_cases
    assert tally['accepted'] - accepted < tally['cases'] - cases


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_the_planted_calls_are_real(protocol):
    """The pickle module runs them."""
    pickle.loads(pickle.dumps({'dim_proj': Payload()}, protocol))
    assert tally['run'] == ['planted()']
    tally['run'].clear()


@pytest.mark.parametrize('name', ['dataset', 'dictionary', 'options, pickle', 'scan'])
def test_payloads_are_refused(tmp_path, name):
    file_name, _, loader, expected = LOADERS[name]
    for content in PAYLOAD_PICKLES:
        accepted = tally['accepted']
        feed(loader, str(tmp_path / file_name), content, expected)
        assert tally['accepted'] == accepted
