"""Files: written completely or not at all, and read with size limits.

A new file appears in its place only when all of it is on the disk. So a reader never finds half a
file, and a run that is killed leaves the earlier file unchanged.
"""
import codecs
import contextlib
import functools
import hashlib
import io
import os
import stat
import uuid
import zlib

from lstm_sentiment.contents import check_is_text, codec, not_utf8
from lstm_sentiment.errors import ConfigError, DataError, reason

BLOCK = 1 << 20
GZIP_MAGIC = b'\x1f\x8b'
GZIP_FORMAT = 31  # of zlib: a gzip header, and the largest window
# A file without line ends would be one line, and a quote that is never closed one field.
LONGEST_LINE = 10000000
TEXT_BLOCK = 1 << 16

ANOTHER_FILE = 'Name a file in a folder that exists and may be written to.'


# Writing

@contextlib.contextmanager
def whole_files(*paths, error=None, advice=ANOTHER_FILE):
    """Open files that are put in their places together when all of them are complete.

    A file that is replaced keeps its permissions, and a new one gets those that the process gives
    to new files. Where the path is a symbolic link, the file it leads to is replaced.

    Parameters
    ----------
    *paths : str
    error : class of Exception, optional
        What an `OSError` of one of these files becomes; by default it stays what it is, and its
        ``filename`` is the path.
    advice : str
        Ends the message of `error`.

    Yields
    ------
    list of binary streams
        One for each path, in its folder but under another name. After an exception or a signal
        they are removed, and nothing is replaced.

    Raises
    ------
    OSError, or `error`
        If a file cannot be written; on entry if that can be told then.
    """
    temporary = []
    try:
        with contextlib.ExitStack() as stack:
            streams = []
            for path in paths:
                with naming(path):
                    target = target_of(path)
                    # The name is noted first: a signal may arrive as soon as the file is there.
                    temporary.append(name_beside(target))
                    streams.append(stack.enter_context(
                        io.BufferedWriter(create(temporary[-1], path, mode_of(target)))))
            yield streams
            for path, stream in zip(paths, streams):
                with naming(path):
                    stream.flush()
                    os.fsync(stream.fileno())
        for path, made in zip(paths, temporary):
            put_in_place(made, path)
    except OSError as problem:
        if error is None or problem.filename not in paths:
            raise
        raise error('%s cannot be written: %s. %s' % (
            problem.filename, problem.strerror or problem, advice)) from problem
    finally:
        for made in temporary:
            with contextlib.suppress(OSError):  # most often it is in its place
                os.remove(made)


def replace_file(path, content):
    """Put the bytes in their place when they are complete; see `whole_files`."""
    with whole_files(path) as (stream,):
        stream.write(content)


def put_in_place(made, path):
    """Move a file, complete and in the folder of `path`, to `path`, as `whole_files` does."""
    with naming(path):
        target = target_of(path)
        mode = mode_of(target)
        if mode not in (None, mode_of(made)):
            os.chmod(made, mode)
        os.replace(made, target)


def require_writable(option, *paths):
    """Raise `ConfigError`, in the name of an option, unless files can be put at these paths.

    Existing files do not change.
    """
    try:
        for path in paths:
            with naming(path):
                target = target_of(path)
                mode_of(target)
                trial = name_beside(target)
                try:
                    create(trial, path, None).close()
                finally:
                    with contextlib.suppress(FileNotFoundError):
                        os.remove(trial)
    except OSError as error:
        named = '' if error.filename == paths[0] else '%s: ' % error.filename
        raise ConfigError('%s=%s cannot be written: %s%s. %s' % (
            option, paths[0], named, error.strerror or error, ANOTHER_FILE)) from error


def target_of(path):
    """The file that a path leads to, whether it exists or not."""
    return os.path.realpath(os.fspath(path))


def mode_of(target):
    """The permissions of a file, or None if it does not exist; `OSError` if it is not a file."""
    try:
        found = os.lstat(target)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise OSError(None, 'it is a folder')
    if not stat.S_ISREG(found.st_mode):
        raise OSError(None, 'it is not a regular file')
    return stat.S_IMODE(found.st_mode) & 0o777


def name_beside(target):
    """A new name in the folder of a file."""
    return os.path.join(os.path.dirname(target), '.lstm-%s.part' % uuid.uuid4().hex)


def create(name, path, mode):
    """A new raw file, to become `path`; its `mode` is None for what the process gives.

    The process's umask is applied by the system as it makes the file: to ask for the mask means to
    change it, for all threads.
    """
    return NewFile(name, path, 0o666 if mode is None else mode)


class NewFile(io.FileIO):
    """A raw file under another name than its own; the errors of writing name its own."""

    def __init__(self, name, path, mode):
        super().__init__(name, 'x', opener=functools.partial(os.open, mode=mode))
        self.path = path

    def write(self, content):
        with naming(self.path):
            return super().write(content)


@contextlib.contextmanager
def naming(path):
    """Have an `OSError` inside name this path."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = path, None
        raise


# Reading

def open_regular(path):
    """Open a file for reading; devices and other special files are refused."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise DataError('a folder or a device')
    return open(path, 'rb')


