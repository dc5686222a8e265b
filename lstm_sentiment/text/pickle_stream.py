"""The pickles of a dataset, written piece by piece.

``pickle.dumps`` needs all lists of ids in memory, tens of bytes for each word. The generators here
yield the bytes that it would return, while the texts are read from a file. Protocol 2 writes a list
as ``]``, then its number in the memo, then its items in portions of 1000 between ``(`` and ``e``; a
single item is followed by ``a``.
"""
import itertools
import struct

BEGIN, END = b'\x80\x02', b'.'
PORTION = 1000


def encoded(number):
    r"""The bytes of an int, 0 or more and below 2**31.

    >>> encoded(7), encoded(256)
    (b'K\x07', b'M\x00\x01')
    """
    if number < 1 << 8:
        return b'K' + struct.pack('<B', number)
    if number < 1 << 16:
        return b'M' + struct.pack('<H', number)
    return b'J' + struct.pack('<i', number)


class Memo:
    """Counts the lists, tuples and strings of a pickle, each of which gets a number."""

    def __init__(self):
        self.n_put = 0

    def put(self):
        number = self.n_put
        self.n_put += 1
        if number < 1 << 8:
            return b'q' + struct.pack('<B', number)
        return b'r' + struct.pack('<I', number)


def items(encoded_items, n_items):
    """Yield the bytes of the items of a list, which are encoded already."""
    if n_items == 1:
        yield next(encoded_items) + b'a'
        return
    for start in range(0, n_items, PORTION):
        yield b'('
        yield from itertools.islice(encoded_items, min(PORTION, n_items - start))
        yield b'e'


def ints(memo, numbers, codes=None):
    """The bytes of a list of int; `codes` are the bytes of each number, if known."""
    codes = map(encoded, numbers) if codes is None else map(codes.__getitem__, numbers)
    return b']' + memo.put() + b''.join(items(codes, len(numbers)))


def texts(memo, part, ids, codes):
    """Yield the bytes of the list of the lists of ids of a part.

    Parameters
    ----------
    memo : Memo
    part : spill.SpilledTexts
    ids : ndarray of int
        Of each number of the part.
    codes : list of bytes
        Of each id, as by `encoded`.
    """
    def lists():
        for numbers, lengths in part.blocks():
            found, start = ids[numbers].tolist(), 0
            for length in lengths.tolist():
                yield ints(memo, found[start:start + length], codes)
                start += length
    yield b']' + memo.put()
    yield from items(lists(), len(part))


def pair(part, labels, ids, codes):
    """Yield the pickle of ``(lists of ids, labels)``; see `texts`."""
    memo = Memo()
    yield BEGIN
    yield from texts(memo, part, ids, codes)
    yield ints(memo, labels.tolist())
    yield b'\x86' + memo.put() + END


def further(facts):
    """Yield the pickle of a list of ``[name, value]``.

    Parameters
    ----------
    facts : list of (str, callable)
        The callable receives the `Memo` and yields the bytes of the value.
    """
    memo = Memo()
    yield BEGIN + b']' + memo.put()
    if len(facts) > 1:
        yield b'('
    for name, value in facts:
        name = name.encode('ascii')
        yield b']' + memo.put() + b'(X' + struct.pack('<I', len(name)) + name + memo.put()
        yield from value(memo)
        yield b'e'
    yield (b'e' if len(facts) > 1 else b'a') + END


def dataset(train, test, valid, groups, ids):
    """Yield the two or three pickles of a dataset, in pieces of each.

    Parameters
    ----------
    train, test, valid : (spill.SpilledTexts, ndarray of int)
        `valid` may be None.
    groups : list of int or None
        Of the training texts.
    ids : ndarray of int
        Of each number.

    Yields
    ------
    iterator of bytes
        One for each pickle.
    """
    codes = list(map(encoded, range(int(ids.max()) + 1)))
    for part, labels in (train, test):
        yield pair(part, labels, ids, codes)
    facts = []
    if groups is not None:
        facts.append(('groups', lambda memo: [ints(memo, groups)]))
    if valid is not None:
        def of_valid(memo):
            yield b']' + memo.put() + b'('
            yield from texts(memo, valid[0], ids, codes)
            yield ints(memo, valid[1].tolist()) + b'e'
        facts.append(('valid', of_valid))
    if facts:
        # A list and no dict: beside a dict, `safe_reading` lets no tuple pass.
        yield further(facts)
