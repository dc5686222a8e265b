"""The page to ask a model: what it shows, and what Chromium makes of it."""
import base64
import csv
import functools
import html
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from unittest import mock

import pytest
from models import exit_status, make_options, make_params, save_model

import predict
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction import page, page_contents
from lstm_sentiment.prediction.explanation import LEAVE_OUT

SCRIPT = os.path.abspath(predict.__file__)
TEXT = 'The film is not GOOD, see it.'
HOSTILE = ('<script>document.title = "run"</script><img src=x onerror="document.title=\'run\'"> '
           '${document.title = "run"} {{title}} is bad')
TABLE = ('id,text,label,class\n7,The film is good.,pos,a\n8,"Bad, <b>bad</b>",neg,b\n'
         '9,See it,pos,c\n')


@pytest.fixture
def model(tmp_path):
    return predict.load_model(save_model(tmp_path / 'm.npz')[0], jobs=1)


def inside(part):
    """The text of some HTML."""
    return html.unescape(re.sub('<[^>]*>', '', part))


def downloaded(part):
    """The name and the rows of the table that a part of the page links to."""
    name, content = re.search('<a download="(.*?)" href="data:.*?;base64,(.*?)"', part).groups()
    text = base64.b64decode(content).decode('utf-8')
    return html.unescape(name), list(csv.DictReader(io.StringIO(text)))


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode('utf-8'))
    return str(path)


def check_answer(model, shown, text=TEXT):
    """Check a part of the page against what the model says from code."""
    said, = model.predict([text])
    probabilities = dict(zip(model.classes, model.predict_proba([text])[0]))
    assert '%s %.3f' % (said, probabilities[said]) in shown
    assert ', '.join('%s %.3f' % pair for pair in probabilities.items()) in shown


def test_an_answer_is_what_predict_says(model):
    part = page_contents.answered(model, TEXT)
    check_answer(model, inside(part))
    explanation = model.explain(TEXT, LEAVE_OUT)
    found = re.findall(r'<i tabindex="-1" class="(.*?)" style="--s:(.*?)" title="(.*?)">(.*?)</i>',
                       part)
    assert [word for *_, word in found] == ['The', 'film', 'is', 'not', 'GOOD', ',', 'see', 'it',
                                            '.']
    for (kinds, level, number, _), expected, known in zip(found, explanation.numbers,
                                                          explanation.known):
        assert number == '%+.4f' % expected and ('unknown' in kinds) is not known
        assert float(level) == pytest.approx(abs(expected) / abs(explanation.numbers).max(),
                                             abs=0.005)
    assert 'unknown' in found[3][0]  # the model has no word "not"


