"""Tests of tokenizing.py: the words of sacremoses, in order, from one process or several."""

import concurrent.futures
import contextlib
import multiprocessing
import os
import random
import subprocess
import sys

import pytest
from sacremoses import MosesTokenizer
from sacremoses.corpus import NonbreakingPrefixes

import imdb_preprocess
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.text import text_settings, tokenizing
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS

ROOT = os.path.dirname(os.path.abspath(imdb_preprocess.__file__))


# Fewer texts in Chinese: each takes the original some 10 ms.
@pytest.mark.parametrize('language, n_texts', [('en', 600), ('fr', 600), ('fi', 600), ('zh', 15)])
def test_tokenizer_gives_the_words_of_sacremoses(language, n_texts):
    ours = tokenizing.ReviewTokenizer(lang=language)
    moses = MosesTokenizer(lang=language)
    pieces = ['Mr.', 'U.S.', 'No.', 'no.', 'p.m.', 'e.g.', 'end.', '...', '.', '..', "isn't",
              "'tis", "1990's", '3.50', '10,000', 'a,b', 'No. 5', 'Nos. 1', 'x.', '.x', '<br />',
              '&amp;', '[a|b]', '"q"', 'É.', 'é.', 'ß', 'naïve.', '中.', '.中', 'e-mail', '--',
              '\x00', '\x1c', '\x85', '\u2028', '\xa0', '\n', '\t', 'DOTMULTI', "end.'", '?!',
              "l'été", 'M.', 'esim.']
    generator = random.Random(1)
    for _ in range(n_texts):
        text = generator.choice(['', ' ']).join(
            generator.choice(pieces) for _ in range(generator.randint(0, 9)))
        assert ours.tokenize(text) == moses.tokenize(text), repr(text)


def test_tokens_of_one_text_stay_one_text():
    texts = ['one\ntwo\r\nthree', 'four\u2028five\x85six\x0cseven', '', '\x00\x1f', 'Eight.']
    assert [text.split() for text in tokenizing.tokenize_texts(texts, TEXT_SETTINGS)] == [
        ['one', 'two', 'three'], ['four', 'five', 'six', 'seven'], [], [], ['eight', '.']]


def test_processes_give_what_one_gives(monkeypatch):
    texts = [f"It isn't No. {n}, Mr. Bean." * (n % 7) for n in range(200)]
    expected = list(tokenizing.tokenize_texts(texts, TEXT_SETTINGS, jobs=1))
    monkeypatch.setattr(tokenizing, 'CHUNK_CHARACTERS', 100)
    monkeypatch.setattr(tokenizing, 'POOL_CHUNKS', 2)
    alone = tokenizing.tokenize_chunk
    monkeypatch.setattr(tokenizing, 'tokenize_in_processes',
                        watched(tokenizing.tokenize_in_processes))
    assert list(tokenizing.tokenize_texts(iter(texts), TEXT_SETTINGS, jobs=2)) == expected
    assert tokenizing.tokenize_in_processes.calls == 1
    assert tokenizing.tokenize_chunk is alone and len(expected) == 200


def watched(function):
    def call(*arguments):
        call.calls += 1
        return function(*arguments)
    call.calls = 0
    return call


def test_processes_read_only_a_little_ahead(monkeypatch):
    monkeypatch.setattr(tokenizing, 'CHUNK_CHARACTERS', 10)
    monkeypatch.setattr(tokenizing, 'POOL_CHUNKS', 2)
    taken = []
    texts = (taken.append(n) or 'ten letters' for n in range(1000))
    stream = tokenizing.tokenize_texts(texts, TEXT_SETTINGS, jobs=2)
    assert next(stream) == 'ten letters'
    assert len(taken) < 20
    stream.close()


def test_the_last_task_is_not_cancelled(monkeypatch):
    """A pool of Python 3.8 hangs if all tasks that are left are cancelled when it is closed."""
    futures = []

    class Pool(contextlib.nullcontext):
        def submit(self, function, chunk, settings):
            future = concurrent.futures.Future()
            if not futures:
                future.set_result(function(chunk, settings))
            futures.append(future)
            return future
    monkeypatch.setattr(concurrent.futures, 'ProcessPoolExecutor', lambda *_, **__: Pool(Pool()))
    stream = tokenizing.tokenize_in_processes([['a'], ['b'], ['c']] * 9, TEXT_SETTINGS, 1)
    assert next(stream) == (['a'], ['a'])
    stream.close()
    assert [future.cancelled() for future in futures[1:]] == [True] * (len(futures) - 2) + [False]


