"""Tests of errors.py: what a message says of values and texts."""

import sys
import unicodedata

from lstm_sentiment.errors import DataError, ModelError, abridged, printable, reason


def test_messages_stay_short():
    twice = []
    for _ in range(60):
        twice = [twice, twice]
    assert len(abridged(twice)) < 100
    assert abridged([4]) == '[4]' and abridged(10 ** 30) == str(10 ** 30)


def test_a_message_has_no_character_that_cannot_be_printed():
    characters = ''.join(map(chr, range(sys.maxunicode + 1)))
    found = printable(characters)
    assert found.isprintable()
    # What can be printed stays, in its place.
    assert ''.join(c for c in characters if c.isprintable()) == ''.join(
        printable(c) for c in characters if c.isprintable())
    assert printable('a\n\x1b\udcffb') == r'a\n\x1b\udcffb'


def test_a_content_keeps_all_but_control_characters_and_lone_surrogates():
    characters = ''.join(map(chr, range(sys.maxunicode + 1)))
    found = printable(characters, is_content=True)
    assert found.encode('utf-8').decode('utf-8') == found
    assert {c for c in found if unicodedata.category(c) == 'Cc'} == set('\n\t')
    for kept in ('two\nlines\tand a tab', 'no\xa0break', '\U0001f469\u200d\U0001f52c'):
        assert printable(kept, is_content=True) == kept
    assert printable('a\x1b[31m\x9b\udcff', is_content=True) == r'a\x1b[31m\x9b\udcff'


def test_reasons_are_short_and_say_what_kind():
    assert reason(ValueError('x' * 1000)).startswith('ValueError: xxx')
    assert len(reason(DataError('x' * 1000))) < 310
    assert reason(ModelError('another version')) == 'another version'
    assert reason(OSError(28, 'No space left on device', 'secret')) == 'No space left on device'
