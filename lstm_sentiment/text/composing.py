"""Composed sentences: short texts whose labels follow from their words by rule.

Long reviews hardly teach what "not" does to the word after it, or that what follows "but" counts.
Here polar words of the training reviews (`polar_words`) are put into the frames of a small
grammar (:mod:`composed_frames`). Each frame serves both labels, and each kind of slot has words of
both polarities in as many negated as plain frames. So neither "not" nor a frame has a polarity of
its own.

D. Kaushik, E. Hovy, Z. C. Lipton, Learning the difference that makes a difference with
counterfactually-augmented data, ICLR 2020, let people write such pairs.
"""
import re

import numpy

from lstm_sentiment.errors import DataError
from lstm_sentiment.text.composed_frames import FRAMES, NEUTRAL, SHARES
from lstm_sentiment.text.polar_words import polar_words
from lstm_sentiment.text.tokenizing import tokenize_chunk

SLOT = re.compile(r'\[(a )?([-+]?)(\w+)\]')
CHOICE = re.compile(r'\{([^{}]*)\}')
SIGNED = re.compile(r'<(-?)([^<>]*)>')
# Around words that are tokens already.
MARK = '\x1f'
# The fewest adjectives of each polarity from which sentences are composed.
FEWEST_ADJECTIVES = 3
# The share of sentences that begin with an aside, which has no polarity.
ASIDE_SHARE = 0.12


def pick(items, rng):
    """One of some items; all are equally likely."""
    return items[int(rng.random_sample() * len(items))]


def expand(frame, is_praise, lists, rng):
    """A frame with all its choices made.

    Parameters
    ----------
    frame : str
        As in `composed_frames`.
    is_praise : bool
        What the sentence says.
    lists : dict of dict of list of str
        The polar words by kind, and by 1 for praise and 0 for blame.
    rng : numpy.random.RandomState

    Returns
    -------
    str
        With `MARK` around the words that are from `lists`.

    Examples
    --------
    >>> lists = {'adjective': {0: ['dull'], 1: ['good']}}
    >>> rng = numpy.random.RandomState(1)
    >>> expand('{it|this} is not [-adjective] <but|or> [a +adjective] one', True, lists,
    ...        rng).replace(MARK, '')
    'it is not dull but a good one'
    """
    used = set()

    def fill(match):
        article, sign, name = match.groups()
        if not sign:
            return expand(pick(NEUTRAL[name], rng), is_praise, lists, rng)
        words = lists[name][int(is_praise == (sign == '+'))]
        word = pick([word for word in words if word not in used] or words, rng)
        used.add(word)
        start = ('an ' if word[0] in 'aeiou' else 'a ') if article else ''
        return start + MARK + word + MARK

    while CHOICE.search(frame):
        frame = CHOICE.sub(lambda match: pick(match.group(1).split('|'), rng), frame)

    def signed(match):
        # In a longer list, the first, the third and so on are of praise.
        options = match.group(2).split('|')
        says_praise = is_praise != (match.group(1) == '-')
        return pick(options[0 if says_praise else 1::2], rng)

    return SLOT.sub(fill, SIGNED.sub(signed, frame))


class Composer(object):
    """Composes sentences as word ids.

    Parameters
    ----------
    sequences : list of sequences of int
        The training reviews.
    labels : list of int
    vocabulary : vocabulary.Vocabulary
    labels_of : (int, int)
        The labels of blame and of praise.
    frames : dict of list of str, optional
        By kind; by default all of them.

    Raises
    ------
    errors.DataError
        If too few polar words are found.
    """

    def __init__(self, sequences, labels, vocabulary, labels_of, frames=FRAMES):
        self.vocabulary, self.labels, self.known = vocabulary, labels_of, {}
        self.lists = polar_words(sequences, numpy.asarray(labels) == labels_of[1],
                                 vocabulary.words)
        found = self.lists['adjective']
        if min(map(len, found.values())) < FEWEST_ADJECTIVES:
            raise DataError('composed sentences need words of praise and blame from the training '
                            'texts; found %d adjectives of praise and %d of blame, such as in '
                            '"very good." Expected %d or more of each. Give --composed 0.'
                            % (len(found[1]), len(found[0]), FEWEST_ADJECTIVES))
        self.frames = {kind: [frame for frame in of_kind if self.can_fill(frame)]
                       for kind, of_kind in frames.items()}
        self.kinds = [kind for kind in SHARES if self.frames.get(kind)]
        self.limits = numpy.cumsum([SHARES[kind] for kind in self.kinds])

    def can_fill(self, frame):
        """Whether words of both polarities were found for each slot of a frame."""
        return all(self.lists[name][label] for _, sign, name in SLOT.findall(frame) if sign
                   for label in (0, 1))

    def fragment(self, text):
        """The ids of words between slots."""
        if text not in self.known:
            tokenized, = tokenize_chunk([text], self.vocabulary.settings)
            self.known[text] = self.vocabulary.ids(tokenized)
        return self.known[text]

    def text(self, rng):
        """A text as of :func:`expand`, and whether it is of praise."""
        kind = self.kinds[int(numpy.searchsorted(self.limits, rng.random_sample()
                                                 * self.limits[-1], side='right'))]
        is_praise = rng.random_sample() < 0.5
        frame = pick(self.frames[kind], rng)
        if rng.random_sample() < ASIDE_SHARE:
            frame = '[aside] ' + frame
        text = expand(frame, is_praise, self.lists, rng)
        text = text.replace(" '", "'")
        return text[:1].upper() + text[1:], is_praise

    def compose(self, n_texts, rng):
        """Some sentences.

        Returns
        -------
        sequences : list of list of int
        labels : list of int
        """
        sequences, labels = [], []
        for _ in range(n_texts):
            text, is_praise = self.text(rng)
            ids = []
            for number, part in enumerate(text.split(MARK)):
                ids += self.vocabulary.ids(part) if number % 2 else self.fragment(part)
            sequences.append(ids)
            labels.append(self.labels[int(is_praise)])
        return sequences, labels
