"""Options of the command line that say how a corpus is read and how its texts become words.

They are arguments of `preprocessing.preprocess`. Options that are not given have no value, so that
the defaults are those of its signature.
"""
import argparse

from lstm_sentiment.text import text_settings

# Share of each class that becomes test, if the corpus has no test part.
TEST_PORTION = 0.2
# The arguments that the options give.
NAMES = ('text_column', 'label_column', 'split_column', 'group_column', 'header', 'delimiter',
         'quotes', 'encoding', 'strict', 'test_portion', 'tokenizer', 'language', 'lowercase',
         'strip_html', 'min_count')


def add_input_options(parser, title):
    """Add the options for columns, parts and encoding; return their group."""
    group = parser.add_argument_group(title, argument_default=argparse.SUPPRESS)
    group.add_argument('--text-column', metavar='NAME', help='(default: text or review)')
    group.add_argument('--label-column', metavar='NAME', help='(default: label or sentiment)')
    group.add_argument('--split-column', metavar='NAME',
                       help='column that says train, test or valid (default: split, if there is '
                            'one)')
    group.add_argument('--group-column', metavar='NAME',
                       help='column with what some texts share, such as an author; '
                            'lstm.py --valid-split group keeps them together')
    group.add_argument('--no-header', action='store_false', dest='header',
                       help='the first row is a text; name columns by number, from 1')
    group.add_argument('--delimiter', metavar='C', help='separator of columns (default: found)')
    group.add_argument('--quotes', action='store_true',
                       help='quotes enclose fields of a .tsv too; --no-quotes: they are text')
    group.add_argument('--no-quotes', action='store_false', dest='quotes', help=argparse.SUPPRESS)
    group.add_argument('--encoding', metavar='NAME', help='(default: utf-8)')
    group.add_argument('--strict', action='store_true',
                       help='a row without a text or a label is an error, not skipped')
    group.add_argument('--test-portion', type=float, metavar='PART',
                       help='share of each class that becomes test, if SOURCE is not split '
                            f'(default: {TEST_PORTION})')
    return group


def add_word_options(parser, title):
    """Add the options from text to words; return their group."""
    group = parser.add_argument_group(title, argument_default=argparse.SUPPRESS)
    group.add_argument('--tokenizer', choices=text_settings.TOKENIZERS, help='(default: moses)')
    group.add_argument('--language', metavar='CODE', help='of the Moses rules (default: en)')
    group.add_argument('--lowercase', action='store_true',
                       help='(the default; --no-lowercase turns it off)')
    group.add_argument('--no-lowercase', action='store_false', dest='lowercase',
                       help=argparse.SUPPRESS)
    group.add_argument('--strip-html', action='store_true',
                       help='tags such as <br /> become spaces, here and in prediction')
    group.add_argument('--min-count', type=int, metavar='N',
                       help='only words that occur at least N times (default: 1)')
    return group
