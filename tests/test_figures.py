"""Tests of docs/figures: the drawings, the tables, and the numbers in them."""

import doctest
import importlib
import json
import os
import re
import sys
from xml.etree import ElementTree

import models
import numpy
import pytest

import imdb
import lstm
import predict
from lstm_sentiment import options
from lstm_sentiment.model import saved_model

FOLDER = os.path.join(os.path.dirname(os.path.abspath(lstm.__file__)), 'docs', 'figures')
sys.path.append(FOLDER)

import cell_runs  # noqa: E402 (found in that folder)
import default_run  # noqa: E402
import full_result  # noqa: E402
import gates_at_work  # noqa: E402
import gradient_norm  # noqa: E402
import make  # noqa: E402
import optimizer_runs  # noqa: E402
import reliability  # noqa: E402
import tables  # noqa: E402

FIXED = ['memory_cell', 'model', 'gate_blocks']
WITH_TEXT = ['gradient_norm', 'optimizers']
PLOTTED = ['gates_at_work'] + WITH_TEXT
SVG = '{http://www.w3.org/2000/svg}'


def content(name, folder=FOLDER):
    with open(os.path.join(str(folder), name), encoding='utf-8', newline='') as stream:
        return stream.read()


@pytest.mark.parametrize('name', ['style', 'tables', 'full_result', 'reliability'])
def test_examples(name):
    tested = doctest.testmod(importlib.import_module(name))
    assert tested.attempted > 0 and tested.failed == 0


# Drawings

@pytest.mark.parametrize('name', FIXED + PLOTTED)
def test_each_figure_has_a_description_and_a_background(name):
    root = ElementTree.fromstring(content(name + '.svg'))
    left, top, width, height = map(float, root.get('viewBox').split())
    assert (left, top) == (0, 0) and width == 720 and 400 <= height <= 660
    title, description, panel = list(root)[:3]
    assert title.tag == SVG + 'title' and description.tag == SVG + 'desc'
    assert len(title.text) > 10 and len(description.text) > 100
    assert root.get('aria-labelledby').split() == [title.get('id'), description.get('id')]
    # The page may be dark.
    assert panel.tag == SVG + 'rect' and panel.get('fill') == '#ffffff'
    assert (float(panel.get('width')), float(panel.get('height'))) == (width - 1, height - 1)
    assert not re.search(r'<script|<image|href="[^#]|url\([^#]', content(name + '.svg'))


@pytest.mark.parametrize('name', FIXED)
def test_a_fixed_drawing_needs_no_font(name):
    root = ElementTree.fromstring(content(name + '.svg'))
    assert not root.findall('.//%stext' % SVG) and 'font' not in content(name + '.svg')
    right, bottom = map(float, root.get('viewBox').split()[2:])
    outlines = [path.get('d') for path in root.iter(SVG + 'path')]
    assert len(outlines) > 10
    for outline in outlines:
        for start in re.findall(r'M(\S+) ([\d.]+)', outline):
            x, y = map(float, start)
            assert 0 < x < right - 8 and 0 < y < bottom - 8


@pytest.mark.parametrize('name', WITH_TEXT)
def test_the_words_of_a_plot_are_legible(name):
    texts = ElementTree.fromstring(content(name + '.svg')).findall('.//%stext' % SVG)
    sizes = [float(text.get('font-size') or re.search(r'([\d.]+)px', text.get('style')).group(1))
             for text in texts]
    assert len(sizes) > 10 and min(sizes) >= 20


@pytest.fixture
def drawn(tmp_path, capsys):
    """A folder with the figures drawn from the tables."""
    pytest.importorskip('matplotlib', reason='figures from tables need matplotlib')
    make.main(['--draw-only', '--output', str(tmp_path)])
    said = capsys.readouterr().out
    for name in PLOTTED:
        assert '%s.svg\n' % name in said
    assert ('full_result.svg\n' in said) == (tmp_path / 'full_result.svg').exists()
    assert 'full_result.svg' in said
    return tmp_path


