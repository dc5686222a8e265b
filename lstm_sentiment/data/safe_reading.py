"""Reading what other people made, or what came over the network: pickles, ``.npz``, JSON.

A pickle is a program for a small machine that can call any function. Nothing here lets it: classes
and functions are refused by name and never imported. Plain data can do harm as well. Nine bytes
make the machine reserve gigabytes for its memo, and tuples within tuples overflow its stack or keep
it busy for ever once they are hashed. So a file of pickles goes through `scan` before any of it is
read, unless its SHA-256 is that of a file that is known.

What this promises: a file of pickles, unpacked, takes at most `MEMORY_FACTOR` times its size in
memory, and has `MAX_UNPACKED` bytes at most, or `INFLATION` times its size; what cannot be used
ends in a `DataError`.
"""

import codecs
import collections
import contextlib
import hashlib
import io
import json
import os
import pickle
import pickletools
import re
import zipfile

import numpy

from lstm_sentiment.command_line import command
from lstm_sentiment.errors import DataError, abridged, printable, reason
from lstm_sentiment.files import content_blocks, open_regular, read_bounded

# Bytes of a file of pickles after decompression, 13 times as many as the IMDB reviews have; a file
# that is larger itself may have INFLATION times its own size.
MAX_UNPACKED, INFLATION = 256 << 20, 20
# Bytes in memory for each byte of a pickle, at most; one for lists of two numbers takes 20.
MEMORY_FACTOR = 48
# Bytes of the options beside a model; those of the tutorial take 600.
MAX_OPTIONS = 1 << 16
# How many times larger than the file the arrays in it may be.
MAX_INFLATION = 100
MAX_DIRECTORY = 1 << 16


# Files, compressed or not

@contextlib.contextmanager
def open_pickles(path, expected, known=frozenset(), digest=None):
    """Open a file of pickles, compressed or not, as a stream for `read_pickle`.

    Parameters
    ----------
    path : str
    expected : str
        What the file should hold, for the message.
    known : set of str
        SHA-256, before compression, of files that need no scan.
    digest : hashlib object, optional
        A new SHA-256, to be updated by the content.

    Raises
    ------
    DataError
        For whatever goes wrong inside the ``with``; names the file and says what was `expected`.
    """
    try:
        content = read_bounded(path, max(MAX_UNPACKED, INFLATION * os.path.getsize(path)))
        digest = digest or hashlib.sha256()
        digest.update(content)
        if digest.hexdigest() not in known:
            scan(content)
        # Without a buffer the unpickler reads byte by byte, and takes three times as long.
        yield io.BufferedReader(io.BytesIO(content), 1 << 18)
    # A foreign or damaged pickle can raise almost anything.
    except Exception as error:
        advice = (f'If it is damaged, remove it and fetch it again; files of your own are made by '
                  f'{command("imdb_preprocess.py")}.')
        if looks_like_text(path):
            advice = (f'It looks like text. Texts become a dataset by: '
                      f'{command("imdb_preprocess.py")} SOURCE, where SOURCE is a .csv, .tsv or '
                      '.jsonl, or a folder with a folder of *.txt for each class.')
        raise DataError(f'{path} cannot be used. Expected {expected}; found: {reason(error)}. '
                        f'{advice}') from error


def looks_like_text(path):
    """Whether a file begins as text does, and not as pickles of protocol 0, which are text too."""
    try:
        with open_regular(path) as file:
            beginning = next(content_blocks(file), b'')[:1 << 12]
        # The last character may be cut off.
        text = codecs.getincrementaldecoder('utf-8')().decode(beginning)
    except Exception:  # it is damaged, or not there: no text in any case
        return False
    text = text.lstrip('\ufeff').replace('\r', '')
    return text[:1] not in '(]}' and printable(text, is_content=True) == text


# Pickles of plain data

class PlainUnpickler(pickle.Unpickler):
    """Read pickles of plain values; one that names anything is refused."""

    def find_class(self, module, name):
        raise DataError(asks_for(f'{module}.{name}'))


def asks_for(what):
    return f'it asks for {printable(what)}, which plain data never needs'


def read_pickle(stream):
    """Read the next pickle of a stream; text that Python 2 pickled is UTF-8."""
    return PlainUnpickler(stream, encoding='utf-8', errors='surrogateescape').load()


