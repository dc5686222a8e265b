"""The probability of a text that the grammar of `demo` writes, and so the least perplexity.

:func:`draw_text` has :mod:`demo_grammar` write reviews independently of one another, one a line. No
model can predict such a text better than the grammar itself: with the probability that it gives
each next character. :func:`log2_probability` computes this. A text may have several derivations,
and their probabilities are added.

The computation goes through the text character by character. A hypothesis (:class:`State`) is what
of a review is still to be written. All hypotheses that agree with the text so far are kept, with
their probabilities. A slot is filled in only when its first character is due, so few are alive.
"""
import collections
import math

from lstm_sentiment.text import demo_grammar
from lstm_sentiment.text.demo_grammar import FEELINGS, LISTS, SLOT

# A sentence begins at the first place of a review, and after a stop and a space.
START, WITHIN, AFTER_STOP = range(3)

State = collections.namedtuple('State', 'rest label taken named place')
State.__doc__ = """What may follow at one place of the text.

Attributes
----------
rest : str
    The rest of the review, with slots. Empty between two reviews.
label : int
taken : frozenset of str
    Items that were used in the review.
named : str
    The source that the review has named, or ''.
place : int
    START, WITHIN or AFTER_STOP, for the capital letters.
"""

BETWEEN = State('', 0, frozenset(), '', START)


def draw_text(rng, n_characters):
    """Reviews by :func:`demo_grammar.write_review`, each drawn for itself, one a line.

    Parameters
    ----------
    rng : numpy.random.RandomState
    n_characters : int
        Length of the text. Its last review may be cut off.
    """
    kinds, ends = shares()
    reviews, length = [], 0
    while length < n_characters:
        label, number = int(rng.random_sample() < 0.5), rng.random_sample()
        kind = next((kind for kind, end in zip(kinds, ends) if number < end), kinds[-1])
        reviews.append(demo_grammar.write_review(kind, label, rng) + '\n')
        length += len(reviews[-1])
    return ''.join(reviews)[:n_characters]


def shares():
    """The kinds of reviews, and the running sum of their probabilities."""
    kinds, ends, total = list(demo_grammar.KIND_SHARES), [], 0.
    for kind in kinds:
        total += demo_grammar.KIND_SHARES[kind]
        ends.append(total)
    return kinds, ends


# Derivations.


def templates():
    """All beginnings of a review: (its text with slots, its probability), for either label."""
    found = collections.Counter()
    for kind, share in demo_grammar.KIND_SHARES.items():
        sentences = demo_grammar.KINDS[kind]
        aside = 0 if kind == 'far' else demo_grammar.ASIDE_SHARE
        for sentence in sentences:
            p = share / sum(demo_grammar.KIND_SHARES.values()) / len(sentences)
            found[sentence] += p * (1 - aside)
            if aside:
                found['[aside] ' + sentence] += p * aside / 2
                found[sentence + ' [aside]'] += p * aside / 2
    return found.items()


def begin(between):
    """The states at the beginning of a review, with their probabilities."""
    return [(State(text + '\n', label, frozenset(), '', START), p / 2)
            for text, p in between for label in (0, 1)]


def fill(state, slot):
    """The states after the slot at the beginning of `rest`, with their probabilities."""
    article, sign, name = slot.groups()
    rest = state.rest[slot.end():]
    if sign == '=':
        return [(state._replace(rest=state.named + rest), 1.)]
    lists = FEELINGS[state.label if sign == '+' else 1 - state.label] if sign else LISTS
    items = [item for item in lists[name] if item not in state.taken]
    found = []
    for item in items:
        text = item
        if article:
            text = ('an ' if item[0] in 'aeiou' else 'a ') + item
        found.append((state._replace(
            rest=text + rest, taken=state.taken | {item},
            named=item if name == 'source' else state.named), 1. / len(items)))
    return found


def write(state):
    """The next character of a review, which begins with no slot, and the state after it."""
    character, place = state.rest[0], WITHIN
    if character in '.!?':
        place = AFTER_STOP
    elif character == ' ' and state.place == AFTER_STOP:
        place = START
    if state.place == START:
        character = character.upper()
    if character == '\n':
        return character, BETWEEN
    return character, state._replace(rest=state.rest[1:], place=place)


def successors(states, character, before, transform, between):
    """The states after one more character of the transformed text.

    Parameters
    ----------
    states : dict of State to float
    character : str
        The character.
    before : str
        The one before it, or ''.
    transform : callable
        As in :func:`log2_probability`.
    between : list of (str, float)
        As from :func:`templates`.

    Returns
    -------
    dict of State to float
    """
    found, waiting = collections.defaultdict(float), list(states.items())
    while waiting:
        state, p = waiting.pop()
        if not state.rest:
            waiting += [(one, p * share) for one, share in begin(between)]
            continue
        slot = SLOT.match(state.rest)
        if slot:
            waiting += [(one, p * share) for one, share in fill(state, slot)]
            continue
        written, after = write(state)
        # What the character adds to a transformed text that ends in the one before it.
        added = transform(before + written)[len(before):]
        if not added:
            waiting.append((after, p))
        elif added == character:
            found[after] += p
    return found


def log2_probabilities(text, transform):
    """The binary logarithm of the probability of each character, given those before it.

    Parameters
    ----------
    text : str
        The beginning of what `transform` makes of a text by :func:`draw_text`.
    transform : callable
        One of `characters.KINDS`. It changes a character by itself, except for dropping it because
        of the one before it.

    Returns
    -------
    list of float
        -inf from the first character on that the grammar cannot write.
    """
    between, states, before, found = list(templates()), {BETWEEN: 1.}, '', []
    for character in text:
        states = successors(states, character, before, transform, between)
        total = sum(states.values())
        if not total:
            return found + [-math.inf] * (len(text) - len(found))
        found.append(math.log2(total))
        states = {state: p / total for state, p in states.items()}
        before = character
    return found


def log2_probability(text, transform):
    """The binary logarithm of the probability that the grammar's text begins with this one."""
    return sum(log2_probabilities(text, transform))


def least_perplexity(text, transform):
    """The least perplexity of a held-out text, whose first character is given.

    Two to the power of the mean of -log2 p over its characters but the first.
    """
    bits = log2_probabilities(text, transform)[1:]
    return 2 ** (-sum(bits) / len(bits))
