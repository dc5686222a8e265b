"""Answers as a table or as rows; with labels, also how many of them are right."""
import csv
import heapq
import json
import shutil

import numpy

from lstm_sentiment.errors import printable
from lstm_sentiment.model import metrics
from lstm_sentiment.model.calibration import UNSURE
from lstm_sentiment.prediction.explanation import as_content, in_terminal

FORMATS = ('table', 'tsv', 'jsonl', 'csv')
# Width of a text in a table outside a terminal, and the minimum in a terminal.
TEXT_WIDTH, LEAST_WIDTH = 60, 20
NO_WORDS = '(no words: the bias alone decides)'


def one_line(text, width):
    r"""The text in one line, cut to `width` characters.

    >>> one_line('a film\nof the year', 12)
    'a film of t…'
    """
    # The rest is not processed, because a text may be very long.
    text = as_content(' '.join(text[:8 * width].split()))
    return text if len(text) <= width else text[:width - 1] + '…'


def title_of(sample, width):
    """The name of a sample, or its text if it has no name, in one line."""
    return one_line(sample.text if sample.name is None else sample.name, width)


class Rows:
    """Answers as rows for other programs; each row is written at once.

    Parameters
    ----------
    stream : text stream
    classes : list of str
    source : inputs.Source
    """

    def __init__(self, stream, classes, source):
        self.stream, self.classes, self.source = stream, classes, source

    def row(self, answer):
        """The values of an answer by name."""
        sample = answer.sample
        row = {'name': sample.name} if self.source.named else {'text': sample.text}
        if self.source.labelled:
            row['label'] = sample.label
        row['class'] = answer.said
        row.update(('p_' + name, float(p)) for name, p in zip(self.classes, answer.probabilities))
        row.update(tokens=answer.n_words, unknown=answer.n_unknown)
        return row


class Separated(Rows):
    """Rows of fields separated by commas or tabs, quoted by the csv module; names come first."""

    delimiter = ','

    def __init__(self, stream, classes, source):
        super().__init__(stream, classes, source)
        self.writer = None

    def write(self, answer):
        row = self.row(answer)
        if self.writer is None:
            self.writer = csv.DictWriter(self.stream, list(row), delimiter=self.delimiter,
                                         lineterminator='\n')
            self.writer.writeheader()
        self.writer.writerow(row)


class TabSeparated(Separated):
    delimiter = '\t'


class JsonLines(Rows):
    """One JSON object a line; an explanation adds the words and their numbers."""

    def write(self, answer):
        row = self.row(answer)
        explanation = answer.explanation
        if explanation is not None:
            row['explanation'] = {
                'kind': explanation.kind, 'unit': explanation.unit,
                'toward': explanation.toward_name, 'against': explanation.against_name,
                'log_odds': explanation.score, 'bias': explanation.bias,
                'words': [[piece.word, number] for piece, number
                          in zip(explanation.pieces, explanation.numbers.tolist())]}
        self.stream.write(json.dumps(row, ensure_ascii=False) + '\n')


