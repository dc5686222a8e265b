"""The weights of classes: balanced, by name or by label."""
from types import SimpleNamespace

import numpy
import pytest

from lstm_sentiment.data.class_weights import class_weights
from lstm_sentiment.errors import ConfigError


def weights(text, labels=(0, 0, 0, 1, 2, 2), names=('down', 'so=so', 'up')):
    found = names and SimpleNamespace(classes=list(names))
    return class_weights(text, list(labels), 3, lambda: found)


def test_balanced_classes_have_the_same_sum():
    found = weights('balanced')
    sums = [found[label] * n for label, n in enumerate((3, 1, 2))]
    numpy.testing.assert_allclose(sums, [2, 2, 2])
    assert sum(sums) == pytest.approx(6)  # the mean weight of a sample is 1
    assert weights('balanced', labels=(0, 0, 2))[1] == 1  # a label that no text has
    assert weights('balanced', labels=(0, 0, 2)) == [0.75, 1, 1.5]


def test_weights_by_name_or_label():
    assert weights('up=2, down=0.5') == [0.5, 1, 2]
    assert weights('so=so=3') == [1, 3, 1]
    assert weights('2=4,0=2', names=None) == [2, 1, 4]
    assert weights('1=4', names=('1', '2', '3')) == [4, 1, 1]


@pytest.mark.parametrize('text, said', [
    ('sideways=2', "'sideways' is no class"), ('balance', "'balance' is no class"),
    ('up=0', "'0': expected a number"), ('up=-1', "'-1'"), ('up=x', "'x'"), ('up=nan', "'nan'"),
    ('up=inf', "'inf'"), ('up=1e-30', "'1e-30'"), ('up', "'up' is no class"), ('0=2', 'no class')])
def test_others_are_refused(text, said):
    with pytest.raises(ConfigError, match='class_weight') as refused:
        weights(text)
    assert said in str(refused.value)
