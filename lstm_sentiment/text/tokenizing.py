"""Texts to words, with the Moses tokenizer or at white space, on all cores if there are many."""

import collections
import concurrent.futures
import contextlib
import functools
import itertools
import multiprocessing
import os
import re
import signal
import threading

from sacremoses import MosesTokenizer

from lstm_sentiment import processes
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.text.text_settings import check_settings

# With the rules for these languages, sacremoses would leave whole sentences together: no spaces
# separate their words. Each character becomes a word, and so does each of their full stops.
HAN = '\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65'
HAN += '\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff'
KANA = '\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\uff66-\uff9d'
WITHOUT_SPACES = {'zh': HAN, 'ja': HAN + KANA, 'cjk': HAN + KANA}
# What follows a kana as a part of it: the long sound and the marks of voice.
KANA_MARKS = '\u30fc\u3099\u309a\uff70\uff9e\uff9f'

TAG = re.compile('</?[a-zA-Z][^<>]{0,1000}>')

# The tokenizing processes get texts in chunks of this many characters. For fewer chunks than
# POOL_CHUNKS, starting processes takes longer than it saves.
CHUNK_CHARACTERS = 200000
POOL_CHUNKS = 10


class ReviewTokenizer(MosesTokenizer):
    """The Moses tokenizer of sacremoses, with the same words at four times the speed.

    sacremoses builds the set of all lower-case letters again for each full stop, and applies a
    regular expression to every word to find those that end in a full stop. Here the sets are built
    once, and the rules are applied only to words that end in a full stop.
    """

    def __init__(self, lang='en'):
        super().__init__(lang=lang)
        self.lower_letters = frozenset(self.IsLower)
        self.letters = frozenset(self.IsAlpha)

    def islower(self, text):
        return self.lower_letters.issuperset(text)

    def isanyalpha(self, text):
        return not self.letters.isdisjoint(text)

    def handles_nonbreaking_prefixes(self, text):
        tokens = text.split()
        for position, token in enumerate(tokens):
            if token.endswith('.'):
                # The rules look at a word and at the one after it.
                pair = ' '.join(tokens[position:position + 2])
                split = token[:-1] + ' .'
                rules = super().handles_nonbreaking_prefixes
                if rules(pair).startswith(split):
                    tokens[position] = split
        return ' '.join(tokens)


@functools.lru_cache(maxsize=None)
def character_pattern(language):
    """The characters that are words of their own, or None where spaces separate the words."""
    letters = WITHOUT_SPACES.get(language)
    return letters and re.compile(f'([{letters}][{KANA_MARKS}]*)')


@functools.lru_cache(maxsize=None)
def moses_tokenizer(language):
    """The tokenizer for a language; it is made once in each process."""
    return ReviewTokenizer(lang=language)


def tokenize_chunk(texts, settings):
    """Tokenize a list of texts: the words of each, separated by spaces.

    >>> settings = {'tokenizer': 'moses', 'language': 'en', 'lowercase': True}
    >>> tokenize_chunk(["It's dull.", "Mr. Bean isn't..."], settings)
    ['it &apos;s dull .', 'mr. bean isn &apos;t ...']
    >>> tokenize_chunk(["It's  dull."], dict(settings, tokenizer='whitespace', lowercase=False))
    ["It's dull."]
    >>> tokenize_chunk(['很好看。'], dict(settings, language='zh'))
    ['很 好 看 。']
    >>> tokenize_chunk(['So<br />dull, 1 < 2.'], dict(settings, strip_html=True))
    ['so dull , 1 &lt; 2 .']
    """
    if settings.get('strip_html'):
        texts = [TAG.sub(' ', text) for text in texts]
    if settings['tokenizer'] == 'moses':
        characters = character_pattern(settings['language'])
        if characters:
            texts = [characters.sub(r' \1 ', text) for text in texts]
        tokenizer = moses_tokenizer(settings['language'])
        tokenized = [tokenizer.tokenize(text, return_str=True) for text in texts]
    else:
        tokenized = [' '.join(text.split()) for text in texts]
    return [text.lower() for text in tokenized] if settings['lowercase'] else tokenized


