"""Ask a trained model about text.

    python predict.py MODEL.npz "A film to see again."

The text becomes words and ids exactly as in training: how is saved with the
model. From code:

    model = predict.load_model('lstm_model.npz')
    model.predict(['A film to see again.'])
"""
import argparse
import collections
import concurrent.futures
import contextlib
import os
import signal
import sys
import textwrap
from array import array

import numpy
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from lstm_sentiment import command_line
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction import html_report, inputs
from lstm_sentiment.prediction.explanation import MEANING, Explanation, colour_depth
from lstm_sentiment.prediction.network import Network
from lstm_sentiment.prediction.outputs import FORMATS, Tally, make_writer
from lstm_sentiment.text.tokenizing import number_of_jobs, tokenize_texts
from lstm_sentiment.text.vocabulary import UNKNOWN_ID, Vocabulary

# Texts are sorted by length within a window: at most so many texts, and about so many words.
WINDOW_TEXTS, WINDOW_WORDS = 4096, 2000000
# Of a batch: texts, and words with the padding; fewer words where they are explained, since what
# the pass keeps of each is 4 kB.
BATCH_TEXTS, BATCH_WORDS, EXPLAINED_WORDS = 512, 1 << 18, 1 << 14

Encoded = collections.namedtuple('Encoded', 'sample words ids')
# `label` is the number of the class; `explanation` is None unless it was asked for.
Answer = collections.namedtuple('Answer',
                                'sample label probabilities n_words n_unknown explanation')


def load_model(path, dictionary=None, jobs=None):
    """Load a trained model.

    Parameters
    ----------
    path : str
        The ``.npz`` that `lstm.py` saved, or the tutorial's own program.
    dictionary : str, optional
        The dictionary of the dataset it was trained on; needed for a model that was saved without
        its words, as the tutorial's.
    jobs : int, optional
        Number of threads, and of tokenizing processes; by default one for each core.

    Returns
    -------
    Classifier

    Raises
    ------
    errors.TutorialError
        If the model or the dictionary cannot be used, or there is no dictionary.
    """
    params, options, vocabulary = saved_model.load(path)
    check_encoder(path, params, options)
    if dictionary is not None:
        vocabulary = Vocabulary.from_dictionary(dictionary).limited(len(params['Wemb']))
        if len(vocabulary.classes) != len(params['b']):
            raise ModelError('%s does not fit the model %s: expected %d classes, found %s. Give '
                             'the dictionary of the dataset that the model was trained on.'
                             % (dictionary, path, len(params['b']),
                                ', '.join(vocabulary.classes)))
    elif vocabulary is None:
        raise ModelError('the model %s was saved without its words, so text cannot become ids. '
                         'Give the dictionary of the dataset that it was trained on: '
                         '--dictionary FILE (imdb.dict.pkl.gz for the IMDB reviews).' % path)
    return Classifier(Network(params, options), vocabulary, jobs)


def check_encoder(path, params, options):
    """Raise `ModelError` unless the encoder is an LSTM, with its parameters and options."""
    if options.get('encoder') != 'lstm':
        raise ModelError('the model %s has the encoder %r: expected lstm, the only one that '
                         'predict.py knows' % (path, options.get('encoder')))
    if not isinstance(options.get('use_dropout'), (bool, int)):
        raise ModelError('the options of the model %s do not say whether it was trained with '
                         'dropout: expected use_dropout, true or false' % path)
    dim_proj = options['dim_proj']
    for name, shape in (('lstm_W', (dim_proj, 4 * dim_proj)), ('lstm_U', (dim_proj, 4 * dim_proj)),
                        ('lstm_b', (4 * dim_proj,))):
        found = params[name].shape if name in params else 'none'
        if found != shape:
            raise ModelError('the model %s cannot be used: expected a parameter %s of shape %s, '
                             'found %s' % (path, name, shape, found))


