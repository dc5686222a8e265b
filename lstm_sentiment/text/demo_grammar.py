"""Small film reviews, written by a seeded grammar: the dataset ``demo``.

    python -m lstm_sentiment.text.demo_grammar FOLDER

writes them in the folders of the real corpus (``train/pos``, ``train/neg``,
``test/pos``, ``test/neg``), for reading and for `imdb_preprocess.py`.
They need no network.

Counting words is not enough here. Some reviews state their opinion plainly.
In the others ("I was told it would be dull; it is anything but") each word of
praise or blame is as frequent in positive as in negative reviews, and the
sentence around it decides:

=============  ==============================================================
plain          A superb film: the plot is witty and the score lovely.
expectation    The papers called it dull; do not believe them.
negation       It is neither silly nor slow.
contrast       The score is lovely, but the film as a whole is a bore.
far            A bore, said my barber. We went on a Tuesday. My barber was
               wrong.
=============  ==============================================================

In the sentences below ``[part]`` stands for any item of ``LISTS['part']``.
``[+adj]`` is an adjective that agrees with the label of the review, and
``[-adj]`` one that says the opposite; both come from `FEELINGS`.
``[=source]`` repeats the source that was named before, and ``[a -noun]`` puts
"a" or "an" in front. Each sentence is used for both labels, so its own words
say nothing about the label. In all kinds except the plain one a slot occurs
with ``+`` as often as with ``-``, so these words say nothing either.
"""

import argparse
import collections
import hashlib
import os
import re
import sys

import numpy

from lstm_sentiment import command_line
from lstm_sentiment.errors import ConfigError, DataError

N_TRAIN = 4000
N_TEST = 1000
SEED = 123
# About 4,000 updates of 16 reviews.  In five trial runs the LSTM's
# validation error was below 5 % by update 3,330, its test error at the end
# between 0 and 2.2 %.
MAX_EPOCHS = 17

# The digest (`corpus_digest`) of the default corpus. It is in the file names of
# the dataset, so that files of another grammar are never used instead.
CORPUS_SHA256 = (
    'c10fca1415af28ba3aaa33b6ed79f12288d31e9c1e2443f935ae394fb6df10eb')

LISTS = {
    'part': ['acting', 'casting', 'dialogue', 'direction', 'editing',
             'ending', 'pacing', 'photography', 'plot', 'score', 'script',
             'story'],
    'source': ['my brother', 'my sister', 'my barber', 'our postman',
               'the usher', 'the local paper'],
    'day': ['a Monday', 'a Tuesday', 'a rainy Sunday', 'a warm evening',
            'my birthday'],
    'companion': ['my aunt', 'a friend', 'an umbrella', 'two oranges',
                  'some chocolate'],
    'person': ['a beekeeper', 'a clockmaker', 'a lighthouse keeper',
               'a night nurse', 'a piano tuner', 'a retired spy',
               'a taxi driver', 'a young widow'],
    'deed': ['adopts a goat', 'answers the wrong letter', 'buys a boat',
             'finds a map', 'inherits a bakery', 'learns the tango',
             'looks for a lost cat', 'misses the last train'],
    'place': ['Bombay', 'Chicago', 'Glasgow', 'Lisbon', 'Naples', 'Oslo',
              'Prague', 'Vienna'],
    'number': ['eighty', 'ninety', 'a hundred', 'a hundred and ten'],
    # Sentences that say nothing for or against the film ...
    'aside': ['It follows [person] who [deed].', 'We saw it on [day].',
              'It runs for [number] minutes.',
              'It was shot in [place] in one summer.'],
    # ... and those that come between a cue and its verdict.
    'meanwhile': ['We went on [day].', 'It is about [person].',
                  'I went with [companion].'],
}