def test_the_same_tables_give_the_same_bytes(drawn, tmp_path):
    again = tmp_path / 'again'
    again.mkdir()
    make.main(['--draw-only', '--output', str(again)])
    for name in PLOTTED:
        assert content(name + '.svg', drawn) == content(name + '.svg', again)


def lines_in(picture):
    """The points of each named line, {name: (n_points, 2) array}."""
    lines = {}
    for group in ElementTree.fromstring(picture).iter(SVG + 'g'):
        name, path = group.get('id', ''), group.find(SVG + 'path')
        if path is not None and path.get('d'):
            numbers = re.findall(r'-?[\d.]+', path.get('d'))
            lines[name] = numpy.array(numbers, dtype='float64').reshape(-1, 2)
    return lines


def is_affine(pixels, values):
    """Whether pixels, given with 6 decimals, are a linear function of values, plus a constant."""
    fit = numpy.polyfit(values, pixels, 1)
    return numpy.abs(numpy.polyval(fit, values) - pixels).max() < 2e-3 and fit[0] != 0


def check_gradients(picture, rows):
    lines, k = lines_in(picture), numpy.arange(100)
    xs, ys, logs = [], [], []
    for name, label, _, _, _, _, _ in gradient_norm.LINES:
        values = numpy.array(tables.column(rows, name))
        seen = int((values >= 1e-9).sum())  # the picture cuts off smaller values
        xs.append(lines[name][:seen, 0] - lines['linear_0.9'][:seen, 0])
        ys.append(lines[name][:seen, 1])
        logs.append(numpy.log10(values[:seen]))
        assert seen > 60 and '>%s</text>' % label in picture
    assert not numpy.concatenate(xs).any() and is_affine(lines['linear_0.9'][:, 0], k)
    assert is_affine(numpy.concatenate(ys), numpy.concatenate(logs))


def check_optimizers(picture, rows):
    lines = lines_in(picture)
    for name in ('cost', 'valid_err'):
        pixels, points = [], []
        for rule in optimizer_runs.RULES:
            own = [row for row in rows if row['optimizer'] == rule and row[name]]
            pixels.append(lines['%s_%s' % (name, rule)])
            points.append([tables.column(own, 'epochs'), tables.column(own, name)])
            assert '>%s</text>' % optimizer_runs.SHOWN[rule][0] in picture
        pixels, points = numpy.concatenate(pixels).T, numpy.concatenate(points, axis=1)
        for axis in (0, 1):
            assert is_affine(pixels[axis], points[axis])


def check_gates(picture, rows):
    """Each bar goes from 0 to its number; the words are outlines."""
    bars = lines_in(picture)
    assert ' '.join(row['word'] for row in rows) == (
        'the plot is witty , but the film as a whole is a bore .')
    for name, _, _, _, _ in gates_at_work.ROWS:
        values = numpy.array(tables.column(rows, name))
        corners = numpy.array([bars['%s_%d' % (name, k)][:4] for k in range(len(rows))])
        ends = numpy.sort(corners[:, :, 1], axis=1)[:, [0, 3]]
        foot = numpy.median(numpy.where(values > 0, ends[:, 1], ends[:, 0]))
        tops = numpy.where(values > 0, ends[:, 0], ends[:, 1])
        assert is_affine(numpy.append(tops, foot), numpy.append(values, 0))
        assert (numpy.diff(corners[:, 0, 0]) > 30).all()
    assert '<text' not in picture and 'font' not in picture


CHECKS = {'gates_at_work': check_gates, 'gradient_norm': check_gradients,
          'optimizers': check_optimizers}


@pytest.mark.parametrize('name', PLOTTED)
def test_a_figure_shows_the_numbers_of_its_table(name, drawn):
    rows = tables.read_table(os.path.join(FOLDER, name + '.csv'))
    CHECKS[name](content(name + '.svg', drawn), rows)
    CHECKS[name](content(name + '.svg'), rows)


