"""The page of the states: its numbers, what it shows without JavaScript, and in Chromium."""
import html
import json
import os
import re

import numpy
import pytest
from models import WORDS, combination, exit_status, params_for, save_model
from oracles import plain_features, plain_gates, sigmoid

import predict
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.prediction import states_page
from lstm_sentiment.prediction.classifier import Classifier
from lstm_sentiment.prediction.network import Network
from lstm_sentiment.recurrence.cells.table import CELLS
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary

DECIMALS = 6e-7  # half of the last decimal in the data, and a little
SHOWN = 6e-4  # the same for the numbers that are shown
TEXT = 'The film is <b>GOOD</b>, see it.'
HOSTILE = '<script>document.title = "run"</script> </script><img src=x onerror=alert(1)> film'


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page,
                                re.S).group(1))


def numbers_in(shown):
    """The numbers in a piece of the page.

    >>> numbers_in('0.5 \u00b7 (\u22120.25) + 1.0')
    [0.5, -0.25, 1.0]
    """
    return [float(each) for each in re.findall(r'-?[\d.]+', shown.replace('\u2212', '-'))]


def check_sums(sum_c, sum_h, states, word, unit):
    """Check the numbers in the formulas of c and h."""
    i, f, o, candidate, c, _ = (values[word][unit] for values in states)
    before = states.c[word - 1][unit] if word else 0.
    assert numbers_in(sum_c) == pytest.approx([i, candidate, f, before], abs=SHOWN)
    assert numbers_in(sum_h) == pytest.approx([o, c], abs=SHOWN)


def classifier_of(*chosen, n_classes=2):
    options = dict(combination(*chosen), dim_proj=4, n_words=15, ydim=n_classes, use_dropout=True)
    params = params_for(options)
    vocabulary = Vocabulary(WORDS, TEXT_SETTINGS, ['neg', 'pos', 'other'][:n_classes])
    return Classifier(Network(params, options), vocabulary, 1), params, options


def text_in(page, name):
    """What is in the element with this id."""
    return html.unescape(re.search(r'id="%s">(.*?)</' % name, page).group(1))


def test_the_numbers_are_those_of_the_equations(tmp_path):
    path, params = save_model(tmp_path / 'm.npz')
    page = states_page.page(predict.load_model(path), TEXT)
    data = data_of(page)
    words = 'the film is &lt; b &gt; good &lt; / b &gt; , see it .'
    ids = [WORDS.index(word) + 2 if word in WORDS else 1 for word in words.split()]
    assert ' '.join(data['words']) == 'The film is < b > GOOD < / b > , see it .'
    names = ['i', 'f', 'o', 'candidate', 'c', 'h']
    assert list(data['states']) == names
    for name, expected in zip(names, plain_gates(params, ids)):
        numpy.testing.assert_allclose(data['states'][name], expected, rtol=0, atol=DECIMALS)
    options = {'encoder': 'lstm'}
    for end, found in enumerate(data['verdicts'], 1):
        z = plain_features(params, ids[:end], options).dot(0.5 * params['U']) + params['b']
        assert found[1] == pytest.approx(sigmoid(z[1] - z[0]), abs=DECIMALS)
    assert data['largest']['c'] == max(1, numpy.abs(data['states']['c']).max())


def test_without_javascript_it_shows_the_last_word(tmp_path):
    path, params = save_model(tmp_path / 'm.npz')
    model = predict.load_model(path)
    page = states_page.page(model, 'The film is good.')
    data = data_of(page)
    neg, pos = model.predict_proba(['The film is good.'])[0]
    assert text_in(page, 'verdict') == 'neg %.3f, pos %.3f' % (neg, pos)
    assert text_in(page, 'which-word') == '5 of 5: .'
    _, states = model.states('The film is good.')
    influence = abs(states.h * (params['U'][:, 1] - params['U'][:, 0])).sum(axis=0)
    assert data['unit'] == influence.argmax()
    for name, values in states._asdict().items():
        shown = text_in(page, 'value-' + name).replace('\u2212', '-')
        assert float(shown) == pytest.approx(values[-1][data['unit']], abs=SHOWN)
        fields = re.findall(r'<rect class="unit( minus)?" x="(\d+)".*?fill-opacity="(.*?)"',
                            re.search('id="strip-%s"(.*?)</svg>' % name, page).group(1))
        signed = [(-1 if minus else 1) * float(level) for minus, _, level in fields]
        numpy.testing.assert_allclose(signed, values[-1] / data['largest'][name], atol=2e-4)
    check_sums(text_in(page, 'sum-c'), text_in(page, 'sum-h'), states, 4, data['unit'])
    # What needs JavaScript is hidden until it runs.
    assert re.findall(r'<(?:div|p) id="(\S+)" hidden', page) == ['how', 'controls', 'unit-control']


