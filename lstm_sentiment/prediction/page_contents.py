"""What the page to ask a model shows: an answer, a picture of its states, an answered table.

All of it is HTML in which nothing of a text is markup. `page` puts it into a browser.
"""
import base64
import contextlib
import csv
import io
import os
import warnings
from collections import namedtuple

from lstm_sentiment.errors import DataError, TutorialError
from lstm_sentiment.files import GZIP_MAGIC
from lstm_sentiment.prediction import html_report, states_page
from lstm_sentiment.prediction.explanation import AGAINST, FOR, LEAVE_OUT
from lstm_sentiment.prediction.html_report import escaped
from lstm_sentiment.prediction.inputs import Sample, known_labels
from lstm_sentiment.prediction.outputs import Tally, one_line
from lstm_sentiment.text.labels import class_key
from lstm_sentiment.text.table_files import Problem, TableOptions, open_file
from lstm_sentiment.text.tables import read_table

# The most that is answered at a time: characters of a text, and of a table its bytes as it is
# uploaded, its rows, and the characters of all its texts.
MOST_CHARACTERS = 20000
MOST_BYTES, MOST_ROWS, MOST_TABLE_CHARACTERS = 5 << 20, 20000, 20000000
# So many rows of an answered table are shown.
SHOWN_ROWS, SHOWN_WIDTH = 20, 80

STYLE = '''
.answer { --for: %d, %d, %d; --against: %d, %d, %d; overflow-wrap: anywhere }
.answer h2 { font-size: 1.3rem; margin: 0 }
.answer p { margin: .5rem 0 }
.answer .faint { opacity: .75; font-size: .85rem }
.answer .text { white-space: pre-wrap; font-size: 1.1rem; line-height: 1.7 }
.answer .words .pair { white-space: nowrap; margin-right: .6em }
.answer i { font-style: normal; border-radius: .2em; padding: .05em 0; color: inherit }
.answer .legend i { padding: .05em .4em }
.answer .for { background: rgba(var(--for), calc(var(--s) * .6)) }
.answer .against { background: rgba(var(--against), calc(var(--s) * .6)) }
.answer .unknown { text-decoration: underline dotted }
.answer .text i { position: relative; cursor: help; outline: none }
.answer .text i:focus::after { content: attr(title); position: absolute; left: 0; bottom: 1.5em;
  z-index: 1; padding: 0 .4em; border-radius: .3em; background: var(--body-text-color);
  color: var(--body-background-fill); font-size: .85rem; white-space: nowrap }
.answer svg { display: block; width: 100%%; height: 3.5rem }
.answer polyline { fill: none; stroke: rgb(var(--for)); stroke-width: 2 }
.answer line { stroke: var(--body-text-color-subdued); stroke-dasharray: 3 4 }
.answer figure { margin: .6rem 0 }
.answer pre { overflow-x: auto; font-size: .85rem }
.answer .wide { overflow-x: auto }
.answer td, .answer th { padding: .1rem .8rem .1rem 0; text-align: left; vertical-align: top }
.answer .problem { border-left: .3rem solid #b3261e; padding-left: .7rem }
.frame { display: block; width: 100%%; height: 64rem; border: 0; resize: vertical }
''' % (FOR + AGAINST)

INVITATION = ('<div class="answer"><p class="faint">Type a text above, or choose an example.</p>'
              '</div>')

# `number` is the line or row of the table; `fields` are its values, or None where it has none.
Record = namedtuple('Record', 'number fields')


def problem(message):
    """An error as a part of the page."""
    return '<div class="answer"><p class="problem" role="alert">%s</p></div>' % escaped(message)


def header(about):
    """Which model answers, and how often it errs."""
    return '<div class="answer"><p>%s</p></div>' % escaped(about)


def answered(classifier, text, threshold=0.):
    """The answer to a text, its words coloured by what the verdict loses without them.

    Parameters
    ----------
    classifier : classifier.Classifier
    text : str
    threshold : float
        See `classifier.Classifier.predict`.
    """
    if not text.strip():
        return INVITATION
    if len(text) > MOST_CHARACTERS:
        return problem('The text has %d characters: expected at most %d. Shorten it, or give it '
                       'to the program as a file: --file FILE' % (len(text), MOST_CHARACTERS))
    answer, = classifier.answers([Sample(text, None, None)], LEAVE_OUT, threshold)
    explanation = answer.explanation
    names = (classifier.classes[1::-1] if len(classifier.classes) == 2
             else ('the verdict', 'the second likeliest class'))
    return '<div class="answer">%s%s<p class="faint">%s</p></div>' % (
        html_report.article(answer, 1), html_report.LEGEND.format(*map(escaped, names)),
        escaped(explanation.meaning))


def pictured(classifier, text):
    """The gates and the cell at each word, with a slider over the words: a page in a frame.

    The page in it has a script, so it has no other right than to run it.
    """
    if not text.strip() or len(text) > MOST_CHARACTERS:
        return ''
    try:
        content = states_page.page(classifier, text)
    except TutorialError as error:
        return '<div class="answer"><p class="faint">No picture: %s.</p></div>' % escaped(
            str(error))
    return ('<iframe class="frame" title="The gates and the cell, word by word" '
            'sandbox="allow-scripts" srcdoc="%s"></iframe>' % escaped(content))


