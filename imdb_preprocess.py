"""Turn labelled texts into lists of word ids, in the tutorial's format.

    python imdb_preprocess.py SOURCE

`SOURCE` is the folder ``aclImdb`` of the Large Movie Review Dataset, with ``train/pos``,
``train/neg``, ``test/pos`` and ``test/neg``, which contain ``*.txt``; or any other corpus that
`corpora` reads: folders of other classes, with or without train and test, or a table. Two files are
written:

``imdb.pkl``
    Two pickles in one stream, ``(train_x, train_y)`` and ``(test_x, test_y)``: lists of lists of
    word ids, and lists of labels. A label is the position of its class in the sorted names (1 for
    pos, 0 for neg). In the lists, all pos come before all neg. If the corpus says which training
    texts belong together, as ``train/urls_pos.txt`` and ``train/urls_neg.txt`` of the published
    reviews do by the film, a third pickle follows, ``[['groups', numbers]]``, a number for each
    training text: ``lstm.py --valid-split group`` keeps them together. A validation part of the
    corpus is there too, as ``['valid', [valid_x, valid_y]]``; training then validates on it.
``imdb.dict.pkl``
    The dictionary, from word to id, and then a second pickle in the same stream: the text settings,
    the names of the classes, and the fingerprint of the matching ``imdb.pkl``.

The words are those of the Moses tokenizer for English, lower-cased, unless other settings are
given. The dictionary is built from the training texts alone: the most frequent word has id 2, the
next 3, and so on. Equally frequent words are numbered in order of first appearance. Id 0 is
padding, and id 1 is any word that does not occur in training. Texts without words are dropped with
a warning.
"""

import argparse
import inspect
import itertools
import shlex
import sys
import time
from typing import Iterator, Optional, Sequence

from lstm_sentiment import command_line, processes
from lstm_sentiment.data import own_corpus
from lstm_sentiment.data.choices import choices, quantile
from lstm_sentiment.text import corpus_options, tokenizing
from lstm_sentiment.text.arrow_files import is_arrow
from lstm_sentiment.text.corpora import ALL_PARTS
from lstm_sentiment.text.preprocessing import Summary, preprocess
from lstm_sentiment.text.vocabulary import dictionary_path

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 1)


def training_command(summary: Summary, output: str, n_words: Optional[int] = None) -> str:
    """The command that trains on the new dataset, with options where the defaults do not fit."""
    found = choices(summary.lengths, summary.n_words, summary.n_valid, n_words is not None)
    command = command_line.command('lstm.py').split() + ['--dataset', output]
    for name, value in found.items():
        command += [command_line.spellings(name)[0], str(value)]
    # The model of another run may be at the default path.
    command += ['--saveto', own_corpus.stem_of(output) + '.npz']
    return ' '.join(map(shlex.quote, command))


def report(summary: Summary) -> Iterator[str]:
    """The lines that describe the new dataset."""
    parts = [part for part in ALL_PARTS if (part, summary.classes[0]) in summary.sizes]
    valid = f', {summary.n_valid} validation texts' if summary.n_valid else ''
    yield (f'{summary.n_train} train and {summary.n_test} test texts{valid}, {summary.n_words} '
           f'words, {summary.n_tokens} training tokens')
    width = max(len('class'), *map(len, summary.classes))
    yield f'{"class":{width}}' + ''.join(f'{part + " " + what:>13}' for part in parts
                                         for what in ('texts', 'tokens'))
    for name in summary.classes:
        sizes = itertools.chain(*(summary.sizes[part, name] for part in parts))
        yield f'{name:{width}}' + ''.join(f'{size:13}' for size in sizes)
    unknown = (f'; {100 * summary.unknown_portion:.2f} % of the test tokens are unknown'
               if summary.n_test else '')
    yield f'{summary.n_words} words kept, {summary.n_cut} cut{unknown}'
    yield 'words in a training text: ' + ', '.join(
        f'{quantile(summary.lengths, portion)} ({100 * portion:g} %)' for portion in QUANTILES)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; the defaults are those of `preprocess`."""
    parser = argparse.ArgumentParser(
        description='Turn labelled texts into lists of word ids, and their dictionary.')
    parser.add_argument(
        'source', metavar='SOURCE', nargs='+',
        help='folder with train/CLASS and test/CLASS, folder with a folder for each class, or '
             '.csv, .tsv, .json, .jsonl or .parquet, also .zip or with .gz; '
             'or the tables of train and test')
    group = corpus_options.add_input_options(parser, 'input')
    group.add_argument('--seed', type=int, metavar='S',
                       help='seed that selects these test texts (default: %(default)s)')
    group = corpus_options.add_word_options(parser, 'from text to ids')
    group.add_argument('--n-words', type=int, metavar='N',
                       help='only ids below N: the N - 2 most frequent words (default: all)')
    group = parser.add_argument_group('output')
    group.add_argument(
        '--output', metavar='FILE',
        help='file of the word ids, compressed if the name ends in .gz; PATH.arrow is an Arrow '
             'file, for corpora of any size (default: %(default)s)')
    group.add_argument(
        '--dictionary', metavar='FILE',
        help='file of the dictionary (default: next to the output, PATH.dict.pkl for PATH.pkl)')
    group.add_argument('--jobs', type=int, metavar='N',
                       help='processes (default: one for each core)')
    parser.set_defaults(**{name: parameter.default for name, parameter
                           in inspect.signature(preprocess).parameters.items()
                           if name not in ('source', 'progress', 'trainable', 'tokenize')})
    command_line.add_common(parser)
    return parser


def work(arguments: Optional[Sequence[str]] = None) -> None:
    """Preprocess as a command line says, and print what was made."""
    options = make_parser().parse_args(arguments)
    del options.debug
    started = time.time()
    if not processes.is_first():
        processes.help_first(tokenizing.tokenize_piece)
        return
    summary = preprocess(progress=True, trainable=True, tokenize=(
        tokenizing.tokenize_texts if processes.is_alone() else tokenizing.tokenize_over_ranks),
        **vars(options))
    processes.dismiss()
    beside = dictionary_path(options.output)
    dictionary = options.dictionary or beside
    for line in report(summary):
        print(line)
    has_words = is_arrow(options.output)
    written = [options.output] + [dictionary] * (not has_words or options.dictionary is not None)
    print(f'{" and ".join(written)} written in {time.time() - started:.1f} s')
    if dictionary != beside and not has_words:
        print(f'Training looks for the dictionary at {beside}; '
              f'{command_line.program("predict.py")} takes this one by '
              f'--dictionary {shlex.quote(dictionary)}')
    print('To train on it, with a maxlen that keeps 95 % of the texts:')
    print(training_command(summary, options.output, options.n_words))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return command_line.run(work, arguments, 'Interrupted; no file was written.', shared=True)


if __name__ == '__main__':
    sys.exit(main())