class Classifier:
    """A trained model that reads text.

    It does not change once it is made, so threads may share it. With
    one BLAS thread, as the command line sets it, many texts are faster.

    Attributes
    ----------
    classes : list of str
        The name of each label.
    """

    def __init__(self, network, vocabulary, jobs=None):
        self.network, self.vocabulary, self.jobs = network, vocabulary, number_of_jobs(jobs)
        self.classes = list(vocabulary.classes)

    def predict(self, texts):
        """The name of the likeliest class of each text.

        A text without words is classified by the bias alone.
        """
        return [self.classes[answer.label] for answer in self.answers(as_samples(texts))]

    def predict_proba(self, texts):
        """Probability of each class for each text, (n_texts, n_classes), floatX of the model."""
        probabilities = [answer.probabilities for answer in self.answers(as_samples(texts))]
        dtype = self.network.b_out.dtype
        return numpy.array(probabilities, dtype=dtype).reshape(-1, len(self.classes))

    def explain(self, text):
        """Why a text gets its class; see :class:`explain.Explanation`."""
        answer, = self.answers(as_samples([text]), explain=True)
        return answer.explanation

    def states(self, text):
        """What the gates and the cell do as a text is read.

        Returns
        -------
        words : list of str
            As the tokenizer has them.
        states : inference.States
            Arrays with a row for each word.
        """
        encoded, = self.encode(as_samples([text]), keep_words=True)
        return encoded.words, self.network.states(encoded.ids)

    def answers(self, samples, explain=False):
        """Classify samples as they are read.

        Parameters
        ----------
        samples : iterable of inputs.Sample
            Read as needed: some windows of texts are in memory at a time.
        explain : bool
            Whether the answers have explanations.

        Yields
        ------
        Answer
            In the order of the samples.
        """
        # The tokenizing processes are started before the threads: a fork copies only one thread.
        windows = gather(self.encode(samples, explain))
        pending = collections.deque()
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            try:
                for window in windows:
                    pending.append((window, [
                        (batch, pool.submit(self.classify, [window[k] for k in batch], explain))
                        for batch in batches_by_length(
                            window, EXPLAINED_WORDS if explain else BATCH_WORDS)]))
                    # While the threads work on this window, the next one is gathered.
                    if len(pending) > 1:
                        yield from in_order(*pending.popleft())
                while pending:
                    yield from in_order(*pending.popleft())
            finally:
                for _, futures in pending:
                    for _, future in futures:
                        future.cancel()
                windows.close()

    def encode(self, samples, keep_words):
        """Yield an `Encoded` for each sample: its words, if they are to be kept, and their ids."""
        waiting = collections.deque()

        def texts():
            for sample in samples:
                waiting.append(sample)
                yield sample.text

        tokenized = tokenize_texts(texts(), self.vocabulary.settings, self.jobs)
        with contextlib.closing(tokenized):
            for words in tokenized:
                ids = array('q', self.vocabulary.ids(words))
                yield Encoded(waiting.popleft(), words.split() if keep_words else None, ids)

    def classify(self, encoded, explain):
        """The answers to some samples."""
        sequences = [item.ids for item in encoded]
        if explain:
            scores, terms = self.network.word_scores(sequences)
        else:
            scores, terms = self.network.scores(sequences), [None] * len(sequences)
        answers = []
        for item, probabilities, of_words in zip(encoded, softmax(scores, axis=1), terms):
            explanation = None
            if explain:
                known = [word_id != UNKNOWN_ID for word_id in item.ids]
                explanation = Explanation(item.sample.text, item.words, known, of_words,
                                          self.network.b_out, self.classes, probabilities,
                                          self.vocabulary.settings)
            answers.append(Answer(item.sample, int(probabilities.argmax()), probabilities,
                                  len(item.ids), item.ids.count(UNKNOWN_ID), explanation))
        return answers


def as_samples(texts):
    """Texts as samples; a single str is refused, for it would be taken letter by letter."""
    if isinstance(texts, str):
        raise ConfigError('one text where a list of texts is expected: put it in brackets')
    return (inputs.Sample(text, None, None) for text in texts)


def gather(encoded):
    """Yield lists of consecutive samples, in which they can be sorted."""
    window, n_words = [], 0
    with contextlib.closing(encoded):
        for item in encoded:
            window.append(item)
            n_words += len(item.ids)
            if len(window) == WINDOW_TEXTS or n_words >= WINDOW_WORDS:
                yield window
                window, n_words = [], 0
        if window:
            yield window


def batches_by_length(window, most_words):
    """Split the positions in a window into batches of samples of similar length.

    None has more than `most_words` words, padding included, but for a single longer sample.

    >>> sequences = [[2] * n for n in (3, 1, 2)]
    >>> batches_by_length([Encoded(None, None, ids) for ids in sequences], 100)
    [[1, 2, 0]]
    """
    batches, batch = [], []
    for position in sorted(range(len(window)), key=lambda k: len(window[k].ids)):
        too_large = (len(batch) + 1) * len(window[position].ids) > most_words
        if batch and (too_large or len(batch) == BATCH_TEXTS):
            batches.append(batch)
            batch = []
        batch.append(position)
    return batches + [batch]


def in_order(window, futures):
    """The answers to a window of samples, in the order of these."""
    answers = [None] * len(window)
    for batch, future in futures:
        for position, answer in zip(batch, future.result()):
            answers[position] = answer
    return answers


