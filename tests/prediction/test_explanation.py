"""The words' numbers, the words as they were written, and the colours of a terminal."""
import io
import re

import numpy
import pytest
from models import N_WORDS, WORDS, combination, params_for, random_texts, save_model
from oracles import plain_scores

import predict
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction import explanation as explain
from lstm_sentiment.prediction.explanation import SHARE
from lstm_sentiment.text.tokenizing import tokenize_chunk
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary

COLOUR = re.compile('\x1b\\[[0-9;]*m')


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def model(tmp_path):
    return predict.load_model(save_model(tmp_path / 'm.npz')[0], jobs=1)


@pytest.mark.parametrize('dtype', ['float64', 'float32'])
@pytest.mark.parametrize('classes, use_dropout', [(('neg', 'pos'), True), (('neg', 'pos'), False),
                                                  (('a', 'b', 'c'), True)])
def test_numbers_and_bias_sum_to_the_logit_difference(tmp_path, dtype, classes, use_dropout):
    path, params = save_model(tmp_path / 'm.npz', classes, dtype, use_dropout)
    model = predict.load_model(path, jobs=1)
    params = {name: value.astype('float64') for name, value in params.items()}
    numbers_differ, winners = False, set()
    for text in random_texts(200):
        explanation = model.explain(text, SHARE)
        words, = tokenize_chunk([text], TEXT_SETTINGS)
        scores = plain_scores(params, model.vocabulary.ids(words), 0.5 if use_dropout else 1.)
        a, b = (1, 0) if len(classes) == 2 else numpy.argsort(-scores)[:2]
        assert (explanation.toward, explanation.against) == (a, b)
        assert explanation.label == scores.argmax()
        assert abs(explanation.numbers.sum() + explanation.bias - (scores[a] - scores[b])) < 1e-5
        assert abs(explanation.score - (scores[a] - scores[b])) < 1e-5
        assert len(explanation.numbers) == len(explanation.pieces) == len(words.split())
        numbers_differ |= abs(numpy.diff(explanation.numbers)).max(initial=0) > 1e-3
        winners.add(explanation.label)
    assert numbers_differ and len(winners) == len(classes)


def test_the_running_verdict_is_the_answer_to_a_text_that_ends_there(tmp_path):
    path, _ = save_model(tmp_path / 'm.npz', tokenizer='whitespace')
    model = predict.load_model(path, jobs=1)
    text = 'the film is good , it is bad . see the film'
    words = text.split()
    beginnings = [' '.join(words[:n]) for n in range(1, len(words) + 1)]
    expected = model.predict_proba(beginnings)[:, 1]
    verdict = model.explain(text, SHARE).running_verdict()
    numpy.testing.assert_allclose(verdict, expected, atol=1e-12)
    assert numpy.ptp(expected) > 0.1


@pytest.mark.parametrize('options', [
    combination('lstm', 'matrix', False, 2, 'mean'), combination('lstm', 'matrix', True, 1, 'mean'),
    combination('lstm', 'matrix', False, 1, 'max')])
def test_a_running_verdict_is_given_only_where_it_is_true(tmp_path, capsys, options):
    options.update(n_words=N_WORDS, dim_proj=3, ydim=2, use_dropout=True)
    vocabulary = Vocabulary(WORDS, dict(TEXT_SETTINGS, tokenizer='whitespace'), ['neg', 'pos'])
    path = str(tmp_path / 'm.npz')
    saved_model.save(path, params_for(options), options, vocabulary)
    model = predict.load_model(path, jobs=1)
    words = ['the', 'film', 'is', 'good', ',', 'it', 'is', 'bad']
    beginnings = [' '.join(words[:n]) for n in range(1, len(words) + 1)]
    verdict = model.explain(beginnings[-1], SHARE).running_verdict()
    is_running = options['pooling'] == 'mean' and not options['bidirectional']
    if is_running:
        numpy.testing.assert_allclose(verdict, model.predict_proba(beginnings)[:, 1], atol=1e-12)
    else:
        assert verdict is None
    page = tmp_path / 'page.html'
    assert predict.main([path, beginnings[-1], '--explain', 'share', '--html', str(page)]) == 0
    assert ('how the verdict stood at that word' in ' '.join(capsys.readouterr().out.split())) \
        == is_running
    text = page.read_text(encoding='utf-8')
    assert ('<polyline' in text) == ('The line over a text' in text) == is_running
    assert ('how the verdict stood' in text) == is_running


def test_strongest_words(model):
    explanation = model.explain('the film is good , it is bad . see the film', SHARE)
    numbers = explanation.numbers.tolist()
    high, low = explanation.strongest(2)
    assert [numbers[k] for k in high] == [n for n in sorted(numbers)[::-1][:2] if n > 0]
    assert [numbers[k] for k in low] == [n for n in sorted(numbers)[:2] if n < 0]
    assert high or low
    explanation.numbers = numpy.array([.5, .25])
    assert explanation.strongest() == ([0, 1], [])


