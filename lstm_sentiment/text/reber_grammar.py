"""The embedded Reber grammar: strings whose end has to be remembered from their beginning.

A string of Reber's grammar is a walk along the arrows of ``ARROWS``. It begins with B and ends with
E, and where two arrows leave a state, each has the probability 1/2. Two of them are loops: S may be
repeated, and T. An embedded string is B, then T or P, a string of Reber's grammar, the second
symbol again, and E.

A. S. Reber, Implicit learning of artificial grammars, Journal of Verbal Learning and Verbal
Behavior 6(6), 1967. The embedded grammar is experiment 1 of S. Hochreiter, J. Schmidhuber, Long
short-term memory, Neural Computation 9(8), 1997.
"""
import functools

SYMBOLS = 'BTSXPVE'
# For each state of Reber's grammar, the symbols that may be next and the states they lead to.
# The last state is the end.
ARROWS = [{'B': 1}, {'T': 2, 'P': 3}, {'S': 2, 'X': 4}, {'T': 3, 'V': 5}, {'X': 3, 'S': 6},
          {'P': 4, 'V': 6}, {'E': 7}, {}]
END = len(ARROWS) - 1


@functools.lru_cache(maxsize=None)
def survival(state, n):
    """The probability that `n` symbols or more follow a state.

    >>> survival(0, 5), survival(0, 6), survival(6, 2)
    (1.0, 0.75, 0.0)
    """
    if n <= 0:
        return 1.
    return sum(survival(after, n - 1) for after in ARROWS[state].values()) / max(
        1, len(ARROWS[state]))


def draw_reber(rng, least=0):
    """A string of Reber's grammar, given that it has `least` symbols or more."""
    state, string = 0, ''
    while state != END:
        choices = sorted(ARROWS[state].items())
        weights = [survival(after, least - len(string) - 1) for _, after in choices]
        pick = rng.rand() * sum(weights) >= weights[0] if len(choices) == 2 else 0
        symbol, state = choices[int(pick)]
        string += symbol
    return string


def draw_string(rng, least=0):
    """A string of the embedded grammar, given that it has `least` symbols or more.

    >>> import numpy; rng = numpy.random.RandomState(1)
    >>> [draw_string(rng) for _ in range(2)]
    ['BPBTXSEPE', 'BPBPTTTTVPXTVPXTVPSEPE']
    """
    outer = 'TP'[rng.randint(2)]
    return 'B' + outer + draw_reber(rng, least - 4) + outer + 'E'


def draw_strings(rng, n, seen, least=0, limit=None):
    """Draw `n` strings that differ from one another and from those in the set `seen`; add them.

    Parameters
    ----------
    least : int
        Symbols of a string at least.
    limit : int, optional
        Strings of so many symbols or more are not taken.
    """
    strings = []
    while len(strings) < n:
        string = draw_string(rng, least)
        if string not in seen and (limit is None or len(string) < limit):
            seen.add(string)
            strings.append(string)
    return strings


def legal_next(string):
    """The symbols that may follow each symbol of an embedded string, but the last.

    >>> legal_next('BTBPVVETE')
    ['PT', 'B', 'PT', 'TV', 'PV', 'E', 'T', 'E']
    """
    inner, state = ['B'], 0
    for symbol in string[2:-2]:
        state = ARROWS[state][symbol]
        inner.append(''.join(sorted(ARROWS[state])) or string[1])
    return ['PT'] + inner + ['E']
