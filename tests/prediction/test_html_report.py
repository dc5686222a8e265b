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
from lstm_sentiment.prediction.explanation import LEAVE_OUT, SHARE
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
        for answer in model.answers(iter(samples), explain=SHARE):
            page.add(answer)
    with open(str(path), encoding='utf-8') as stream:
        return stream.read()


def words_of(page):
    """The attributes of each word of the texts: those that a tap can focus."""
    return [attributes for tag, attributes in Reader(page).tags
            if tag == 'i' and 'tabindex' in attributes]


def samples(*texts):
    return [Sample(text, None, None) for text in texts]


def test_text_is_text(model, tmp_path):
    page = make_page(model, tmp_path / 'r.html',
                     [Sample(NASTY, 'a<b>.txt', 'neg')] + samples('  '), name='<i>.npz')
    reader = Reader(page)
    assert reader.texts == [NASTY, '  ']
    assert not {'script', 'img', 'b', 'iframe', 'link'} & {tag for tag, _ in reader.tags}
    assert not any(name.startswith('on') or name == 'src'
                   or name == 'href' and not re.match('#t[0-9]+$', value)
                   for _, attributes in reader.tags for name, value in attributes.items())
    assert 'a&lt;b&gt;.txt' in page and '&lt;i&gt;.npz' in page


def test_it_stands_alone_in_light_and_dark(model, tmp_path):
    page = make_page(model, tmp_path / 'r.html', samples('the film'))
    assert "default-src 'none'" in page and 'prefers-color-scheme: dark' in page
    assert not re.search('https?:|url\\(|@import', page)
    assert 'not say what the word alone is worth' in page


def test_words_have_their_numbers_and_colours(model, tmp_path):
    text = 'the film is GOOD unheard'
    page = make_page(model, tmp_path / 'r.html', samples(text))
    explanation = model.explain(text, SHARE)
    words = words_of(page)[:5]
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
    verdict = model.explain(text, SHARE).running_verdict()
    numpy.testing.assert_allclose(1 - y / html_report.HEIGHT, verdict, atol=1e-3)
    numpy.testing.assert_allclose(x, numpy.linspace(0, html_report.WIDTH, 8), atol=.06)


def test_wrong_answers_are_marked_and_counted(model, tmp_path):
    said, = model.predict(['the film'])
    other, = set(model.classes) - {said}
    page = make_page(model, tmp_path / 'r.html', [
        Sample('the film', None, said), Sample('the film', None, other),
        Sample('the film', 'no label', None)])
    assert page.count(', labelled %s</h2>' % said) == 1
    assert page.count(', labelled %s %s</h2>' % (other, html_report.WRONG)) == 1
    articles = [attributes for tag, attributes in Reader(page).tags if tag == 'article']
    assert [each.get('class') for each in articles] == [None, 'wrong', None]
    assert '<h2>3 texts</h2>\n<p>3 %s</p>' % said in page
    assert '<p>2 labelled, of which 1 <span class="mark">wrong</span></p>' in page


def test_an_unsure_answer_is_not_wrong(model, tmp_path):
    said, = model.predict(['the film'])
    other, = set(model.classes) - {said}
    answer, = model.answers(iter([Sample('the film', None, other)]), LEAVE_OUT, threshold=1.)
    assert answer.said == 'unsure' and not html_report.is_wrong(answer)
    text = html_report.article(answer, 1)
    assert '<h2>unsure 0.' in text and 'wrong' not in text


def test_the_index_leads_to_each_text(model, tmp_path, monkeypatch):
    texts = ['the film', 'is <i>good</i>', 'it is bad']
    page = make_page(model, tmp_path / 'r.html', samples(*texts))
    tags = Reader(page).tags
    links = [attributes['href'] for tag, attributes in tags if tag == 'a']
    assert links == ['#' + attributes['id'] for tag, attributes in tags if tag == 'article']
    assert len(links) == 3 and page.index('id="summary"') < page.index('<article')
    assert 'is &lt;i&gt;good&lt;/i&gt;</span></li>' in page
    assert 'id="summary"' not in make_page(model, tmp_path / 'r.html', samples('the film'))
    monkeypatch.setattr(html_report, 'MOST_LINES', 2)
    page = make_page(model, tmp_path / 'r.html', samples(*texts))
    assert page.count('href="#t') == 2 and '<p>and 1 more</p>' in page


def test_the_legend_names_the_classes_and_a_tap_shows_the_number(model, tmp_path):
    page = make_page(model, tmp_path / 'r.html', samples('the film'))
    assert 'supports pos</i>' in page and 'supports neg</i>' in page
    assert all(attributes['tabindex'] == '-1' for attributes in words_of(page))
    assert len(words_of(page)) == 2
    assert '.text i:focus::after { content: attr(title)' in page


def test_what_a_page_says_of_its_numbers(model, tmp_path):
    pages = {}
    for kind in (SHARE, LEAVE_OUT):
        with html_report.open_page(str(tmp_path / 'r.html'), 'm.npz') as page:
            for answer in model.answers(iter(samples('the film is good')), kind):
                page.add(answer)
        pages[kind] = (tmp_path / 'r.html').read_text(encoding='utf-8')
    assert 'lose when that word is left out' in pages[LEAVE_OUT]
    assert 'The line over a text' not in pages[LEAVE_OUT] and '<polyline' not in pages[LEAVE_OUT]
    assert 'how the verdict stood' in pages[SHARE] and 'The line over a text' in pages[SHARE]
    assert ', bias ' in pages[SHARE] and ', bias ' not in pages[LEAVE_OUT]


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
    answers = model.answers(iter(samples(NASTY, 'the film')), explain=SHARE)
    framed = html_report.framed(answers, 'm.npz', height='9em')
    (outer, _), (frame, attributes) = Reader(framed).tags  # all markup of the page is an attribute
    assert (outer, frame) == ('div', 'iframe') and attributes['srcdoc'] == page
    assert 'sandbox' in attributes and attributes['sandbox'] is None  # without any right
    assert 'height: 9em' in attributes['style']


@pytest.mark.pages
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