# Command line.


def make_parser():
    parser = argparse.ArgumentParser(
        description='Ask a trained model about text. Without TEXT and --file, or with - as TEXT, '
                    'standard input is read, one text a line. With labels in the input, accuracy, '
                    'confusion matrix and the most confidently wrong texts follow.')
    parser.add_argument('model', metavar='MODEL', help='the .npz that lstm.py saved')
    parser.add_argument('texts', metavar='TEXT', nargs='*', help='a text, or - for standard input')
    group = parser.add_argument_group('input')
    group.add_argument('--file', metavar='FILE',
                       help='a file with one text a line; a .csv, .tsv or .jsonl (all may end in '
                            '.gz); a folder of .txt, or of class folders of .txt')
    group.add_argument('--text-column', metavar='NAME',
                       help='of a .csv, .tsv or .jsonl (default: text or review)')
    group.add_argument('--label-column', metavar='NAME',
                       help='(default: label or sentiment, where there is one)')
    group.add_argument('--no-labels', action='store_true', help='take no notice of labels')
    group.add_argument('--dictionary', metavar='FILE',
                       help='of the dataset the model was trained on; for a model saved without '
                            'its words')
    group = parser.add_argument_group('output')
    group.add_argument('--format', choices=FORMATS, default='table',
                       help='table is for people, the others for programs (default: table, on a '
                            'terminal and elsewhere)')
    group.add_argument('--explain', action='store_true',
                       help='show each text, its words coloured by what they add to the verdict '
                            '(formats table and jsonl)')
    group.add_argument('--html', metavar='FILE',
                       help='write the explanations as a page that stands alone')
    group.add_argument('--jobs', type=int, metavar='N',
                       help='threads, and tokenizing processes (default: one for each core)')
    command_line.add_common(parser)
    return parser


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
        return inputs.from_path(arguments.file, classes, arguments.text_column,
                                 arguments.label_column, not arguments.no_labels)
    if arguments.texts and arguments.texts != ['-']:
        return inputs.from_arguments(arguments.texts)
    if not arguments.texts and sys.stdin.isatty():
        raise ConfigError('no text: give it as an argument, --file FILE, or - to type it, one '
                          'text a line')
    return inputs.from_stream(sys.stdin.buffer, 'standard input')


def run(arguments):
    """Answer a command line."""
    if arguments.explain and arguments.format in ('csv', 'tsv'):
        raise ConfigError('--explain has no place in --format %s; expected table or jsonl'
                          % arguments.format)
    model = load_model(arguments.model, arguments.dictionary, arguments.jobs)
    source = open_source(arguments, model.classes)
    if arguments.format != 'table':
        sys.stdout.reconfigure(encoding='utf-8')
    writer = make_writer(arguments.format, sys.stdout, model.classes, source,
                         colour_depth(sys.stdout))
    tally, n_empty = Tally(model.classes), 0
    answers = model.answers(source.samples, arguments.explain or arguments.html is not None)
    with contextlib.ExitStack() as stack:
        # The threads share the work by batches; a product shared by BLAS threads besides is slower.
        stack.enter_context(threadpool_limits(limits=1, user_api='blas'))
        stack.enter_context(contextlib.closing(answers))
        page = (None if arguments.html is None
                else stack.enter_context(html_report.open_page(arguments.html, arguments.model)))
        for answer in answers:
            n_empty += not answer.n_words
            if source.labelled:
                tally.add(answer)
            if page is not None:
                page.add(answer)
            writer.write(answer if arguments.explain else answer._replace(explanation=None))
    show_end(arguments, source, tally, n_empty)


def show_end(arguments, source, tally, n_empty):
    """What follows the answers: after a table on standard output, else on standard error."""
    stream = sys.stdout if arguments.format == 'table' else sys.stderr
    if arguments.explain and arguments.format == 'table':
        print('\n' + textwrap.fill(MEANING, 79), file=stream)
    if source.labelled:
        print(tally.report(), file=stream)
    if n_empty:
        print('%d without words: the bias alone decides' % n_empty, file=sys.stderr)
    if arguments.html is not None:
        print('%s written' % arguments.html, file=sys.stderr)


def main(argv=None):
    """Run a command line; return the exit status."""
    try:
        with command_line.plain_errors(arguments=argv):
            run(make_parser().parse_intermixed_args(argv))
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read this has read enough; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as the shell has it for a command that SIGPIPE ended
    except KeyboardInterrupt:
        print('Interrupted.', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does
    sys.exit(main())