def written(text, **settings):
    settings = dict(TEXT_SETTINGS, **settings)
    words, = tokenize_chunk([text], settings)
    pieces, tail = explain.as_written(text, words.split(), settings)
    assert len(pieces) == len(words.split())
    return [piece.word for piece in pieces], ''.join(g + w for g, w in pieces) + tail


@pytest.mark.parametrize('text, words', [
    ("Don't  say\n&apos; [A|B] <br />", ['Don', "'t", 'say', '&', 'apos', ';', '[', 'A', '|', 'B',
                                         ']', '<', 'br', '/', '>']),
    ('"STRASSE" ΟΔΟΣ, İstanbul...', ['"', 'STRASSE', '"', 'ΟΔΟΣ', ',', 'İstanbul', '...']),
    ('  Mr. Bean  ', ['Mr.', 'Bean']),
])
def test_words_as_they_were_written(text, words):
    assert written(text) == (words, text)


@pytest.mark.parametrize('settings', [{}, {'lowercase': False},
                                      {'tokenizer': 'whitespace', 'lowercase': True}])
def test_no_character_of_a_text_is_lost(settings):
    rng = numpy.random.RandomState(0)
    letters = list('aB.,\'"&<>[]|;- \n$%éßİΣ1/()!?')
    for _ in range(300):
        text = ''.join(rng.choice(letters, size=rng.randint(1, 40)))
        assert written(text, **settings)[1] == text


def test_a_word_that_is_not_in_the_text_stands_as_the_tokenizer_has_it():
    pieces, tail = explain.as_written('fi\x02lm is', ['film', 'is'], TEXT_SETTINGS)
    assert pieces == [('', 'film'), (' ', 'is')] and tail == ''


@pytest.mark.parametrize('environment, colours', [
    ({'TERM': 'xterm-256color'}, 256),
    ({'TERM': 'xterm-256color', 'COLORTERM': 'truecolor'}, 2 ** 24),
    ({'TERM': 'xterm-direct'}, 2 ** 24),
    ({'TERM': 'xterm'}, 0),
    ({'TERM': 'dumb', 'COLORTERM': 'truecolor'}, 0),
    ({'TERM': 'xterm-256color', 'COLORTERM': 'truecolor', 'NO_COLOR': '1'}, 0),
    ({'TERM': 'xterm-256color', 'NO_COLOR': ''}, 256),
])
def test_how_many_colours(environment, colours):
    assert explain.colour_depth(Terminal(), environment) == colours
    assert explain.colour_depth(io.StringIO(), environment) == 0


@pytest.mark.parametrize('colours', [256, 2 ** 24])
def test_colours_are_around_the_words_as_written(model, colours):
    text = "The film is GOOD & I don't see <it>"
    shown = explain.in_terminal(model.explain(text, SHARE), colours)
    assert text in COLOUR.sub('', shown)
    assert shown.count('\x1b[0m') == shown.count('\x1b[30;48;%d;' % (5 if colours == 256 else 2))
    assert '\x1b[30;48' in shown


def test_the_scale_tells_sign_and_size():
    def background(level):
        return [int(n) for n in re.match('\x1b\\[30;48;2;(.*)m', explain.marked('x', level, 2**24)
                                         ).group(1).split('m')[0].split(';')]

    assert background(1.) == list(explain.FOR) and background(-1.) == list(explain.AGAINST)
    assert all(pale > full for pale, full in zip(background(.3)[:2], background(1.)[:2]))
    assert background(.3)[2] > background(.3)[0] and background(-.3)[0] > background(-.3)[2]


def test_marks_where_there_is_no_colour(model):
    explanation = model.explain('the film is good', SHARE)
    explanation.numbers = numpy.array([.01, .3, -.9, .6])
    shown = explain.in_terminal(explanation, 0)
    assert 'the film[+] is[---] good[++]' in shown and '\x1b' not in shown
    assert 'strongest for pos  good (word 4) +0.600, film (word 2) +0.300, the' in shown
    assert 'strongest for neg  is (word 3) -0.900' in shown


def test_the_lines_say_what_adds_up(model):
    explanation = model.explain('the film is good', SHARE)
    last = explain.in_terminal(explanation).splitlines()[-1]
    words, bias, total = (float(n) for n in re.findall(r'[+-]\d+\.\d{3}', last))
    assert abs(words + bias - total) < 2e-3 and abs(total - explanation.score) < 1e-3


def test_a_text_cannot_steer_the_terminal(model):
    shown = explain.in_terminal(model.explain('the \x1b]0;owned\x07 film \x9b2J', SHARE), 0)
    assert not set(shown) & {'\x1b', '\x07', '\x9b'}


def test_a_text_without_words(model):
    explanation = model.explain('  ', SHARE)
    assert explanation.score == explanation.bias
    assert 'the bias alone decides' in explain.in_terminal(explanation, 256)