def split_into_chunks(texts, n_characters=None):
    """Gather texts into lists of about `n_characters` characters.

    Examples
    --------
    >>> list(split_into_chunks(['abc', 'd', 'efg', 'hi'], n_characters=4))
    [['abc', 'd'], ['efg', 'hi']]
    """
    n_characters = n_characters or CHUNK_CHARACTERS
    chunk, size = [], 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        if size >= n_characters:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def follow_parent():
    """Ignore Ctrl-C, which the parent process handles, and end when the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


def tokenize_in_processes(chunks, settings, jobs):
    """Yield ``(chunk, tokenized)`` in order, tokenized by `jobs` processes.

    Only a few chunks for each process are in memory at a time.
    """
    pending = collections.deque()
    with concurrent.futures.ProcessPoolExecutor(
            jobs, initializer=follow_parent) as pool:
        try:
            for chunk in chunks:
                pending.append((chunk, pool.submit(tokenize_chunk, chunk, settings)))
                if len(pending) > 4 * jobs:
                    oldest, future = pending.popleft()
                    yield oldest, future.result()
            while pending:
                oldest, future = pending.popleft()
                yield oldest, future.result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise DataError(
                'A tokenizing process ended too early. Either the memory was full, or a script '
                "calls this outside `if __name__ == '__main__':`. Correct this, or pass jobs=1 "
                '(--jobs 1).') from error
        finally:
            # Not the last one: Python 3.8 waits for ever for tasks of which all are cancelled.
            for _, future in list(pending)[:-1]:
                future.cancel()


def tokenize_texts(texts, settings, jobs=None):
    """Tokenize texts, on all cores when there are many.

    Parameters
    ----------
    texts : iterable of str
        They are read when they are needed, not all at once.
    settings : dict
        ``tokenizer``, ``language`` and ``lowercase``; see above.
    jobs : int, optional
        Number of processes; by default one for each core. A small corpus, and one that is only
        split at white space, is tokenized in this process.

    Yields
    ------
    str
        The words of each text, separated by spaces, in the order of the texts.

    Raises
    ------
    ConfigError
        If the settings cannot be used.
    DataError
        If the tokenizer returns another number of texts than it received.
    """
    check_settings(settings)
    jobs = number_of_jobs(jobs) if settings['tokenizer'] == 'moses' else 1
    chunks = split_into_chunks(texts)
    head = list(itertools.islice(chunks, POOL_CHUNKS))
    chunks = itertools.chain(head, chunks)
    if jobs == 1 or len(head) < POOL_CHUNKS:
        results = ((chunk, tokenize_chunk(chunk, settings)) for chunk in chunks)
    else:
        results = tokenize_in_processes(chunks, settings, jobs)
    with contextlib.closing(results):
        for chunk, tokenized in results:
            if len(tokenized) != len(chunk):
                raise DataError(
                    f'The tokenizer was given {len(chunk)} texts and returned {len(tokenized)}: '
                    'the labels would no longer fit the texts. Expected as many; try another '
                    'version of sacremoses.')
            yield from tokenized


def tokenize_over_ranks(texts, settings, jobs=None):
    """As :func:`tokenize_texts`, in one process of each rank in place of `jobs` processes.

    The other ranks are in `processes.help_first` with :func:`tokenize_piece`.
    """
    check_settings(settings)
    pieces = ((piece, settings) for piece in split_into_chunks(texts))
    for tokenized in processes.dealt(tokenize_piece, pieces):
        yield from tokenized


def tokenize_piece(piece):
    """The tokenized texts of a piece, which is (texts, settings)."""
    return list(tokenize_texts(*piece, jobs=1))


def number_of_jobs(jobs=None):
    """Return `jobs`, or the number of cores that this process may use."""
    if jobs is None:
        return processes.n_cores()
    if jobs < 1:
        raise ConfigError(f'jobs must be 1 or more, but it is {jobs}.')
    return jobs
