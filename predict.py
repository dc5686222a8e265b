"""Ask a trained model about text.

    python predict.py "A film to see again."
    python predict.py MODEL.npz "A film to see again."

Without MODEL, the model that comes along answers. Text becomes words and ids exactly as in
training; the model contains these settings. From code:

    model = predict.load_model()
    model.predict(['A film to see again.'])
"""
import argparse
import contextlib
import functools
import math
import os
import sys
import textwrap
from typing import Dict, List, Optional, Sequence, Tuple

from threadpoolctl import threadpool_limits

from lstm_sentiment import command_line, processes
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction import export, html_report, inputs, page, states_page
from lstm_sentiment.prediction.classifier import Classifier, load_model
from lstm_sentiment.prediction.explanation import KINDS, LEAVE_OUT, SHARE, colour_depth
from lstm_sentiment.prediction.outputs import FORMATS, Tally, make_writer

# Arguments that say how a table is read; see `table_files.TableOptions`.
TABLE_OPTIONS = ('text_column', 'label_column', 'delimiter', 'quotes', 'header', 'encoding',
                 'strict')
# The kind of explanation that suits the input.
BY_INPUT = 'auto'


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description='Classify texts with a trained model. Without TEXT and --file, or with - as '
                    'TEXT, read standard input, one text a line. If the input has labels, '
                    'accuracy, confusion matrix and the most confident mistakes follow.',
        usage='%(prog)s [options] [MODEL] [TEXT ...]')
    parser.add_argument('texts', metavar='MODEL, TEXT', nargs='*',
                        help='MODEL is the .npz that training saved; without it, the model that '
                             'comes along answers. The first argument is a model if it ends in '
                             '.npz, names a file, or has a %s and no space. TEXT is a text, or - '
                             'for standard input' % os.sep)
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
    group.add_argument('--threshold', type=probability, metavar='P', default=0.,
                       help='answer unsure where the likeliest class has a probability below P')
    group.add_argument('--explain', metavar='KIND', nargs='?', choices=(BY_INPUT,) + KINDS,
                       const=BY_INPUT,
                       help='show each text, its words coloured (formats table and jsonl). '
                            'leave-out: by what the verdict loses without the word, the default '
                            'for a TEXT and for --html; share: by the share of the score that '
                            'the network draws from its output at the word, the default for '
                            'other input')
    group.add_argument('--html', metavar='FILE',
                       help='write the explanations as one HTML page')
    group.add_argument('--states', metavar='FILE',
                       help='write a page of the gates and the cell at each word of TEXT')
    group.add_argument('--export', metavar='FILE',
                       help='write the model as ONNX, for programs without this package, and '
                            'classify nothing (needs the extra onnx)')
    group.add_argument('--jobs', type=int, metavar='N',
                       help='threads, and tokenizing processes (default: one for each core)')
    page.add_options(parser)
    command_line.add_common(parser)
    return parser


def probability(text: str) -> float:
    """A probability in an option.

    >>> probability('.75')
    0.75
    """
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError('expected a number from 0 to 1')
    return value


def split_off_model(texts: List[str]) -> Tuple[Optional[str], List[str]]:
    """The model that a command line names first, or None, and its texts.

    >>> split_off_model(['m.npz', 'A film.']), split_off_model(['A film/a joke.'])
    (('m.npz', ['A film.']), (None, ['A film/a joke.']))
    >>> split_off_model(['-'])
    (None, ['-'])
    """
    first = texts[0] if texts else ''
    separators = {os.sep, os.altsep or os.sep}
    # A mistyped name must not get a verdict.
    if first.endswith('.npz') or os.path.isfile(first) or (
            separators & set(first) and not any(map(str.isspace, first))):
        return first, texts[1:]
    return None, texts


def with_explicit_kind(arguments: Sequence[str]) -> List[str]:
    """The arguments with the kind of explanation in the option, so that no text is taken for it.

    >>> with_explicit_kind(['--explain', 'A film.', '--explain', 'share'])
    ['--explain=auto', 'A film.', '--explain=share']
    """
    result: List[str] = []
    is_option = True
    for argument in arguments:
        is_option = is_option and argument != '--'
        if is_option and argument in KINDS and result[-1:] == ['--explain=' + BY_INPUT]:
            result[-1] = '--explain=' + argument
        elif is_option and argument == '--explain':
            result.append('--explain=' + BY_INPUT)
        else:
            result.append(argument)
    return result


def pairs(text: str) -> Dict[str, str]:
    """The names in ``A=B,C=D``.

    >>> pairs('positive=pos, negative=neg')
    {'positive': 'pos', 'negative': 'neg'}
    """
    found = [pair.split('=') for pair in text.split(',')]
    if not all(len(pair) == 2 for pair in found):
        raise argparse.ArgumentTypeError('expected LABEL=CLASS,LABEL=CLASS')
    return {label.strip(): name.strip() for label, name in found}


def open_source(arguments: argparse.Namespace, classes: List[str]) -> inputs.Source:
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


def kind_of_explanation(arguments: argparse.Namespace, model: Classifier) -> Optional[str]:
    """Which explanations the answers need; None for none."""
    if arguments.explain is None and arguments.html is None:
        return None
    if arguments.explain in KINDS:
        return arguments.explain
    is_short = arguments.html is not None or arguments.texts not in ([], ['-'])
    return LEAVE_OUT if is_short or not model.network.has_shares else SHARE


