"""Tests of polar_words.py: words by their surroundings, and clauses of clear polarity."""
import math

import numpy
import pytest

from lstm_sentiment.text import polar_words
from lstm_sentiment.text.polar_words import Corpus, Surrounding, find, log_ratio, negatable

WORDS = ['.', 'the', 'film', 'is', 'very', 'not', 'fine', 'dull', 'usual', 'i', 'liked', 'hated',
         'like', 'hate', 'it', 'loved', 'love', 'plot', 'a', 'gem', 'what', 'but', 'long', 'we']
NUMBERS = {word: number for number, word in enumerate(WORDS, 2)}


def corpus(*counts):
    """Reviews as (text, how often in praise, how often in blame)."""
    texts, labels = [], []
    for text, n_pos, n_neg in counts:
        texts += [text] * (n_pos + n_neg)
        labels += [1] * n_pos + [0] * n_neg
    return [[NUMBERS[word] for word in text.split()] for text in texts], labels


SURROUNDING = Surrounding(['very', 'is'], ['.', 'but'], (), 0.5, 0.04, -9., '')


def test_words_of_a_polarity_are_found_where_such_words_stand():
    found = find(Corpus(*corpus(('it is very fine .', 18, 2), ('it is fine but long .', 4, 1),
                                ('it is very dull .', 1, 20), ('it is dull but long .', 2, 9),
                                ('it is very usual .', 11, 10), ('it is usual but .', 5, 5),
                                ('the gem .', 9, 0)), WORDS), SURROUNDING)
    assert found == {1: ['fine'], 0: ['dull']}


def test_a_negated_word_does_not_count():
    texts = corpus(('it is very fine .', 15, 1), ('it is fine but long .', 5, 0),
                   ('it is not fine .', 0, 40))
    found = Corpus(*texts, words=WORDS)
    assert find(found, SURROUNDING) == {1: ['fine'], 0: []}
    assert find(found, SURROUNDING._replace(everywhere=0.)) == {1: [], 0: []}


def test_a_review_counts_once():
    found = Corpus(*corpus(('it is very fine . it is very fine .', 3, 0), ('is very dull .', 0, 2)),
                   words=WORDS)
    n_neg, n_pos = found.counts(numpy.flatnonzero(found.ids == NUMBERS['fine']))
    assert (n_neg[NUMBERS['fine']], n_pos[NUMBERS['fine']]) == (0, 3)
    assert found.n_pos[NUMBERS['fine']] == 3 and found.n_neg[NUMBERS['dull']] == 2
    assert log_ratio(3, 0) == pytest.approx(math.log(4))


def test_a_word_of_a_single_phrase_is_not_taken():
    """Such as a name: it stands between the same two words each time."""
    found = find(Corpus(*corpus(('it is very fine .', 20, 0)), words=WORDS), SURROUNDING)
    assert found == {1: [], 0: []}


def test_no_pair_reaches_over_the_end_of_a_review():
    found = find(Corpus(*corpus(('very', 20, 20), ('fine .', 20, 0)), words=WORDS), SURROUNDING)
    assert found == {1: [], 0: []}


def test_clauses_have_the_polarity_of_their_review_and_nothing_that_turns_it():
    texts = corpus(('the film is fine . it is long .', 9, 0), ('it is not fine .', 2, 0),
                   ('the plot is dull . it is not fine .', 0, 6),
                   ('the film is dull but long .', 0, 3),
                   # Of the wrong review, and with a word of each polarity.
                   ('the film is very fine .', 0, 1), ('it is a fine dull film .', 3, 0))
    found = polar_words.clauses(Corpus(*texts, words=WORDS), {0: {'dull'}, 1: {'fine'}})
    assert found == {1: ['the film is fine'], 0: ['the plot is dull']}


@pytest.mark.parametrize('text, expected', [
    ('the plot is fine', ['the plot is not fine']),
    ('the plot is very fine', ['the plot is not very fine']),
    ('it is a fine plot', []), ('fine is very fine', []), ('it was long , it is fine', []),
    ('i like it', []), ('fine', []), ('is fine', [])])
def test_not_is_put_where_it_turns_a_clause(text, expected):
    assert negatable([text], {'fine'}) == expected


def test_the_lists_of_some_reviews():
    adjectives = [('it is very fine .', 18, 2), ('it is fine but long .', 4, 1),
                  ('it is very dull .', 1, 20), ('it is dull but long .', 2, 9)]
    verbs = [('i %s it . we %s the film .' % (word, word), n_pos, n_neg)
             for word, n_pos, n_neg in (('liked', 12, 1), ('like', 9, 2), ('hated', 1, 9),
                                        ('hate', 0, 12), ('loved', 8, 0))]
    sequences, labels = corpus(*adjectives, *verbs)
    found = polar_words.polar_words(sequences, labels, WORDS)
    assert found['adjective'] == {0: ['dull'], 1: ['fine']}
    # The past of a verb whose present is not polar itself is left out, such as "loved" here.
    assert found['liked'] == {0: ['hated'], 1: ['liked']}
    assert found['like'] == {0: ['hate'], 1: ['like']}
    assert set(found['clause'][1]) >= {'it is very fine', 'i liked it'}
    assert set(found['negatable'][0]) == {'it is not very fine'}


def test_dis_makes_the_opposite():
    words = [*WORDS, 'disliked', 'dislike']
    sequences, labels = corpus(('i liked it . we liked the film .', 9, 1),
                               ('i like it . we like the film .', 9, 1))
    found = polar_words.polar_words(sequences, labels, words)
    assert found['liked'] == {0: ['disliked'], 1: ['liked']}
    assert found['like'] == {0: ['dislike'], 1: ['like']}
