"""Read datasets that are Arrow files, by memory map; `text.arrow_files` says what is in them.

A file may come from other people. Arrow's own reader checks its structure, and what it describes is
checked here. Nothing in such a file can be executed (pyarrow below 14.0.1 could be made to). A
compressed file is refused before anything in it is unpacked.
"""
import json
import mmap
import struct
import warnings

import numpy

from lstm_sentiment.data.datasets import (
    IMDB_SHA256,
    OWN_SHA256,
    check_labels,
)
from lstm_sentiment.data.splitting import blocks_of_reviews
from lstm_sentiment.data.text_ids import TextIds, labels_in
from lstm_sentiment.errors import DataError, abridged
from lstm_sentiment.text.arrow_files import METADATA, load_pyarrow
from lstm_sentiment.text.corpora import ALL_PARTS
from lstm_sentiment.text.dataset_files import MAX_LABEL, MAX_LENGTH
from lstm_sentiment.text.vocabulary import Vocabulary

MAGIC, FIRST_MESSAGE = b'ARROW1', 8
EXPECTED = ('Expected an uncompressed Arrow file that imdb_preprocess.py wrote, with the columns '
            'ids, label and part.')
# Larger metadata than this are no vocabulary.
MAX_METADATA = 1 << 28


class ArrowDataset:
    """What is in an Arrow file.

    Parameters
    ----------
    path : str

    Attributes
    ----------
    parts : dict of str to (TextIds, ndarray of int64)
        Texts and labels of train and test, and of valid if the file has it; then test may be
        empty. Texts without words are dropped with a warning.
    groups : list of int or None
        Of the texts of train.
    is_imdb : bool
        Whether these are the published reviews.
    about : dict
        The metadata.
    vocabulary : Vocabulary

    Raises
    ------
    DataError
        If it cannot be used.
    """

    def __init__(self, path, n_words=1 << 31):
        arrow = load_pyarrow()
        try:
            schema, batches, flat = open_batches(arrow, path)
            self.about = read_metadata(schema)
            check_columns(arrow, schema)
            found = [read_batch(batch, flat) for batch in batches]
            self.parts, self.groups = gather(found, flat, n_words, path)
        except DataError as error:
            raise DataError(f'{path} cannot be used. {EXPECTED} Found {error}.') from error
        except StopIteration as error:
            raise DataError(f'{path} cannot be used. {EXPECTED} Found no schema in it.') from error
        except (arrow.ArrowException, OSError, ValueError, MemoryError, struct.error) as error:
            # Arrow may quote what it read, at any length.
            raise DataError(f'{path} cannot be read: {abridged(str(error))}. {EXPECTED}'
                            ) from error
        self.is_imdb = self.about['of_texts'] in IMDB_SHA256
        if self.groups is None and self.about['of_texts'] == OWN_SHA256:
            self.groups = blocks_of_reviews(len(self.parts['train'][0]))

    @property
    def vocabulary(self):
        return Vocabulary(*(self.about[name] for name in ('words', 'settings', 'classes',
                                                          'fingerprint')))