def run(arguments: argparse.Namespace) -> None:
    """Answer a command line."""
    arguments.model, arguments.texts = processes.by_first(
        functools.partial(split_off_model, arguments.texts))
    is_explained = arguments.explain is not None
    if is_explained and arguments.format in ('csv', 'tsv'):
        raise ConfigError('--explain does not work with --format %s; expected table or jsonl'
                          % arguments.format)
    for name in ('serve', 'export', 'states'):
        if getattr(arguments, name) and not processes.is_alone():
            processes.raise_first((ConfigError, '--%s is for one process: start it without '
                                   'mpiexec' % name))
    if arguments.serve:
        serve(arguments)
        return
    model = processes.first_then_all(functools.partial(
        load_model, arguments.model, arguments.dictionary, arguments.jobs))
    if arguments.export is not None:
        export_model(model, arguments)
        return
    if arguments.states is not None:
        write_states(model, arguments)
    # The threads work on different batches; with BLAS threads in addition it is slower.
    with threadpool_limits(limits=1, user_api='blas'):
        if processes.is_first():
            write_answers(model, arguments)
            processes.dismiss()
        else:
            model.help_first(kind_of_explanation(arguments, model), arguments.threshold)


def write_answers(model: Classifier, arguments: argparse.Namespace) -> None:
    """Write the answers to the texts of a command line."""
    is_explained = arguments.explain is not None
    source = open_source(arguments, model.classes)
    if arguments.model is None:
        print(introduction(model, None), file=sys.stderr)
    if arguments.format != 'table':
        # What UTF-8 lacks as well, a lone surrogate, is escaped as JSON does it.
        command_line.reconfigure(sys.stdout, encoding='utf-8', errors='backslashreplace')
    writer = make_writer(arguments.format, sys.stdout, model.classes, source,
                         colour_depth(sys.stdout), arguments.threshold > 0)
    tally, n_empty, meaning = Tally(model.classes), 0, None
    answer_all = model.answers if processes.is_alone() else model.answers_over_ranks
    answers = answer_all(source.samples, kind_of_explanation(arguments, model),
                         arguments.threshold)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(answers))
        report = (None if arguments.html is None
                  else stack.enter_context(html_report.open_page(
                    arguments.html, arguments.model or 'the model that comes along')))
        for answer in answers:
            n_empty += not answer.n_words
            if answer.sample.label is not None:
                tally.add(answer)
            if report is not None:
                report.add(answer)
            if is_explained:
                meaning = answer.explanation.meaning
            writer.write(answer if is_explained else answer._replace(explanation=None))
    show_end(arguments, source, tally, n_empty, meaning)


def serve(arguments: argparse.Namespace) -> None:
    """Serve the page that a command line asks for."""
    others = [name for name in ('file', 'export', 'states', 'html', 'explain')
              if getattr(arguments, name) is not None]
    if arguments.texts or others:
        raise ConfigError('--serve takes texts from its page: give it without %s'
                          % ('TEXT' if arguments.texts else '--' + others[0]))
    page.require_gradio()  # before a model is read
    # A process of many threads makes no others.
    model = load_model(arguments.model, arguments.dictionary, jobs=1)
    page.serve(model, introduction(model, arguments.model), arguments.host, arguments.port,
               arguments.threshold)


def introduction(model: Classifier, path: Optional[str]) -> str:
    """Which model answers, and how often it errs."""
    if path is None:
        return 'The model that comes along answers: %s' % model.about
    errors = dict(zip(('training', 'validation', 'test'), saved_model.load_errors(path)))
    known = ['%.1f %% of its %s texts' % (100 * error, part)
             for part, error in errors.items() if not math.isnan(error)]
    return '%s answers: %s' % (os.path.basename(path), 'wrong on ' + known[-1] if known else
                               'how often it errs is not saved with it')


def export_model(model: Classifier, arguments: argparse.Namespace) -> None:
    """Write the ONNX file that a command line names."""
    if arguments.texts or arguments.file is not None:
        raise ConfigError('--export classifies nothing: give it without TEXT and --file')
    export.write(model, arguments.export)
    print('%s written. To ask it from other programs, see docs/deploy.md.' % arguments.export)


def write_states(model: Classifier, arguments: argparse.Namespace) -> None:
    """Write the page of the states that a command line names."""
    if len(arguments.texts) != 1 or arguments.texts == ['-']:
        raise ConfigError('--states shows one text: expected one TEXT, found %d'
                          % len(arguments.texts))
    states_page.write(model, arguments.texts[0], arguments.states, arguments.model)


def show_end(arguments: argparse.Namespace, source: inputs.Source, tally: Tally, n_empty: int,
             meaning: Optional[str]) -> None:
    """Print the lines after the answers, to standard output or, after rows, standard error."""
    stream = sys.stdout if arguments.format == 'table' else sys.stderr
    if meaning is not None and arguments.format == 'table':
        print('\n' + textwrap.fill(meaning, 79), file=stream)
    if source.labelled or tally.n_labelled:
        print(tally.report(), file=stream)
    if n_empty:
        print('%d without words: classified by the bias alone' % n_empty, file=sys.stderr)
    for path in (arguments.html, arguments.states):
        if path is not None:
            print('%s written' % path, file=sys.stderr)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run a command line; return the exit status."""
    def work(given: Optional[Sequence[str]]) -> None:
        given = with_explicit_kind(sys.argv[1:] if given is None else given)
        run(make_parser().parse_intermixed_args(given))

    return command_line.run(work, arguments, shared=True)


if __name__ == '__main__':
    sys.exit(main())
