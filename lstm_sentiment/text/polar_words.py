r"""Words and short sentences of clear polarity, found in labelled reviews alone.

No dictionary of feelings is used. A word is taken for an adjective, a noun, an adverb or a verb
where it stands in the reviews as such words do: between certain other words (`SURROUNDINGS`). Its
polarity is a naive Bayes ratio, over the reviews that have the word in such a place:

.. math:: r = \log \frac{n_{pos} + 1}{n_{neg} + 1}

So "good" in "very good" counts and in "not good" does not. Words are taken whose r is far from 0,
both in itself and in standard deviations. A clause is a short sentence of a review with such
words of the polarity of the review, none of the other, and no word that may turn them round.
"""
from collections import namedtuple

import numpy

from lstm_sentiment.text.vocabulary import FIRST_WORD_ID, UNKNOWN_ID

# Words before, after, and before the one before; the least r in size; the least share of the
# reviews with the word that have it in such a place; the least r of the word in all places, in the
# same direction; the letters that it ends in.
Surrounding = namedtuple('Surrounding', 'before after before2 least share everywhere ending')
ENDS = ['.', ',', '!', 'and', 'but']
WHO = ['i', 'we', 'really', 'absolutely', 'also']
OBJECTS = ['it', 'this', 'the', 'every', 'him', 'her']
SURROUNDINGS = {
    'adjective': Surrounding(
        ['very', 'so', 'really', 'pretty', 'quite', 'extremely', 'truly', 'absolutely',
         'incredibly', 'totally', 'completely', 'just', 'simply', 'is', 'was', 'are', 'were'],
        ENDS, (), 0.5, 0.04, -0.5, ''),
    'noun': Surrounding(
        ['a', 'an'], [*ENDS, 'from'],
        ['is', 'was', '&apos;s', 'what', 'such', 'as', 'like', 'total', 'complete', 'be', 'of',
         'just', 'really', 'absolute', 'real', 'true', 'pure', 'utter', 'little', 'big', 'great',
         'huge'], 0.7, 0.03, 0.3, ''),
    'adverb': Surrounding(
        ['is', 'was', 'are', 'were', 'and', ',', 'very', 'so', 'a'],
        ['acted', 'written', 'directed', 'shot', 'made', 'done', 'filmed', 'played', 'paced',
         'cast', 'executed', 'edited'], (), 0.7, 0.04, 0., 'ly'),
    'liked': Surrounding(WHO, OBJECTS, (), 0.4, 0.02, -0.5, 'ed'),
    'like': Surrounding(WHO, OBJECTS, (), 0.4, 0.02, -0.5, '')}
FEWEST_PLACES = 3      # different words before and after a word, together, are more
FEWEST_DEVIATIONS = 1.6  # of r from 0
SURE_DEVIATIONS = 4.5  # a frequent word, such as "good", is taken with half the least r
FEWEST_REVIEWS = 6     # with the word in such a place
MOST_WORDS = 160       # of a kind and polarity, the surest
# Words of a clause; its first word; what it must not have, since it might mean the opposite.
CLAUSE_LENGTHS = range(3, 13)
FIRST = ['i', 'it', 'the', 'this', 'he', 'she', 'they', 'we', 'his', 'her', 'everything', 'all',
         'every']
TURNING = [
    'not', '&apos;t', 'n&apos;t', 'cannot', 'never', 'no', 'nor', 'neither', 'none', 'nobody',
    'nothing', 'without', 'hardly', 'barely', 'but', 'yet', 'however', 'although', 'though',
    'despite', 'if', 'unless', 'except', 'could', 'would', 'should', 'than', 'less', 'more',
    'least', 'only', 'too', 'trying', 'tried', 'try', 'supposed', 'expected', 'hoped', 'wanted',
    'instead', 'br', '/', '&lt;', '&gt;', '&quot;', '(', ')', ':', ';', '--', '-', '?', '...']
# The sum of the r of its words, with a polar word among them and without.
LEAST_SCORE, SURE_SCORE = 1., 2.
MOST_CLAUSES = 4000    # of each polarity
SENTENCE_ENDS = ['.', '!', '?']
IRREGULAR = {'er': ('worse', 'better'), 'est': ('worst', 'best')}
IRREGULAR_STEMS = ('well', 'good', 'bad')
BE = ['is', 'was', 'are', 'were', '&apos;s']


