"""The gates and the cell at each word of a sentence, as one HTML page for learners.

A slider chooses the word, another the unit. Without JavaScript the page shows the last word.
Styles, script and numbers are in the page, so it needs no other file and no network.
"""
import base64
import hashlib
import json
import os

import numpy
from scipy.special import softmax

from lstm_sentiment.errors import ConfigError
from lstm_sentiment.files import require_writable, whole_files
from lstm_sentiment.prediction.explanation import as_written
from lstm_sentiment.prediction.html_report import escaped
from lstm_sentiment.recurrence.cells.lstm import LSTM
from lstm_sentiment.recurrence.cells.peephole import Peephole
from lstm_sentiment.text.vocabulary import UNKNOWN_ID

# The page has six numbers for each unit at each word.
MOST_WORDS = 200
# Width and height of the charts in their own units; the page scales them.
WIDTH, HEIGHT = 1000, 100

# The rows of the table: the name in `network.States`, the symbol, what it is, its formula.
SYMBOLS = {'i': 'i<sub>t</sub>', 'f': 'f<sub>t</sub>', 'o': 'o<sub>t</sub>',
           'candidate': 'c&#771;<sub>t</sub>', 'c': 'c<sub>t</sub>', 'h': 'h<sub>t</sub>'}
MEANINGS = {'i': 'input gate', 'f': 'forget gate', 'o': 'output gate', 'candidate': 'candidate',
            'c': 'state', 'h': 'output'}

STYLE = '''
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --faint: #5f6670; --rule: #d9dde3;
        --plus: #0072b2; --minus: #d55e00 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15171a; --ink: #e8eaed; --faint: #a3abb5; --rule: #3a4048; --plus: #56b4e9;
          --minus: #e69f00 } }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.6 system-ui, sans-serif }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 1.5rem 0 .3rem } p { margin: .5rem 0 }
.faint { color: var(--faint); font-size: .85rem }
#words { overflow-wrap: anywhere; line-height: 2.1 }
#words button { font: inherit; color: inherit; background: none; border: 1px solid transparent;
                border-radius: .3em; padding: .1em .15em; cursor: pointer; white-space: normal }
#words button[aria-current] { border-color: var(--ink); font-weight: bold }
#words .unknown { text-decoration: underline dotted var(--faint) }
label { display: flex; gap: .7rem; align-items: center; margin: .4rem 0 }
label span { flex: none; min-width: 6rem } input { flex: 1; min-width: 0; height: 2rem }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: normal }
.strips th { width: 8rem; padding-right: .7rem }
svg { display: block; width: 100%; border: 1px solid var(--rule); box-sizing: border-box }
.strips svg { height: 1.8rem; cursor: pointer } .chart { height: 5rem }
rect { fill: var(--plus) } rect.minus { fill: var(--minus) }
rect.mark { fill: none; stroke: var(--ink); stroke-width: 2; vector-effect: non-scaling-stroke }
polyline { fill: none; stroke: var(--plus); stroke-width: 2 }
polyline.dashed { stroke: var(--minus); stroke-dasharray: 5 4 }
line { stroke: var(--faint) } line.now { stroke: var(--ink); stroke-dasharray: 3 3 }
.formulas { font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.formulas th, .formulas td { vertical-align: top; padding: .15rem .5rem .15rem 0 }
.formulas th { white-space: nowrap }
.all { font-variant-numeric: tabular-nums; font-size: .85rem }
.all td, .all th { text-align: right }
.key { display: inline-block; width: 2.2em; border-top: 2px solid var(--plus);
       vertical-align: middle } .key.dashed { border-top: 2px dashed var(--minus) }
'''

