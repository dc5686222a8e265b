"""Says from the first bytes of a file whether it is text, in which encoding, or what else it is."""
import codecs
import re

from lstm_sentiment.errors import ConfigError, DataError, printable

# A short text fits many encodings; only these are guessed, the first ones rather than the last.
USUAL_ENCODINGS = (
    'cp1252', 'cp1251', 'cp1250', 'cp1253', 'cp1254', 'cp1255', 'cp1256', 'cp1257', 'koi8_r',
    'iso8859_2', 'iso8859_15', 'gb18030', 'big5', 'shift_jis', 'euc_jp', 'cp949')
# Whether characters have two bytes each is judged by so many bytes, which a header fills.
WIDE_BYTES = 20
# How contents begin that are no text, and what these are.
FOREIGN_CONTENT = [(re.compile(pattern, re.DOTALL), what) for pattern, what in (
    (br'PK\x03\x04', 'a zip archive, or an Office document such as .xlsx; name an archive .zip, '
                     'and save a sheet as CSV UTF-8'),
    (br'\xd0\xcf\x11\xe0', 'an Excel workbook (.xls) or another Office document; save the sheet as '
                          'CSV UTF-8'),
    (br'PAR1\x15', 'a Parquet file; name it .parquet'),
    (br'ARROW1\x00', 'an Arrow file, which is no text; save the table as .parquet'),
    (br'BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07',
     'compressed with bzip2, xz, zstd, 7-Zip or RAR; unpack it, or compress it with gzip'),
    (br'.{257}ustar', 'a tar archive; unpack it'),
    (br'%PDF-|SQLite format 3\x00|\x89HDF\r\n', 'a PDF, a database or an HDF5 file; save the texts '
                                               'as CSV UTF-8'),
    (br'\x80[\x02-\x05][\x80-\x9f\](}cGJKMX]', 'a pickle of Python; save the texts as CSV UTF-8'),
    (br'\s*<(?i:!doctype )?(?i:html)\b', 'a web page; download the file itself'),
    (br'version https://git-lfs', 'a pointer of Git LFS; fetch the file itself: git lfs pull'))]


def check_is_text(beginning, encoding='utf-8'):
    r"""Raise `DataError` if a content that begins so is of another kind than text.

    >>> check_is_text(b'PAR1\x15...')
    Traceback (most recent call last):
    lstm_sentiment.errors.DataError: it is a Parquet file; name it .parquet
    """
    for pattern, what in FOREIGN_CONTENT:
        if pattern.match(beginning):
            raise DataError(f'it is {what}')
    guess = wide_encoding(beginning[:WIDE_BYTES])
    if guess is not None and not codec(encoding).name.startswith(('utf-16', 'utf-32')):
        raise DataError(f'it is not {encoding.upper()}: half of its bytes are 0. It looks like '
                        f'{guess}: give --encoding {guess}, or convert it to UTF-8')


def wide_encoding(content):
    r"""The encoding of text in which a character has two bytes, without a byte order mark, or None.

    >>> wide_encoding('text,'.encode('utf-16-le')), wide_encoding('text,'.encode('utf-16-be'))
    ('utf_16_le', 'utf_16_be')
    >>> wide_encoding(b'lov\\0ely')
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    halves = content[1::2], content[::2]
    for half, other, name in zip(halves, halves[::-1], ('utf_16_le', 'utf_16_be')):
        if len(half) > 1 and 3 * half.count(0) > 2 * len(half) and not other.count(0):
            return name
    return None


def codec(encoding):
    """The `codecs.CodecInfo` of an encoding of text.

    >>> codec('UTF8').name, codec('latin-1').name
    ('utf-8', 'iso8859-1')
    """
    try:
        ''.encode(encoding)
        return codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise ConfigError(f'there is no encoding {printable(encoding)!r:.40} of text. Expected '
                          'one that Python knows, such as utf-8, cp1252 or utf-16.') from error


def not_utf8(where, error, foreign=b''):
    """The `DataError` for bytes that are not UTF-8.

    Parameters
    ----------
    where : str
    error : UnicodeDecodeError
    foreign : bytes
        The text from which the encoding is guessed; by default that of the error.
    """
    guess = guess_encoding((foreign or error.object)[:20000])
    advice = (f'It looks like {guess}: give --encoding {guess}, or convert' if guess
              else 'Give --encoding, or convert')
    return DataError(f'{where} is not UTF-8: byte 0x{error.object[error.start]:02x} at position '
                     f'{error.start} ({error.reason}). {advice} the file to UTF-8.')


def guess_encoding(content):
    """The likeliest encoding of some bytes of text, or None.

    >>> guess_encoding('A café, a naïve façade.'.encode('cp1252'))
    'cp1252'
    """
    for name, marks in (('utf_32', (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
                        ('utf_16', (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))):
        if content.startswith(marks):
            return name
    if wide_encoding(content[:WIDE_BYTES]):
        return wide_encoding(content[:WIDE_BYTES])
    import charset_normalizer  # only a file that is not UTF-8 needs it
    matches = charset_normalizer.from_bytes(content, cp_isolation=USUAL_ENCODINGS)
    best = matches.best()
    # Of a short text, several are about as likely: the usual one of them.
    likely = [name for match in matches for name in match.could_be_from_charset
              if match.chaos <= best.chaos + 0.03 and match.coherence >= best.coherence]
    return min(likely, key=USUAL_ENCODINGS.index, default=None)