class Corpus(object):
    """The reviews one after another, with an end id between them.

    Attributes
    ----------
    ids : int64 array
        All words.
    review : int64 array
        Of each word, the number of its review.
    """

    def __init__(self, sequences, labels, words):
        self.words = words
        self.number = {word: number for number, word in enumerate(words, FIRST_WORD_ID)}
        self.n_ids = len(words) + FIRST_WORD_ID
        lengths = [len(sequence) + 1 for sequence in sequences]
        self.ids = numpy.zeros(sum(lengths), dtype='int64')
        stop = 0
        for sequence in sequences:
            self.ids[stop:stop + len(sequence)] = sequence
            stop += len(sequence) + 1
        self.review = numpy.repeat(numpy.arange(len(lengths)), lengths)
        self.labels = numpy.asarray(labels)
        self.n_neg, self.n_pos = self.counts(numpy.flatnonzero(self.ids))

    def is_one_of(self, words):
        """Whether each word of the corpus is among some words."""
        table = numpy.zeros(self.n_ids, dtype=bool)
        table[[self.number[word] for word in words if word in self.number]] = True
        return table[self.ids]

    def counts(self, places):
        """The number of reviews of each class that have each word at these places."""
        pairs = numpy.unique(self.ids[places] * len(self.labels) + self.review[places])
        of_word, of_review = numpy.divmod(pairs, len(self.labels))
        return [numpy.bincount(of_word[self.labels[of_review] == label], minlength=self.n_ids)
                for label in (0, 1)]

    def word(self, number):
        return self.words[number - FIRST_WORD_ID]


def log_ratio(n_pos, n_neg):
    return numpy.log((n_pos + 1.) / (n_neg + 1.))


def find(corpus, surrounding):
    """The polar words that stand in some surroundings.

    Returns
    -------
    dict of list of str
        By label, the surest first.
    """
    fits = numpy.zeros(len(corpus.ids), dtype=bool)
    fits[1:-1] = (corpus.is_one_of(surrounding.before)[:-2]
                  & corpus.is_one_of(surrounding.after)[2:])
    if surrounding.before2:
        fits[2:] &= corpus.is_one_of(surrounding.before2)[:-2]
    places = numpy.flatnonzero(fits & (corpus.ids >= FIRST_WORD_ID))
    n_neg, n_pos = corpus.counts(places)
    n_all = corpus.n_neg + corpus.n_pos
    n_places = sum(numpy.bincount(numpy.unique(corpus.ids[places] * corpus.n_ids
                                               + corpus.ids[places + step]) // corpus.n_ids,
                                  minlength=corpus.n_ids) for step in (-1, 1))
    ratio = log_ratio(n_pos, n_neg)
    deviations = ratio / numpy.sqrt(1. / (n_pos + 1) + 1. / (n_neg + 1))
    size, deviation = numpy.abs(ratio), numpy.abs(deviations)
    sure = (((size > surrounding.least) & (deviation > FEWEST_DEVIATIONS)
             | (size > surrounding.least / 2) & (deviation > SURE_DEVIATIONS))
            & (n_places > FEWEST_PLACES) & (n_pos + n_neg >= FEWEST_REVIEWS)
            & (n_pos + n_neg > surrounding.share * n_all))
    # In itself, "a child" is as frequent in praise as in blame.
    everywhere = log_ratio(corpus.n_pos, corpus.n_neg)
    found = {}
    for label, sign in ((1, 1), (0, -1)):
        numbers = numpy.flatnonzero(sure & (ratio * sign > 0)
                                    & (everywhere * sign > surrounding.everywhere))
        numbers = numbers[numpy.argsort(-numpy.abs(deviations[numbers]), kind='stable')]
        found[label] = [word for word in map(corpus.word, numbers)
                        if word.isalpha() and word.endswith(surrounding.ending)][:MOST_WORDS]
    return found


