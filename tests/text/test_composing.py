"""Tests of composing.py and its frames: labels by rule, balance, and draws that repeat."""
import collections
import re

import numpy
import pytest

from lstm_sentiment.errors import DataError
from lstm_sentiment.text import composing
from lstm_sentiment.text.composed_frames import FRAMES, NEUTRAL, SHARES
from lstm_sentiment.text.composing import MARK, Composer, expand
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary

LISTS = {'adjective': {0: ['dull'], 1: ['fine']}, 'noun': {0: ['bore'], 1: ['gem']},
         'adverb': {0: ['badly'], 1: ['nicely']}, 'liked': {0: ['hated'], 1: ['loved']},
         'like': {0: ['hate'], 1: ['love']}, 'clause': {0: ['it drags'], 1: ['it shines']},
         'negatable': {0: ['it is not fine'], 1: ['it is not dull']},
         'comparative': {0: ['worse'], 1: ['better']},
         'superlative': {0: ['worst'], 1: ['best']}}
PRAISE, BLAME = ('fine', 'sharp', 'warm', 'bright'), ('dull', 'poor', 'flat', 'stale')
WORDS = ['.', 'the', 'film', 'is', 'very', 'not', 'it', ',', 'plot', *PRAISE, *BLAME]


def reviews(n=20):
    """Word ids and labels; each adjective is in reviews of its class alone."""
    vocabulary = Vocabulary(WORDS, TEXT_SETTINGS, ['neg', 'pos'])
    texts = [('the film is very %s . the plot is %s , it is .'
              % (words[k % 4], words[k // 4 % 4]), label)
             for label, words in ((0, BLAME), (1, PRAISE)) for k in range(n)]
    return [vocabulary.ids(text) for text, _ in texts], [label for _, label in texts], vocabulary


@pytest.fixture
def composer():
    return Composer(*reviews(), labels_of=(0, 1))


def words_of(composer, ids):
    return ' '.join(composer.vocabulary.words[k - 2] if k > 1 else '?' for k in ids)


@pytest.mark.parametrize('frame, praise, blame', [
    ('it is [+adjective]', 'it is fine', 'it is dull'),
    ('it is not [-adjective]', 'it is not dull', 'it is not fine'),
    ('what [a +noun]', 'what a gem', 'what a bore'),
    ('[-clause], but [+clause]', 'it drags, but it shines', 'it shines, but it drags'),
    ('[+negatable]', 'it is not dull', 'it is not fine'),
    ('I do not [-like] it', 'I do not hate it', 'I do not love it'),
    ('<see|skip> it', 'see it', 'skip it'),
    ('it could be <-better|worse>', 'it could be worse', 'it could be better'),
    ("<see|skip> what I {saw}", 'see what I saw', 'skip what I saw')])
def test_a_frame_says_what_its_label_says(frame, praise, blame):
    rng = numpy.random.RandomState(3)
    for is_praise, expected in ((True, praise), (False, blame)):
        assert expand(frame, is_praise, LISTS, rng).replace(MARK, '') == expected


def test_of_longer_signed_choices_the_odd_ones_are_of_praise():
    rng = numpy.random.RandomState(3)
    for is_praise, expected in ((True, {'see', 'keep'}), (False, {'skip', 'sell'})):
        found = {expand('<see|skip|keep|sell>', is_praise, LISTS, rng) for _ in range(40)}
        assert found == expected


def test_no_word_twice_in_a_sentence_where_others_are_left():
    lists = {'adjective': {0: ['dull'], 1: ['fine', 'warm', 'sharp']}}
    for seed in range(20):
        text = expand('[+adjective] [+adjective] [+adjective] [+adjective]', True, lists,
                      numpy.random.RandomState(seed)).replace(MARK, '').split()
        assert set(text[:3]) == {'fine', 'warm', 'sharp'}


def test_an_article_agrees_with_its_word():
    lists = {'noun': {0: ['error'], 1: ['gem']}}
    texts = [expand('[a +noun]', is_praise, lists, numpy.random.RandomState(1)).replace(MARK, '')
             for is_praise in (True, False)]
    assert texts == ['a gem', 'an error']


# The frames.


def all_frames():
    return [frame for kind in FRAMES.values() for frame in kind]


@pytest.mark.parametrize('is_praise', [True, False])
def test_all_choices_of_each_frame_are_made(is_praise):
    rng = numpy.random.RandomState(5)
    for frame in all_frames():
        for _ in range(30):
            text = expand(frame, is_praise, LISTS, rng)
            assert not re.search(r'[\[\]{}<>|]', text), (frame, text)
            assert text.count(MARK) % 2 == 0


def test_each_frame_and_each_signed_choice_shows_its_label():
    """Without a sign, the same sentence would have both labels."""
    for frame in all_frames():
        rng, other = numpy.random.RandomState(8), numpy.random.RandomState(8)
        assert expand(frame, True, LISTS, rng) != expand(frame, False, LISTS, other), frame
        for choice in composing.SIGNED.findall(frame):
            assert len(choice[1].split('|')) % 2 == 0, frame


def test_the_neutral_items_name_known_slots():
    for items in NEUTRAL.values():
        for item in items:
            for _, sign, name in composing.SLOT.findall(item):
                assert not sign and name in NEUTRAL


def test_each_kind_has_a_share():
    assert list(SHARES) and set(SHARES) == set(FRAMES)
    assert sum(SHARES.values()) == pytest.approx(1)


# Composing.


def test_labels_and_negations_are_balanced(composer):
    sequences, labels = composer.compose(6000, numpy.random.RandomState(1))
    assert abs(numpy.mean(labels) - 0.5) < 0.03
    number = {word: k for k, word in enumerate(WORDS, 2)}
    of_not = [label for ids, label in zip(sequences, labels) if number['not'] in ids]
    assert len(of_not) > 800 and abs(numpy.mean(of_not) - 0.5) < 0.05
    # Each adjective is in about as many sentences of its own class as of the other.
    counts = collections.Counter((word, label) for ids, label in zip(sequences, labels)
                                 for word in PRAISE + BLAME if number[word] in ids)
    for word in PRAISE + BLAME:
        own, other = counts[word, int(word in PRAISE)], counts[word, int(word in BLAME)]
        assert 0.3 < own / (own + other) < 0.75, (word, own, other)


def test_not_turns_the_word_after_it(composer):
    composer.frames = {'negation': ['it is not [-adjective].']}
    composer.kinds, composer.limits = ['negation'], numpy.array([1.])
    sequences, labels = composer.compose(50, numpy.random.RandomState(1))
    for ids, label in zip(sequences, labels):
        *start, word, end = words_of(composer, ids).split()
        assert (start[-3:], end) == (['it', 'is', 'not'], '.')
        assert word in (BLAME if label == 1 else PRAISE)
    assert set(labels) == {0, 1}


def test_the_same_generator_composes_the_same(composer):
    one, two, other = (composer.compose(30, numpy.random.RandomState(seed)) for seed in (1, 1, 2))
    assert one == two != other


def test_the_labels_may_be_the_other_way_round():
    sequences, labels, vocabulary = reviews()
    composer = Composer(sequences, [1 - label for label in labels], vocabulary, labels_of=(1, 0),
                        frames={'plain': ['it is [+adjective].']})
    for ids, label in zip(*composer.compose(30, numpy.random.RandomState(0))):
        assert words_of(composer, ids).split()[-2] in (PRAISE if label == 0 else BLAME)


def test_words_are_those_of_the_tokenizer(composer):
    composer.vocabulary = Vocabulary(['it', '&apos;s', 'isn', '&apos;t', 'fine', '.', 'i', 'agree',
                                      ','], TEXT_SETTINGS, ['neg', 'pos'])
    composer.frames = {'plain': ["it 's [+adjective], it isn't [+adjective]. I agree."]}
    composer.kinds, composer.limits, composer.lists = ['plain'], numpy.array([1.]), {
        'adjective': {0: ['fine'], 1: ['fine']}}
    (ids,), _ = composer.compose(1, numpy.random.RandomState(0))
    assert words_of(composer, ids) == 'it &apos;s fine , it isn &apos;t fine . i agree .'


def test_frames_without_words_for_their_slots_are_left_out(composer):
    assert not composer.lists['noun'][0]
    assert not any('noun' in frame for kind in composer.frames.values() for frame in kind)
    assert any('[-adjective]' in frame for frame in composer.frames['negation'])


def test_too_few_polar_words_are_an_error():
    sequences, labels, vocabulary = reviews()
    with pytest.raises(DataError, match='found 0 adjectives of praise and 0 of blame'):
        Composer(sequences[:3] + sequences[-3:], labels[:3] + labels[-3:], vocabulary, (0, 1))
