"""The page of explanations: read by a parser, and by Chromium where there is one."""
import glob
import html.parser
import os
import re
import shutil
import subprocess

import numpy
import pytest
from models import save_model

import predict
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.prediction import html_report
from lstm_sentiment.prediction.inputs import Sample

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
NASTY = ('The <script>document.title = "owned"</script> film & <img src=x onerror="alert(1)"> is '
         '"good" </p></article> &lt; &#60; it\'s')


class Reader(html.parser.HTMLParser):
    """Tags with their attributes, and the text of each article's words."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.inside = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == 'p':
            self.inside = dict(attrs).get('class') == 'text'
            if self.inside:
                self.texts.append('')

    def handle_endtag(self, tag):
        if tag == 'p':
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    path, _ = save_model(tmp_path_factory.mktemp('model') / 'm.npz')
    return predict.load_model(path, jobs=1)


def make_page(model, path, samples, name='m.npz'):
    with html_report.open_page(str(path), name) as page:
        for answer in model.answers(iter(samples), explain=True):
            page.add(answer)
    with open(str(path), encoding='utf-8') as stream:
        return stream.read()


def samples(*texts):
    return [Sample(text, None, None) for text in texts]


def test_text_is_text(model, tmp_path):
    page = make_page(model, tmp_path / 'r.html',
                     [Sample(NASTY, 'a<b>.txt', 'neg')] + samples('  '), name='<i>.npz')
    reader = Reader(page)
    assert reader.texts == [NASTY, '  ']
    assert not {'script', 'img', 'b', 'iframe', 'link'} & {tag for tag, _ in reader.tags}
    assert not any(name.startswith('on') or name in ('src', 'href')
                   for _, attributes in reader.tags for name in attributes)
    assert 'a&lt;b&gt;.txt' in page and '&lt;i&gt;.npz' in page


def test_it_stands_alone_in_light_and_dark(model, tmp_path):
    page = make_page(model, tmp_path / 'r.html', samples('the film'))
    assert "default-src 'none'" in page and 'prefers-color-scheme: dark' in page
    assert not re.search('https?:|url\\(|@import', page)
    assert 'not say what the word alone is worth' in page


def test_words_have_their_numbers_and_colours(model, tmp_path):
    text = 'the film is GOOD unheard'
    page = make_page(model, tmp_path / 'r.html', samples(text))
    explanation = model.explain(text)
    words = [attributes for tag, attributes in Reader(page).tags if tag == 'i'][:5]
    for attributes, number, level in zip(words, explanation.numbers, explanation.levels()):
        assert attributes['title'].startswith('%+.4f' % number)
        kinds = attributes['class'].split()
        assert ('for' in kinds, 'against' in kinds) == (level >= .08, level <= -.08)
        assert float(attributes['style'].split(':')[1]) == pytest.approx(abs(level), abs=.006)
    assert [('unknown' in attributes['class']) for attributes in words] == [False] * 4 + [True]


def test_the_line_is_the_running_verdict(model, tmp_path):
    text = 'the film is good , it is bad'
    page = make_page(model, tmp_path / 'r.html', samples(text))
    line, = [attributes['points'] for tag, attributes in Reader(page).tags if tag == 'polyline']
    x, y = numpy.array([[float(n) for n in point.split(',')] for point in line.split()]).T
    verdict = model.explain(text).running_verdict()
    numpy.testing.assert_allclose(1 - y / html_report.HEIGHT, verdict, atol=1e-3)
    numpy.testing.assert_allclose(x, numpy.linspace(0, html_report.WIDTH, 8), atol=.06)


def test_a_label_that_was_missed_is_said(model, tmp_path):
    said, = model.predict(['the film'])
    other, = set(model.classes) - {said}
    page = make_page(model, tmp_path / 'r.html', [Sample('the film', None, said),
                                                  Sample('the film', None, other)])
    assert page.count(', labelled %s</h2>' % said) == 1
    assert page.count(', labelled %s: wrong</h2>' % other) == 1


def test_a_page_is_whole_or_not_there(model, tmp_path):
    path = tmp_path / 'r.html'
    path.write_text('earlier')
    with pytest.raises(ZeroDivisionError), html_report.open_page(str(path), 'm.npz'):
        raise ZeroDivisionError
    assert path.read_text() == 'earlier' and os.listdir(str(tmp_path)) == ['r.html']


@pytest.mark.parametrize('name', ['missing/r.html', '.'])
def test_a_page_that_cannot_be_written(tmp_path, name):
    with pytest.raises(ConfigError, match='cannot be written'), \
            html_report.open_page(str(tmp_path / name), 'm.npz'):
        pass
    assert not glob.glob(str(tmp_path / '*.part'))


def test_a_frame_holds_the_same_page(model, tmp_path):
    page = make_page(model, tmp_path / 'r.html', samples(NASTY, 'the film'))
    answers = model.answers(iter(samples(NASTY, 'the film')), explain=True)
    framed = html_report.framed(answers, 'm.npz', height='9em')
    (outer, _), (frame, attributes) = Reader(framed).tags  # all markup of the page is an attribute
    assert (outer, frame) == ('div', 'iframe') and attributes['srcdoc'] == page
    assert 'sandbox' in attributes and attributes['sandbox'] is None  # without any right
    assert 'height: 9em' in attributes['style']


@pytest.mark.skipif(CHROMIUM is None, reason='Chromium is not installed')
def test_chromium_shows_the_page_without_an_error(model, tmp_path):
    path = tmp_path / 'r.html'
    make_page(model, path, samples(NASTY, 'the film is good'))
    shown = subprocess.run(
        [CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--user-data-dir=%s' % (tmp_path / 'profile'), '--enable-logging=stderr',
         '--window-size=400,900', '--screenshot=%s' % (tmp_path / 'shot.png'), '--dump-dom',
         path.as_uri()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    assert shown.returncode == 0
    assert b'CONSOLE' not in shown.stderr
    reader = Reader(shown.stdout.decode('utf-8'))
    assert reader.texts == [NASTY, 'the film is good']
    tags = [tag for tag, _ in reader.tags]
    assert 'script' not in tags and 'img' not in tags
    assert tags.count('polyline') == 2
    assert '<title>What m.npz says, and why</title>' in shown.stdout.decode('utf-8')
