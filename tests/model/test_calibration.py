"""Reliability, calibration error and temperature, against plain loops and known cases."""
import math

import numpy
import pytest

from lstm_sentiment.model import calibration


def random_answers(n, seed=0, n_classes=3):
    rng = numpy.random.RandomState(seed)
    scores = 2 * rng.randn(n, n_classes)
    return scores, calibration.softmax(scores), rng.randint(n_classes, size=n)


@pytest.mark.parametrize('n_bins', [15, 4])
def test_the_calibration_error_is_that_of_a_plain_loop(n_bins):
    _, probabilities, labels = random_answers(300)
    expected = 0.
    for place in range(n_bins):
        inside = [k for k, p in enumerate(probabilities)
                  if place / n_bins < max(p) <= (place + 1) / n_bins]
        if inside:
            accuracy = sum(probabilities[k].argmax() == labels[k] for k in inside) / len(inside)
            confidence = sum(max(probabilities[k]) for k in inside) / len(inside)
            expected += len(inside) / 300 * abs(accuracy - confidence)
    bins = calibration.reliability(probabilities, labels, n_bins)
    assert calibration.calibration_error(bins) == pytest.approx(expected, abs=1e-12)
    assert expected > .1 and sum(each.n_answers for each in bins) == 300


def test_a_limit_belongs_to_the_bin_below_and_certainty_to_the_last():
    probabilities = numpy.array([[.75, .25], [.76, .24], [1., 0.]])
    bins = calibration.reliability(probabilities, numpy.array([0, 1, 0]), n_bins=4)
    assert [each.n_answers for each in bins] == [0, 0, 1, 2]
    assert (bins[2].low, bins[2].high, bins[2].accuracy) == (.5, .75, 1.)
    assert (bins[3].confidence, bins[3].accuracy) == (pytest.approx(.88), .5)
    assert math.isnan(bins[0].confidence) and math.isnan(bins[0].accuracy)


def loss(scores, labels, temperature):
    probabilities = calibration.softmax(scores / temperature)
    return -numpy.log(probabilities[numpy.arange(len(labels)), labels]).mean()


@pytest.mark.parametrize('n_classes, factor', [(2, .4), (2, 3.), (3, 5.)])
def test_the_temperature_has_the_largest_likelihood(n_classes, factor):
    rng = numpy.random.RandomState(1)
    scores = 1.5 * rng.randn(4000, n_classes)
    # Labels are drawn from the probabilities, so that 1 would be right; the scores are then
    # multiplied.
    chosen = (numpy.cumsum(calibration.softmax(scores), axis=1) < rng.rand(4000, 1)).sum(axis=1)
    found = calibration.fit_temperature((factor * scores).astype('float32'), chosen)
    assert found == pytest.approx(factor, rel=.1)
    least = loss(factor * scores, chosen, found)
    assert least < loss(factor * scores, chosen, 1.01 * found)
    assert least < loss(factor * scores, chosen, .99 * found)
    after = calibration.reliability(calibration.softmax(factor * scores / found), chosen)
    assert calibration.calibration_error(after) < .02
    before = calibration.reliability(calibration.softmax(factor * scores), chosen)
    assert calibration.calibration_error(before) > .08


def test_labels_that_leave_no_limit():
    scores = numpy.array([[0., 3.], [2., 0.]])
    assert calibration.fit_temperature(scores, numpy.array([1, 0])) == pytest.approx(
        calibration.COLDEST, rel=1e-6)
    assert calibration.fit_temperature(scores, numpy.array([0, 1])) == pytest.approx(
        calibration.HOTTEST, rel=1e-6)


def test_softmax_of_large_scores():
    found = calibration.softmax(numpy.array([[1e4, 0.], [-1e4, -1e4]], dtype='float32'))
    assert found.dtype == 'float32' and found.tolist() == [[1., 0.], [.5, .5]]