# One step of the scan: instructions of fixed size, then one that must be looked at. Numbers are a
# byte (K), two (M), four (J), a float (G), or digits (I, L, F); q and r write to the memo, h, j and
# g read from it; a list (]) that goes to the memo takes two bytes or more. Single instructions
# come first in the order of how often there are any, and four numbers at a time save time.
NUMBER = rb'(?:K.|M..)'
STEP = re.compile(
    rb'(?:' + 4 * NUMBER + rb'|K.|M..|q.|r..[\x00-\x0f]\x00|](?=[q\x94]|r..[\x00-\x0f]\x00)'
    rb'|[(aesuN.\x88\x89\x94)]|J.{4}|h.|j.{4}|G.{8}|\x80[\x00-\x05]|[IL]-?[0-9]{1,20}L?\n'
    rb'|F[-+.0-9einfa]{1,32}\n|g[0-9]{1,9}\n|[VS][^\n]*\n){0,1000}'
    rb'(?:[XT](?P<size>.{4})|[\x8cU](?P<short_size>.)|\x8a(?P<long_size>.)|\x95(?P<frame>.{8})'
    rb'|(?P<list>[]l])|(?P<dict>[}d])|(?P<tuple>[t\x85-\x87])'
    rb'|r(?P<place>.{4})|p(?P<place_digits>[0-9]{1,9})\n'
    rb'|c(?P<name>[^\n]{0,99}\n[^\n]{0,99})\n)?', re.DOTALL)


def scan(content):
    """Raise `DataError` unless all pickles in `content` are plain data, as small as they look.

    Numbers, text, lists, tuples and dicts pass, with these bounds: a size lies within the content;
    a place in the memo beyond the second million is taken only after as many others; six bytes or
    more for each list, dict and tuple that does not go to the memo; and where there is a dict, no
    tuple within a tuple and no number of more than 64 bits.
    """
    position, n_places = 0, 0
    made = collections.Counter()
    while position < len(content):
        step = STEP.match(content, position)
        if step.end() == position:
            raise DataError(refusal(content, position))
        position, kind = step.end(), step.lastgroup
        made[kind] += 1
        n_containers = made['list'] + made['dict'] + made['tuple']
        if n_containers > 100 + position // 6:
            raise DataError(f'{n_containers} lists, dicts and tuples in {position} bytes')
        if kind in ('size', 'short_size', 'long_size', 'frame'):
            size = int.from_bytes(step.group(kind), 'little')
            if size > len(content) - position:
                raise DataError(f'the pickle is truncated: {size} bytes announced at {position}, '
                                f'{len(content) - position} left')
            position += size * (kind != 'frame')
        elif kind in ('place', 'place_digits'):
            number = step.group(kind)
            place = int.from_bytes(number, 'little') if kind == 'place' else int(number)
            if place > n_places + (2 << 20):
                raise DataError(f'place {place} of the memo is taken after {n_places}')
            n_places += 1
        elif kind == 'name':
            name = step.group('name').replace(b'\n', b'.').decode('utf-8', 'backslashreplace')
            raise DataError(asks_for(name))
    # To hash such keys can take for ever, or overflow the stack.
    if made['dict'] and (made['tuple'] > 1 or made['long_size']):
        raise DataError('a dict beside tuples or huge numbers, which plain data never has')


def refusal(content, position):
    """Why no step of the scan fits at `position`."""
    instruction = pickletools.code2op.get(chr(content[position]))
    if instruction is None:
        return f'no pickle: byte 0x{content[position]:02x} at {position}'
    if instruction.name in ('STACK_GLOBAL', 'INST', 'OBJ', 'NEWOBJ', 'NEWOBJ_EX', 'REDUCE', 'BUILD',
                            'EXT1', 'EXT2', 'EXT4', 'PERSID', 'BINPERSID'):
        return asks_for('a class or a function')
    return (f'the pickle is truncated, or no plain data: {instruction.name} at {position} of '
            f'{len(content)} bytes')


# The options beside a model

def read_json(path):
    """Read a JSON file of at most `MAX_OPTIONS` bytes."""
    return json.loads(read_bounded(path, MAX_OPTIONS).decode('utf-8'))