def curves_of(svg):
    """Points of the lines of costs, which are those with many points; (n_points, 2) each."""
    lines = [re.findall(r'[ML] (\S+) (\S+)', path) for path in re.findall(r' d="([^"]*)"', svg)]
    return [numpy.array(line, dtype=float) for line in lines if len(line) > 50]


def test_the_full_result_is_that_of_its_logs(drawn):
    logs = full_result.find_logs(make.RESULTS)
    committed = content('full_result.svg')
    assert len(logs) == 3
    for log in logs:
        assert '>%s</text>' % full_result.name_of(log) in committed
    lines, again = curves_of(committed), curves_of(content('full_result.svg', drawn))
    assert len(lines) == len(again) == len(logs)
    for line, other in zip(lines, again):
        numpy.testing.assert_allclose(line, other, atol=0.5)


LOG = ('epoch,update,cost,train_err,valid_err,test_err,is_best\n'
       + ''.join('0,%d,%s,,,,\n' % (update, update / 100.) for update in range(1, 41))
       + '0,20,,0.5,0.5,0.5,True\n0,40,,0.25,0.25,0.5,True\n1,60,,0.125,0.5,0.25,False\n')


def test_curves_of_the_full_result(tmp_path, capsys):
    pytest.importorskip('matplotlib', reason='it draws the curves')
    for name, text in (('seed_1.csv', LOG), ('seed_2.csv', LOG), ('other.csv', 'a,b\n')):
        (tmp_path / name).write_text(text)
    logs = full_result.find_logs(str(tmp_path))
    assert [os.path.basename(path) for path in logs] == ['seed_1.csv', 'seed_2.csv']
    assert capsys.readouterr().out == 'other.csv is ignored: it is not the log of a run\n'
    from matplotlib.figure import Figure
    figure = Figure()
    full_result.plot(figure, [('seed 1', tables.read_table(logs[0]))])
    above, below = figure.axes
    updates, means = above.lines[0].get_data()
    assert updates[0] == 20 and len(updates) == 21 and means[0] == pytest.approx(0.105)
    assert numpy.transpose(below.lines[0].get_data()).tolist() == [[20, .5], [40, .25], [60, .5]]
    assert numpy.transpose(below.lines[1].get_data()).tolist() == [[40, .25]]
    assert numpy.transpose(below.lines[2].get_data()).tolist() == [[20, .5], [40, .5], [60, .25]]
    picture = full_result.draw(logs)
    assert '>seed 1</text>' in picture and '>seed 2</text>' in picture


# Numbers

def test_a_table_comes_back(tmp_path):
    tables.write_table(str(tmp_path / 'a.csv'), {'name': ['x', 'y'], 'value': [1. / 3, '']})
    assert content('a.csv', tmp_path) == 'name,value\nx,0.333333\ny,\n'
    rows = tables.read_table(str(tmp_path / 'a.csv'))
    assert [row['name'] for row in rows] == ['x', 'y'] and tables.column(rows, 'value') == [.333333]


N_TIMESTEPS, N_SAMPLES, DIM = 6, 3, 4


def by_differences(last_h, state, v, eps=1e-6):
    """Norm of the gradient of v·last_h(state) by the state of one sample."""
    gradient = []
    for k in range(len(state)):
        step = numpy.zeros_like(state)
        step[k] = eps
        gradient.append((last_h(state + step) - last_h(state - step)).dot(v) / (2 * eps))
    return numpy.linalg.norm(gradient)


@pytest.fixture
def small():
    rng = numpy.random.RandomState(5)
    params = {'Wemb': rng.randn(9, DIM), 'lstm_W': rng.randn(DIM, 4 * DIM),
              'lstm_U': rng.randn(DIM, 4 * DIM), 'lstm_b': rng.randn(4 * DIM)}
    return params, rng.randint(9, size=(N_TIMESTEPS, N_SAMPLES)), rng.randn(N_SAMPLES, DIM)