def test_texts_without_an_answer(model):
    for text in ('', '  \n'):
        assert 'Type a text' in page_contents.answered(model, text)
        assert page_contents.pictured(model, text) == ''
    text = 'film ' * (page_contents.MOST_CHARACTERS // 5)
    assert 'class="text"' in page_contents.answered(model, text)
    assert 'No picture: the text has 4000 words' in page_contents.pictured(model, text)
    part = page_contents.answered(model, text + 'x')
    assert 'The text has 20001 characters: expected at most 20000' in part and 'alert' in part
    assert page_contents.pictured(model, text + 'x') == ''
    assert inside(page_contents.answered(model, TEXT, threshold=1)).lstrip().startswith('unsure ')


def test_nothing_of_a_text_is_markup(tmp_path):
    path, _ = save_model(tmp_path / 'm.npz', classes=('<script>', '<img>'))
    model = predict.load_model(path)
    table = written(tmp_path, '<img>.csv', 'text,label\n"%s",<b>\n' % HOSTILE.replace('"', '""'))
    for part in (page_contents.answered(model, HOSTILE), page_contents.pictured(model, HOSTILE),
                 page_contents.answered_table(model, table), page_contents.header(HOSTILE)):
        assert not re.search('<(?!/?(div|article|h2|p|i|span|br|b|a|pre|table|tr|th|td|iframe)'
                             '[ >])', part), part
        assert 'script' in part


def test_the_picture_is_a_frame_that_may_run_its_script_and_no_more(model):
    part = page_contents.pictured(model, TEXT)
    attributes = dict(re.findall(r'([a-z]+)="(.*?)"', part, re.DOTALL))
    assert attributes['sandbox'] == 'allow-scripts'
    assert '<input type="range" id="word" min="0" max="8"' in html.unescape(attributes['srcdoc'])


def test_a_table_comes_back_with_answers(model, tmp_path):
    part = page_contents.answered_table(model, written(tmp_path, 'films.csv', TABLE))
    name, rows = downloaded(part)
    assert name == 'films-answers.csv'
    texts = ['The film is good.', 'Bad, <b>bad</b>', 'See it']
    assert list(rows[0]) == ['id', 'text', 'label', 'class', 'class_answered', 'p_neg', 'p_pos']
    assert [row['id'] + row['class'] for row in rows] == ['7a', '8b', '9c']
    assert [row['text'] for row in rows] == texts
    said = model.predict(texts)
    assert [row['class_answered'] for row in rows] == said
    for row, expected in zip(rows, model.predict_proba(texts)):
        assert [float(row['p_neg']), float(row['p_pos'])] == pytest.approx(expected, abs=1e-12)
    n_right = sum(map(str.__eq__, said, ['pos', 'neg', 'pos']))
    assert 'accuracy %.4f: %d of 3 texts are right' % (n_right / 3, n_right) in part
    assert '3 of 3 rows are answered' in part
    assert [inside(row) for row in re.findall('<tr><td>.*?</tr>', part)] == [
        '%s%.3f%s' % (word, max(p), text)
        for word, p, text in zip(said, model.predict_proba(texts), texts)]


def test_other_kinds_of_tables_and_rows(model, tmp_path):
    lines = [{'text': 'good', 'n': 1}, {'text': None, 'more': 2}, {'text': 5}]
    part = page_contents.answered_table(model, written(
        tmp_path, 'a.jsonl', ''.join(json.dumps(line) + '\n' for line in lines)))
    rows = downloaded(part)[1]
    assert [list(row.values())[:3] for row in rows] == [['good', '1', ''], ['', '', '2'],
                                                         ['5', '', '']]
    assert [row['class'] for row in rows] == model.predict(['good', '']) + ['']
    assert '2 of 3 rows are answered' in part and 'accuracy' not in part
    assert '1 of 3 rows of a.jsonl cannot be used' in part and str(tmp_path) not in part
    part = page_contents.answered_table(model, written(
        tmp_path, 'b.tsv', 'text\tlabel\ngood\tPOS\nbad\t<odd>\nfilm\n'))
    assert '1 labels, such as &lt;odd&gt;, are no class of the model' in part
    assert 'of 1 texts are right' in part
    assert [row['label'] for row in downloaded(part)[1]] == ['POS', '<odd>', '']


@pytest.mark.parametrize('name, content, message', [
    ('a.csv', b'', 'a.csv has no rows'),
    ('a.csv', b'one,two\n1,2\n', 'a.csv has no column'),
    ('a.txt', b'A film.\n', 'a.txt is not of a kind that can be read'),
    ('a.zip', b'PK\x03\x04', 'a.zip is compressed'),
    ('a.csv.gz', b'\x1f\x8b\x08', 'a.csv.gz is compressed'),
    ('a.csv', b'text\n\xff\xfe\xfa\n', 'a.csv'),
    ('a.csv', b'text\n' + b'film\n' * 20001, 'a.csv has more than 20000 texts')])
def test_a_table_that_cannot_be_answered(model, tmp_path, name, content, message):
    part = page_contents.answered_table(model, written(tmp_path, name, content))
    assert 'role="alert"' in part and message in inside(part)
    assert str(tmp_path) not in part and 'download' not in part


def test_what_the_command_line_refuses(tmp_path, capsys, monkeypatch):
    path, _ = save_model(tmp_path / 'm.npz')
    for arguments, message in (([path, 'A film.'], 'without TEXT'),
                               (['--file', path], 'without --file'),
                               (['--html', 'a.html'], 'without --html')):
        assert exit_status(predict.main, ['--serve'] + arguments) == 2
        assert message in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, 'gradio', None)
    monkeypatch.setattr(page, 'OLDEST', sys.version_info[:2])
    with mock.patch.dict(os.environ), pytest.raises(
            ConfigError, match=r"pip install -e '\.\[app\]'"):
        page.require_gradio()
    monkeypatch.setattr(page, 'OLDEST', (99, 0))
    assert exit_status(predict.main, ['--serve']) == 2
    assert '--serve needs Python 99.0 or later' in capsys.readouterr().err


