"""Download the film reviews and text8; what comes from the network is not trusted.

A file is moved to its place only when it is complete and has the SHA-256 listed here. There are
time limits for the first answer, for the next byte, and for a complete file. After a broken
connection or a server error the same source is tried again, and then the next one.
"""

import contextlib
import functools
import gzip
import itertools
import os
import pickle
import re
import shutil
import sys
import tarfile
import tempfile
import threading
import time
import warnings
from collections import namedtuple

import pooch
import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import MaxRetryError
from urllib3.util import Retry

from lstm_sentiment.command_line import command
from lstm_sentiment.data.datasets import TUTORIAL_SHA256, load_dictionary, read_dataset
from lstm_sentiment.errors import DataError, DownloadError, TutorialError
from lstm_sentiment.files import fingerprint, put_in_place
from lstm_sentiment.messages import say
from lstm_sentiment.text.corpora import PARTS
from lstm_sentiment.text.dataset_files import PICKLE_PROTOCOL
from lstm_sentiment.text.preprocessing import preprocess
from lstm_sentiment.text.vocabulary import CLASSES, TEXT_SETTINGS

DATASET, DICTIONARY = 'imdb.pkl', 'imdb.dict.pkl.gz'
MIB = 1 << 20

Source = namedtuple('Source', 'url sha256 max_bytes')

# Tried in this order; the archive, which holds the reviews as text, comes last.
PICKLE_SOURCES = tuple(Source(url, TUTORIAL_SHA256, 64 * MIB) for url in (
    'https://www.iro.umontreal.ca/~lisa/deep/data/imdb.pkl',
    'http://www.iro.umontreal.ca/~lisa/deep/data/imdb.pkl',
    'https://s3.amazonaws.com/text-datasets/imdb.pkl'))
ARCHIVE_SOURCE = Source(
    'https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz',
    'c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe', 128 * MIB)
# The tutorial's dictionary has no published hash. So it is downloaded over HTTPS only, and its
# contents are checked.
DICTIONARY_SOURCE = Source('https://www.iro.umontreal.ca/~lisa/deep/data/imdb.dict.pkl.gz', None,
                           16 * MIB)

# It is not served over HTTPS. The SHA-256 is published in many places.
TEXT8_SOURCE = Source('http://mattmahoney.net/dc/text8.zip',
                      'a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232', 64 * MIB)

# The reviews in the published archive; no name leads out of the folder.
REVIEW_MEMBER = re.compile(r'aclImdb/(train|test)/(pos|neg)/([0-9]{1,9}_[0-9]{1,9}\.txt)')
# Bytes of a review, and of the whole archive, unpacked: the longest review has 14,000.
MAX_REVIEW = 1 << 20
MAX_ARCHIVE = 1 << 30

# Seconds in which a source must answer, seconds without a byte after which an attempt ends, and
# seconds for a file with all attempts.
PROBE_SECONDS = 8.
STALL_SECONDS = 8.
TOTAL_SECONDS = 1800.
# What is tried again: a connection that breaks, and a server that says it is in trouble. A server
# cannot ask for a longer pause than these.
RETRIES = Retry(2, backoff_factor=2, status_forcelist=range(500, 600), raise_on_status=False,
                respect_retry_after_header=False)
MAX_REDIRECTS = 5


def download_dataset(folder, looked_in):
    """Download ``imdb.pkl`` into `folder` from the first source that works; return its path.

    All sources are probed at once, so that the attempt ends soon if there is no network.

    Raises
    ------
    DownloadError
        If none works; the message names each and the reason.
    """
    fetchers = [(source, fetch_pickle) for source in PICKLE_SOURCES]
    fetchers.append((ARCHIVE_SOURCE, fetch_archive))
    reasons = probe([source.url for source, _ in fetchers] + [DICTIONARY_SOURCE.url])
    for source, fetcher in fetchers:
        if reasons[source.url] is not None:
            continue
        say(f'Downloading {source.url} to {folder}', file=sys.stderr)
        try:
            os.makedirs(folder, exist_ok=True)
            return fetcher(source, folder, reasons[DICTIONARY_SOURCE.url])
        except (OSError, ValueError, EOFError, tarfile.TarError, TutorialError) as error:
            reasons[source.url] = plain_reason(error)
    tried = '\n'.join(f'  {source.url}: {reasons[source.url]}' for source, _ in fetchers)
    raise DownloadError(
        f'The IMDB reviews are not on this machine (looked for {DATASET} and {DATASET}.gz in '
        f'{looked_in}), and no source of them could be used:\n{tried}\n'
        'What you can do:\n'
        f'  - put {DATASET} or {DATASET}.gz into {folder}, or name the folder that holds it in '
        'IMDB_DATA_DIR;\n'
        '  - make it from the reviews (the folder aclImdb): '
        f'{command("imdb_preprocess.py")} aclImdb;\n'
        '  - train on the dataset that this project makes itself: '
        f'{command("lstm.py")} --dataset demo')