def sigmoid(z):
    return 1 / (1 + numpy.exp(-z))


def lstm_from(state, words, params):
    """All states (h, c) of the LSTM over the embeddings of one sample, equations 1 to 7."""
    states = [state]
    for x in words:
        h, c = numpy.split(states[-1], 2)
        z = x.dot(params['lstm_W']) + h.dot(params['lstm_U']) + params['lstm_b']
        z_i, z_f, z_o, z_c = numpy.split(z, 4)
        i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)
        c = i * numpy.tanh(z_c) + f * c
        states.append(numpy.concatenate([o * numpy.tanh(c), c]))
    return states


def test_gradients_of_the_lstm_are_those_of_differences(small):
    params, x, v = small
    norms = gradient_norm.lstm_norms(params, x, v)
    assert norms.shape == (N_TIMESTEPS, N_SAMPLES) and norms.dtype == 'float64'
    for sample in range(N_SAMPLES):
        words = params['Wemb'][x[:, sample]]
        states = lstm_from(numpy.zeros(2 * DIM), words, params)
        for k in range(N_TIMESTEPS):
            now = N_TIMESTEPS - k
            expected = by_differences(
                lambda state, now=now, words=words: lstm_from(state, words[now:], params)[-1][:DIM],
                states[now], v[sample])
            assert norms[k, sample] == pytest.approx(expected, rel=1e-7)


def test_the_lstm_keeps_what_its_forget_gates_keep(small):
    """With i closed, o open and f = 0.75, each step back multiplies the gradient by 0.75."""
    params, x, v = small
    params = {name: numpy.zeros_like(value) for name, value in params.items()}
    params['lstm_b'] = numpy.repeat([-50, numpy.log(3), 50, 0], DIM)
    norms = gradient_norm.lstm_norms(params, x, v)
    expected = numpy.linalg.norm(v, axis=1) * 0.75 ** numpy.arange(N_TIMESTEPS)[:, None]
    numpy.testing.assert_allclose(norms, expected, rtol=1e-12)


@pytest.mark.parametrize('squash', [None, numpy.tanh])
def test_gradients_of_plain_networks_are_those_of_differences(small, squash):
    params, x, v = small
    words, W, U = params['Wemb'][x], params['lstm_W'][:, :DIM], params['lstm_U'][:, :DIM]
    norms = gradient_norm.plain_norms(words, U, W, v, squash)

    def run_from(h, words):
        states = [h]
        for word in words:
            z = states[-1].dot(U) + word.dot(W)
            states.append(numpy.tanh(z) if squash else z)
        return states

    for sample in range(N_SAMPLES):
        states = run_from(numpy.zeros(DIM), words[:, sample])
        for k in range(N_TIMESTEPS):
            now = N_TIMESTEPS - k
            expected = by_differences(
                lambda h, now=now, sample=sample: run_from(h, words[now:, sample])[-1],
                states[now], v[sample])
            assert norms[k, sample] == pytest.approx(expected, rel=1e-6)


def test_a_table_of_gradients_from_a_saved_model(tmp_path, monkeypatch):
    rng = numpy.random.RandomState(0)
    test = [rng.randint(2, 10000, size=length).tolist() for length in (99, 100, 102, 120)], [0] * 4
    monkeypatch.setattr(imdb, 'load_data', lambda n_words: (None, None, test))
    options_of_model = {'n_words': 10000, 'dim_proj': 128, 'ydim': 2, 'encoder': 'lstm',
                        'use_dropout': True}
    params = lstm.init_params(options_of_model, numpy.random.RandomState(gradient_norm.SEED))
    saved_model.save(str(tmp_path / 'model.npz'), params, options_of_model)
    gradient_norm.compute(str(tmp_path / 'table.csv'), str(tmp_path / 'model.npz'))
    rows = tables.read_table(str(tmp_path / 'table.csv'))
    assert [row['lstm_trained'] for row in rows] == [row['lstm_initial'] for row in rows]
    assert gradient_norm.first_words(test).T.tolist() == [seq[:100] for seq in test[0][1:]]