class Table(Rows):
    """A table for people, or one text after another if there are explanations."""

    def __init__(self, stream, classes, source, colours=0, may_be_unsure=False):
        super().__init__(stream, classes, source)
        self.colours, self.n_written = colours, 0
        self.widths = [max(7, len(name) + 2) for name in classes]
        answers = list(classes) + [UNSURE] * may_be_unsure
        self.class_width = max(5, max(map(len, answers)))
        taken = self.class_width + sum(self.widths) + 18
        columns = shutil.get_terminal_size().columns
        self.text_width = max(LEAST_WIDTH, columns - taken) if stream.isatty() else TEXT_WIDTH

    def write(self, answer):
        if answer.explanation is None:
            self.write_row(answer)
        else:
            self.write_explanation(answer)
        self.n_written += 1

    def write_row(self, answer):
        if not self.n_written:
            names = ''.join('%*s' % (width, printable(name))
                            for width, name in zip(self.widths, self.classes))
            self.stream.write('%-*s%s  tokens unknown  %s\n' % (
                self.class_width, 'class', names, 'name' if self.source.named else 'text'))
        numbers = ''.join('%*.3f' % pair for pair in zip(self.widths, answer.probabilities))
        text = title_of(answer.sample, self.text_width)
        if not answer.n_words:
            text = (text + ' ' + NO_WORDS).strip()
        self.stream.write('%-*s%s  %6d %7d  %s\n' % (
            self.class_width, printable(answer.said), numbers, answer.n_words,
            answer.n_unknown, text))

    def write_explanation(self, answer):
        if self.n_written:
            self.stream.write('\n')
        if answer.sample.name is not None:
            self.stream.write(one_line(answer.sample.name, TEXT_WIDTH) + '\n')
        self.stream.write(in_terminal(answer.explanation, self.colours) + '\n')


def make_writer(name, stream, classes, source, colours=0, may_be_unsure=False):
    """The writer of a format."""
    if name == 'table':
        return Table(stream, classes, source, colours, may_be_unsure)
    kind = {'tsv': TabSeparated, 'csv': Separated, 'jsonl': JsonLines}[name]
    return kind(stream, classes, source)


class Tally:
    """Answers compared with labels: accuracy, confusion matrix, the most confident mistakes.

    Parameters
    ----------
    classes : list of str
    n_worst : int
        How many mistakes to keep.
    """

    def __init__(self, classes, n_worst=5):
        self.classes, self.n_worst = classes, n_worst
        self.confusion = numpy.zeros((len(classes), len(classes)), dtype='int64')
        # By label: answers for which no class was likely enough.
        self.unsure = numpy.zeros(len(classes), dtype='int64')
        self.worst = []

    def add(self, answer):
        label = self.classes.index(answer.sample.label)
        if answer.said not in self.classes:
            self.unsure[label] += 1
            return
        self.confusion[label, answer.label] += 1
        if label != answer.label:
            # Among equal probabilities the count decides: the first one stays.
            entry = (float(answer.probabilities[answer.label]), -int(self.confusion.sum()),
                     self.classes[answer.label], self.classes[label], title_of(answer.sample, 60))
            heapq.heappush(self.worst, entry)
            if len(self.worst) > self.n_worst:
                heapq.heappop(self.worst)

    @property
    def n_labelled(self):
        """Texts with a label."""
        return int(self.confusion.sum() + self.unsure.sum())

    @property
    def error(self):
        """Share of misclassified texts, as in `lstm.pred_error`; unsure answers do not count."""
        return 1. - numpy.trace(self.confusion) / float(self.confusion.sum())

    def report(self):
        """The lines to be printed."""
        n_right, n_all, n_unsure = (int(numpy.trace(self.confusion)), int(self.confusion.sum()),
                                    int(self.unsure.sum()))
        if not n_all:
            return '%d texts: all unsure' % n_unsure if n_unsure else 'no labelled texts'
        lines = ['accuracy %.4f: %d of %d texts are right, error %s'
                 % (n_right / n_all, n_right, n_all, repr(float(self.error)))]
        names = [printable(name) for name in self.classes]
        columns, counts = names, self.confusion
        if n_unsure:
            lines.append('%d of %d texts are unsure, and are left out of these numbers'
                         % (n_unsure, n_all + n_unsure))
            columns, counts = names + [UNSURE], numpy.column_stack([counts, self.unsure])
        lines += metrics.confusion_lines(counts, names, columns)
        lines += metrics.score_lines(self.confusion, names)
        if self.worst:
            lines.append('most confidently wrong:')
        lines += ['  %s %.3f, labelled %s: %s' % (said, p, label, text)
                  for p, _, said, label, text in sorted(self.worst, reverse=True)]
        return '\n'.join(lines)