def read_options_pickle(path):
    """Read the tutorial's pickle of options, of at most `MAX_OPTIONS` bytes.

    It holds numbers, strings, the optimizer function, which becomes its name, and NumPy scalars,
    which become numbers.
    """
    content = read_bounded(path, MAX_OPTIONS)
    scan_options(content)
    # What Python 2 pickled as str may be the bytes of a number: each becomes one character.
    options = OptionsUnpickler(io.BytesIO(content), encoding='latin-1').load()
    if isinstance(options, dict) and any(type(name) is not str for name in options):
        raise DataError('an option without a name')
    return options


# What makes a value that may be used a second time: all but a tuple.
SHAREABLE = {
    'INT', 'BININT', 'BININT1', 'BININT2', 'LONG', 'LONG1', 'FLOAT', 'BINFLOAT', 'STRING',
    'BINSTRING', 'SHORT_BINSTRING', 'UNICODE', 'BINUNICODE', 'SHORT_BINUNICODE', 'BINBYTES',
    'SHORT_BINBYTES', 'EMPTY_LIST', 'LIST', 'EMPTY_DICT', 'DICT', 'GLOBAL', 'STACK_GLOBAL',
    'REDUCE'}
TUPLES = {'EMPTY_TUPLE', 'TUPLE', 'TUPLE1', 'TUPLE2', 'TUPLE3'}
PUTS, GETS = {'PUT', 'BINPUT', 'LONG_BINPUT', 'MEMOIZE'}, {'GET', 'BINGET', 'LONG_BINGET'}
OTHERS = {'PROTO', 'FRAME', 'MARK', 'STOP', 'NONE', 'NEWTRUE', 'NEWFALSE', 'APPEND', 'APPENDS',
          'SETITEM', 'SETITEMS', 'BUILD'}
# A NumPy scalar takes three.
MAX_TUPLES = 500


def scan_options(content):
    """Raise `DataError` unless a pickle has only what options need, and no more of it than that.

    Sizes and places in the memo lie within the content. Tuples are few, and none is used a second
    time: tuples of pairs of the tuple before would take for ever to be hashed.
    """
    n_tuples, n_puts, shareable, before = 0, 0, set(), None
    for instruction, argument, position in pickletools.genops(content):
        name = instruction.name
        if name not in SHAREABLE | TUPLES | PUTS | GETS | OTHERS:
            raise DataError(f'it has {name} at {position}, which options never need')
        n_tuples += name in TUPLES
        if name in PUTS:
            place = n_puts if name == 'MEMOIZE' else argument
            n_puts += 1
            (shareable.add if before in SHAREABLE else shareable.discard)(place)
        if (n_tuples > MAX_TUPLES or name in PUTS and place > len(content)
                or name == 'FRAME' and argument > len(content)
                or name in GETS and argument not in shareable):
            raise DataError(f'{name} at {position} asks for more than options need')
        before = name


OPTIMIZERS = {(module, name) for module in ('__main__', 'lstm', 'optimizers')
              for name in ('sgd', 'adadelta', 'rmsprop')}


class OptionsUnpickler(pickle.Unpickler):
    """Reads a pickle that `scan_options` let pass; of all names, it knows those of `find_class`.

    No name is imported: each stands for something here that makes numbers alone.
    """

    def find_class(self, module, name):
        if (module, name) in OPTIMIZERS:
            return name
        # Functions that nothing else holds: a pickle can set attributes of what it is given.
        if (module, name) == ('numpy', 'dtype'):
            return lambda kind, *_: NumberType(kind)
        if module in ('numpy.core.multiarray', 'numpy._core.multiarray') and name == 'scalar':
            return lambda kind, content: kind.number(content)
        if (module, name) == ('_codecs', 'encode'):
            return lambda text, encoding: latin_1(text)
        raise DataError(asks_for(f'{module}.{name}'))


