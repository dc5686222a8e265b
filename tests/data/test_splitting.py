"""Tests of splits by groups of texts: splitting.py, the groups of a dataset, and --no-test."""
import math
import os
import pickle

import numpy
import pytest
from shop import dataset, make_dataset, train  # noqa: F401 (a fixture)

import imdb
import lstm
from lstm_sentiment.data import datasets
from lstm_sentiment.data.splitting import blocks_of_reviews, group_split
from lstm_sentiment.errors import ConfigError, DataError

DATA_DIR = os.environ.get('IMDB_DATA_DIR')


def random_groups(seed, n_samples=400):
    """Labels of three classes of unequal size, and groups of 1 to 12 texts, as films are."""
    rng = numpy.random.RandomState(seed)
    groups = numpy.repeat(numpy.arange(n_samples), rng.randint(1, 13, size=n_samples))[:n_samples]
    labels = rng.choice(3, size=n_samples, p=[0.6, 0.3, 0.1])
    shuffled = rng.permutation(n_samples)
    return rng.permutation(n_samples), labels[shuffled].tolist(), groups[shuffled].tolist()


@pytest.mark.parametrize('seed', range(20))
def test_no_group_is_in_both_parts_and_each_class_has_its_share(seed):
    order, labels, groups = random_groups(seed)
    train_part, valid = group_split(order, 60, labels, groups)
    assert sorted(train_part.tolist() + valid.tolist()) == list(range(400))
    assert not {groups[k] for k in train_part} & {groups[k] for k in valid}
    for part in (train_part, valid):  # in the given order
        places = [order.tolist().index(k) for k in part]
        assert places == sorted(places)
    for label in range(3):
        share = 60 * labels.count(label) / 400.
        assert abs(sum(labels[k] == label for k in valid) - share) <= 6  # half of the largest group