def test_the_default_run_writes_its_output_and_curves(tmp_path, monkeypatch):
    """Training is replaced by a program of one line; test_tutorial.py runs the real one."""
    docs, room = tmp_path / 'docs', tmp_path / 'room'
    docs.mkdir()
    room.mkdir()
    (docs / 'review.txt').write_text('A film.')
    (tmp_path / 'lstm.py').write_text(
        "import sys\nprint(' '.join(sys.argv[1:]))\n"
        "for name in ('curves.png', 'run.csv', 'lstm_model.npz'): open(name, 'w').write(name)\n")
    (tmp_path / 'predict.py').write_text(
        "import sys\nassert open(sys.argv[1]).read() == 'lstm_model.npz'\n"
        "open('report.html', 'w').write(open(sys.argv[3]).read())\n")
    monkeypatch.setattr(default_run, 'DOCS', str(docs))
    monkeypatch.setattr(default_run, 'ROOT', str(tmp_path))
    monkeypatch.setattr(default_run, 'CHROMIUMS', ())
    assert default_run.run(str(room)) == str(room / 'lstm_model.npz')
    assert (docs / 'default_run.log').read_text() == (
        '$ %s\n--plot curves.png --log run.csv\n' % default_run.COMMAND)
    assert (docs / 'curves.png').read_text() == 'curves.png'
    assert (room / 'report.html').read_text() == 'A film.'


def test_the_table_of_gradients_says_what_its_docstring_says():
    rows = tables.read_table(os.path.join(FOLDER, 'gradient_norm.csv'))
    k = numpy.array(tables.column(rows, 'k'))
    assert k.tolist() == list(range(100))
    for factor in (0.9, 1.0, 1.1):
        linear = tables.column(rows, 'linear_%s' % factor)
        numpy.testing.assert_allclose(linear, factor ** k, rtol=1e-5)
    low, middle, high = (numpy.array(tables.column(rows, 'lstm_trained' + end))
                         for end in ('_10', '', '_90'))
    assert (low <= middle).all() and (middle <= high).all()


def test_the_table_of_gates_obeys_the_equations():
    rows = tables.read_table(os.path.join(FOLDER, 'gates_at_work.csv'))
    candidate, i, f, c, o, h = (numpy.array(tables.column(rows, name))
                                for name, _, _, _, _ in gates_at_work.ROWS)
    gates = numpy.array([i, f, o])
    assert gates.min() > 0 and gates.max() < 1
    c_before = numpy.append(0, c[:-1])
    numpy.testing.assert_allclose(c, i * candidate + f * c_before, atol=1e-5)  # (4)
    numpy.testing.assert_allclose(h, o * numpy.tanh(c), atol=1e-5)  # (6)
    but = [row['word'] for row in rows].index('but')
    assert f.argmin() == o.argmin() == but and (c[but - 2:but + 1] < -0.5).all()
    assert abs(c[but + 1]) < 0.05 and (c[but + 2:] > 0.5).all() and c.argmax() == 14


def test_the_page_of_all_cells_has_the_numbers_of_the_table():
    rows = tables.read_table(os.path.join(FOLDER, 'gates_at_work.csv'))
    data = json.loads(re.search('id="data">(.*?)</script>', content('gates_at_work.html')).group(1))
    names = {'i': 'input_gate', 'f': 'forget_gate', 'o': 'output_gate', 'candidate': 'candidate',
             'c': 'state', 'h': 'output'}
    for name, column in names.items():
        numpy.testing.assert_allclose(numpy.array(data['states'][name])[:, data['unit']],
                                      tables.column(rows, column),
                                      rtol=5e-6, atol=1e-6)  # the table has six digits
    assert [word.lower() for word in data['words']] == [row['word'] for row in rows]


