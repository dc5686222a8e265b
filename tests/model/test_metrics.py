"""Precision, recall and F1 against a count of the answers one by one."""
import numpy
import pytest

from lstm_sentiment.model import metrics


def plain_scores(labels, said, name):
    """Of one class, from pairs of label and answer."""
    pairs = list(zip(labels, said))
    right = pairs.count((name, name))
    n_said, n_labelled = said.count(name), labels.count(name)
    precision = right / n_said if n_said else 0.
    recall = right / n_labelled if n_labelled else 0.
    f1 = 2 * precision * recall / (precision + recall) if right else 0.
    return precision, recall, f1


def confusion_of(labels, said, ydim):
    confusion = numpy.zeros((ydim, ydim), int)
    for pair in zip(labels, said):
        confusion[pair] += 1
    return confusion


@pytest.mark.parametrize('ydim', [2, 3, 5])
def test_scores_are_those_of_the_pairs(ydim):
    rng = numpy.random.RandomState(ydim)
    labels, said = (rng.randint(0, ydim, 40).tolist() for _ in range(2))
    confusion = confusion_of(labels, said, ydim)
    expected = [plain_scores(labels, said, name) for name in range(ydim)]
    numpy.testing.assert_allclose(numpy.transpose(metrics.class_scores(confusion)), expected)
    numpy.testing.assert_allclose(metrics.macro(confusion), numpy.mean(expected, axis=0))
    assert metrics.macro_f1(confusion) == pytest.approx(numpy.mean([f1 for _, _, f1 in expected]))


def test_a_class_that_nobody_names_has_no_part_in_the_mean():
    labels, said = [0, 0, 2, 3], [0, 2, 2, 2]  # 1 is neither; 3 is never answered
    expected = [plain_scores(labels, said, name)[2] for name in (0, 2, 3)]
    assert metrics.macro_f1(confusion_of(labels, said, 4)) == pytest.approx(numpy.mean(expected))
    assert metrics.macro_f1(numpy.zeros((2, 2), int)) == 0
    assert metrics.macro_f1(numpy.diag([3, 4])) == 1


def test_the_report_has_each_class_macro_and_micro():
    confusion = numpy.array([[1, 3], [2, 94]])
    lines = [line.split() for line in metrics.report('test', confusion, ['rare', 'usual'])]
    assert ' '.join(lines[0]) == 'test: accuracy 0.9500, macro F1 0.6299, 100 texts'
    assert lines[1][:3] == ['label', 'rare', 'usual']
    assert lines[2:4] == [['rare', '1', '3'], ['usual', '2', '94']]
    assert lines[5:] == [['rare', '0.333', '0.250', '0.286', '4'],
                         ['usual', '0.969', '0.979', '0.974', '96'],
                         ['macro', '0.651', '0.615', '0.630', '100'],
                         ['micro', '0.950', '0.950', '0.950', '100']]
    assert '1  ' in list(metrics.report('test', confusion))[3]


def test_many_classes_are_not_listed():
    assert len(list(metrics.report('test', numpy.eye(metrics.MOST_CLASSES + 1)))) == 1


@pytest.mark.parametrize('options, counted', [
    ({}, False), ({'dataset': 'own.pkl'}, True), ({'class_weight': 'balanced'}, True),
    ({'valid_metric': 'f1'}, True), ({'valid_metric': 'f1', 'ydim': 80}, True),
    ({'dataset': 'own.pkl', 'ydim': 80}, False)])
def test_answers_are_counted_where_classes_matter(options, counted):
    options = dict({'ydim': 2, 'dataset': 'imdb', 'class_weight': '', 'valid_metric': 'error'},
                   **options)
    arrays = metrics.confusions_for(options, {'imdb': None})
    if counted:
        assert arrays.shape == (3, options['ydim'], options['ydim']) and not arrays.any()
    else:
        assert arrays == (None, None, None)