SCRIPT = '''
const data = JSON.parse(document.getElementById('data').textContent);
const by = (id) => document.getElementById(id);
const names = Object.keys(data.states), states = data.states;
const places = names.map((name) => [...document.querySelectorAll(`#strip-${name} .unit`)]);
const buttons = [...document.querySelectorAll('#words button')];
let word = data.words.length - 1, unit = data.unit;
const number = (value) => value.toFixed(3).replace('-', '\\u2212');
const factor = (value) => value < 0 ? `(${number(value)})` : number(value);
const said = (p) => data.classes.map((name, k) => `${name} ${p[k].toFixed(3)}`).join(', ');
const across = (k) => %(width)d * (data.words.length > 1 ? k / (data.words.length - 1) : .5);

function points(values, largest) {
  const all = values.length > 1 ? values : [values[0], values[0]];
  return all.map((value, k) => `${(%(width)d * k / (all.length - 1)).toFixed(1)},`
    + (%(height)d / 2 * (1 - value / largest)).toFixed(1)).join(' ');
}

function show() {
  buttons.forEach((button, k) => k === word ? button.setAttribute('aria-current', 'true')
    : button.removeAttribute('aria-current'));
  by('word').value = word;
  by('unit').value = unit;
  by('which-word').textContent = `${word + 1} of ${data.words.length}: ${data.words[word]}`;
  by('verdict').textContent = said(data.verdicts[word]);
  by('which-unit').textContent = `${unit + 1} of ${states.h[0].length}`;
  names.forEach((name, row) => places[row].forEach((place, k) => {
    const value = states[name][word][k];
    place.setAttribute('fill-opacity', Math.abs(value) / data.largest[name]);
    place.classList.toggle('minus', value < 0);
  }));
  document.querySelectorAll('.mark').forEach((mark) => mark.setAttribute('x', unit));
  document.querySelectorAll('.now').forEach((line) => {
    line.setAttribute('x1', across(word));
    line.setAttribute('x2', across(word));
  });
  const now = Object.fromEntries(names.map((name) => [name, states[name][word][unit]]));
  const before = word ? states.c[word - 1][unit] : 0;
  names.forEach((name) => { by(`value-${name}`).textContent = number(now[name]); });
  by('sum-c').textContent = `${number(now.i)} \\u00b7 ${factor(now.candidate)} + ${number(now.f)}`
    + ` \\u00b7 ${factor(before)}`;
  by('sum-h').textContent = `${number(now.o)} \\u00b7 tanh(${number(now.c)})`;
  by('line-c').setAttribute('points', points(states.c.map((row) => row[unit]), data.largest.c));
  by('line-h').setAttribute('points', points(states.h.map((row) => row[unit]), data.largest.c));
  document.querySelectorAll('.all tbody tr').forEach((row, k) => {
    names.forEach((name, place) => {
      row.cells[place + 1].textContent = number(states[name][word][k]);
    });
  });
}

function choose(newWord, newUnit) {
  word = newWord;
  unit = newUnit;
  show();
}

by('controls').hidden = by('unit-control').hidden = by('how').hidden = false;
by('word').addEventListener('input', (event) => choose(Number(event.target.value), unit));
by('unit').addEventListener('input', (event) => choose(word, Number(event.target.value)));
buttons.forEach((button, k) => button.addEventListener('click', () => choose(k, unit)));
document.querySelectorAll('.strips svg').forEach((strip) => {
  const pick = (event) => {
    const box = strip.getBoundingClientRect(), all = states.h[0].length;
    const place = Math.floor(all * (event.clientX - box.left) / box.width);
    choose(word, Math.max(0, Math.min(all - 1, place)));
  };
  strip.addEventListener('pointerdown', pick);
  strip.addEventListener('pointermove', (event) => { if (event.buttons) pick(event); });
});
show();
''' % {'width': WIDTH, 'height': HEIGHT}

HEAD = '''<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<h1>{title}</h1>
<p>The layer has {n_units} units. At each word a unit opens or closes three gates, forms a
candidate, and updates its state, the number that it keeps. {which}</p>
<p id="how" hidden>Choose a word with the slider, the arrow keys or a tap, and a unit in the same
way.</p>
'''