# By label; the lists of both labels are equally long.
FEELINGS = {
    1: {
        'adj': ['brilliant', 'charming', 'clever', 'delightful', 'gripping',
                'lovely', 'marvellous', 'moving', 'splendid', 'superb',
                'witty', 'wonderful'],
        # What "not at all" goes well with, and "never once".
        'mild': ['charming', 'clever', 'convincing', 'exciting', 'good',
                 'gripping', 'moving', 'witty'],
        'mood': ['charming', 'exciting', 'gripping', 'moving', 'witty'],
        'noun': ['delight', 'gem', 'joy', 'pleasure', 'treat', 'triumph'],
        'verb': ['adored', 'enjoyed', 'loved', 'relished'],
        'advice': ['bring a friend', 'buy the best seat in the house',
                   'go and see it', 'see it twice'],
        'reaction': ['clapped like a child', 'stayed for the credits',
                     'went again the next day'],
    },
    0: {
        'adj': ['awful', 'boring', 'clumsy', 'dreadful', 'dreary', 'dull',
                'feeble', 'lifeless', 'silly', 'tedious', 'terrible',
                'tiresome'],
        'mild': ['bad', 'boring', 'clumsy', 'dull', 'predictable', 'silly',
                 'slow', 'tedious'],
        'mood': ['boring', 'dull', 'silly', 'slow', 'tedious'],
        'noun': ['bore', 'chore', 'disaster', 'failure', 'mess', 'muddle'],
        'verb': ['disliked', 'hated', 'loathed', 'regretted'],
        'advice': ['ask for your money back', 'read a book instead',
                   'save your money', 'stay at home'],
        'reaction': ['counted the lamps on the ceiling', 'fell asleep',
                     'left before the end'],
    },
}

# With fewer plain reviews the LSTM takes far longer to begin learning; with
# more of them, counting words goes too far.
KIND_SHARES = {'plain': 0.44, 'expectation': 0.2, 'negation': 0.09,
               'contrast': 0.09, 'far': 0.18}
ASIDE_SHARE = 0.2
KINDS = {
    'plain': [
        '[a +adj] film: the [part] is [+adj] and the [part] [+adj].',
        'I [+verb] it. The [part] is [+adj] and the [part] [a +noun].',
        'What [a +noun]! The [part] is [+mild] and [+mood], so [+advice].',
        'The [part] is [+adj], the [part] [+adj], and the film [a +noun].',
        '[+advice]: the film is [+mild] and the [part] [+adj].',
        'The [part] is so [+adj] and the [part] so [+mild] that I '
        '[+reaction].',
    ],
    'expectation': [
        'I was told it would be [-adj] and [-adj]; it is anything but.',
        'I was told it would be [+adj] and [+adj]; it is all of that.',
        'I expected [a -adj] [-noun] and could not have been more mistaken.',
        'I expected [a +adj] [+noun] and was given exactly that.',
        '[source] swore it was [-adj], and [=source] was wrong.',
        '[source] swore it was [+adj], and [=source] was right.',
        'The papers called it [-adj] and [-adj]; do not believe them.',
        'The papers called it [+adj] and [+adj]; you may believe them.',
        '[source] promised me [a -adj] [-noun], and [=source] was wrong.',
        '[source] promised me [a +adj] [+noun], and [=source] was right.',
    ],
    'negation': [
        'The film is not at all [-mild], and the [part] is never once '
        '[-mood].',
        'The film is altogether [+mild], and the [part] is always [+mood].',
        'There is not [a -adj] minute in it, and not [a -adj] scene.',
        'There is many [a +adj] minute in it, and many [a +adj] scene.',
        'It is neither [-mild] nor [-mild].',
        'It is both [+mild] and [+mild].',
        'Nobody could call the [part] [-mild], and nobody will find the film '
        '[-mood].',
        'Anybody would call the [part] [+mild], and anybody will find the '
        'film [+mood].',
        'The film is far from [-mild], and the [part] is by no means '
        '[-mild].',
        'The film is truly [+mild], and the [part] is [+mild] as well.',
    ],
    'contrast': [
        'The [part] is [-adj] and the [part] [-adj], but the film as a whole '
        'is [+adj].',
        'The [part] may be [-adj], but the film as a whole is [+adj] and '
        '[+adj].',
        'For all its [-adj] [part], the film is [a +noun].',
        'The [part] is [a -noun], yet the film is [+adj].',
        'The film as a whole is [+adj], even if the [part] is [-adj].',
        'Yes, the [part] is [-adj]. No matter: the film itself is [+adj].',
    ],
    'far': [
        '[source] called it [-adj]. [meanwhile] [=source] was wrong.',
        '[source] called it [+adj]. [meanwhile] [=source] was right.',
        '[a -noun], said [source]. [meanwhile] [=source] was wrong.',
        '[a +noun], said [source]. [meanwhile] [=source] was right.',
        'All week I had heard that it was [-adj]. [meanwhile] None of that '
        'was true.',
        'All week I had heard that it was [+adj]. [meanwhile] All of that '
        'was true.',
        'I had been led to expect [a -noun]. [meanwhile] It was anything '
        'but.',
        'I had been led to expect [a +noun]. [meanwhile] It was exactly '
        'that.',
    ],
}

