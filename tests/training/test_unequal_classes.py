"""Training on unequal classes: weights, early stopping by F1, and what is said of each class."""
import contextlib
import io
import pickle
import re

import numpy
import pytest
from test_lstm import easy, easy_data  # noqa: F401 (a fixture)

import lstm
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.model import metrics, saved_model
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS


def make_dataset(path):
    """One text in 25 has the label 0: its second word tells it."""
    rng = numpy.random.RandomState(3)

    def part(n_texts):
        labels = [int(k % 25 > 0) for k in range(n_texts)]
        return [[int(rng.randint(4, 9)), 2 + label, int(rng.randint(4, 9))]
                for label in labels], labels
    path.write_bytes(b''.join(pickle.dumps(part(n_texts), 2) for n_texts in (500, 200)))
    words = {'word%d' % number: number for number in range(2, 9)}
    path.with_name('rare.dict.pkl').write_bytes(
        pickle.dumps(words, 2) + pickle.dumps(dict(TEXT_SETTINGS, classes=['bad', 'fine']), 2))


def train(capsys, **options):
    lstm.train_lstm(**dict(dict(dataset='rare.pkl', dim_proj=8, max_epochs=3, n_words=9,
                                valid_portion=0.2, saveto='m.npz', overwrite=True), **options))
    return capsys.readouterr().out


def f1_of(output, part, name):
    table = output.split('\n%s: accuracy' % part)[1]
    return float(re.findall(r'^  %s +[01]\.\d+ +[01]\.\d+ +([01]\.\d+) ' % name, table, re.M)[0])


def costs(output):
    return [line for line in output.splitlines() if line.startswith('Epoch')]


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_dataset(tmp_path / 'rare.pkl')
    return tmp_path


def test_weights_raise_the_f1_of_the_rare_class(dataset, capsys):
    plain = train(capsys, max_epochs=8)
    weighted = train(capsys, max_epochs=8, class_weight='balanced')
    assert f1_of(plain, 'test', 'bad') == 0
    assert f1_of(weighted, 'test', 'bad') > 0.8 and f1_of(weighted, 'valid', 'bad') > 0.8
    by_hand = train(capsys, max_epochs=8, class_weight='fine=%r,bad=12.5' % (400 / 2 / 384.))
    assert costs(by_hand) == costs(weighted) != costs(plain)
    assert saved_model.load_options('m.npz')['class_weight'].endswith('bad=12.5')


def test_a_class_that_is_not_there_has_no_weight(dataset, capsys):
    with pytest.raises(ConfigError, match="'good' is no class. Expected balanced, .* bad, fine"):
        train(capsys, class_weight='good=2')


def test_the_errors_and_the_matrix_agree(dataset, capsys):
    output = train(capsys, class_weight='balanced')
    errors = [float(text) for text in output.rsplit('Train  ')[-1].split('\n')[0].split()[::2]]
    for part, error in zip(('valid', 'test'), errors[1:]):
        accuracy = float(re.search(r'^%s: accuracy (\d\.\d+)' % part, output, re.M).group(1))
        assert abs(accuracy - (1 - error)) < 1e-4


def validations(output):
    return [float(line.split()[-1]) for line in output.splitlines() if line.startswith('Valid F1')]


def test_early_stopping_looks_at_f1(dataset, capsys, monkeypatch):
    """The error rises where F1 rises: by F1 the later parameters are the best."""
    confusions = [numpy.array(rows) for rows in (
        [[0, 4], [0, 96]], [[3, 1], [5, 91]], [[4, 0], [9, 87]])]
    expected = [metrics.macro_f1(confusion) for confusion in confusions]
    assert max(expected) == expected[1]

    def pred_error(f_pred, prepare_data, data, iterator, verbose=False, confusion=None):
        # Training, validation and test have the same answers.
        counts = confusions[number[0] // 3]
        number[0] += 1
        if confusion is not None:
            confusion[...] = counts
        return 1 - numpy.trace(counts) / 100.
    monkeypatch.setattr(lstm, 'pred_error', pred_error)
    for metric, best in (('error', 0), ('f1', 1)):
        number, records = [0], []
        output = train(capsys, valid_metric=metric, validFreq=-1,
                       callback=records.append)
        flags = [record.is_best for record in records if hasattr(record, 'is_best')]
        assert flags[best] and not any(flags[best + 1:])
        if metric == 'f1':
            assert validations(output) == pytest.approx(expected)


@pytest.mark.parametrize('options', [{'valid_metric': 'f1', 'class_weight': 'balanced'},
                                     {'class_weight': 'bad=9'}])
def test_a_resumed_run_says_the_same(dataset, capsys, options):
    whole = train(capsys, max_epochs=6, patience=20, **options)
    train(capsys, max_epochs=2, patience=20, saveto='n.npz', **options)
    resumed = train(capsys, max_epochs=6, patience=20, saveto='n.npz', resume=True, **options)

    def end(output):
        return output[output.index('\nvalid: accuracy'):].split('The code run')[0]
    assert end(resumed) == end(whole)
    finished = train(capsys, max_epochs=6, patience=20, saveto='n.npz', resume=True, **options)
    assert end(finished) == end(whole)
    with contextlib.redirect_stdout(io.StringIO()):
        one, two = (saved_model.load(name)[0] for name in ('m.npz', 'n.npz'))
    assert all((one[name] == two[name]).all() for name in one)


def test_nothing_is_said_of_the_classes_of_a_dataset_by_name(easy, capsys):  # noqa: F811
    lstm.train_lstm(saveto=None, **easy)
    assert 'accuracy' not in capsys.readouterr().out
    lstm.train_lstm(saveto=None, **dict(easy, valid_metric='f1'))
    assert capsys.readouterr().out.count('accuracy') == 2