def answered_table(classifier, path, threshold=0.):
    """A table with answers: a link to it, the accuracy if it has labels, and its first rows.

    Parameters
    ----------
    classifier : classifier.Classifier
    path : str
        See :mod:`table_files`; a file that is compressed is refused.
    threshold : float
    """
    name = os.path.basename(path)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            content, summary = table_with_answers(classifier, path, threshold)
    except TutorialError as error:
        return problem(str(error).replace(path, name))
    notes = ''.join('<p class="faint">%s</p>' % escaped(str(warning.message).replace(path, name))
                    for warning in caught)
    link = '<a download="%s" href="data:text/csv;charset=utf-8;base64,%s">%s</a>' % (
        escaped(answers_name(name)), base64.b64encode(content.encode('utf-8')).decode('ascii'),
        escaped('Download %s' % answers_name(name)))
    return '<div class="answer"><p><b>%s</b></p>%s%s</div>' % (link, notes, summary)


def answers_name(name):
    """The name of an answered table.

    >>> answers_name('reviews.tsv')
    'reviews-answers.csv'
    """
    return os.path.splitext(name)[0] + '-answers.csv'


def table_with_answers(classifier, path, threshold):
    """The answered table as the text of a .csv, and what the page says about it."""
    names, records, rows = read_whole(path)
    known = known_labels(classifier.classes)
    samples, tally, others = [], Tally(classifier.classes), []
    for row in rows:
        label = row.label
        if label is not None and label not in classifier.classes:
            label = known.get(class_key(label))
            if label is None:
                others.append(row.label)
        samples.append(Sample(row.text, None, label))
    answers = {}
    for row, answer in zip(rows, classifier.answers(samples, threshold=threshold)):
        answers[number_of(row)] = answer
        if answer.sample.label is not None:
            tally.add(answer)
    content = as_csv(classifier.classes, names, records, answers)
    summary = ['<p>%d of %d rows are answered.</p>' % (len(answers), len(records))]
    if tally.n_labelled:
        said, *rest = tally.report().splitlines()
        summary.append('<p>%s</p><pre>%s</pre>' % (escaped(said), escaped('\n'.join(rest))))
    if others:
        summary.append('<p class="faint">%s</p>' % escaped(
            '%d labels, such as %s, are no class of the model, and do not count: its classes are '
            '%s.' % (len(others), one_line(others[0], 40), ', '.join(classifier.classes))))
    summary.append(first_rows(answers))
    return content, ''.join(summary)


def read_whole(path):
    """The names of a table's columns, its records, and its rows; no more than is answered.

    Returns
    -------
    names : list of str
    records : list of Record
    rows : list of tables.Row
        Those that have a text.

    Raises
    ------
    errors.DataError
    """
    with open(path, 'rb') as file:
        beginning = file.read(4)
    if beginning[:2] in (b'PK', GZIP_MAGIC):
        raise DataError('%s is compressed: unpack it first; save a sheet as CSV UTF-8' % path)
    rows, n_characters = [], 0
    read, _ = read_table(path, labelled=False)
    with contextlib.closing(read):
        for row in read:
            rows.append(row)
            n_characters += len(row.text)
            if len(rows) > MOST_ROWS or n_characters > MOST_TABLE_CHARACTERS:
                raise DataError('%s has more than %d texts, or %d characters: give it to the '
                                'program as a file: --file FILE'
                                % (path, MOST_ROWS, MOST_TABLE_CHARACTERS))
    table = open_file(path, TableOptions())
    records = [Record(number, None if isinstance(record, Problem) else record)
               for number, record in table.records]
    names = table.names
    if names is None:
        names = list(dict.fromkeys(
            name for record in records for name in record.fields or ()))
    return names, records, rows


def number_of(row):
    """The line or row of a table that a `tables.Row` was read from."""
    return int(row.where.rsplit(' ', 1)[1])


def as_csv(classes, names, records, answers):
    """The table as .csv, and after its columns the class and the probability of each class.

    A column of the table that has such a name keeps it, and that of the answer ends in _answered.
    """
    own = ['class'] + ['p_' + name for name in classes]
    own = [name + '_answered' * (name in names) for name in own]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(names + own)
    for number, fields in records:
        if isinstance(fields, dict):
            fields = [fields.get(name) for name in names]
        answer = answers.get(number)
        writer.writerow(list(fields or [''] * len(names)) + (
            [''] * len(own) if answer is None
            else [answer.said] + [float(p) for p in answer.probabilities]))
    return stream.getvalue()


def first_rows(answers):
    """The first answers as rows."""
    shown = list(answers.values())[:SHOWN_ROWS]
    rows = ''.join('<tr><td>%s</td><td>%.3f</td><td>%s</td></tr>' % (
        escaped(answer.said), answer.probabilities[answer.label],
        escaped(one_line(answer.sample.text, SHOWN_WIDTH))) for answer in shown)
    left = len(answers) - len(shown)
    return ('<div class="wide"><table><tr><th>answer</th><th>probability</th><th>text</th></tr>%s'
            '</table></div>%s' % (rows, '<p class="faint">and %d more</p>' % left if left else ''))