def test_the_order_chooses_the_groups():
    chosen = [frozenset(group_split(numpy.random.RandomState(seed).permutation(100), 20,
                                    [0] * 100, [k // 10 for k in range(100)])[1].tolist())
              for seed in range(200)]
    counts = [sum(10 * group in found for found in chosen) for group in range(10)]
    assert len(set(chosen)) > 30 and min(counts) > 20 and max(counts) < 60  # 40 on average


def test_groups_larger_than_the_validation_part():
    train_part, valid = group_split(numpy.arange(9), 1, [0] * 9, [5] * 4 + [6] * 3 + [7] * 2)
    assert valid.tolist() == [7, 8] and len(train_part) == 7  # the smallest
    assert len(group_split(numpy.arange(3), 1, [0] * 3, [5] * 3)[1]) == 0
    assert len(group_split(numpy.arange(0), 0, [], [])[1]) == 0


def test_blocks_of_reviews_follow_the_names_of_the_files():
    groups = blocks_of_reviews(25000)
    names = sorted('%d_%d.txt' % (number, 1 + number % 10) for number in range(12500))
    assert groups[:12500] == [int(name.split('_')[0]) // 50 for name in names]
    assert groups[12500:] == [250 + group for group in groups[:12500]]
    assert numpy.bincount(groups).tolist() == [50] * 500


def write(path, train_part, *further):
    test_part = [[2], [3]], [0, 1]
    path.write_bytes(b''.join(pickle.dumps(value, 2)
                              for value in (train_part, test_part) + further))
    return str(path)


def test_groups_come_with_the_dataset(tmp_path):
    """Those of texts that are too long, or have no words, go with them."""
    sequences = [[2 + k] * (1 + k % 3) for k in range(30)]
    sequences[4] = []
    groups = [k // 3 for k in range(30)]
    path = write(tmp_path / 'a.pkl', (sequences, [k % 2 for k in range(30)]), [['groups', groups]])
    group_of = {sequence[0]: group for sequence, group in zip(sequences, groups) if sequence}
    about = {}
    with pytest.warns(UserWarning, match='no words'):
        train_part, valid, test = imdb.load_data(path, valid_portion=0.2, maxlen=3, about=about,
                                                 valid_split='group')
    assert len(train_part[0]) + len(valid[0]) == 19  # of 29, 10 have three words
    found = [{group_of[sequence[0]] for sequence in part[0]} for part in (train_part, valid)]
    assert found[0] & found[1] == set() and found[0] | found[1] == set(groups)
    assert about['n_groups'] == [len(part) for part in found] and not about['stratified']
    assert test == ([[2], [3]], [0, 1])
    with open(path, 'rb') as file:  # the tutorial's own reader
        assert pickle.load(file)[0] == sequences and pickle.load(file)[0] == [[2], [3]]


@pytest.mark.parametrize('further, message', [
    ((), 'does not say which texts belong together'),
    (([['other', 1]],), 'does not say which texts belong together'),
    (([['groups', [1, 2]]],), 'not a list of 4 numbers'),
    (([['groups', (1, 2, 3, 4)]],), 'not a list of 4 numbers'),
    (([['groups', [1, 2, 3, '4']]],), "the group '4'"),
    (([['groups', [1, 2, 3, -4]]],), 'the group -4'),
    (([1, 2],), 'no list of further facts'),
    (([['groups', [1, 1, 1, 1]]],), '4 reviews are left to train and 0 to validate')])
def test_groups_that_cannot_be_used(tmp_path, further, message):
    path = write(tmp_path / 'a.pkl', ([[2], [3], [4], [5]], [0, 1, 0, 1]), *further)
    with pytest.raises(DataError, match=message):
        imdb.load_data(path, valid_portion=0.25, valid_split='group')


def test_groups_change_nothing_for_a_random_split(tmp_path, monkeypatch):
    part = [[2 + k] for k in range(40)], [k % 2 for k in range(40)]
    plain = write(tmp_path / 'a.pkl', part)
    grouped = write(tmp_path / 'b.pkl', part, [['groups', list(range(40))]])
    assert imdb.load_data(plain) == imdb.load_data(grouped)
    # The tutorial's reviews are known by the two parts, whatever follows, and are not stratified.
    about = {}
    imdb.load_data(plain, about=about)
    monkeypatch.setattr(datasets, 'IMDB_SHA256', {about['fingerprint']})
    assert imdb.load_data(plain) == imdb.load_data(grouped, about=about)
    assert not about['stratified']


# Training.


def arrays(path):
    with numpy.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def test_training_says_how_many_groups_validate(dataset, capsys):  # noqa: F811
    make_dataset(dataset)
    n_texts = len(datasets.read_dataset(str(dataset))[0][0])
    with open(str(dataset), 'ab') as file:
        pickle.dump([['groups', [k // 3 for k in range(n_texts)]]], file, 2)
    train(valid_split='group')
    assert 'groups of texts of its own; training has' in capsys.readouterr().out
    with pytest.raises(ConfigError, match='valid_split=.films.: expected one of random, group'):
        train(valid_split='films')


def test_without_test_its_reviews_have_no_effect(dataset, capsys, monkeypatch):  # noqa: F811
    """The runs end the same whatever the test part is, and nothing asks the model about it."""
    make_dataset(dataset)
    sizes, pred_error = [], lstm.pred_error
    monkeypatch.setattr(lstm, 'pred_error', lambda f, prepare, data, batches, **options: (
        sizes.append(len(data[0])) or pred_error(f, prepare, data, batches, **options)))
    train(test=False, saveto='a.npz')
    said = capsys.readouterr().out
    assert '0 test examples: not looked at\n' in said and 'Test  nan' in said
    assert sorted(set(sizes)) == [6, 24]  # the validation and the training reviews
    make_dataset(dataset, test_labels=(0, 0, 1))
    train(test=False, saveto='b.npz')
    one, other = arrays('a.npz'), arrays('b.npz')
    assert one['Wemb'].tobytes() == other['Wemb'].tobytes()
    assert math.isnan(one['test_err']) and one['valid_err'] == other['valid_err'] >= 0
    train(saveto='c.npz')
    assert arrays('c.npz')['test_err'] >= 0


def test_a_run_without_test_can_be_resumed(dataset):  # noqa: F811
    make_dataset(dataset)
    train(test=False, saveto='a.npz', max_epochs=4)
    train(test=False, saveto='b.npz', max_epochs=2)
    train(test=False, saveto='b.npz', max_epochs=4, resume=True)
    one, other = arrays('a.npz'), arrays('b.npz')
    assert one['Wemb'].tobytes() == other['Wemb'].tobytes()
    assert len(one['history_errs']) == len(other['history_errs']) == 4


@pytest.mark.skipif(not DATA_DIR, reason='IMDB_DATA_DIR is not set')
def test_the_reviews_have_groups():
    about = {}
    train_part, valid, _ = imdb.load_data(os.path.join(DATA_DIR, 'imdb.pkl.gz'), about=about,
                                          valid_portion=0.05, valid_split='group')
    assert about['n_groups'] == [476, 24] and valid[1].count(0) == valid[1].count(1) == 600