def open_batches(arrow, path):
    """Map a file; return its schema, its record batches, and all of it as an array of int32."""
    with open(path, 'rb') as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise DataError('a file that does not begin like an Arrow file')
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if content[-len(MAGIC):] != MAGIC:
        raise DataError('a file that ends too early')
    flat = numpy.frombuffer(content, dtype='int32', count=len(content) // 4)
    source = arrow.BufferReader(arrow.py_buffer(content))
    source.seek(FIRST_MESSAGE)
    messages = arrow.ipc.MessageReader.open_stream(source)
    first = messages.read_next_message()
    if first.type != 'schema' or len(first.metadata) > MAX_METADATA:
        raise DataError(f'{abridged(first.type)} where the schema should be')
    schema, batches = arrow.ipc.read_schema(first), []
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return schema, batches, flat
        if message.type != 'record batch':
            raise DataError(f'{abridged(message.type)} where a record batch should be')
        if is_compressed(message.metadata.to_pybytes()):
            raise DataError('compressed record batches')
        batches.append(arrow.ipc.read_record_batch(message, schema))


def is_compressed(metadata):
    """Whether the description of a record batch names a compression.

    It is a flatbuffer, which Arrow has checked: a table Message with a table RecordBatch in its
    field 2, whose field 3 is the compression.
    """
    message, = struct.unpack_from('<I', metadata)
    place = field_of(metadata, message, 2)
    batch = place + struct.unpack_from('<I', metadata, place)[0]
    return field_of(metadata, batch, 3) is not None


def field_of(content, table, number):
    """Where a field of a table of a flatbuffer is, or None."""
    fields = table - struct.unpack_from('<i', content, table)[0]
    size, = struct.unpack_from('<H', content, fields)
    if 4 + 2 * number >= size:
        return None
    offset, = struct.unpack_from('<H', content, fields + 4 + 2 * number)
    return table + offset if offset else None


def read_metadata(schema):
    """The metadata as a dict whose values have the right types."""
    content = (schema.metadata or {}).get(METADATA)
    if content is None:
        raise DataError('no words and classes in its metadata')
    try:
        about = json.loads(content.decode('utf-8'))
    except (ValueError, RecursionError) as error:
        raise DataError('metadata that are not JSON') from error
    if not isinstance(about, dict):
        raise DataError('metadata that are no JSON object')
    for name in ('fingerprint', 'of_texts'):
        if not isinstance(about.get(name), str):
            raise DataError(f'no {name} in its metadata')
    if type(about.get('largest_id')) is not int:
        raise DataError('no largest_id in its metadata')
    Vocabulary(*(about.get(name) for name in ('words', 'settings', 'classes', 'fingerprint')))
    return about


def check_columns(arrow, schema):
    """Raise `DataError` unless the columns have the expected names and types."""
    types = {'ids': arrow.list_(arrow.int32()), 'label': arrow.int32(), 'part': arrow.string(),
             'group': arrow.int64()}
    if len(set(schema.names)) < len(schema.names):
        raise DataError('two columns of the same name')
    for name, expected in types.items():
        if name in schema.names:
            found = schema.field(name).type
            # The names of what is in a list may differ.
            same = (found.value_type == expected.value_type if name == 'ids'
                    and arrow.types.is_list(found) else found == expected)
            if not same:
                raise DataError(f'the column {name} of {abridged(str(found))}, not {expected}')
        elif name != 'group':
            raise DataError(f'no column {name}')


def read_batch(batch, flat):
    """The part, starts, lengths, labels and groups of the texts of a batch.

    The starts are places in `flat`.
    """
    batch.validate(full=True)
    columns = [batch.column(batch.schema.get_field_index(name)) for name in
               ('ids', 'label', 'part', 'group') if name in batch.schema.names]
    if any(column.null_count for column in columns):
        raise DataError('a value that is missing')
    texts, labels, parts = columns[:3]
    named = parts.unique().to_pylist() if len(batch) else [ALL_PARTS[0]]
    if len(named) != 1 or named[0] not in ALL_PARTS:
        raise DataError(f'the part {abridged(named)} where one of {", ".join(ALL_PARTS)} should be')
    offsets = texts.offsets.to_numpy().astype('int64')
    ids = texts.values.buffers()[1]
    first = 0
    if ids is not None and len(texts.values):
        first, rest = divmod(ids.address - flat.ctypes.data, flat.itemsize)
        if rest or not 0 <= first <= len(flat) - len(texts.values):
            raise DataError('ids that are not in the file itself')
    groups = columns[3].to_numpy() if len(columns) > 3 else None
    return (named[0], first + texts.values.offset + offsets[:-1], numpy.diff(offsets),
            labels.to_numpy().astype('int64'), groups)


def gather(found, flat, n_words, path):
    """The parts of all batches, and the groups of train."""
    parts, groups = {}, None
    has_valid = any(batch[0] == 'valid' and len(batch[1]) for batch in found)
    for name in ALL_PARTS:
        batches = [batch[1:] for batch in found if batch[0] == name and len(batch[1])]
        if not batches:
            if name == 'train' or name == 'test' and not has_valid:
                raise DataError(f'no text in {name}')
            if name == 'test':
                none = numpy.zeros(0, dtype='int64')
                parts[name] = TextIds(flat, none, none, n_words), none
            continue
        starts, lengths, labels = (numpy.concatenate([batch[k] for batch in batches])
                                   for k in range(3))
        check_values(name, lengths, labels)
        with_words = numpy.flatnonzero(lengths)
        if not len(with_words):
            raise DataError(f'no text with a word in it in {name}')
        if len(with_words) < len(lengths):
            warnings.warn(f'{len(lengths) - len(with_words)} of the {len(lengths)} {name} texts in '
                          f'{path} have no words in them and are left out.', stacklevel=4)
        texts = TextIds(flat, starts, lengths, n_words).take(with_words)
        parts[name] = texts, labels[with_words]
        check_labels(name, labels_in(parts[name][1]), labels_in(parts['train'][1]))
        if name == 'train' and batches[0][3] is not None:
            groups = numpy.concatenate([batch[3] for batch in batches])[with_words]
            if groups.min() < 0:
                raise DataError(f'the group {groups.min()}')
            groups = groups.tolist()
    return parts, groups


def check_values(name, lengths, labels):
    """Raise `DataError` for a length or a label that cannot be used."""
    if lengths.max() > MAX_LENGTH:
        raise DataError(f'a text of {lengths.max()} words in {name}; {MAX_LENGTH} at most can be '
                        'used')
    for label in (labels.min(), labels.max()):
        if not 0 <= label <= MAX_LABEL:
            raise DataError(f'the label {label} in {name}')