@pytest.mark.parametrize('cell, formula', [
    (('lstm', 'matrix'), '&sigma;(W<sub>o</sub>x<sub>t</sub> + U<sub>o</sub>h<sub>t&minus;1</sub> '
                         '+ b<sub>o</sub>)'),
    (('lstm_standard', 'matrix'), '+ V<sub>o</sub>c<sub>t</sub> + b<sub>o</sub>)'),
    (('lstm_peephole', 'diagonal'), '+ V<sub>i</sub>c<sub>t&minus;1</sub> + b<sub>i</sub>)')])
def test_each_cell_has_its_formulas_and_verdicts(cell, formula):
    model, params, options = classifier_of(*cell, True, 2, 'max', n_classes=3)
    page = states_page.page(model, 'The film is good.')
    assert formula in page and 'the first of them' in page
    ids = [WORDS.index(word) + 2 for word in ('the', 'film', 'is', 'good', '.')]
    for end, found in enumerate(data_of(page)['verdicts'], 1):
        z = plain_features(params, ids[:end], options).dot(0.5 * params['U']) + params['b']
        exps = numpy.exp(z - z.max())
        numpy.testing.assert_allclose(found, exps / exps.sum(), rtol=0, atol=DECIMALS)
    _, states = model.states('The film is good.')
    numpy.testing.assert_allclose(data_of(page)['states']['h'], states.h, rtol=0, atol=DECIMALS)


def test_each_cell_has_formulas():
    forms = [form for found in CELLS.values()
             for form in (found.values() if isinstance(found, dict) else [found])]
    assert [states_page.formulas_of(form)['i'].count('V<sub>i') for form in forms] == [0, 0, 1, 1]
    assert [states_page.formulas_of(form)['o'].count('V<sub>o') for form in forms] == [0, 1, 1, 1]


def test_nothing_of_a_text_is_markup(tmp_path):
    path, _ = save_model(tmp_path / 'm.npz', classes=('</script><script>', '<img>'))
    page = states_page.page(predict.load_model(path), HOSTILE)
    assert data_of(page)['classes'] == ['</script><script>', '<img>']
    assert page.count('<script') == 2 and page.count('</script') == 2
    assert '<img' not in page
    assert ' '.join(data_of(page)['words']).startswith('< script > document')


def test_the_command_line(tmp_path, capsys):
    path, _ = save_model(tmp_path / 'm.npz')
    target = str(tmp_path / 'page.html')
    assert exit_status(predict.main, [path, TEXT, '--states', target]) == 0
    shown = capsys.readouterr()
    assert 'page.html written' in shown.err and 'The film' in shown.out
    with open(target, encoding='utf-8') as file:
        assert file.read() == states_page.page(predict.load_model(path), TEXT,
                                               'The memory cell of m.npz, word by word')
    os.remove(target)
    for arguments, message in (
            (['two', 'texts'], 'expected one TEXT, found 2'), (['-'], 'expected one TEXT'),
            (['--file', path], 'expected one TEXT, found 0'), ([' '], 'expected 1 to 200'),
            (['film ' * 201], 'the text has 201 words')):
        assert exit_status(predict.main, [path] + arguments + ['--states', target]) == 2
        assert message in capsys.readouterr().err
        assert not os.path.exists(target)


def test_a_text_of_one_word():
    model, _, _ = classifier_of('lstm', 'matrix', False, 1, 'mean')
    data = data_of(states_page.page(model, 'film'))
    assert len(data['verdicts']) == len(data['states']['h']) == 1
    with pytest.raises(ConfigError, match='has 0 words'):
        states_page.page(model, '')


def opened(browser, folder, text=TEXT):
    """Show the page of a text; return the model and the page."""
    path, _ = save_model(folder / 'm.npz')
    model = predict.load_model(path)
    target = folder / 'page.html'
    states_page.write(model, text, str(target), 'm.npz')
    browser.get(target.as_uri())
    return model, target.read_text(encoding='utf-8')


