"""Explanations as one HTML page without network access or scripts, in light and dark."""
import contextlib
import html
import io
import os

from lstm_sentiment.errors import ConfigError, printable
from lstm_sentiment.files import whole_files
from lstm_sentiment.prediction.explanation import AGAINST, FAINTEST, FOR, MEANING

STYLE = '''
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --faint: #5f6670; --rule: #d9dde3;
        --for: %d, %d, %d; --against: %d, %d, %d }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15171a; --ink: #e8eaed; --faint: #a3abb5; --rule: #3a4048 } }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.6 system-ui, sans-serif }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere }
article { border-top: 1px solid var(--rule); padding: 1rem 0 }
p { margin: .5rem 0 } .faint { color: var(--faint); font-size: .85rem }
.text { white-space: pre-wrap; overflow-wrap: anywhere }
.words { overflow-wrap: anywhere }
.words i { color: var(--ink) } .pair { white-space: nowrap; margin-right: .6em }
i { font-style: normal; border-radius: .2em; padding: .05em 0 }
.for { background: rgba(var(--for), calc(var(--s) * .6)) }
.against { background: rgba(var(--against), calc(var(--s) * .6)) }
.unknown { text-decoration: underline dotted var(--faint) }
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
<p>{meaning} Words with a dotted underline are unknown to the model.</p>
'''

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
        parts.append('%s<i class="%s" style="--s:%.2f" title="%+.4f%s">%s</i>' % (
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
    for kind, name, positions in zip(('for', 'against'), names, explanation.strongest()):
        words = ['<span class="pair"><i class="%s" style="--s:1">%s</i> %+.3f</span>' % (
            kind, escaped(explanation.pieces[k].word), explanation.numbers[k]) for k in positions]
        yield '<p class="words faint">strongest for %s: %s</p>\n' % (
            escaped(name), ' '.join(words) or 'none')


def article(answer):
    """An answer with its explanation as a part of the page."""
    explanation, sample = answer.explanation, answer.sample
    said = explanation.classes[explanation.label]
    title = '%s %.3f' % (said, explanation.probabilities[explanation.label])
    if sample.label is not None:
        title += ', labelled %s%s' % (sample.label, '' if sample.label == said else ': wrong')
    parts = ['<article>\n<h2>%s</h2>\n' % escaped(title)]
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
    parts.append('<p class="faint">words %+.3f, bias %+.3f: log-odds of %s against %s %+.3f</p>\n'
                 '</article>\n' % (
                     explanation.numbers.sum(), explanation.bias,
                     escaped(explanation.toward_name), escaped(explanation.against_name),
                     explanation.score))
    return ''.join(parts)


class Page:
    """A page that answers are added to, one by one."""

    def __init__(self, stream, model, meaning=MEANING):
        if meaning == MEANING:
            meaning += LINE
        self.stream = stream
        stream.write(HEAD.format(title='What %s says, and why' % escaped(os.path.basename(model)),
                                 style=STYLE, meaning=escaped(meaning)))

    def add(self, answer):
        self.stream.write(article(answer))


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
    page.write('</html>\n')
    return ('<div><iframe sandbox srcdoc="%s" style="width: 100%%; height: %s; border: 0; '
            'resize: vertical"></iframe></div>' % (html.escape(page.getvalue()), escaped(height)))


@contextlib.contextmanager
def open_page(path, model, meaning=MEANING):
    """A `Page` that is in its place once it is whole.

    Parameters
    ----------
    path : str
    model : str
        The model's path, for the title.
    meaning : str
        As `classifier.Classifier.meaning`.

    Raises
    ------
    ConfigError
        If the file cannot be written; on entry where that can be told then.
    """
    with whole_files(path, error=ConfigError) as (binary,):
        stream = io.TextIOWrapper(binary, 'utf-8', newline='\n')
        yield Page(stream, model, meaning)
        stream.write('</html>\n')
        stream.detach()
