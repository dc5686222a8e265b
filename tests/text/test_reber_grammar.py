"""The embedded Reber grammar, against a regular expression and a list of all short strings."""
import itertools
import re
from collections import Counter

import numpy
import pytest

from lstm_sentiment.text import reber_grammar

# After an X that no loop comes before: round by XT*VP as often as one likes, then out by S or VV.
OUT = '(?:XT*VP)*(?:S|XT*VV)'
RECOGNIZER = re.compile(r'B([TP])B(?:TS*X%s|PT*V(?:V|P%s))E\1E' % (OUT, OUT))


def random_strings(n, seed=0, **others):
    rng = numpy.random.RandomState(seed)
    return [reber_grammar.draw_string(rng, **others) for _ in range(n)]


def short_strings(most):
    """All embedded strings of up to `most` symbols, written out from the regular expression."""
    loops = range(most)
    rounds = ['']
    for string in rounds:
        rounds += [string + 'X' + 'T' * n + 'VP' for n in loops if len(string) + n + 3 <= most]
    outs = [string + 'S' for string in rounds]
    outs += [string + 'X' + 'T' * n + 'VV' for string in rounds for n in loops]
    inner = ['T' + 'S' * n + 'X' + out for n in loops for out in outs]
    inner += ['P' + 'T' * n + 'V' + out for n in loops for out in ['V'] + ['P' + o for o in outs]]
    return {'B' + outer + 'B' + string + 'E' + outer + 'E'
            for outer in 'TP' for string in inner if len(string) + 6 <= most}


def test_the_recognizer_knows_good_from_bad():
    for string in ('BTBTXSETE', 'BPBPVVEPE', 'BTBTSSXXTTVPXVPSETE', 'BPBPTVPXTVVEPE'):
        assert RECOGNIZER.fullmatch(string)
    for string in ('BTBTXSEPE', 'BTBTXSET', 'BPBTSVVEPE', 'BTBPTTSETE', 'BPBPVPVEPE'):
        assert not RECOGNIZER.fullmatch(string)


def test_strings_are_legal():
    for string in random_strings(1000) + random_strings(50, least=50):
        assert RECOGNIZER.fullmatch(string), string
        assert string[-2] == string[1]


def test_both_loops_and_rounds_occur():
    for part in ('SS', 'TT', 'VPX', 'PXTVPX'):
        assert any(part in string[3:-3] for string in random_strings(1000))


def test_same_seed_same_strings():
    assert random_strings(20, seed=3) == random_strings(20, seed=3)
    assert random_strings(20, seed=3) != random_strings(20, seed=4)


def test_each_transition_has_the_probability_one_half():
    followed = {}
    for string in random_strings(4000):
        state = 0
        for symbol in string[2:-2]:
            followed.setdefault(state, Counter())[symbol] += 1
            state = reber_grammar.ARROWS[state][symbol]
        followed.setdefault('outer', Counter())[string[1]] += 1
    assert set(followed) == {'outer', 0, 1, 2, 3, 4, 5, 6}
    for counts in followed.values():
        total = sum(counts.values())
        for count in counts.values() if len(counts) > 1 else ():
            assert abs(count / total - 0.5) < 4 * 0.5 / total ** 0.5


def test_strings_of_a_least_length_are_those_of_all_strings():
    # Given a length of 20 or more, the shares are those of the long ones among all strings.
    given = Counter(string[3] + string[-4] for string in random_strings(4000, least=20))
    among = Counter(string[3] + string[-4] for string in random_strings(40000, seed=1)
                    if len(string) >= 20)
    assert set(given) == set(among)
    for kind, count in among.items():
        n = sum(among.values())
        share = count / n
        deviation = (share * (1 - share) * (1 / n + 1 / 4000)) ** 0.5
        assert abs(given[kind] / 4000 - share) < 4 * deviation
    assert min(map(len, random_strings(1000, least=20))) == 20
    assert min(map(len, random_strings(200, least=50))) == 50


def test_survival_is_the_share_of_long_strings():
    # The probability of a string is 1/2 for each choice; that of a longer one is what is left.
    for n in range(5, 12):
        shorter = [string for string in short_strings(n + 3) if string[1] == 'T']
        probability = sum(0.5 ** sum(len(legal) == 2 for legal in
                                     reber_grammar.legal_next(string)[2:-2])
                          for string in shorter)
        assert reber_grammar.survival(0, n) == pytest.approx(1 - probability, abs=1e-12)


def test_legal_next_by_brute_force():
    strings = short_strings(16)
    after = {}
    for string in strings:
        assert RECOGNIZER.fullmatch(string)
        for t in range(1, len(string)):
            after.setdefault(string[:t], set()).add(string[t])
    short = [string for string in strings if len(string) <= 11]
    assert len(short) > 10
    for string in short:
        expected = [after[string[:t]] for t in range(1, len(string))]
        assert [set(legal) for legal in reber_grammar.legal_next(string)] == expected


def test_drawn_strings_are_distinct_and_held_out():
    rng, seen = numpy.random.RandomState(0), set()
    train = reber_grammar.draw_strings(rng, 200, seen, limit=20)
    held_out = reber_grammar.draw_strings(rng, 100, seen)
    assert max(map(len, train)) == 19
    assert len(set(train + held_out)) == 300 and seen == set(train + held_out)
    for one, other in itertools.combinations((train, held_out), 2):
        assert not set(one) & set(other)