SPAWNING = """
import multiprocessing
from lstm_sentiment.text import tokenizing
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS

if __name__ == '__main__':
    multiprocessing.set_start_method('spawn')
    tokenizing.CHUNK_CHARACTERS, tokenizing.POOL_CHUNKS = 20, 2
    texts = ["It's No. 5."] * 9
    print(list(tokenizing.tokenize_texts(texts, TEXT_SETTINGS, jobs=2)))
"""


def test_spawned_processes_give_the_same(tmp_path):
    script = tmp_path / 'spawning.py'
    script.write_text(SPAWNING)
    output = subprocess.check_output([sys.executable, str(script)], universal_newlines=True,
                                     env=dict(os.environ, PYTHONPATH=ROOT))
    assert output == f'{["it &apos;s no. 5 ."] * 9}\n'


def end_at_once(texts, settings):
    os._exit(1)


@pytest.mark.skipif(multiprocessing.get_start_method() != 'fork',
                    reason='processes that are not forked do not see what the test replaces')
def test_a_process_that_ends_early_is_an_error(monkeypatch):
    monkeypatch.setattr(tokenizing, 'CHUNK_CHARACTERS', 10)
    monkeypatch.setattr(tokenizing, 'POOL_CHUNKS', 2)
    monkeypatch.setattr(tokenizing, 'tokenize_chunk', end_at_once)
    with pytest.raises(DataError, match='A tokenizing process ended too early'):
        list(tokenizing.tokenize_texts(['ten letters'] * 20, TEXT_SETTINGS, jobs=2))


# Settings

def tokens(text, **settings):
    return next(tokenizing.tokenize_texts([text], dict(TEXT_SETTINGS, **settings)))


def test_settings_change_the_words():
    text = "L'homme  n'est\npas (là)."
    assert tokens(text) == "l &apos;homme n &apos;est pas ( là ) ."
    assert tokens(text, language='fr') == "l&apos; homme n&apos; est pas ( là ) ."
    assert tokens(text, lowercase=False).startswith("L &apos;homme")
    assert tokens(text, tokenizer='whitespace') == "l'homme n'est pas (là)."
    assert tokens(text, tokenizer='whitespace', lowercase=False) == "L'homme n'est pas (là)."


@pytest.mark.parametrize('language, text, words', [
    ('zh', '这个故事真好看，OK 3中5。', '这 个 故 事 真 好 看 ， ok 3 中 5 。'),
    # The rules of sacremoses for this language take seconds to load.
    pytest.param('cjk', '这个，とても。한국 말', '这 个 ， と て も 。 한국 말',
                 marks=pytest.mark.slow),
    ('ja', 'この映画はスーパー、ﾄﾞｱ。', 'こ の 映 画 は スー パー 、 ﾄﾞ ｱ 。'),
    ('en', '这个故事，ok', '这 个 故 事 ， ok')])
def test_languages_without_spaces_are_split(language, text, words):
    assert tokens(text, language=language) == words


@pytest.mark.parametrize('name, value', [('tokenizer', 'spacy'), ('language', 'xx'),
                                         ('language', None), ('lowercase', 'yes')])
def test_settings_that_cannot_be_used(name, value):
    with pytest.raises(ConfigError, match=f'{name}={value!r} cannot be used: expected one of '):
        tokens('text', **{name: value})


def test_every_language_has_a_tokenizer():
    assert {'en', 'fr', 'de', 'zh', 'ja'} < set(text_settings.LANGUAGES)
    assert tokens('Eins zwei', language='tdt') == 'eins zwei'


def test_white_space_needs_no_processes(monkeypatch):
    monkeypatch.setattr(tokenizing, 'CHUNK_CHARACTERS', 1)
    monkeypatch.setattr(tokenizing, 'tokenize_in_processes', lambda *_: pytest.fail('processes'))
    settings = dict(TEXT_SETTINGS, tokenizer='whitespace')
    texts = [f'text {n}' for n in range(30)]
    assert list(tokenizing.tokenize_texts(texts, settings, jobs=2)) == texts


def test_the_languages_are_those_of_sacremoses():
    known = {'cjk', 'ja', 'ko', *NonbreakingPrefixes().available_langs.values()}
    assert tuple(sorted(known)) == text_settings.LANGUAGES
