"""Ask a trained model about text.

    python predict.py MODEL.npz "A film to see again."

Text becomes words and ids exactly as in training; the model contains these settings. From code:

    model = predict.load_model('lstm_model.npz')
    model.predict(['A film to see again.'])
"""
import argparse
import contextlib
import sys
import textwrap

from threadpoolctl import threadpool_limits

from lstm_sentiment import command_line
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.prediction import export, html_report, inputs, states_page
from lstm_sentiment.prediction.classifier import load_model
from lstm_sentiment.prediction.explanation import colour_depth
from lstm_sentiment.prediction.outputs import FORMATS, Tally, make_writer

# Arguments that say how a table is read; see `table_files.TableOptions`.
TABLE_OPTIONS = ('text_column', 'label_column', 'delimiter', 'quotes', 'header', 'encoding',
                 'strict')


def make_parser():
    parser = argparse.ArgumentParser(
        description='Classify texts with a trained model. Without TEXT and --file, or with - as '
                    'TEXT, read standard input, one text a line. If the input has labels, '
                    'accuracy, confusion matrix and the most confident mistakes follow.')
    parser.add_argument('model', metavar='MODEL', help='the .npz that training saved')
    parser.add_argument('texts', metavar='TEXT', nargs='*', help='a text, or - for standard input')
    group = parser.add_argument_group('input')
    group.add_argument('--file', metavar='FILE',
                       help='a file with one text a line; a .csv, .tsv, .json, .jsonl or .parquet '
                            '(also .zip or with .gz); a folder of .txt, or of class folders')
    group.add_argument('--text-column', metavar='NAME',
                       help='of a table (default: text or review)')
    group.add_argument('--label-column', metavar='NAME',
                       help='(default: label or sentiment, if there is one)')
    group.add_argument('--no-header', action='store_false', dest='header',
                       help='the first row is a text; name columns by number, from 1')
    group.add_argument('--delimiter', metavar='C', help='separator of columns (default: found)')
    group.add_argument('--quotes', action='store_true', default=None,
                       help='quotes enclose fields of a .tsv too; --no-quotes: they are text')
    group.add_argument('--no-quotes', action='store_false', dest='quotes', help=argparse.SUPPRESS)
    group.add_argument('--encoding', metavar='NAME', default='utf-8',
                       help='(default: %(default)s)')
    group.add_argument('--strict', action='store_true',
                       help='a row without a text is an error, not skipped')
    group.add_argument('--labels', metavar='A=B,...', type=pairs,
                       help='classes that labels mean, such as positive=pos,negative=neg')
    group.add_argument('--no-labels', action='store_true', help='ignore labels')
    group.add_argument('--dictionary', metavar='FILE',
                       help='the dictionary of the training data, needed for a model without words')
    group = parser.add_argument_group('output')
    group.add_argument('--format', choices=FORMATS, default='table',
                       help='table is for people, the others are for programs (default: table)')
    group.add_argument('--explain', action='store_true',
                       help='show each text, its words coloured by the verdict at each word '
                            '(formats table and jsonl)')
    group.add_argument('--html', metavar='FILE',
                       help='write the explanations as one HTML page')
    group.add_argument('--states', metavar='FILE',
                       help='write a page of the gates and the cell at each word of TEXT')
    group.add_argument('--export', metavar='FILE',
                       help='write the model as ONNX, for programs without this package, and '
                            'classify nothing (needs the extra onnx)')
    group.add_argument('--jobs', type=int, metavar='N',
                       help='threads, and tokenizing processes (default: one for each core)')
    command_line.add_common(parser)
    return parser


def pairs(text):
    """The names in ``A=B,C=D``.

    >>> pairs('positive=pos, negative=neg')
    {'positive': 'pos', 'negative': 'neg'}
    """
    found = [pair.split('=') for pair in text.split(',')]
    if not all(len(pair) == 2 for pair in found):
        raise argparse.ArgumentTypeError('expected LABEL=CLASS,LABEL=CLASS')
    return {label.strip(): name.strip() for label, name in found}