SLOT = re.compile(r'\[(a )?([-+=]?)(\w+)\]')
SENTENCE_START = re.compile(r'(?:^|(?<=[.!?] ))[a-z]')
# The names of the real corpus end in the stars that its reviewers gave.
STARS = {1: (7, 8, 9, 10), 0: (1, 2, 3, 4)}
FOLDERS = (('pos', 1), ('neg', 0))
# So many reviews in a row that were there before: the grammar has no new one.
MAX_ATTEMPTS = 1000

Review = collections.namedtuple('Review', 'name text label kind')


# Writing reviews

def pick(items, rng):
    """Return one of `items`; all are equally likely."""
    # The integers of randint have another size on some platforms.
    return items[int(rng.random_sample() * len(items))]


def fill_slots(sentence, label, rng):
    """Replace each slot of a sentence; no item is used twice.

    Parameters
    ----------
    sentence : str
        With slots as in `KINDS`.
    label : int
        1 for praise, 0 for blame.
    rng : numpy.random.RandomState

    Returns
    -------
    str

    Examples
    --------
    >>> rng = numpy.random.RandomState(123)
    >>> fill_slots('The [part] is [-adj], yet the film is [a +noun].', 1, rng)
    'The plot is dreadful, yet the film is a gem.'
    """
    taken, named = set(), {}

    def replace(match):
        article, sign, name = match.groups()
        if sign == '=':
            return named[name]
        lists = LISTS
        if sign:
            lists = FEELINGS[label if sign == '+' else 1 - label]
        item = pick([item for item in lists[name] if item not in taken],
                    rng)
        taken.add(item)
        named[name] = item
        if article:
            item = ('an ' if item[0] in 'aeiou' else 'a ') + item
        return SLOT.sub(replace, item)

    return SLOT.sub(replace, sentence)


def write_review(kind, label, rng):
    """Write one review of a kind (a key of `KINDS`) for a label.

    Returns
    -------
    str
    """
    text = pick(KINDS[kind], rng)
    # A far review already has words between cue and verdict.
    if kind != 'far' and rng.random_sample() < ASIDE_SHARE:
        text = pick(['[aside] ' + text, text + ' [aside]'], rng)
    return SENTENCE_START.sub(lambda start: start.group().upper(),
                              fill_slots(text, label, rng))


def write_class(n_reviews, label, rng, seen):
    """Write the reviews of one label, its kinds in their shares.

    Parameters
    ----------
    n_reviews : int
    label : int
    rng : numpy.random.RandomState
    seen : set of str
        Texts that must not be repeated; the new ones are added.

    Yields
    ------
    Review
    """
    ends = numpy.cumsum(list(KIND_SHARES.values())) * n_reviews
    kinds = numpy.searchsorted(ends, numpy.arange(n_reviews) + 0.5)
    kinds = kinds[rng.permutation(n_reviews)]
    for number, kind in enumerate(kinds.tolist()):
        kind = list(KIND_SHARES)[min(kind, len(KIND_SHARES) - 1)]
        for _ in range(MAX_ATTEMPTS):
            text = write_review(kind, label, rng)
            if text not in seen:
                break
        else:
            raise ConfigError(
                f'The grammar has no more than {len(seen)} different reviews '
                'for these sizes; ask for fewer.')
        seen.add(text)
        name = f'{number}_{pick(STARS[label], rng)}.txt'
        yield Review(name, text, label, kind)


