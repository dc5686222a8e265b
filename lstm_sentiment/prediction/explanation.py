"""Why a text got its class: a number for each word, and the text coloured by these numbers.

There are two kinds of numbers. The one says what the verdict loses when the word is left out
(:mod:`leaving_out`). The other is the word's share of the score, which is exactly the bias plus the
sum of the shares (:mod:`network`). With two classes, class 1 is compared with class 0; with more
classes, the winner with the runner-up.
"""
import functools
import math
import os
import re
import textwrap
from collections import namedtuple
from typing import Any, Callable, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy

from lstm_sentiment.errors import printable

# The kinds of explanations.
KINDS = LEAVE_OUT, SHARE = 'leave-out', 'share'
MEANING_LEFT_OUT = ('A number says what the log-odds of the verdict lose when that word is left '
                    'out. A text of more than 400 words is explained by sentence. Words work '
                    'together, so the numbers do not add up to the log-odds.')
MEANING = ('A number says how the verdict stood at that word, after all the words before it. It '
           'does not say what the word alone is worth. The numbers and the bias add up to the '
           'log-odds.')
# Of a model with two directions, or with the pooling max: see `Explanation.running_verdict`.
MEANING_IN_CONTEXT = ('A number is the share of the log-odds that the network draws from its '
                      'outputs at that word, in the light of the words it has read. It does not '
                      'say what the word alone is worth. The numbers and the bias add up to the '
                      'log-odds.')

# The escapes that the Moses tokenizer writes, and their characters.
ESCAPES = {'&amp;': '&', '&#124;': '|', '&lt;': '<', '&gt;': '>', '&apos;': "'", '&quot;': '"',
           '&#91;': '[', '&#93;': ']'}
ESCAPE = re.compile('|'.join(ESCAPES))
# How many characters the tokenizer may drop between two words, not counting white space.
MAX_LEFT_OUT = 20

# A word is coloured if its number is at least this share of the strongest one.
FAINTEST = 0.08
# Red, green and blue of the strongest words, for and against. Nearly everybody can distinguish blue
# from orange.
FOR, AGAINST = (70, 140, 255), (255, 140, 30)

Piece = namedtuple('Piece', 'gap word')
Parts = Sequence[Tuple[int, int]]  # start and stop among the words


class Explanation:
    """A text, its class, and the number of each word.

    Where sentences are left out, "word" means sentence below.

    Attributes
    ----------
    kind : str
        LEAVE_OUT or SHARE.
    unit : str
        word or sentence.
    said : str
        The answer: the name of the likeliest class, or that none is likely enough.
    pieces : list of Piece
        Each word as in the text, with the text between it and the word before.
    tail : str
        The text after the last word.
    known : list of bool
        Whether the vocabulary has the word.
    label : int
        The likeliest class.
    toward, against : int
        The two classes compared; a number above 0 supports `toward`.
    numbers : float64 array, (n_words,)
    score : float
        The log-odds of `toward` against `against`: the difference of their scores.
    bias : float or None
        With shares, `numbers` and `bias` add up to `score`. None otherwise.
    classes : list of str
    probabilities : float array, (ydim,)
    is_running : bool
        Whether the numbers of the first words are those of a text that ends there, but for its
        length: so it is with the pooling mean and one direction.
    """

    # `Classifier.explain` sets what makes the page that a notebook shows.
    make_page: Optional[Callable[[], str]] = None

    def __init__(self, text: str, words: List[str], known: List[bool], terms: numpy.ndarray,
                 scores: numpy.ndarray, bias: numpy.ndarray, classes: List[str],
                 probabilities: numpy.ndarray, settings: Mapping[str, Any], said: str,
                 kind: str = SHARE, parts: Optional[Parts] = None,
                 is_running: bool = True) -> None:
        self.kind, self.said, self.unit = kind, said, 'word'
        self.is_running = is_running and kind == SHARE
        self.pieces, self.tail = as_written(text, words, settings)
        self.known, self.classes, self.probabilities = known, classes, probabilities
        if parts is not None and len(parts) < len(words):
            self.unit = 'sentence'
            self.pieces, self.known = in_parts(self.pieces, parts), [True] * len(parts)
        self.label = int(probabilities.argmax())
        self.toward, self.against = compared(probabilities)
        self.numbers = self.of_both(terms.T.astype('float64'))
        self.score = float(self.of_both(scores.astype('float64')))
        self.bias: Any = float(self.of_both(bias.astype('float64'))) if kind == SHARE else None

    def _repr_html_(self) -> Optional[str]:
        return self.make_page and self.make_page()

    def of_both(self, scores: numpy.ndarray) -> numpy.ndarray:
        """The difference of the scores of the two classes that are compared."""
        return scores[self.toward] - scores[self.against]

    @property
    def meaning(self) -> str:
        """What the numbers say, in a few sentences."""
        if self.kind == LEAVE_OUT:
            return MEANING_LEFT_OUT
        return MEANING if self.is_running else MEANING_IN_CONTEXT

    @property
    def toward_name(self) -> str:
        return self.classes[self.toward]

    @property
    def against_name(self) -> str:
        return self.classes[self.against]

    def levels(self) -> Sequence[float]:
        """Each number divided by the largest, from -1 to 1."""
        return self.numbers / max(abs(self.numbers).max(), 1e-30) if len(self.numbers) else []

    def running_verdict(self) -> Optional[numpy.ndarray]:
        """After each word, the probability of `toward` if the text ended there.

        The mean over time of a shorter text has the same h and a smaller T. None where the numbers
        do not tell it: in two directions h depends on the words to come, and a maximum of a shorter
        text is another one.
        """
        if not self.is_running:
            return None
        n_read = numpy.arange(1, len(self.numbers) + 1)
        scores = numpy.cumsum(self.numbers) * (len(self.numbers) / n_read) + self.bias
        return 0.5 * (1 + numpy.tanh(scores / 2))

    def strongest(self, n: int = 5) -> Tuple[List[int], List[int]]:
        """Positions of the `n` largest numbers above 0, and of the `n` smallest below 0."""
        order = numpy.argsort(-self.numbers, kind='stable')
        return ([k for k in order[:n].tolist() if self.numbers[k] > 0],
                [k for k in order[::-1][:n].tolist() if self.numbers[k] < 0])