def open_source(arguments, classes):
    """The source that a command line names.

    Raises
    ------
    ConfigError
        If it names two, or none where standard input is a terminal.
    """
    if arguments.file is not None and arguments.texts:
        raise ConfigError('both TEXT and --file are given; give one of them')
    if arguments.file is not None:
        options = {name: getattr(arguments, name) for name in TABLE_OPTIONS}
        return inputs.from_path(arguments.file, classes, not arguments.no_labels, arguments.labels,
                                **options)
    if arguments.texts and arguments.texts != ['-']:
        return inputs.from_arguments(arguments.texts)
    if not arguments.texts and sys.stdin.isatty():
        raise ConfigError('no text: give it as an argument, --file FILE, or - to type it, one '
                          'text a line')
    return inputs.from_stream(sys.stdin.buffer, 'standard input', arguments.encoding)


def run(arguments):
    """Answer a command line."""
    if arguments.explain and arguments.format in ('csv', 'tsv'):
        raise ConfigError('--explain does not work with --format %s; expected table or jsonl'
                          % arguments.format)
    model = load_model(arguments.model, arguments.dictionary, arguments.jobs)
    if arguments.export is not None:
        export_model(model, arguments)
        return
    if arguments.states is not None:
        write_states(model, arguments)
    source = open_source(arguments, model.classes)
    if arguments.format != 'table':
        # What UTF-8 lacks as well, a lone surrogate, is escaped as JSON does it.
        command_line.reconfigure(sys.stdout, encoding='utf-8', errors='backslashreplace')
    writer = make_writer(arguments.format, sys.stdout, model.classes, source,
                         colour_depth(sys.stdout))
    tally, n_empty = Tally(model.classes), 0
    answers = model.answers(source.samples, arguments.explain or arguments.html is not None)
    with contextlib.ExitStack() as stack:
        # The threads work on different batches; with BLAS threads in addition it is slower.
        stack.enter_context(threadpool_limits(limits=1, user_api='blas'))
        stack.enter_context(contextlib.closing(answers))
        page = (None if arguments.html is None
                else stack.enter_context(html_report.open_page(
                    arguments.html, arguments.model, model.meaning)))
        for answer in answers:
            n_empty += not answer.n_words
            if answer.sample.label is not None:
                tally.add(answer)
            if page is not None:
                page.add(answer)
            writer.write(answer if arguments.explain else answer._replace(explanation=None))
    show_end(arguments, source, tally, n_empty, model.meaning)


def export_model(model, arguments):
    """Write the ONNX file that a command line names."""
    if arguments.texts or arguments.file is not None:
        raise ConfigError('--export classifies nothing: give it without TEXT and --file')
    export.write(model, arguments.export)
    print('%s written. To ask it from other programs, see docs/deploy.md.' % arguments.export)


def write_states(model, arguments):
    """Write the page of the states that a command line names."""
    if len(arguments.texts) != 1 or arguments.texts == ['-']:
        raise ConfigError('--states shows one text: expected one TEXT, found %d'
                          % len(arguments.texts))
    states_page.write(model, arguments.texts[0], arguments.states, arguments.model)


def show_end(arguments, source, tally, n_empty, meaning):
    """Print the lines after the answers, to standard output or, after rows, standard error."""
    stream = sys.stdout if arguments.format == 'table' else sys.stderr
    if arguments.explain and arguments.format == 'table':
        print('\n' + textwrap.fill(meaning, 79), file=stream)
    if source.labelled or tally.confusion.any():
        print(tally.report(), file=stream)
    if n_empty:
        print('%d without words: classified by the bias alone' % n_empty, file=sys.stderr)
    for path in (arguments.html, arguments.states):
        if path is not None:
            print('%s written' % path, file=sys.stderr)


def main(arguments=None):
    """Run a command line; return the exit status."""
    return command_line.run(lambda given: run(make_parser().parse_intermixed_args(given)),
                            arguments)


if __name__ == '__main__':
    sys.exit(main())
