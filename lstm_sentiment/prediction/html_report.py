"""Explanations as one HTML page without network access or scripts, in light and dark.

The page begins with a summary: how many texts got which answer, how many labelled ones are wrong,
and an index. A word shows its number to the mouse, and, being focusable, to a tap.
"""
import collections
import contextlib
import html
import io
import os
import shutil
import tempfile

from lstm_sentiment.errors import ConfigError, printable
from lstm_sentiment.files import whole_files
from lstm_sentiment.prediction.explanation import (
    AGAINST,
    FAINTEST,
    FOR,
    shortened,
    sum_line,
)
from lstm_sentiment.prediction.outputs import title_of

STYLE = '''
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --faint: #5f6670; --rule: #d9dde3;
        --wrong: #b3261e; --for: %d, %d, %d; --against: %d, %d, %d }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15171a; --ink: #e8eaed; --faint: #a3abb5; --rule: #3a4048; --wrong: #ff8a80 } }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.6 system-ui, sans-serif }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere }
article { border-top: 1px solid var(--rule); padding: 1rem 0 }
article.wrong { border-left: .3rem solid var(--wrong); padding-left: .7rem }
a { color: inherit } .wrong h2, .wrong a, .mark { color: var(--wrong) }
p { margin: .5rem 0 } .faint { color: var(--faint); font-size: .85rem }
.text { white-space: pre-wrap; overflow-wrap: anywhere }
.words, .index { overflow-wrap: anywhere }
.words i, .legend i { color: var(--ink) } .pair { white-space: nowrap; margin-right: .6em }
i { font-style: normal; border-radius: .2em; padding: .05em 0 }
.legend i { padding: .05em .4em }
.for { background: rgba(var(--for), calc(var(--s) * .6)) }
.against { background: rgba(var(--against), calc(var(--s) * .6)) }
.unknown { text-decoration: underline dotted var(--faint) }
.text i { position: relative; cursor: help; outline: none }
.text i:focus::after { content: attr(title); position: absolute; left: 0; bottom: 1.5em; z-index: 1;
  padding: 0 .4em; border-radius: .3em; background: var(--ink); color: var(--paper);
  font-size: .85rem; white-space: nowrap; pointer-events: none }
figure { margin: .6rem 0 } figcaption { display: flex; justify-content: space-between }
svg { display: block; width: 100%%; height: 3.5rem; border: 1px solid var(--rule);
      box-sizing: border-box }
polyline { fill: none; stroke: rgb(var(--for)); stroke-width: 2 }
line { stroke: var(--faint); stroke-dasharray: 3 4 }
''' % (FOR + AGAINST)

LINE = (' The line over a text is the probability that the model would give if the text ended at '
        'that word.')
# Nothing is loaded and no script is executed, whatever a text contains.
HEAD = '''<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<h1>{title}</h1>
<p>{meaning}</p>
'''
LEGEND = '''<p class="legend faint"><i class="for" style="--s:1">supports {0}</i>
<i class="for" style="--s:.3">a little</i> <i class="against" style="--s:.3">a little</i>
<i class="against" style="--s:1">supports {1}</i> <i class="unknown">unknown to the model</i><br>
The strongest colour of each text is its largest number. Point at a word, or tap it, to see its
number.</p>
'''
# An index of one line for each text; of longer ones a browser makes heavy work.
MOST_LINES = 5000
TITLE_WIDTH = 60
# So much of a page is in memory before a temporary file takes it.
IN_MEMORY = 1 << 24
WRONG = '<span class="mark">&#10007; wrong</span>'

# Width and height of a line in its own units; the page scales it.
WIDTH, HEIGHT = 1000, 100


