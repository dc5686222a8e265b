"""Where packing puts each word, looked up one by one."""
import numpy
import pytest

from lstm_sentiment.recurrence.packing import (
    groups_of,
    last_rows,
    lengths_of,
    pack,
    pack_whole,
    reversed_rows,
    sum_rows,
)


def ragged(seed, n_samples, longest=6):
    """Ids that are all distinct, a mask of prefixes, some empty, and the lengths."""
    lengths = numpy.random.RandomState(seed).randint(0, longest + 1, n_samples)
    mask = (numpy.arange(longest)[:, None] < lengths).astype('float64')
    return numpy.arange(longest * n_samples).reshape(longest, n_samples), mask, lengths


def test_a_mask_of_other_numbers_is_refused():
    with pytest.raises(ValueError, match='zeros and ones'):
        pack(numpy.array([[2]]), numpy.array([[0.5]]))


def test_pack_puts_the_longest_first_and_keeps_every_word():
    x = numpy.array([[5, 9, 2], [0, 9, 3], [0, 7, 0]])
    words, tokens, n_alive, order = pack(x, (x > 0).astype('float64'))
    assert words.tolist() == [2, 3, 5, 7, 9]
    assert order.tolist() == [1, 2, 0]
    assert n_alive.tolist() == [[3, 2, 1]]
    assert words[tokens].tolist() == [9, 2, 5, 9, 3, 7]


@pytest.mark.parametrize('n_groups', [1, 2, 3])
@pytest.mark.parametrize('n_samples', [1, 2, 5, 9])
def test_each_row_is_the_word_it_should_be(n_groups, n_samples):
    x, mask, lengths = ragged(n_samples, n_samples)
    words, tokens, n_alive, order = pack(x, mask, n_groups)
    ids, from_the_end = words[tokens], reversed_rows(n_alive, n_samples)
    last = last_rows(n_alive, n_samples)
    assert lengths_of(n_alive, n_samples).tolist() == lengths[order].tolist()
    for group in groups_of(n_alive, n_samples):
        places, steps = group.places()
        here = ids[group.words, None]
        before = group.one_step_before(here, -1 - numpy.arange(n_samples)[:, None])
        samples = order[group.samples][places]
        assert here[:, 0].tolist() == x[steps, samples].tolist()
        assert (ids[from_the_end][group.words].tolist()
                == x[lengths[samples] - 1 - steps, samples].tolist())
        assert before[:, 0].tolist() == [x[step - 1, sample] if step else -1 - place for
                                         step, sample, place in zip(steps, samples, places)]
    assert [ids[row] if row >= 0 else -1 for row in last] == [
        x[lengths[sample] - 1, sample] if lengths[sample] else -1 for sample in order]


def test_samples_without_words_alone():
    x, mask = numpy.zeros((3, 2), dtype='int64'), numpy.zeros((3, 2))
    words, tokens, n_alive, order = pack(x, mask, 2)
    assert not len(words) and not len(tokens)
    assert lengths_of(n_alive, 2).tolist() == [0, 0] and last_rows(n_alive, 2).tolist() == [-1, -1]
    assert reversed_rows(n_alive, 2).tolist() == []


def test_rows_of_one_kind_are_summed():
    array = numpy.random.RandomState(0).randn(7, 3)
    where = numpy.array([2, 0, 2, 2, 4, 0, 4])
    expected = numpy.zeros((5, 3))
    for row, place in zip(array, where):
        expected[place] += row
    numpy.testing.assert_allclose(sum_rows(array, where, 5), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize('n_groups', [1, 2, 3])
@pytest.mark.parametrize('n_samples', [1, 2, 5])
def test_samples_of_equal_length_are_packed_in_their_order(n_groups, n_samples):
    places, n_alive = pack_whole(4, n_samples, n_groups)
    assert places.dtype == n_alive.dtype == 'int64'
    assert sorted(places.tolist()) == list(range(4 * n_samples))
    groups = groups_of(n_alive, n_samples)
    assert groups[-1].words.stop == 4 * n_samples and len(groups) == n_groups
    for group in groups:
        members = numpy.arange(n_samples)[group.samples]
        assert group.n_alive.tolist() == 4 * [len(members)]
        expected = [step * n_samples + sample for step in range(4) for sample in members]
        assert places[group.words].tolist() == expected
    # The last words are those of the last step.
    assert places[last_rows(n_alive, n_samples)].tolist() == list(
        range(3 * n_samples, 4 * n_samples))