def clauses(corpus, polar):
    """Short sentences of clear polarity.

    Parameters
    ----------
    corpus : Corpus
    polar : dict of set of str
        The polar words by label.

    Returns
    -------
    dict of list of str
        By label; words are separated by spaces, and the full stop is left out.
    """
    ratio = log_ratio(corpus.n_pos, corpus.n_neg)
    ratio[numpy.abs(ratio) < 0.2] = 0
    is_end = corpus.is_one_of(SENTENCE_ENDS) | (corpus.ids == 0)
    stops = numpy.flatnonzero(is_end)
    starts = numpy.concatenate([[0], stops[:-1] + 1])
    is_good = numpy.isin(stops - starts, CLAUSE_LENGTHS)
    is_good &= corpus.is_one_of(SENTENCE_ENDS[:2])[stops]
    is_good[is_good] &= corpus.is_one_of(FIRST)[starts[is_good]]
    total = numpy.concatenate([[0], numpy.cumsum(corpus.is_one_of(TURNING)
                                                 | (corpus.ids == UNKNOWN_ID))])
    is_good &= total[stops] == total[starts]
    found = {}
    sums = numpy.concatenate([[0], numpy.cumsum(ratio[corpus.ids])])
    polars = {label: numpy.concatenate([[0], numpy.cumsum(corpus.is_one_of(polar[label]))])
              for label in (0, 1)}
    for label, sign in ((1, 1), (0, -1)):
        own, others = polars[label], polars[1 - label]
        score = sign * (sums[stops] - sums[starts])
        chosen = is_good & (others[stops] == others[starts])
        chosen &= corpus.labels[corpus.review[starts]] == label
        chosen &= score > numpy.where(own[stops] > own[starts], LEAST_SCORE, SURE_SCORE)
        places = numpy.flatnonzero(chosen)
        places = numpy.random.RandomState(label).permutation(places)
        texts = (' '.join(map(corpus.word, corpus.ids[starts[k]:stops[k]])) for k in places)
        found[label] = list(dict.fromkeys(texts))[:MOST_CLAUSES]
    return found


def negatable(texts, adjectives):
    """Those of some clauses in which "not" before an adjective says the opposite, with "not".

    >>> negatable(['the plot is very good', 'it is a good film', 'i like it'], {'good'})
    ['the plot is not very good']
    """
    found = []
    for words in map(str.split, texts):
        for n in (1, 2):  # words after the form of "to be"
            if (len(words) > n + 1 and words[-n - 1] in BE and words[-1] in adjectives
                    and not adjectives.intersection(words[:-1]) and ',' not in words):
                found.append(' '.join(words[:-n] + ['not'] + words[-n:]))
    return found


def polar_words(sequences, labels, words):
    """The polar words and clauses of labelled reviews.

    Parameters
    ----------
    sequences : list of sequences of int
    labels : list of int
        1 for praise, 0 for blame.
    words : list of str
        As of `vocabulary.Vocabulary`.

    Returns
    -------
    dict of dict of list of str
        By kind and label: adjective, noun, adverb, liked (verbs in the past), like (the same verbs
        in the present), clause, and negatable: clauses whose "not" makes them of this label.
    """
    corpus = Corpus(sequences, labels, words)
    found = {name: find(corpus, surrounding) for name, surrounding in SURROUNDINGS.items()}
    adjectives = {label: set(found['adjective'][label]) for label in (0, 1)}
    every = adjectives[0] | adjectives[1]
    for label in (0, 1):
        found['noun'][label] = [word for word in found['noun'][label] if word not in every]
        found['liked'][label] = [word for word in found['liked'][label]
                                 if base_of(word, found['like'][label])]
        found['like'][label] = [base_of(word, found['like'][label])
                                for word in found['liked'][label]]
    for name in ('like', 'liked'):  # "dislike" means the opposite of "like"
        for label in (0, 1):
            found[name][label] += [
                'dis' + word for word in found[name][1 - label] if not word.startswith('dis')
                and 'dis' + word in corpus.number and 'dis' + word not in found[name][label]]
    found['comparative'] = degrees(found['adjective'], corpus.number, 'er')
    found['superlative'] = degrees(found['adjective'], corpus.number, 'est')
    polar = {label: {word for lists in found.values() for word in lists[label]}
             for label in (0, 1)}
    found['clause'] = clauses(corpus, polar)
    found['negatable'] = {label: negatable(found['clause'][1 - label], adjectives[1 - label])
                          for label in (0, 1)}
    return found


def degrees(adjectives, known, ending):
    """The comparatives or superlatives that are known, by label.

    >>> degrees({0: ['lame', 'sad'], 1: ['funny', 'good']}, {'funnier', 'lamer'}, 'er')
    {0: ['lamer', 'worse'], 1: ['funnier', 'better']}
    """
    found = {}
    for label in (0, 1):
        forms = [(word[:-1] + 'i' if word[-1] == 'y' else word.rstrip('e')) + ending
                 for word in adjectives[label] if word not in IRREGULAR_STEMS]
        found[label] = [word for word in forms if word in known] + [IRREGULAR[ending][label]]
    return found


def base_of(word, known):
    """The verb of which a word is the past, or None.

    >>> [base_of(word, {'hate', 'hat', 'enjoy'}) for word in ('hated', 'enjoyed', 'red')]
    ['hate', 'enjoy', None]
    """
    for base in (word[:-1], word[:-2]):
        if base in known and len(base) > 2:
            return base
    return None