def escaped(text):
    """Text as HTML, without markup.

    >>> escaped('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return html.escape(printable(text, is_content=True))


def coloured_text(explanation):
    """The text, with each word and its number in an ``<i>``."""
    parts, verdicts = [], explanation.running_verdict()
    ends = ['' for _ in explanation.pieces] if verdicts is None else [
        ', verdict %.3f' % verdict for verdict in verdicts]
    for (gap, word), known, number, level, end in zip(
            explanation.pieces, explanation.known, explanation.numbers, explanation.levels(), ends):
        kinds = [] if known else ['unknown']
        if abs(level) >= FAINTEST:
            kinds.append('for' if level > 0 else 'against')
        parts.append('%s<i tabindex="-1" class="%s" style="--s:%.2f" title="%+.4f%s">%s</i>' % (
            escaped(gap), ' '.join(kinds), abs(level), number, end, escaped(word)))
    return ''.join(parts) + escaped(explanation.tail)


def verdict_line(explanation):
    """The running verdict as an inline SVG: `toward` is up, `against` is down."""
    verdict = explanation.running_verdict()
    step = WIDTH / max(len(verdict) - 1, 1)
    points = ['%.1f,%.1f' % (k * step, HEIGHT * (1 - p)) for k, p in enumerate(verdict)]
    if len(points) == 1:
        points.append('%d,%s' % (WIDTH, points[0].split(',')[1]))
    toward, against = escaped(explanation.toward_name), escaped(explanation.against_name)
    return (
        '<figure><figcaption class="faint"><span>&uarr; {0}</span><span>probability, had the text '
        'ended there</span></figcaption>'
        '<svg viewBox="0 0 {2} {3}" preserveAspectRatio="none" role="img" '
        'aria-label="Running verdict, {0} against {1}: from {4:.2f} to {5:.2f}">'
        '<line x1="0" x2="{2}" y1="{6}" y2="{6}" vector-effect="non-scaling-stroke"/>'
        '<polyline points="{7}" vector-effect="non-scaling-stroke"/></svg>'
        '<figcaption class="faint"><span>&darr; {1}</span></figcaption></figure>\n').format(
            toward, against, WIDTH, HEIGHT, verdict[0], verdict[-1], HEIGHT // 2,
            ' '.join(points))


def strongest_words(explanation):
    """For each of the two classes, its strongest words."""
    names = explanation.toward_name, explanation.against_name
    levels = explanation.levels()
    for kind, name, positions in zip(('for', 'against'), names, explanation.strongest()):
        words = ['<span class="pair"><i class="%s" style="--s:%.2f">%s</i> %+.3f</span>' % (
            kind, abs(levels[k]), escaped(shortened(explanation.pieces[k].word)),
            explanation.numbers[k]) for k in positions]
        yield '<p class="words faint">strongest for %s: %s</p>\n' % (
            escaped(name), ' '.join(words) or 'none')


def is_wrong(answer):
    """Whether the answer is another class than the label; being unsure is not wrong."""
    return answer.sample.label is not None and answer.sample.label != answer.said and (
        answer.said in answer.explanation.classes)


def verdict(answer):
    """The answer, its probability and the label, in a few words."""
    said = '%s %.3f' % (answer.said, answer.probabilities[answer.label])
    label = answer.sample.label
    return said if label is None else '%s, labelled %s' % (said, label)


def article(answer, number):
    """An answer with its explanation as a part of the page; `number` is for links to it."""
    explanation, sample = answer.explanation, answer.sample
    wrong = is_wrong(answer)
    parts = ['<article id="t%d"%s>\n<h2>%s%s</h2>\n' % (
        number, ' class="wrong"' if wrong else '', escaped(verdict(answer)),
        ' ' + WRONG if wrong else '')]
    if sample.name is not None:
        parts.append('<p class="faint">%s</p>\n' % escaped(sample.name))
    others = ', '.join('%s %.3f' % pair
                       for pair in zip(explanation.classes, explanation.probabilities))
    parts.append('<p class="faint">%s; %d words, %d unknown</p>\n' % (
        escaped(others), answer.n_words, answer.n_unknown))
    if explanation.pieces:
        parts += [verdict_line(explanation) if explanation.is_running else '',
                  '<p class="text">%s</p>\n' % coloured_text(explanation),
                  *strongest_words(explanation)]
    else:
        parts.append('<p class="text">%s</p>\n<p>No words: the bias alone decides.</p>\n'
                     % escaped(sample.text))
    parts.append('<p class="faint">%s</p>\n</article>\n' % escaped(sum_line(explanation)))
    return ''.join(parts)


class Page:
    """A page that answers are added to, one by one; :meth:`finish` writes it.

    The summary is at the top, so the articles wait in a temporary file.

    Parameters
    ----------
    stream : text stream
    model : str
        For the title.
    """

    def __init__(self, stream, model):
        self.stream, self.model = stream, model
        self.articles = tempfile.SpooledTemporaryFile(
            IN_MEMORY, 'w+', encoding='utf-8', newline='\n')
        self.lines, self.said, self.classes, self.meaning = [], collections.Counter(), [], ''
        self.n_texts = self.n_labelled = self.n_wrong = 0

    def add(self, answer):
        self.n_texts += 1
        self.articles.write(article(answer, self.n_texts))
        self.classes = answer.explanation.classes
        self.meaning = answer.explanation.meaning + LINE * answer.explanation.is_running
        self.said[answer.said] += 1
        self.n_labelled += answer.sample.label is not None
        self.n_wrong += is_wrong(answer)
        if len(self.lines) < MOST_LINES:
            self.lines.append(index_line(answer, self.n_texts))

    def finish(self):
        """Write the whole page."""
        self.stream.write(HEAD.format(
            title='What %s says, and why' % escaped(os.path.basename(self.model)), style=STYLE,
            meaning=escaped(self.meaning)))
        names = (self.classes[1::-1] if len(self.classes) == 2
                 else ('the verdict', 'the second likeliest class'))
        self.stream.write(LEGEND.format(*map(escaped, names)))
        if self.n_texts > 1:
            self.stream.write(self.summary())
        with self.articles:
            self.articles.seek(0)
            shutil.copyfileobj(self.articles, self.stream)
        self.stream.write('</html>\n')

    def summary(self):
        """How many texts got which answer, how many are wrong, and links to all."""
        counts = ', '.join('%d %s' % (count, name) for name, count in self.said.most_common())
        parts = ['<section id="summary">\n<h2>%d texts</h2>\n<p>%s</p>\n' % (
            self.n_texts, escaped(counts))]
        if self.n_labelled:
            parts.append('<p>%d labelled, of which %d <span class="mark">wrong</span></p>\n'
                         % (self.n_labelled, self.n_wrong))
        left = self.n_texts - len(self.lines)
        parts += ['<details%s>\n<summary>index</summary>\n<ol class="index">\n' % (
            ' open' if self.n_texts <= 100 else ''), *self.lines, '</ol>\n',
            '<p>and %d more</p>\n' % left if left else '', '</details>\n</section>\n']
        return ''.join(parts)


def index_line(answer, number):
    """The line of the index that leads to an article."""
    wrong = is_wrong(answer)
    return '<li%s><a href="#t%d">%s</a>%s <span class="faint">%s</span></li>\n' % (
        ' class="wrong"' if wrong else '', number, escaped(verdict(answer)),
        ' ' + WRONG if wrong else '', html.escape(title_of(answer.sample, TITLE_WIDTH)))


def framed(answers, model, height='30em'):
    """The page of these answers in a frame, for `IPython.display.HTML` in a notebook.

    Styles of the page and of the notebook do not meet, and nothing in a frame without rights runs.

    Parameters
    ----------
    answers : iterable of predict.Answer
        With explanations.
    model : str
        For the title.
    height : str
        Of the frame, as CSS has it; readers can pull at its lower edge.
    """
    page = io.StringIO()
    pages = Page(page, model)
    for answer in answers:
        pages.add(answer)
    pages.finish()
    return ('<div><iframe sandbox srcdoc="%s" style="width: 100%%; height: %s; border: 0; '
            'resize: vertical"></iframe></div>' % (html.escape(page.getvalue()), escaped(height)))


@contextlib.contextmanager
def open_page(path, model):
    """A `Page` that is in its place once it is whole.

    Parameters
    ----------
    path : str
    model : str
        The model's path, for the title.

    Raises
    ------
    ConfigError
        If the file cannot be written; on entry where that can be told then.
    """
    with whole_files(path, error=ConfigError) as (binary,):
        stream = io.TextIOWrapper(binary, 'utf-8', newline='\n')
        page = Page(stream, model)
        with page.articles:
            yield page
            page.finish()
        stream.detach()