def download_text8(folder):
    """Download ``text8.zip``, 100 million characters of an encyclopedia, into `folder`.

    Returns
    -------
    str
        Its path.

    Raises
    ------
    DownloadError
        If it cannot be had; the message says why.
    """
    why = probe([TEXT8_SOURCE.url])[TEXT8_SOURCE.url]
    if why is None:
        say(f'Downloading {TEXT8_SOURCE.url} to {folder}', file=sys.stderr)
        try:
            os.makedirs(folder, exist_ok=True)
            return fetch(TEXT8_SOURCE, folder, 'text8.zip')
        except (OSError, ValueError, EOFError, TutorialError) as error:
            why = plain_reason(error)
    raise DownloadError(f'text8 is not on this machine, and {TEXT8_SOURCE.url} could not be used: '
                        f'{why}. You can put text8 or text8.zip into {folder}.')


# What each source gives

def fetch_pickle(source, folder, no_dictionary):
    """Download the tutorial's pickle, and its dictionary if that answers; return the path."""
    path = fetch(source, folder, DATASET)
    if no_dictionary is None:
        try:
            fetch_dictionary(folder, path)
        except (OSError, ValueError, TutorialError) as error:
            no_dictionary = plain_reason(error)
    if no_dictionary is not None:
        warnings.warn(f'The dictionary of the reviews, {DICTIONARY_SOURCE.url}, could not be had: '
                      f'{no_dictionary}. Training does not need it.', stacklevel=2)
    return path


def fetch_dictionary(folder, dataset):
    """Download the tutorial's dictionary, check it, and add the fingerprint of `dataset`."""
    parts = read_dataset(dataset)
    largest_id = max(max(map(max, sequences)) for sequences, _ in parts)
    settings = dict(TEXT_SETTINGS, classes=CLASSES, fingerprint=fingerprint(dataset))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = fetch(DICTIONARY_SOURCE, scratch, DICTIONARY)
        if not load_dictionary(path, settings['fingerprint'], largest_id)[1]:
            with open(path, 'ab') as file:
                file.write(gzip.compress(pickle.dumps(settings, PICKLE_PROTOCOL)))
        put_in_place(path, os.path.join(folder, DICTIONARY))