def test_a_table_of_gates_from_a_saved_model(tmp_path):
    path, params = models.save_model(tmp_path / 'model.npz')
    dim_proj, words = len(params['U']), ['the', 'film', 'is', 'good', '.']
    measured = gates_at_work.measure(predict.load_model(path), 'The film is good.')
    assert measured['word'] == words
    ids = [models.WORDS.index(word) + 2 for word in words]
    states = lstm_from(numpy.zeros(2 * dim_proj), params['Wemb'][ids], params)[1:]
    h, c = numpy.split(numpy.array(states), 2, axis=1)
    influence = abs(h * (params['U'][:, 1] - params['U'][:, 0])).sum(axis=0)
    assert numpy.sort(influence)[-2] < 0.99 * influence.max()
    cell = influence.argmax()
    for name, expected in (('output', h), ('state', c)):
        numpy.testing.assert_allclose(measured[name], expected[:, cell], rtol=1e-9)
    c_before = numpy.append(0, c[:-1, cell])
    i, f, candidate, o = (numpy.array(measured[name]) for name in (
        'input_gate', 'forget_gate', 'candidate', 'output_gate'))
    numpy.testing.assert_allclose(i * candidate + f * c_before, c[:, cell], rtol=1e-9)
    numpy.testing.assert_allclose(o * numpy.tanh(c[:, cell]), h[:, cell], rtol=1e-9)


def test_a_table_of_cells_from_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cell_runs, 'minibatches_of_reviews', lambda: ['a', 'b', 'c'])
    monkeypatch.setattr(cell_runs, 'update_times', lambda minibatches: numpy.array(
        [[2.] + 7 * [5.], [1.] + 7 * [3.], [1.] + 7 * [9.]]))
    monkeypatch.setattr(lstm, 'train_lstm', lambda **options: (
        0., 0., options['seed'] / 10. + (options['encoder'] == 'lstm_standard')
        if 'encoder' in options else options['seed'] / 100.))
    cell_runs.compute(str(tmp_path / 'cells.csv'))
    rows = tables.read_table(str(tmp_path / 'cells.csv'))
    assert [row['variant'] for row in rows] == [name for name, _ in cell_runs.VARIANTS]
    assert tables.column(rows, 'update_ratio') == [1] + 7 * [3]
    assert tables.column(rows, 'test_err_2')[:4] == [0.02, 1.2, 0.2, 0.2]
    assert 'Training max pooling with seed 3' in capsys.readouterr().out


def test_variants_take_turns_at_the_same_minibatches(monkeypatch):
    calls = []
    monkeypatch.setattr(cell_runs, 'make_update',
                        lambda changes: lambda *minibatch: calls.append((changes, minibatch)))
    times = cell_runs.update_times([('x',), ('y',)])
    assert times.shape == (2, len(cell_runs.VARIANTS)) and (times >= 0).all()
    each = [changes for _, changes in cell_runs.VARIANTS]
    assert calls == [(changes, (name,)) for name in 'xxy' for changes in each]


def test_an_update_of_a_variant_moves_its_parameters(monkeypatch):
    made = []
    init_tparams = lstm.init_tparams
    monkeypatch.setattr(lstm, 'init_tparams',
                        lambda params: made.append(init_tparams(params)) or made[-1])
    update = cell_runs.make_update({'encoder': 'lstm_peephole', 'bidirectional': True})
    before = lstm.unzip(made[0])
    x, mask, y = imdb.prepare_data([[5, 2, 3], [4]], [1, 0])
    update(x, mask, y)
    after = lstm.unzip(made[0])
    assert any('reverse_V' in name for name in after)
    assert all((before[name] != after[name]).any() for name in after)


