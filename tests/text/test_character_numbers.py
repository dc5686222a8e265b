"""Text as numbers, the minibatches of several streams, and drawing characters."""
from collections import Counter

import numpy
import pytest

from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.text import characters
from lstm_sentiment.text.characters import LETTERS, plain_letters, to_numbers


@pytest.mark.parametrize('text, expected', [
    ('plain text', 'plain text'), ('Two  spaces', 'two spaces'), ('A.B', 'a b'), ('', ''),
    ('a\n\n"b" (c2d)', 'a b c d '), ('\u00c5ngstr\u00f6m, na\u00efve', 'angstrom naive'),
    ('\u0161', 's'), ('\u6f22\u5b57 x', ' x')])
def test_plain_letters(text, expected):
    assert plain_letters(text) == expected
    assert plain_letters(expected) == expected


def test_alphabets():
    assert characters.alphabet_of('letters', 'xyz!') == LETTERS
    assert len(LETTERS) == 27
    assert characters.alphabet_of('all', 'banana\n', 'B\u00e9') == '\nBabn\u00e9'


@pytest.mark.parametrize('n_symbols, dtype', [(255, 'uint8'), (256, 'int32'), (70000, 'int32')])
def test_numbers_and_back(n_symbols, dtype, monkeypatch):
    monkeypatch.setattr(characters, 'PIECE', 1000)
    alphabet = ''.join(chr(code) for code in range(32, 120000) if chr(code).isalnum())[:n_symbols]
    text = ''.join(numpy.random.RandomState(0).permutation(list(alphabet)))
    numbers = to_numbers(text, alphabet)
    assert numbers.dtype == dtype
    assert [alphabet[number] for number in numbers] == list(text)
    assert characters.to_text(numbers, alphabet) == text


def test_unknown_characters_are_named():
    with pytest.raises(ConfigError, match=r"prime='Tom!': the characters '!T' are unknown"):
        to_numbers('Tom!', LETTERS, 'prime')


def test_no_text_has_no_numbers():
    assert to_numbers('', LETTERS).tolist() == []


def test_minibatches_are_what_streams_read():
    # Each stream as an iterator of its own, which begins anew at the end of the text.
    numbers, n_streams, n_timesteps = numpy.arange(23, dtype='uint8'), 4, 3
    streams = []
    for k in range(n_streams):
        start = k * (23 // n_streams)
        streams.append((list(numbers[start:]) + list(numbers) * 3)[:40])
    for update in range(10):
        x, y = characters.minibatch(numbers, n_streams, n_timesteps, update)
        assert x.dtype == y.dtype == 'int64' and x.shape == y.shape == (n_timesteps, n_streams)
        for k, stream in enumerate(streams):
            start = update * n_timesteps
            assert x[:, k].tolist() == stream[start:start + n_timesteps]
            assert y[:, k].tolist() == stream[start + 1:start + n_timesteps + 1]


def test_the_held_out_part_is_at_the_beginning():
    assert characters.split_held_out('abcdef', 2) == ('def', 'abc')


@pytest.mark.parametrize('length, is_long_enough', [(4 + 6, False), (4 + 7, True), (0, False)])
def test_a_text_has_at_least_a_minibatch(length, is_long_enough):
    training, held_out = characters.split_held_out('a' * length, 3)
    if is_long_enough:
        characters.check_length('t.txt', training, held_out, 2, 3, 3)
        characters.minibatch(to_numbers(training, LETTERS), 2, 3, 0)
        return
    with pytest.raises(DataError, match='t.txt has %d characters that can be used. Expected 11 or '
                                        'more' % length):
        characters.check_length('t.txt', training, held_out, 2, 3, 3)


@pytest.mark.parametrize('temperature', [0.5, 1., 2.])
def test_characters_are_drawn_with_their_probabilities(temperature):
    p = numpy.array([0.5, 0., 0.3, 0.2])
    expected = p ** (1 / temperature)
    expected /= expected.sum()
    n = 4000
    drawn = Counter(characters.draw(numpy.tile(p, (n, 1)), temperature,
                                    numpy.random.RandomState(0)).tolist())
    assert not drawn[1]
    for symbol, share in enumerate(expected):
        assert abs(drawn[symbol] / n - share) <= 4 * (share * (1 - share) / n) ** 0.5


def test_certain_characters_are_always_drawn():
    p = numpy.eye(3, dtype='float32')
    assert characters.draw(p, 1., numpy.random.RandomState(0)).tolist() == [0, 1, 2]