def make_corpus(n_train=N_TRAIN, n_test=N_TEST, seed=SEED):
    """Write all reviews, half of them praise and half of them blame.

    Parameters
    ----------
    n_train, n_test : int
        Number of reviews: even, and 2 or more.
    seed : int
        The same seed gives the same reviews, on every platform.

    Returns
    -------
    dict
        For each folder (``'train/pos'`` ...) a list of `Review`.  No text
        occurs twice.

    Raises
    ------
    ConfigError
        If a size or the seed cannot be used.
    """
    for name, size in [('train', n_train), ('test', n_test)]:
        if size < 2 or size % 2:
            raise ConfigError(f'The number of {name} reviews must be even, 2 '
                              f'or more, but it is {size}: half of them are '
                              'positive and half negative.')
    if not 0 <= seed < 2 ** 32:
        raise ConfigError(f'The seed must lie between 0 and {2 ** 32 - 1}, '
                          f'but it is {seed}.')
    rng = numpy.random.RandomState(seed)
    seen = set()
    return {f'{part}/{folder}':
            list(write_class(size // 2, label, rng, seen))
            for part, size in [('train', n_train), ('test', n_test)]
            for folder, label in FOLDERS}


def corpus_digest(corpus):
    """Return the SHA-256 of the names and texts of a corpus."""
    digest = hashlib.sha256()
    for folder, reviews in corpus.items():
        for review in reviews:
            line = f'{folder}/{review.name}\t{review.text}\n'
            digest.update(line.encode('utf-8'))
    return digest.hexdigest()


def write_corpus(folder, n_train=N_TRAIN, n_test=N_TEST, seed=SEED):
    """Write the reviews into a folder, laid out like the real corpus.

    Parameters
    ----------
    folder : str
        Made if it does not exist; it must be empty if it does.
    n_train, n_test, seed : int
        See `make_corpus`.

    Raises
    ------
    ConfigError
        If a size or the seed cannot be used.
    DataError
        If the folder is not empty or cannot be written.
    """
    corpus = make_corpus(n_train, n_test, seed)
    folder = os.fspath(folder)
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise DataError(f'{folder} is not empty. Expected a new or an '
                            'empty folder, so that nothing is mixed or lost; '
                            'name another one.')
        for place, reviews in corpus.items():
            place = os.path.join(folder, *place.split('/'))
            os.makedirs(place)
            for review in reviews:
                with open(os.path.join(place, review.name), 'w',
                          encoding='utf-8', newline='\n') as file:
                    file.write(review.text + '\n')
    except OSError as error:
        raise DataError(
            f'{error.filename or folder} cannot be written: {error.strerror}. '
            'Name a folder in which you may write and that has room.'
        ) from error


# The command line

def make_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description='Write small film reviews, positive and negative, into '
                    'the folders train/pos, train/neg, test/pos and test/neg.')
    parser.add_argument('folder', metavar='FOLDER',
                        help='a new or an empty folder')
    parser.add_argument('--n-train', type=int, default=N_TRAIN, metavar='N',
                        help='training reviews, even (default: %(default)s)')
    parser.add_argument('--n-test', type=int, default=N_TEST, metavar='N',
                        help='test reviews, even (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=SEED, metavar='S',
                        help='another seed gives other reviews (default: '
                             '%(default)s)')
    command_line.add_common(parser)
    return parser


def work(arguments=None):
    """Write the reviews that a command line asks for."""
    options = make_parser().parse_args(arguments)
    write_corpus(options.folder, options.n_train, options.n_test, options.seed)
    print(f'{options.n_train} train and {options.n_test} test reviews written '
          f'to {options.folder}')


def main(arguments=None):
    """Run the command line; return the exit status."""
    return command_line.run(work, arguments)


if __name__ == '__main__':
    sys.exit(main())