def fetch_archive(source, folder, _):
    """Download the reviews as text and preprocess them; return the path of the dataset."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        archive = fetch(source, scratch, 'aclImdb.tar.gz')
        unpack_reviews(archive, scratch)
        path = os.path.join(folder, DATASET)
        preprocess(os.path.join(scratch, 'aclImdb'), path, os.path.join(folder, 'imdb.dict.pkl'),
                   progress=True)
    return path


# One file

def fetch(source, folder, name):
    """Download a file into `folder`; return its path.

    A thread reads it, and is abandoned after the time limit, because neither the lookup of a name
    nor a very slow server can be interrupted.

    Raises
    ------
    requests.RequestException, DownloadError, ValueError
        If it cannot be downloaded, is too large or too slow, or has another SHA-256.
    """
    result, given_up = {}, threading.Event()

    def work(scratch):
        receiver = functools.partial(receive, max_bytes=source.max_bytes, given_up=given_up)
        try:
            pooch.retrieve(source.url, source.sha256, fname=name, path=scratch,
                           downloader=receiver)
        except Exception as error:  # to be raised by the thread that waits
            result['error'] = error

    with quiet_pooch(), tempfile.TemporaryDirectory(dir=folder) as scratch:
        thread = threading.Thread(target=work, args=(scratch,), daemon=True)
        thread.start()
        try:
            thread.join(TOTAL_SECONDS)
        finally:
            given_up.set()
        if thread.is_alive():
            raise DownloadError(f'it was not complete within {TOTAL_SECONDS:g} s')
        if 'error' in result:
            raise result['error']
        path = os.path.join(folder, name)
        put_in_place(os.path.join(scratch, name), path)
    return path


@contextlib.contextmanager
def quiet_pooch():
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel('WARNING')
    try:
        yield
    finally:
        logger.setLevel(level)


def receive(url, path, _, max_bytes, given_up):
    """Write what `url` sends to `path`, at most `max_bytes`.

    An answer that breaks off is requested again, as often as `RETRIES` says.
    """
    retries = RETRIES
    while True:
        try:
            with answer(url, STALL_SECONDS, RETRIES) as response, open(path, 'wb') as file:
                copy_content(response, file, max_bytes, given_up)
                return
        except BrokenOff as error:
            if given_up.is_set():
                raise
            try:
                retries = retries.increment('GET', url, error=error)
            except MaxRetryError:
                raise error.__cause__ from None
            retries.sleep()


class BrokenOff(Exception):
    """An answer that ended too early; its cause is the exception of requests."""


def copy_content(response, file, max_bytes, given_up):
    """Copy the content of an answer to a file, with a bar on a terminal."""
    n_bytes, announced = 0, response.headers.get('Content-Length', '')
    total = int(announced) if announced.isdecimal() else None
    with tqdm(total=total, unit='B', unit_scale=True, disable=not sys.stderr.isatty()) as bar:
        try:
            for block in response.iter_content(1 << 16):
                n_bytes += len(block)
                if n_bytes > max_bytes:
                    raise DownloadError(f'it sends more than {max_bytes} bytes')
                if given_up.is_set():
                    raise DownloadError('given up')
                file.write(block)
                bar.update(len(block))
            if total not in (None, n_bytes) and 'Content-Encoding' not in response.headers:
                raise exceptions.ConnectionError(f'cut short: {n_bytes} of {total} bytes came')
        except exceptions.RequestException as error:
            raise BrokenOff from error


@contextlib.contextmanager
def answer(url, seconds, retries=0):
    """The answer of a server, without an error status; HTTPS never redirects to HTTP.

    Parameters
    ----------
    url : str
    seconds : float
        To wait at most for a connection, and for the next byte.
    retries : urllib3.util.Retry or int
        Of what comes before the answer's content.
    """
    with requests.Session() as session:
        session.max_redirects = MAX_REDIRECTS
        for scheme in ('https://', 'http://'):
            session.mount(scheme, HTTPAdapter(max_retries=retries))
        with session.get(url, stream=True, timeout=seconds,
                         headers={'Accept-Encoding': 'identity'}) as response:
            response.raise_for_status()
            hops = [hop.url for hop in response.history] + [response.url]
            if url.startswith('https:') and not all(hop.startswith('https:') for hop in hops):
                raise DownloadError('it redirects from HTTPS to an unencrypted connection')
            yield response


def probe(urls):
    """Probe all `urls` at once; return for each None if it can be used, otherwise the reason."""
    answers = {}

    def ask(url):
        try:
            with answer(url, PROBE_SECONDS):
                answers[url] = None
        except exceptions.HTTPError as error:
            # A server with an error may have recovered when it is used.
            in_trouble = error.response.status_code in RETRIES.status_forcelist
            answers[url] = None if in_trouble else plain_reason(error)
        except (OSError, ValueError, TutorialError) as error:
            answers[url] = plain_reason(error, PROBE_SECONDS)

    # The lookup of a name cannot be interrupted. A thread that hangs in it must not stop the
    # program from continuing or ending.
    threads = [threading.Thread(target=ask, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PROBE_SECONDS
    for thread in threads:
        thread.join(max(0., deadline - time.monotonic()))
    return {url: answers.get(url, f'no answer within {PROBE_SECONDS:g} s') for url in urls}


def plain_reason(error, seconds=None):
    """Say why a source could not be used; the wait was that many seconds."""
    text = str(error)
    if isinstance(error, exceptions.HTTPError):
        return f'the server answers {error.response.status_code} {error.response.reason}'
    if isinstance(error, exceptions.TooManyRedirects):
        return 'it has a redirect loop'
    if isinstance(error, exceptions.ProxyError):
        return 'the proxy cannot be used'
    if isinstance(error, exceptions.SSLError):
        return 'no secure connection to it can be made'
    for sign, reason in [('cut short', text), ('IncompleteRead', 'the file was cut short'),
                         ('timed out', f'no answer within {seconds or STALL_SECONDS:g} s'),
                         ('refused', 'the connection was refused'),
                         ('unreachable', 'the network is unreachable'),
                         ('esol', 'its name cannot be looked up'),
                         ('getaddrinfo', 'its name cannot be looked up')]:
        if isinstance(error, exceptions.RequestException) and sign in text:
            return reason
    if isinstance(error, exceptions.RequestException):
        return f'the connection failed ({type(error).__name__})'
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename or "the file"}: {error.strerror}'
    return text


def unpack_reviews(archive, folder):
    """Unpack the reviews of the published archive, and no other file.

    Parameters
    ----------
    archive : str
        The file ``aclImdb_v1.tar.gz``.
    folder : str
        Where the corpus folder ``aclImdb`` is made.

    Raises
    ------
    DataError
        If it holds more than `MAX_REVIEW` bytes in one review or `MAX_ARCHIVE` in all.
    """
    for part, label in itertools.product(PARTS, CLASSES):
        os.makedirs(os.path.join(folder, 'aclImdb', part, label))
    n_bytes = 0
    with gzip.open(archive) as stream, \
            tarfile.open(fileobj=UpTo(stream, MAX_ARCHIVE), mode='r|') as members:
        for member in members:
            match = REVIEW_MEMBER.fullmatch(member.name)
            if not match or not member.isreg():
                continue
            n_bytes += member.size
            if member.size > MAX_REVIEW or n_bytes > MAX_ARCHIVE:
                raise DataError(f'{archive} holds {member.size} bytes in {member.name}. Expected '
                                f'{MAX_REVIEW} at most, {MAX_ARCHIVE} in all: fetch it again.')
            path = os.path.join(folder, 'aclImdb', *match.groups())
            with open(path, 'wb') as file:
                shutil.copyfileobj(members.extractfile(member), file)


class UpTo:
    """A stream of bytes with a limit, whatever was compressed into it."""

    def __init__(self, stream, n_bytes):
        self.stream, self.n_bytes = stream, n_bytes

    def read(self, size):
        content = self.stream.read(size)
        self.n_bytes -= len(content)
        if self.n_bytes < 0:
            raise DataError('The archive of the reviews unpacks to more than '
                            f'{MAX_ARCHIVE} bytes. Fetch it again.')
        return content