def page(classifier, text, title='The memory cell, word by word'):
    """The page of a text as HTML.

    Parameters
    ----------
    classifier : classifier.Classifier
        The first layer is shown, in the direction from the start.
    text : str
    title : str

    Raises
    ------
    errors.ConfigError
        If the text has no words, or more than `MOST_WORDS`.
    """
    words, states = classifier.states(text)
    if not 1 <= len(words) <= MOST_WORDS:
        raise ConfigError('the text has %d words: expected 1 to %d for a page of the states'
                          % (len(words), MOST_WORDS))
    pieces, tail = as_written(text, words, classifier.vocabulary.settings)
    ids = classifier.vocabulary.ids(' '.join(words))
    network = classifier.network
    prefixes = [ids[:end] for end in range(1, len(ids) + 1)]
    data = page_data(classifier.classes, [piece.word for piece in pieces], states,
                     softmax(network.scores(prefixes), axis=1), first_unit(network, states.h))
    parts = [
        HEAD.format(hash=sha256_of(SCRIPT), title=escaped(title), style=STYLE,
                    n_units=states.h.shape[1], which=which_layer(network)),
        '<p id="words">%s%s</p>\n' % (''.join(
            '%s<button type="button"%s%s>%s</button>' % (
                escaped(piece.gap), ' class="unknown"' * (number == UNKNOWN_ID),
                ' aria-current="true"' * (k == len(ids) - 1), escaped(piece.word))
            for k, (piece, number) in enumerate(zip(pieces, ids))), escaped(tail)),
        verdict_part(data), strips_part(data), unit_part(data, network.form), table_part(data),
        '<script type="application/json" id="data">%s</script>\n' % as_json(data),
        '<script>%s</script>\n</html>\n' % SCRIPT]
    return ''.join(parts)


def first_unit(network, h):
    """The unit that is shown first: with one level, the one that moves the verdict most.

    That is the one with the largest sum of abs(h·(U_a - U_b)) over the words, for the two classes a
    and b that U sets farthest apart. With several levels it is the one whose h is largest.

    Parameters
    ----------
    network : network.Network
    h : float array, (n_words, dim_proj)
    """
    influence = abs(h).sum(axis=0)
    if len(network.levels) == 1:
        influence *= numpy.ptp(network.U_out[:h.shape[1]], axis=1)
    return int(influence.argmax())


def page_data(classes, words, states, verdicts, unit):
    """What the script of the page is given.

    Parameters
    ----------
    classes, words : list of str
    states : network.States
    verdicts : float array, (n_words, n_classes)
        The probabilities, had the text ended at each word.
    unit : int
        The one that is shown first.

    Returns
    -------
    dict
        Besides these, ``largest``: the value of each state that gets the full colour.
    """
    arrays = {name: array.astype('float64').round(6) for name, array in states._asdict().items()}
    largest = dict.fromkeys(arrays, 1.)
    largest['c'] = max(1., float(abs(arrays['c']).max()))
    return {'classes': list(classes), 'words': words, 'largest': largest,
            'verdicts': verdicts.astype('float64').round(6).tolist(),
            'unit': unit,
            'states': {name: array.tolist() for name, array in arrays.items()}}


def as_json(data):
    """Data as JSON that can stand in a page, whatever characters it has.

    >>> as_json({'a': '</script>'}) == '{"a": "' + chr(92) + 'u003c/script>"}'
    True
    """
    return json.dumps(data).replace('<', '\\u003c')


def sha256_of(script):
    """As a content security policy names it; a browser then runs this script and no other."""
    return base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii')


def which_layer(network):
    """A sentence on the layers that the page does not show."""
    if len(network.levels) == 1 and len(network.levels[0]) == 1:
        return ''
    return ('The model has several layers. This is the first of them, which reads the words from '
            'the start; the verdicts are those of the whole model.')


def number(value):
    """A number with three decimals, as the script of the page shows it.

    >>> number(-0.12345) == chr(0x2212) + '0.123'
    True
    """
    return ('%.3f' % value).replace('-', '\u2212')