def compared(probabilities: numpy.ndarray) -> Tuple[int, int]:
    """The two classes that are compared.

    >>> compared(numpy.array([.8, .2])), compared(numpy.array([.5, .2, .3]))
    ((1, 0), (0, 2))
    """
    if len(probabilities) == 2:
        return 1, 0
    winner, runner_up = numpy.argsort(-probabilities, kind='stable')[:2].tolist()
    return winner, runner_up


# Words as they were written.


def in_parts(pieces: Sequence[Piece], parts: Parts) -> List[Piece]:
    """Pieces of several words each.

    >>> in_parts([Piece('', 'A'), Piece(' ', 'bore'), Piece('', '.')], [(0, 3)])
    [Piece(gap='', word='A bore.')]
    """
    joined = []
    for start, stop in parts:
        text = ''.join(gap + word for gap, word in pieces[start:stop])
        joined.append(Piece(pieces[start].gap, text[len(pieces[start].gap):]))
    return joined


def as_written(text: str, words: Sequence[str], settings: Mapping[str, Any]) -> Tuple[
        List[Piece], str]:
    """Find each word in the text that it was made from.

    If a word cannot be found, because the tokenizer removed something from its middle, the result
    has the word of the tokenizer.

    Returns
    -------
    pieces : list of Piece
    tail : str

    Examples
    --------
    >>> settings = {'tokenizer': 'moses', 'language': 'en', 'lowercase': True}
    >>> as_written("It's  <b>GOOD", ['it', '&apos;s', '&lt;', 'b', '&gt;', 'good'], settings)[0]
    ... # doctest: +NORMALIZE_WHITESPACE
    [Piece(gap='', word='It'), Piece(gap='', word="'s"), Piece(gap='  ', word='<'),
     Piece(gap='', word='b'), Piece(gap='', word='>'), Piece(gap='', word='GOOD')]
    """
    fold = fold_case if settings['lowercase'] else str
    folded = text
    origin: Sequence[int] = range(len(text) + 1)
    if settings['lowercase']:
        characters = [fold(character) for character in text]
        folded = ''.join(characters)
        origin = [k for k, lowered in enumerate(characters) for _ in lowered] + [len(text)]
    pieces: List[Piece] = []
    end, left_out = 0, MAX_LEFT_OUT
    for word in words:
        if settings['tokenizer'] == 'moses':
            word = ESCAPE.sub(lambda match: ESCAPES[match.group()], word)
        start = end
        while folded[start:start + 1].isspace():
            start += 1
        wanted = fold(word)
        found = folded.find(wanted, start, start + left_out + len(wanted))
        if found < 0:
            pieces.append(Piece(' ' if pieces else '', word))
            left_out += len(wanted) + 1
            continue
        gap, stop = text[origin[end]:origin[found]], found + len(wanted)
        if left_out > MAX_LEFT_OUT:  # what was not found stands in the gap
            gap = ' '
        pieces.append(Piece(gap, text[origin[found]:origin[stop]]))
        end, left_out = stop, MAX_LEFT_OUT
    return pieces, text[origin[end]:]