def test_it_says_which_model_answers(tmp_path):
    model = predict.load_model(save_model(tmp_path / 'm.npz')[0])
    assert predict.introduction(model, str(tmp_path / 'm.npz')) == (
        'm.npz answers: how often it errs is not saved with it')
    params = make_params(2)
    saved_model.save(str(tmp_path / 'm.npz'), params, make_options(params), model.vocabulary,
                     train_err=0.1, valid_err=0.25, test_err=0.125)
    said = predict.introduction(model, str(tmp_path / 'm.npz'))
    assert said == 'm.npz answers: wrong on 12.5 % of its test texts'
    saved_model.save(str(tmp_path / 'm.npz'), params, make_options(params), model.vocabulary,
                     history_errs=[], train_err=0.1, valid_err=0.25, test_err=float('nan'))
    said = predict.introduction(model, str(tmp_path / 'm.npz'))
    assert said == 'm.npz answers: wrong on 25.0 % of its validation texts'


# In Chromium.

@pytest.fixture
def gradio():
    return pytest.importorskip('gradio')


@pytest.fixture
def address(gradio, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with mock.patch.dict(os.environ), page.serving(model, 'm.npz answers: <b>it errs</b>') as at:
        yield at


def wait(browser, condition, said='in time'):
    """Wait until a condition holds; it gets nothing."""
    waiting = pytest.importorskip('selenium.webdriver.support.wait').WebDriverWait(
        browser, 60, ignored_exceptions=(
            pytest.importorskip('selenium.common.exceptions').WebDriverException,))
    waiting.until(lambda _: condition(), said)


def shown(browser, name):
    return browser.find_element('id', name).text


def is_shown(browser, name, text):
    return text in shown(browser, name)


def opened(browser, address):
    """Open the page; return its text box."""
    browser.get(address)
    wait(browser, lambda: browser.find_element('css selector', '#text textarea'))
    return browser.find_element('css selector', '#text textarea')


def narrow(browser, width=400):
    browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
        'width': width, 'height': 800, 'deviceScaleFactor': 1, 'mobile': True})


def is_narrow(browser, width=400):
    return browser.execute_script('return document.documentElement.scrollWidth') <= width


def in_picture(browser, name):
    """What an element of the picture shows; a newer picture may have replaced the frame."""
    browser.switch_to.default_content()
    browser.switch_to.frame(browser.find_element('css selector', '#picture iframe'))
    return shown(browser, name)


def verdict_of(model, text):
    said, = model.predict([text])
    return '%s %.3f' % (said, model.predict_proba([text])[0].max())


@pytest.mark.pages
def test_typing_changes_the_answer(browser, address, model):
    box = opened(browser, address)
    assert 'm.npz answers: <b>it errs</b>' in browser.find_element('tag name', 'body').text
    typed = ''
    for more in ('The film is good', ', not BAD.', ' See it'):
        box.send_keys(more)
        typed += more
        verdict = verdict_of(model, typed)
        wait(browser, functools.partial(is_shown, browser, 'answer', verdict), typed)
        check_answer(model, shown(browser, 'answer'), typed)
    # The picture follows, and its slider shows the other words.
    wait(browser, lambda: in_picture(browser, 'which-word') == '10 of 10: it')
    assert '%.3f' % model.predict_proba([typed])[0][0] in shown(browser, 'verdict')
    keys = pytest.importorskip('selenium.webdriver.common.keys').Keys
    browser.find_element('id', 'word').send_keys(keys.HOME)
    assert shown(browser, 'which-word') == '1 of 10: The'
    browser.switch_to.default_content()
    example = page.EXAMPLES[0]
    browser.find_element('xpath', '//button[contains(., "%s")]' % example).click()
    wait(browser, lambda: verdict_of(model, example) in shown(browser, 'answer'), example)
    assert box.get_attribute('value') == example
    narrow(browser)
    wait(browser, lambda: is_narrow(browser))