def factor(value):
    """A number as a factor: below zero it is in brackets."""
    return '(%s)' % number(value) if value < 0 else number(value)


def verdict_part(data):
    """The slider over the words, the verdict so far, and its course."""
    n_words, verdict = len(data['words']), data['verdicts'][-1]
    said = ', '.join('%s %.3f' % pair for pair in zip(data['classes'], verdict))
    # With two classes the second is drawn, as the explanations have it, otherwise the winner.
    label = 1 if len(verdict) == 2 else int(numpy.argmax(verdict))
    course = [2 * each[label] - 1 for each in data['verdicts']]
    return (
        '<div id="controls" hidden><label><span>word</span><input type="range" id="word" min="0" '
        'max="%d" value="%d"></label></div>\n'
        '<p>Word <b id="which-word">%d of %d: %s</b></p>\n'
        '<p aria-live="polite">The verdict so far: <b id="verdict">%s</b></p>\n'
        '<p class="faint">&uarr; probability of %s, had the text ended at the word</p>\n%s' % (
            n_words - 1, n_words - 1, n_words, n_words, escaped(data['words'][-1]), escaped(said),
            escaped(data['classes'][label]),
            chart([('verdicts', course)], 1., 'The verdict at each word')))


def chart(lines, largest, label):
    """Lines over the words as inline SVG, each an id with its values, and a mark at the word."""
    drawn = ''.join('<polyline id="line-%s"%s points="%s" vector-effect="non-scaling-stroke"/>' % (
        name, ' class="dashed"' * (k > 0), points(values, largest))
        for k, (name, values) in enumerate(lines))
    at = WIDTH if len(lines[0][1]) > 1 else WIDTH // 2
    return (
        '<svg class="chart" viewBox="0 0 {0} {1}" preserveAspectRatio="none" role="img" '
        'aria-label="{2}"><line x1="0" x2="{0}" y1="{3}" y2="{3}" '
        'vector-effect="non-scaling-stroke"/><line class="now" x1="{4}" x2="{4}" y1="0" y2="{1}" '
        'vector-effect="non-scaling-stroke"/>{5}</svg>\n').format(
            WIDTH, HEIGHT, label, HEIGHT // 2, at, drawn)


def points(values, largest):
    """The points of a line; `largest` is at the top, and its negative at the bottom.

    >>> points([0., 1.], 1.)
    '0.0,50.0 1000.0,0.0'
    """
    values = values if len(values) > 1 else 2 * values
    step = WIDTH / (len(values) - 1)
    return ' '.join('%.1f,%.1f' % (k * step, HEIGHT / 2 * (1 - value / largest))
                    for k, value in enumerate(values))


def strips_part(data):
    """All units of the six states at the last word, as strips of coloured fields."""
    rows = []
    for name, values in data['states'].items():
        fields = ''.join(
            '<rect class="unit%s" x="%d" width="1" height="1" fill-opacity="%.4g"/>' % (
                ' minus' * (value < 0), k, abs(value) / data['largest'][name])
            for k, value in enumerate(values[-1]))
        mark = '<rect class="mark" x="%d" width="1" height="1"/>' % data['unit']
        rows.append(
            '<tr><th scope="row">%s %s</th><td><svg id="strip-%s" viewBox="0 0 %d 1" '
            'preserveAspectRatio="none" role="img" aria-label="%s of all units">%s%s</svg></td>'
            '</tr>\n' % (SYMBOLS[name], MEANINGS[name], name, len(values[-1]), MEANINGS[name],
                         fields, mark))
    return (
        '<h2>All units</h2>\n<table class="strips">\n%s</table>\n'
        '<p class="faint">A field is a unit. Blue is above zero and orange below; the full colour '
        'is 1, and %.2f for the state.</p>\n' % (''.join(rows), data['largest']['c']))


def formulas_of(form):
    """The formula of each state in HTML, as the tutorial has it for this cell."""
    seen = dict.fromkeys('ifo', '')
    if isinstance(form, Peephole):
        seen = {name: ' + V<sub>%s</sub>c<sub>t%s</sub>' % (name, '' if name == 'o' else '&minus;1')
                for name in 'ifo'}
    elif not isinstance(form, LSTM):
        seen['o'] = ' + V<sub>o</sub>c<sub>t</sub>'
    formulas = {name: '&sigma;(W<sub>{0}</sub>x<sub>t</sub> + U<sub>{0}</sub>h<sub>t&minus;1</sub>'
                      '{1} + b<sub>{0}</sub>)'.format(name, seen[name]) for name in 'ifo'}
    formulas['candidate'] = ('tanh(W<sub>c</sub>x<sub>t</sub> + U<sub>c</sub>h<sub>t&minus;1</sub> '
                             '+ b<sub>c</sub>)')
    formulas['c'] = '{i}&middot;{candidate} + {f}&middot;c<sub>t&minus;1</sub>'.format(**SYMBOLS)
    formulas['h'] = '{o}&middot;tanh({c})'.format(**SYMBOLS)
    return formulas


def unit_part(data, form):
    """The numbers of one unit with their formulas, and its course."""
    states, unit = data['states'], data['unit']
    now = {name: values[-1][unit] for name, values in states.items()}
    before = states['c'][-2][unit] if len(data['words']) > 1 else 0.
    sums = {'c': '%s \u00b7 %s + %s \u00b7 %s' % (
                number(now['i']), factor(now['candidate']), number(now['f']), factor(before)),
            'h': '%s \u00b7 tanh(%s)' % (number(now['o']), number(now['c']))}
    rows = []
    for name, formula in formulas_of(form).items():
        if name in sums:
            formula += ' = <span id="sum-%s">%s</span>' % (name, sums[name])
        rows.append('<tr><th scope="row">%s</th><td>= %s = <b id="value-%s">%s</b></td></tr>\n' % (
            SYMBOLS[name], formula, name, number(now[name])))
    courses = [(name, [row[unit] for row in states[name]]) for name in ('c', 'h')]
    n_units = len(states['h'][0])
    return (
        '<h2>Unit <span id="which-unit">%d of %d</span></h2>\n'
        '<div id="unit-control" hidden><label><span>unit</span><input type="range" id="unit" '
        'min="0" max="%d" value="%d"></label></div>\n'
        '<table class="formulas">\n%s</table>\n%s'
        '<p class="faint"><span class="key"></span> its state and <span class="key dashed"></span> '
        'its output at each word</p>\n' % (
            unit + 1, n_units, n_units - 1, unit, ''.join(rows),
            chart(courses, data['largest']['c'], 'State and output of the unit at each word')))


def table_part(data):
    """The numbers of all units at the word, in a part of the page that opens."""
    states = data['states']
    head = ''.join('<th scope="col">%s</th>' % SYMBOLS[name] for name in states)
    rows = ''.join('<tr><th scope="row">%d</th>%s</tr>\n' % (unit + 1, ''.join(
        '<td>%s</td>' % number(values[-1][unit]) for values in states.values()))
        for unit in range(len(states['h'][0])))
    return ('<details><summary>All numbers at this word</summary>\n<table class="all"><thead><tr>'
            '<th scope="col">unit</th>%s</tr></thead>\n<tbody>\n%s</tbody></table></details>\n'
            % (head, rows))


def write(classifier, text, path, model):
    """Write the page of a text to a file.

    Parameters
    ----------
    classifier : classifier.Classifier
    text : str
    path : str
    model : str or None
        The model's path, for the title; None for the model that comes along.

    Raises
    ------
    errors.ConfigError
        As of :func:`page`, or if the file cannot be written.
    """
    require_writable('states', path)
    title = 'The memory cell of %s, word by word' % (
        os.path.basename(model) if model else 'the model that comes along')
    content = page(classifier, text, title)
    with whole_files(path, error=ConfigError) as (stream,):
        stream.write(content.encode('utf-8'))