def fold_case(text: str) -> str:
    """Lower case with one form of sigma, whose form depends on the next letter."""
    return text.lower().replace('\u03c2', '\u03c3')


# On a terminal.

as_content = functools.partial(printable, is_content=True)


def colour_depth(stream: Any, environment: Optional[Mapping[str, str]] = None) -> int:
    """How many colours may be written to a stream.

    Returns
    -------
    int
        2 ** 24, 256, or 0. It is 0 if the stream is no terminal, if ``NO_COLOR`` is set, or if the
        terminal is not known to have so many colours.
    """
    environment = os.environ if environment is None else environment
    terminal = environment.get('TERM', '')
    if environment.get('NO_COLOR') or terminal == 'dumb' or not stream.isatty():
        return 0
    if environment.get('COLORTERM') in ('truecolor', '24bit') or terminal.endswith('-direct'):
        return 2 ** 24
    return 256 if '256color' in terminal else 0


def marked(word: str, level: float, colours: int) -> str:
    r"""A word on the colour scale.

    >>> marked('good', 1., 0), marked('bad', -.5, 0), marked('a', .01, 0)
    ('good[+++]', 'bad[--]', 'a')
    >>> marked('good', 1., 256)
    '\x1b[30;48;5;75mgood\x1b[0m'
    """
    if abs(level) < FAINTEST:
        return word
    if not colours:
        return '%s[%s]' % (word, ('+' if level > 0 else '-') * math.ceil(3 * abs(level)))
    # From nearly white to the full colour; black letters are legible on all of it.
    red, green, blue = (round(255 - (255 - full) * (0.15 + 0.85 * abs(level)))
                        for full in (FOR if level > 0 else AGAINST))
    if colours == 256:  # a cube of 6 * 6 * 6 colours begins at 16
        red, green, blue = (round(value / 51) for value in (red, green, blue))
        return '\x1b[30;48;5;%dm%s\x1b[0m' % (16 + 36 * red + 6 * green + blue, word)
    return '\x1b[30;48;2;%d;%d;%dm%s\x1b[0m' % (red, green, blue, word)


def strongest_lines(explanation: Explanation) -> Iterator[str]:
    """For each of the two classes, the strongest words with their numbers and positions."""
    names = explanation.toward_name, explanation.against_name
    width = max(map(len, names))
    for name, positions in zip(names, explanation.strongest()):
        words = ('%s (%s %d) %+.3f' % (shortened(explanation.pieces[k].word), explanation.unit,
                                       k + 1, explanation.numbers[k]) for k in positions)
        yield 'strongest for %-*s  %s' % (width, name, ', '.join(words) or 'none')


def shortened(text: str) -> str:
    """The beginning of a sentence; a word as it is.

    >>> shortened('It is as long as a film can be.'), shortened('fine')
    ('It is as long as a film can ...', 'fine')
    """
    return textwrap.shorten(text, 32, placeholder=' ...') if ' ' in text else text


def sum_line(explanation: Explanation) -> str:
    """The log-odds, and the bias where the numbers add up to them."""
    parts = ['%d %ss' % (len(explanation.pieces), explanation.unit)]
    if explanation.kind == SHARE:
        parts = ['%s %+.3f' % (parts[0], explanation.numbers.sum()),
                 'bias %+.3f' % explanation.bias]
    return '%s: log-odds of %s against %s %+.3f' % (
        ', '.join(parts), explanation.toward_name, explanation.against_name, explanation.score)


def in_terminal(explanation: Explanation, colours: int = 0) -> str:
    """The verdict, the text with each word on the colour scale, and the strongest words.

    Parameters
    ----------
    explanation : Explanation
    colours : int
        As from :func:`colour_depth`.
    """
    pairs = zip(explanation.classes, explanation.probabilities)
    lines = ['%s   (%s)' % (explanation.said, ', '.join('%s %.3f' % pair for pair in pairs))]
    if explanation.pieces:
        lines.append(''.join(
            as_content(gap) + marked(as_content(word), level, colours)
            for (gap, word), level in zip(explanation.pieces, explanation.levels())))
        lines[-1] += as_content(explanation.tail.rstrip())
        lines += [as_content(line) for line in strongest_lines(explanation)]
    else:
        lines.append('(no words: the bias alone decides)')
    lines.append(sum_line(explanation))
    return '\n'.join(lines)