class NumberType:
    """The type of a NumPy scalar, as its pickle makes it: a kind, then with a byte order."""

    __slots__ = ('dtype',)

    def __init__(self, kind):
        if not re.fullmatch('[biuf][1248]', kind):
            raise DataError(f'numbers of type {abridged(kind)}')
        self.dtype = numpy.dtype(kind)

    def __setstate__(self, state):
        if state[1] not in ('<', '>', '|', '='):
            raise DataError(f'a type with the state {abridged(state)}')
        self.dtype = self.dtype.newbyteorder(state[1])

    def number(self, content):
        """The number that has these bytes, which Python 2 pickled as text."""
        value, = numpy.frombuffer(latin_1(content), self.dtype)
        return value.item()


def latin_1(content):
    """Bytes, or those that have these characters."""
    return content.encode('latin-1') if isinstance(content, str) else content


# Arrays

NPY_HEADER = re.compile(
    rb"\x93NUMPY[\x01\x02]\x00(?:..|..\x00\x00)"
    rb"\{'descr': '[<>|=]?[biuf](?P<size>[1248])', 'fortran_order': (?:False|True), "
    rb"'shape': \((?P<shape>[0-9L, ]*)\), \} *\n", re.DOTALL)
Member = collections.namedtuple('Member', 'shape n_bytes')


@contextlib.contextmanager
def open_arrays(path):
    """Open an ``.npz``; the context is the arrays by name, and a `Member` for each.

    Only arrays of numbers or truth values are members, each exactly as large as its header says,
    together no larger than `MAX_INFLATION` times the file; so nothing is read before its size is
    known. Whatever else is in the file, such as arrays of objects, is left alone.

    Raises
    ------
    DataError
        For a file that is none of this. What is damaged inside raises other errors when it is read.
    """
    with open_regular(path) as file:
        n_bytes = file.seek(0, os.SEEK_END)
        check_directory(file, n_bytes)
        with zipfile.ZipFile(file) as archive:
            found = [(information.filename[:-len('.npy')], find_member(archive, information))
                     for information in archive.infolist()]
        members = {name: member for name, member in found if member}
        if not members or len(members) < len([name for name, member in found if name in members]):
            raise DataError('no arrays of numbers by name, or two by the same')
        if sum(member.n_bytes for member in members.values()) > MAX_INFLATION * n_bytes:
            raise DataError(f'arrays of more than {MAX_INFLATION} times the size of the file')
        file.seek(0)
        with numpy.load(file, allow_pickle=False) as arrays:
            yield arrays, members


def check_directory(file, n_bytes):
    """Raise `DataError` unless the file ends in the record of a short list, as zip files do.

    Where sizes need 64 bits, another record stands before it, which then counts.
    """
    ends = 56 + 20 + 22  # the record of 64 bits, where it is, and the usual record
    file.seek(max(0, n_bytes - ends))
    tail = file.read().rjust(ends, b'\0')
    if tail[-22:-18] != b'PK\x05\x06':
        raise DataError('no arrays by name')
    size = int.from_bytes(tail[-10:-6], 'little')
    if tail[-42:-38] == b'PK\x06\x07':
        record, place = tail[:56], n_bytes - ends
        size, start = (int.from_bytes(record[at:at + 8], 'little') for at in (40, 48))
        if (record[:4] != b'PK\x06\x06' or int.from_bytes(record[4:12], 'little') != 44
                or int.from_bytes(tail[-34:-26], 'little') != place or start + size != place):
            raise DataError('no arrays by name')
    if size > MAX_DIRECTORY:
        raise DataError(f'more than {MAX_DIRECTORY} bytes of names')


def find_member(archive, information):
    """The `Member` that a member of a zip is, or None if it is no array of numbers."""
    name = information.filename
    if not name.endswith('.npy') or information.compress_type not in (zipfile.ZIP_STORED,
                                                                      zipfile.ZIP_DEFLATED):
        return None
    with archive.open(information) as member:
        header = NPY_HEADER.match(member.read(1 << 12))
    if header is None:
        return None
    shape = tuple(int(length) for length in re.findall(rb'[0-9]{1,18}', header.group('shape')))
    n_bytes = int(header.group('size'))
    for length in shape:
        n_bytes *= length
    if len(shape) > 8 or header.end() + n_bytes != information.file_size:
        raise DataError(f'{abridged(name)} in it has {information.file_size} bytes where its shape '
                        f'{shape} makes {header.end() + n_bytes}')
    return Member(shape, n_bytes)