@pytest.mark.pages
def test_the_page_asks_no_other_host(browser_with_log, address):
    browser = browser_with_log
    opened(browser, address).send_keys('The film')
    wait(browser, lambda: 'pos' in shown(browser, 'answer'))
    events = [json.loads(entry['message'])['message'] for entry in browser.get_log('performance')]
    asked = {event['params']['request']['url'] for event in events
             if event['method'] == 'Network.requestWillBeSent'}
    others = {url for url in asked if not url.startswith((address, 'data:', 'blob:', 'about:'))}
    assert len(asked) > 5 and not others
    # And could not: the browser refuses.
    assert browser.execute_async_script(
        'const done = arguments[0]; fetch("http://localhost:1/").then(() => done("sent"),'
        ' (error) => done("refused"));') == 'refused'
    said = [entry['message'] for entry in browser.get_log('browser')]
    assert any('Content Security Policy' in message for message in said)
    assert browser.execute_script('return JSON.stringify([{...localStorage}, {...sessionStorage},'
                                  'document.cookie])').count('film') == 0


@pytest.mark.pages
def test_hostile_text_is_shown_and_not_run(browser, address):
    opened(browser, address).send_keys(HOSTILE)
    wait(browser, lambda: HOSTILE in shown(browser, 'answer'))
    wait(browser, lambda: browser.find_element('css selector', '#picture iframe'))
    assert browser.title == 'Ask the model'
    assert not browser.find_elements('css selector', '#answer img, #answer script, #picture img')


@pytest.mark.pages
def test_a_table_comes_back_in_the_browser(browser, address, model, tmp_path):
    opened(browser, address)
    browser.find_elements('css selector', 'button[role=tab]')[1].click()
    path = written(tmp_path, 'films.csv', TABLE)
    browser.find_element('css selector', '#table input[type=file]').send_keys(path)
    wait(browser, lambda: '3 of 3 rows' in shown(browser, 'answers'))
    texts = ['The film is good.', 'Bad, <b>bad</b>', 'See it']
    link = browser.find_element('css selector', '#answers a')
    assert link.get_attribute('download') == 'films-answers.csv'
    content = base64.b64decode(link.get_attribute('href').split(',')[1]).decode('utf-8')
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row['class_answered'] for row in rows] == model.predict(texts)
    assert [row['text'] for row in rows] == texts
    # Nothing of it is left on the disk.
    folder = os.environ['GRADIO_TEMP_DIR']
    left = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    assert not sum(map(os.path.getsize, left))
    # The next one, which cannot be read.
    browser.find_element('css selector', '#table input[type=file]').send_keys(
        written(tmp_path, 'odd.csv', 'one,two\n1,2\n'))
    wait(browser, lambda: 'odd.csv has no column' in shown(browser, 'answers'))
    narrow(browser)
    wait(browser, lambda: is_narrow(browser))


@pytest.mark.pages
def test_an_upload_that_is_too_large_is_refused(browser, address, tmp_path):
    opened(browser, address)
    browser.find_elements('css selector', 'button[role=tab]')[1].click()
    path = written(tmp_path, 'large.csv', b'text\n' + b'film ' * (1 << 20) + b'\n')
    browser.find_element('css selector', '#table input[type=file]').send_keys(path)
    wait(browser, lambda: 'exceed the maximum' in browser.find_element('tag name', 'body').text)
    assert shown(browser, 'answers') == ''


@pytest.mark.pages
def test_the_command_serves_this_computer_alone(gradio, tmp_path):
    path, _ = save_model(tmp_path / 'm.npz')
    variables = dict(os.environ, TMPDIR=str(tmp_path), PYTHONUNBUFFERED='1')
    with subprocess.Popen([sys.executable, SCRIPT, path, '--serve'], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=variables, cwd=str(tmp_path),
                          universal_newlines=True) as process:
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            port = int(re.match(r'The page is at http://127.0.0.1:(\d+)/\n', lines[0]).group(1))
            assert lines[1:] == ['This computer alone can reach it.\n', 'Ctrl-C ends it.\n']
            socket.create_connection(('127.0.0.1', port)).close()
            # Another address of this computer: nothing listens there.
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(('127.0.0.2', port))
            taken = subprocess.run([sys.executable, SCRIPT, path, '--serve', '--port', str(port)],
                                   stderr=subprocess.PIPE, universal_newlines=True, env=variables)
            assert taken.returncode == 2
            assert 'nothing can be served at 127.0.0.1:%d' % port in taken.stderr
        finally:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said == 'Interrupted.\n'
    assert all(name.startswith('m.npz') for name in os.listdir(str(tmp_path)))