def easy_data(n_words=100000, valid_portion=0.1, maxlen=None, rng=None):
    part = [[2, 5], [3, 6, 7], [2, 6], [3, 5]] * 5, [0, 1] * 10
    return part, part, part


def test_a_table_of_optimizers_from_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(lstm.datasets, 'easy', (easy_data, imdb.prepare_data))
    for name, value in dict(dataset='easy', dim_proj=4, n_words=20, batch_size=5,
                            use_dropout=False).items():
        monkeypatch.setitem(options.COMMAND_LINE_DEFAULTS, name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(optimizer_runs, 'EPOCHS', 3)
    monkeypatch.setattr(optimizer_runs, 'UPDATES_IN_A_MEAN', 2)
    costs, validations = optimizer_runs.run('sgd')
    assert [record.update for record in costs] == list(range(1, 13))
    assert [record.update for record in validations] == [4, 8, 12]
    optimizer_runs.compute('table.csv')
    assert os.listdir('.') == ['table.csv']
    rows = tables.read_table(str(tmp_path / 'table.csv'))
    for rule in optimizer_runs.RULES:
        own = [row for row in rows if row['optimizer'] == rule]
        assert tables.column(own, 'epochs') == [.5, 1, 1.5, 2, 2.5, 3, 1, 2, 3]
        assert len(tables.column(own, 'valid_err')) == len(tables.column(own, 'test_err')) == 3
    sgd = [row for row in rows if row['optimizer'] == 'sgd' and row['cost']]
    means = [(one.cost + other.cost) / 2 for one, other in zip(costs[::2], costs[1::2])]
    numpy.testing.assert_allclose(tables.column(sgd, 'cost'), means, rtol=1e-5)
    assert 'Training with rmsprop for 3 epochs' in capsys.readouterr().out


def test_the_table_of_optimizers_says_what_its_docstring_says():
    rows = tables.read_table(os.path.join(FOLDER, 'optimizers.csv'))
    for rule in optimizer_runs.RULES:
        own = [row for row in rows if row['optimizer'] == rule]
        costs, errors = (tables.column(own, name) for name in ('cost', 'valid_err'))
        assert len(costs) == 20 * 126 / 21 and len(errors) == 20
        n_wrong = numpy.array(errors) * 105
        numpy.testing.assert_allclose(n_wrong, n_wrong.round(), atol=1e-3)


# The model that comes along

def test_the_reliability_diagram_shows_its_table(tmp_path):
    pytest.importorskip('matplotlib')
    from matplotlib.figure import Figure
    table = tmp_path / 'reliability.csv'
    table.write_text('low,high,n_answers,confidence,accuracy\n0.4,0.6,0,nan,nan\n'
                     '0.6,0.8,10,0.7,0.65\n0.8,1.0,30,0.95,0.9\n')
    figure = Figure()
    reliability.plot(figure, tables.read_table(str(table)))
    axes, = figure.axes
    assert [(bar.get_x(), bar.get_height()) for bar in axes.patches] == [(.6, .65), (.8, .9)]
    means, diagonal = axes.lines
    assert means.get_xydata().tolist() == [[.7, .65], [.95, .9]]
    assert diagonal.get_xydata().tolist() == [[.6, .6], [1, 1]]
    assert 'is 0.0500. Of the answers, 75 % are in' in reliability.draw(str(table))


@pytest.mark.skipif(not os.path.exists(os.path.join(FOLDER, 'reliability.svg')),
                    reason='no model is packaged yet')
def test_the_model_that_comes_along_is_calibrated():
    rows = tables.read_table(os.path.join(FOLDER, 'reliability.csv'))
    assert sum(tables.column(rows, 'n_answers')) == 25000
    assert reliability.distance(rows) <= 0.02
    assert 'is %.4f. Of the answers' % reliability.distance(rows) in content('reliability.svg')