@pytest.mark.pages
def test_in_a_browser(tmp_path, browser):
    keys = pytest.importorskip('selenium.webdriver.common.keys').Keys
    model, page = opened(browser, tmp_path)
    _, states = model.states(TEXT)
    n_words, n_units = states.h.shape

    def shown(name):
        return browser.find_element('id', name).text

    def check(word, unit):
        assert shown('which-word').startswith('%d of %d:' % (word + 1, n_words))
        assert shown('which-unit') == '%d of %d' % (unit + 1, n_units)
        for name, values in states._asdict().items():
            assert float(shown('value-' + name).replace('\u2212', '-')) == pytest.approx(
                values[word][unit], abs=SHOWN)
        check_sums(shown('sum-c'), shown('sum-h'), states, word, unit)
        browser.execute_script('document.querySelector("details").open = true')
        cells = browser.find_elements('css selector', '.all tbody tr:nth-child(%d) td' % (unit + 1))
        assert [cell.text for cell in cells] == [shown('value-' + name) for name in states._fields]

    unit = data_of(page)['unit']
    check(n_words - 1, unit)
    # The keyboard.
    browser.find_element('id', 'word').send_keys(keys.HOME)
    check(0, unit)
    browser.find_element('id', 'word').send_keys(keys.ARROW_RIGHT)
    check(1, unit)
    ids = model.vocabulary.ids('the film')
    z = model.network.scores([ids])[0]
    verdict = [float(each) for each in shown('verdict').replace(',', '').split()[1::2]]
    assert verdict == pytest.approx([sigmoid(z[0] - z[1]), sigmoid(z[1] - z[0])], abs=SHOWN)
    browser.find_element('id', 'unit').send_keys(keys.HOME)
    check(1, 0)
    # A click, which a tap is as well: on a word, and on a field of a strip.
    browser.find_elements('css selector', '#words button')[3].click()
    check(3, 0)
    browser.find_elements('css selector', '#strip-c .unit')[2].click()
    check(3, 2)
    # At a phone's width nothing sticks out.
    browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
        'width': 360, 'height': 740, 'deviceScaleFactor': 1, 'mobile': True})
    assert browser.execute_script('return document.documentElement.scrollWidth') <= 360


@pytest.mark.pages
def test_a_tap_chooses_a_word_and_a_unit(tmp_path, browser):
    browser.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', {'enabled': True})
    opened(browser, tmp_path)

    def tap(element):
        browser.execute_script('arguments[0].scrollIntoView({block: "center"})', element)
        box = browser.execute_script('const box = arguments[0].getBoundingClientRect();'
                                     'return [box.x + box.width / 2, box.y + box.height / 2]',
                                     element)
        for kind, points in (('touchStart', [dict(zip('xy', box))]), ('touchEnd', [])):
            browser.execute_cdp_cmd('Input.dispatchTouchEvent',
                                    {'type': kind, 'touchPoints': points})

    tap(browser.find_elements('css selector', '#words button')[3])
    assert browser.find_element('id', 'which-word').text.startswith('4 of ')
    tap(browser.find_elements('css selector', '#strip-c .unit')[2])
    assert browser.find_element('id', 'which-unit').text.startswith('3 of ')


@pytest.mark.pages
def test_without_javascript_the_last_word_is_shown(tmp_path, browser):
    browser.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', {'value': True})
    model, page = opened(browser, tmp_path)
    _, states = model.states(TEXT)
    unit = data_of(page)['unit']
    last = '%d of %d:' % (len(states.h), len(states.h))
    assert browser.find_element('id', 'which-word').text.startswith(last)
    for name, values in states._asdict().items():
        shown = browser.find_element('id', 'value-' + name).text.replace('\u2212', '-')
        assert float(shown) == pytest.approx(values[-1][unit], abs=SHOWN)
    assert not browser.find_element('id', 'word').is_displayed()


@pytest.mark.pages
def test_hostile_text_is_shown_and_not_run(tmp_path, browser):
    opened(browser, tmp_path, HOSTILE)
    assert browser.title == 'The memory cell of m.npz, word by word'
    assert browser.find_element('id', 'words').text.startswith('<script>document.title')
    assert not browser.find_elements('css selector', 'img')
