"""Datasets as Arrow files, whose ids are read from disk as they are needed.

The file is one of Arrow's IPC format, uncompressed; pandas and polars open it. It has a row for
each text, with the columns

``ids``
    list of int32;
``label``
    int32;
``part``
    str: train, test or valid;
``group``
    int64, -1 for texts without one; only if the training texts have groups.

A part is not interrupted by rows of another. The metadata of the schema have JSON under
``lstm_sentiment``: the ``words`` in the order of their ids, from 2 on; the text ``settings``; the
``classes`` in the order of their labels; the ``fingerprint``, which is that of the same dataset as
pickles; ``of_texts``, that of its first two; and the ``largest_id``.
"""
import json

import numpy

from lstm_sentiment.errors import ConfigError

ENDING, METADATA = '.arrow', b'lstm_sentiment'


def is_arrow(path):
    """Whether the name is that of an Arrow file."""
    return path.endswith(ENDING)


def load_pyarrow():
    """Import pyarrow.

    Raises
    ------
    ConfigError
        If it is not installed.
    """
    try:
        import pyarrow  # an extra, and it takes a tenth of a second to import
        import pyarrow.ipc
    except ImportError as error:
        raise ConfigError('An .arrow file needs pyarrow, which is not installed '
                          f'({error}). Install it: pip install "pyarrow>=14.0.1"; or use a .pkl '
                          'file.') from error
    return pyarrow


def write_arrow(stream, parts, groups, ids, about):
    """Write a dataset.

    Parameters
    ----------
    stream : binary stream
    parts : dict of str to (spill.SpilledTexts, ndarray of int)
        By name; of each part, the texts and the labels.
    groups : list of int or None
        Of the texts of train.
    ids : ndarray of int
        Of each number of the texts.
    about : dict
        What the metadata say.
    """
    arrow = load_pyarrow()
    columns = [('ids', arrow.list_(arrow.int32())), ('label', arrow.int32()),
               ('part', arrow.string())]
    if groups is not None:
        columns.append(('group', arrow.int64()))
    schema = arrow.schema(columns, metadata={METADATA: json.dumps(about)})
    ids = ids.astype('int32')
    with arrow.ipc.new_file(stream, schema) as writer:
        for name, (texts, labels) in parts.items():
            first = 0
            for numbers, lengths in texts.blocks():
                n_texts = len(lengths)
                offsets = numpy.concatenate([[0], numpy.cumsum(lengths)]).astype('int32')
                arrays = [arrow.ListArray.from_arrays(offsets, ids[numbers]),
                          arrow.array(labels[first:first + n_texts].astype('int32')),
                          arrow.array([name] * n_texts, arrow.string())]
                if groups is not None:
                    of_texts = groups[first:first + n_texts] if name == 'train' else [-1] * n_texts
                    arrays.append(arrow.array(of_texts, arrow.int64()))
                writer.write_batch(arrow.RecordBatch.from_arrays(arrays, schema=schema))
                first += n_texts