def leads_up(path):
    """Whether a path is a symbolic link to a folder that it is in."""
    return os.path.islink(path) and os.path.join(os.path.realpath(os.path.dirname(path)), '') \
        .startswith(os.path.join(os.path.realpath(path), ''))


def read_bounded(path, limit):
    """The content of a file, decompressed if it is gzip; more than `limit` bytes are refused."""
    with open_regular(path) as file:
        return b''.join(content_blocks(file, limit))


def content_blocks(file, limit=float('inf')):
    """Yield the content of a file, decompressed if it is gzip, in blocks of bytes, none empty.

    Raises
    ------
    DataError
        If there are more than `limit` bytes.
    """
    compressed = file.peek(2)[:2] == GZIP_MAGIC
    n_bytes = 0
    for block in decompress(file) if compressed else iter(lambda: file.read(BLOCK), b''):
        n_bytes += len(block)
        if n_bytes > limit:
            raise DataError(f'more than {limit} bytes, unpacked')
        yield block


def decompress(file):
    """Yield the blocks, none empty, of a gzip file of one member or several."""
    member = zlib.decompressobj(GZIP_FORMAT)
    while True:
        block = member.unconsumed_tail or member.unused_data or file.read(BLOCK)
        if member.eof and block:
            member = zlib.decompressobj(GZIP_FORMAT)
        elif member.eof:
            return
        elif not block:
            raise EOFError('the compressed file is cut off')
        block = member.decompress(block, BLOCK)
        if block:
            yield block


def fingerprint(path):
    """Return the SHA-256 of a file before compression, in hexadecimal."""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            for block in content_blocks(file):
                digest.update(block)
    except (OSError, EOFError, zlib.error, DataError) as error:
        raise DataError(f'{path} cannot be read: {reason(error)}') from error
    return digest.hexdigest()


# Text

def read_lines(source, encoding='utf-8', name=None):
    r"""Yield the lines of a text with their line ends, without a byte order mark.

    A line ends with ``\n``, ``\r`` or both, as text editors have it, and with nothing else.

    Parameters
    ----------
    source : str or binary stream
        The path of a file, or a buffered stream; decompressed if the content is gzip.
    encoding : str
        UTF-8 unless another one is named.
    name : str, optional
        What messages call it; by default the path.

    Raises
    ------
    DataError
        If it cannot be read, has a line of more than `LONGEST_LINE` bytes, or another encoding.
        The message names the line and, if it can be guessed, the encoding.
    ConfigError
        If there is no such encoding.
    """
    name, number, lines = name or source, 0, []
    try:
        with contextlib.ExitStack() as stack:
            stream = source
            if isinstance(source, str):
                stream = stack.enter_context(open_regular(source))
            blocks = checked_blocks(text_blocks(stream), encoding)
            for lines in lines_of(recoded(blocks, encoding, name)):
                start = number
                for line in lines:
                    number += 1
                    if len(line) > LONGEST_LINE:
                        raise DataError(f'line {number} has more than {LONGEST_LINE} bytes')
                    text = line.decode('utf-8')
                    yield text.lstrip('\ufeff') if number == 1 else text
    except UnicodeDecodeError as error:
        foreign = b''.join(line for line in lines[number - start - 1:] if not line.isascii())
        raise not_utf8(f'{name}, line {number},', error, foreign) from error
    except (OSError, EOFError, zlib.error, DataError) as error:
        raise DataError(f'{name} cannot be read: {reason(error)}. Expected lines of text in '
                        'UTF-8, or compressed with gzip.') from error


def text_blocks(stream):
    """Yield what a stream has, in blocks of bytes, as soon as it is there."""
    if stream.peek(2)[:2] == GZIP_MAGIC:
        return decompress(stream)
    return iter(lambda: stream.read1(TEXT_BLOCK), b'')


def checked_blocks(blocks, encoding):
    """Yield the same blocks; the first shows whether they are text.

    Raises
    ------
    DataError
        If they are something else.
    """
    is_first = True
    for block in blocks:
        if is_first:
            check_is_text(block, encoding)
        is_first = False
        yield block


def recoded(blocks, encoding, name):
    """Blocks of bytes in another encoding as blocks in UTF-8."""
    if codec(encoding).name == 'utf-8':
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode('utf-8')
        yield decoder.decode(b'', final=True).encode('utf-8')
    except UnicodeError as error:
        raise DataError(f'{name} is not {encoding}: {reason(error)}. Name the encoding that it '
                        'has.') from error


def lines_of(blocks):
    r"""Yield the lines of each block of bytes in a list; what crosses blocks is joined.

    >>> list(lines_of([b'a\nb\r', b'\nc\rd', b'e']))
    [[b'a\n'], [b'b\r\n', b'c\r'], [b'de']]
    """
    rest = b''
    for block in blocks:
        lines = (rest + block).splitlines(keepends=True)
        # The last one may go on in the next block: with text, or with the \n after its \r.
        whole = not lines or lines[-1].endswith(b'\n')
        rest = b'' if whole else lines.pop()
        if lines:
            yield lines
        if len(rest) > LONGEST_LINE:
            break
    if rest:
        yield [rest]
