"""Probabilities of the grammar's text, against a list of all its reviews and how they are made."""
import math
import string
from collections import defaultdict

import numpy
import pytest

from lstm_sentiment.text import demo_grammar, grammar_entropy
from lstm_sentiment.text.characters import KINDS, LETTERS, plain_letters, unchanged

# Ambiguous on purpose: several derivations give the same review.
SMALL = {'plain': ['[a +adj] film by [person].', 'an old film by anna!',
                   '[source] said: [+adj], [-adj]. [=source]'],
         'far': ['[+adj], [+adj]. it is [-adj].', 'old, dull. it is new.']}
LISTS = {'person': ['anna', 'eve', '[source]'], 'source': ['anna', 'bo', 'cy'],
         'aside': ['so [person].', 'so.']}
FEELINGS = {1: {'adj': ['old', 'new', 'dull']}, 0: {'adj': ['dull', 'new', 'bad']}}


class Decisions(object):
    """Stands for the random numbers of the grammar: takes every way once."""

    def __init__(self, path):
        self.path, self.p, self.alternatives, self.n_taken = path, 1., [], 0

    def choose(self, shares):
        k = self.path[self.n_taken] if self.n_taken < len(self.path) else 0
        if self.n_taken >= len(self.path):
            self.alternatives += [self.path + [0] * (self.n_taken - len(self.path)) + [other]
                                  for other in range(1, len(shares))]
        self.n_taken += 1
        self.p *= shares[k]
        return k

    def random_sample(self):  # is there an aside?
        share = demo_grammar.ASIDE_SHARE
        return (0., 0.99)[self.choose([share, 1 - share])]


def all_reviews(kind, label):
    """The probability of each review that `demo_grammar.write_review` can write."""
    found, waiting = defaultdict(float), [[]]
    while waiting:
        decisions = Decisions(waiting.pop())
        found[demo_grammar.write_review(kind, label, decisions)] += decisions.p
        waiting += decisions.alternatives
    assert sum(found.values()) == pytest.approx(1)
    return found


@pytest.fixture
def small(monkeypatch):
    """A grammar of a few reviews; the probability of each."""
    for name, value in (('KINDS', SMALL), ('KIND_SHARES', {'plain': 0.7, 'far': 0.3})):
        monkeypatch.setattr(demo_grammar, name, value)
    monkeypatch.setattr(demo_grammar, 'pick', lambda items, decisions: items[
        decisions.choose([1 / len(items)] * len(items))])
    for module in (demo_grammar, grammar_entropy):
        monkeypatch.setattr(module, 'LISTS', LISTS)
        monkeypatch.setattr(module, 'FEELINGS', FEELINGS)
    found = defaultdict(float)
    for kind, share in demo_grammar.KIND_SHARES.items():
        for label in (0, 1):
            for text, p in all_reviews(kind, label).items():
                found[text] += share * p / 2
    return found


@pytest.mark.parametrize('kind', KINDS)
def test_each_review_has_the_probability_of_all_its_derivations(small, kind):
    transform = KINDS[kind]
    assert len(small) > 40
    expected = defaultdict(float)
    for text, p in small.items():
        expected[transform(text + '\n')] += p
    if kind == 'letters':  # two reviews may become one
        assert len(expected) < len(small)
    for text in expected:
        # All that begin so: a review may be the beginning of another, or of two.
        total = sum(p for other, p in expected.items() if other.startswith(text))
        found = 2 ** grammar_entropy.log2_probability(text, transform)
        if not any(other != text and text.startswith(other) for other in expected):
            assert found == pytest.approx(total, rel=1e-9), text


def test_two_reviews_are_independent(small):
    one, two = sorted(small, key=small.get)[-2:]
    p = 2 ** grammar_entropy.log2_probability(one + '\n' + two + '\n', unchanged)
    assert p == pytest.approx(small[one] * small[two], rel=1e-9)


@pytest.mark.parametrize('kind', KINDS)
def test_probabilities_of_the_next_character_sum_to_one(kind):
    transform = KINDS[kind]
    text = grammar_entropy.draw_text(numpy.random.RandomState(0), 400)
    alphabet = LETTERS if kind == 'letters' else string.printable
    text = transform(text)
    for length in (0, 1, 35):
        before = grammar_entropy.log2_probability(text[:length], transform)
        total = sum(2 ** (grammar_entropy.log2_probability(text[:length] + character, transform)
                          - before) for character in alphabet)
        assert total == pytest.approx(1, rel=1e-9)


def test_the_mean_is_the_entropy(small):
    # Of the small grammar, the entropy of a review can be listed.
    expected = -sum(p * math.log2(p) for p in small.values())
    found = -sum(p * grammar_entropy.log2_probability(text + '\n', unchanged)
                 for text, p in small.items())
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize('kind', KINDS)
def test_what_is_drawn_can_be_derived(kind):
    text = KINDS[kind](grammar_entropy.draw_text(numpy.random.RandomState(5), 1500))
    bits = grammar_entropy.log2_probabilities(text, KINDS[kind])
    assert len(bits) == len(text) and max(bits) <= 1e-9 and min(bits) > -15
    spoilt = text[:100] + 'q' + text[101:]
    bits = grammar_entropy.log2_probabilities(spoilt, KINDS[kind])
    assert math.isfinite(sum(bits[:100])) and bits[100:] == [-math.inf] * (len(text) - 100)


def test_least_perplexity_leaves_the_first_character_out():
    text = plain_letters(grammar_entropy.draw_text(numpy.random.RandomState(5), 500))[:301]
    bits = grammar_entropy.log2_probability(text, plain_letters)
    first = grammar_entropy.log2_probability(text[0], plain_letters)
    expected = 2 ** ((first - bits) / 300)
    assert grammar_entropy.least_perplexity(text, plain_letters) == pytest.approx(expected)
    assert 1.1 < expected < 1.3


def test_the_text_is_that_of_the_seed():
    drawn = [grammar_entropy.draw_text(numpy.random.RandomState(seed), 500) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2] and len(drawn[0]) == 500


def test_kinds_of_reviews_have_their_shares(monkeypatch):
    written = []
    monkeypatch.setattr(demo_grammar, 'write_review',
                        lambda kind, label, rng: written.append((kind, label)) or 'x')
    grammar_entropy.draw_text(numpy.random.RandomState(0), 8000)
    n = len(written)
    for kind, share in demo_grammar.KIND_SHARES.items():
        count = sum(1 for drawn, _ in written if drawn == kind)
        assert abs(count / n - share) < 4 * (share * (1 - share) / n) ** 0.5
    assert abs(sum(label for _, label in written) / n - 0.5) < 4 * 0.5 / n ** 0.5
