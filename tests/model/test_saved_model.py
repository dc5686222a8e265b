"""Tests of saved_model.py: what is saved can be read, and nothing else is."""

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy
import pytest

from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.model.saved_model import check_writable, load_options, load_params, save
from lstm_sentiment.text.vocabulary import CLASSES, TEXT_SETTINGS, Vocabulary


def adadelta():
    """Stands for an optimizer among the options."""


OPTIONS = {'dim_proj': 3, 'lrate': 0.0001, 'maxlen': None, 'use_dropout': True,
           'dataset': 'imdb', 'saveto': 'model.npz'}


def arrays(scale=1.):
    rng = numpy.random.RandomState(1)
    return OrderedDict([('Wemb', scale * rng.randn(5, 3)),
                        ('lstm_b', scale * rng.randn(12).astype('float32'))])


def zeros():
    return OrderedDict((name, numpy.zeros_like(value)) for name, value in arrays().items())


@pytest.fixture
def path(tmp_path):
    """A saved model."""
    path = str(tmp_path / 'model.npz')
    save(path, arrays(), OPTIONS, train_err=0.125, valid_err=numpy.float64(0.25), test_err=0.5,
         history_errs=[[0.5, 0.5], [0.25, 0.5]])
    return path


# Round trips

def test_parameters_come_back(path):
    params = zeros()
    assert load_params(path, params) is params
    assert list(params) == ['Wemb', 'lstm_b']
    for name, value in arrays().items():
        assert (params[name] == value).all() and params[name].dtype == value.dtype


def test_errors_lie_beside_the_parameters(path):
    with numpy.load(path, allow_pickle=False) as found:
        assert sorted(found.files) == ['Wemb', 'history_errs', 'lstm_b', 'options', 'test_err',
                                       'train_err', 'valid_err']
        assert [float(found[name]) for name in ('train_err', 'valid_err', 'test_err')] == [
            0.125, 0.25, 0.5]
        assert found['history_errs'].tolist() == [[0.5, 0.5], [0.25, 0.5]]


def test_parameters_take_the_type_they_have_here(path):
    params = OrderedDict((name, value.astype('float32')) for name, value in zeros().items())
    load_params(path, params)
    assert {value.dtype.name for value in params.values()} == {'float32'}
    assert (params['Wemb'] == arrays()['Wemb'].astype('float32')).all()


def test_options_come_back(path):
    assert load_options(path) == OPTIONS
    with open(path + '.json') as stream:
        assert json.load(stream) == OPTIONS


def test_options_of_numpy_and_functions_become_plain(tmp_path):
    path = str(tmp_path / 'model.npz')
    save(path, arrays(), {'ydim': numpy.int64(2), 'lrate': numpy.float32(0.5),
                          'use_dropout': numpy.bool_(False), 'optimizer': adadelta,
                          'decay_c': numpy.float64(0.25)})
    options = load_options(path)
    assert options == {'ydim': 2, 'lrate': 0.5, 'use_dropout': False, 'optimizer': 'adadelta',
                       'decay_c': 0.25}
    assert type(options['ydim']) is int and options['use_dropout'] is False


def test_a_later_model_replaces_the_earlier(path, tmp_path):
    save(path, arrays(2.), dict(OPTIONS, dim_proj=4))
    assert (load_params(path, zeros())['Wemb'] == 2 * arrays()['Wemb']).all()
    assert load_options(path)['dim_proj'] == 4
    assert sorted(os.listdir(str(tmp_path))) == ['model.npz', 'model.npz.json']


def test_a_model_of_more_than_two_gibibytes_can_be_read(path, monkeypatch):
    """It has records of 64 bits; here from 100 bytes on."""
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, 'ZIP64_LIMIT', 100)
        save(path, arrays(3.), dict(OPTIONS, dim_proj=4))
    with open(path, 'rb') as stream:
        assert b'PK\x06\x07' in stream.read()
    assert (load_params(path, zeros())['Wemb'] == 3 * arrays()['Wemb']).all()
    assert load_options(path)['dim_proj'] == 4


@pytest.mark.skipif(os.name != 'posix', reason='permissions and links as on Unix')
def test_permissions_and_links_stay(path, tmp_path):
    os.chmod(path, 0o600)
    os.chmod(path + '.json', 0o640)
    os.rename(path, str(tmp_path / 'elsewhere'))
    os.symlink('elsewhere', path)
    save(path, arrays(2.), OPTIONS)
    assert os.path.islink(path)
    assert [os.stat(name).st_mode & 0o777 for name in (path, path + '.json')] == [0o600, 0o640]
    assert (load_params(path, zeros())['Wemb'] == 2 * arrays()['Wemb']).all()


# Where a model can be saved

def test_npz_is_added(tmp_path):
    assert check_writable(str(tmp_path / 'model')) == str(tmp_path / 'model.npz')
    assert check_writable(tmp_path / 'model.npz') == str(tmp_path / 'model.npz')
    assert check_writable(str(tmp_path / 'model.v2')) == str(tmp_path / 'model.v2.npz')
    assert os.listdir(str(tmp_path)) == []


def test_a_bare_name_is_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert check_writable('model') == 'model.npz'
    save('model.npz', arrays(), OPTIONS)
    assert sorted(os.listdir(str(tmp_path))) == ['model.npz', 'model.npz.json']


def test_a_missing_folder_is_refused(tmp_path):
    path = str(tmp_path / 'nowhere' / 'model.npz')
    with pytest.raises(ConfigError) as caught:
        check_writable(path)
    assert path in str(caught.value) and 'No such file or directory' in str(caught.value)
    with pytest.raises(ModelError) as caught:
        save(path, arrays(), OPTIONS)
    assert path in str(caught.value) and 'No such file or directory' in str(caught.value)


def test_a_folder_or_one_in_the_way_of_the_options_is_refused(tmp_path):
    (tmp_path / 'model.npz').mkdir()
    for name in ('model.npz', 'model'):
        with pytest.raises(ConfigError, match='is a folder'):
            check_writable(str(tmp_path / name))
    (tmp_path / 'other.npz.json').mkdir()
    with pytest.raises(ConfigError, match='other.npz.json'):
        check_writable(str(tmp_path / 'other.npz'))


@pytest.mark.parametrize('failing', ['fsync', 'replace'])
@pytest.mark.parametrize('error, expected', [
    (OSError(28, 'No space left on device'), ModelError), (KeyboardInterrupt(), KeyboardInterrupt)])
def test_an_interrupted_save_leaves_the_earlier_model(path, monkeypatch, failing, error, expected):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(expected) as caught:
        save(path, arrays(2.), dict(OPTIONS, dim_proj=4))
    if expected is ModelError:
        assert path in str(caught.value) and 'No space left on device' in str(caught.value)
    monkeypatch.undo()
    assert sorted(os.listdir(os.path.dirname(path))) == ['model.npz', 'model.npz.json']
    assert (load_params(path, zeros())['Wemb'] == arrays()['Wemb']).all()
    assert load_options(path) == OPTIONS


# Parameters that cannot be read, or do not fit

def test_a_missing_parameter_is_named(path):
    params = zeros()
    params['U'] = numpy.zeros((3, 2))
    with pytest.raises(ModelError) as caught:
        load_params(path, params)
    assert path in str(caught.value) and 'parameter U' in str(caught.value)
    assert '(3, 2)' in str(caught.value)


def test_another_shape_is_named_with_both(path):
    params = zeros()
    params['lstm_b'] = numpy.zeros(16)
    with pytest.raises(ModelError) as caught:
        load_params(path, params)
    message = str(caught.value)
    assert path in message and 'parameter lstm_b' in message
    assert message.index('(12,)') < message.index('(16,)')


def npz(**members):
    stream = io.BytesIO()
    numpy.savez(stream, **members)
    return stream.getvalue()


def npy(value):
    stream = io.BytesIO()
    numpy.save(stream, value)
    return stream.getvalue()


def zip_of(name, content, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', method) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


WHOLE = npz(**arrays())
DEFLATED = zip_of('Wemb.npy', npy(arrays()['Wemb']), zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize('content', [
    b'', b'This is no model.', WHOLE[:len(WHOLE) // 2], WHOLE[:-1],
    WHOLE.replace(arrays()['Wemb'].tobytes(), b'\1' * 120),
    DEFLATED[:60] + b'\xff' * 20 + DEFLATED[80:],
    npy(arrays()['Wemb']), pickle.dumps(dict(arrays()), 2),
    zip_of('Wemb', b'no array'), zip_of('Wemb.npy', b'no array'),
    npz(Wemb=numpy.array([['a'] * 3] * 5)),
], ids=['empty', 'text', 'half', 'last byte missing', 'other numbers', 'damaged inside',
        'one array', 'pickle', 'zip of a text', 'zip of a text as array', 'words'])
def test_a_damaged_or_foreign_file_is_refused(tmp_path, content):
    path = str(tmp_path / 'model.npz')
    (tmp_path / 'model.npz').write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_params(path, OrderedDict(Wemb=numpy.zeros((5, 3))))
    assert path in str(caught.value)


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    for path in (str(tmp_path / 'nowhere.npz'), str(tmp_path)):
        with pytest.raises(ModelError) as caught:
            load_params(path, zeros())
        assert path in str(caught.value)


class Touch(object):
    """Its pickle, when run, makes a file."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, ('touch "%s"' % self.marker,)


def test_arrays_of_objects_are_never_unpickled(tmp_path):
    path, marker = str(tmp_path / 'model.npz'), tmp_path / 'was_run'
    value = numpy.empty((5, 3), dtype=object)
    value[...] = Touch(marker)
    (tmp_path / 'model.npz').write_bytes(npz(Wemb=value))
    with pytest.raises(ModelError) as caught:
        load_params(path, zeros())
    assert path in str(caught.value) and not marker.exists()
    with numpy.load(path, allow_pickle=True) as found:
        found['Wemb']
    assert marker.exists()  # it would have been


# Options that cannot be read, and the tutorial's

def test_missing_options_are_named(tmp_path):
    path = str(tmp_path / 'model.npz')
    with pytest.raises(ModelError) as caught:
        load_options(path)
    assert path + '.json' in str(caught.value) and path + '.pkl' in str(caught.value)


@pytest.mark.parametrize('ending, content', [
    ('.json', b'{"dim_proj": '), ('.json', b'\xff\xfe'), ('.json', b'[1, 2]'),
    ('.pkl', b''), ('.pkl', b'This is no pickle.'), ('.pkl', pickle.dumps({'a': 1}, 2)[:-2]),
    ('.pkl', pickle.dumps([1, 2], 2))])
def test_damaged_options_are_refused(tmp_path, ending, content):
    path = str(tmp_path / 'model.npz')
    (tmp_path / ('model.npz' + ending)).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_options(path)
    assert path in str(caught.value)


TUTORIAL = """
import pickle, sys
import numpy
def adadelta(lr, tparams, grads, x, mask, y, cost):
    pass
options = {'dim_proj': 128, 'decay_c': 0., 'optimizer': adadelta, 'maxlen': 100,
           'reload_model': None, 'use_dropout': True, 'encoder': 'lstm',
           'ydim': numpy.int64(2), 'lrate': numpy.float64(0.1), 'n_words': 10000}
with open(sys.argv[1], 'wb') as stream:
    pickle.dump(options, stream, int(sys.argv[2]))
"""


@pytest.mark.parametrize('protocol', [0, 2, -1])
def test_the_tutorials_options_are_read(tmp_path, protocol):
    path = str(tmp_path / 'lstm_model.npz')
    subprocess.check_call([sys.executable, '-c', TUTORIAL, path + '.pkl', str(protocol)])
    options = load_options(path)
    assert options == {'dim_proj': 128, 'decay_c': 0., 'optimizer': 'adadelta', 'maxlen': 100,
                       'reload_model': None, 'use_dropout': True, 'encoder': 'lstm',
                       'ydim': 2, 'lrate': 0.1, 'n_words': 10000}


# As Python 2 with its NumPy wrote {'ydim': numpy.int64(2), 'lrate': numpy.float64(0.1)}, by
# protocol 2: the bytes of a number are a str there, and not always ASCII.
PYTHON_2 = (b'\x80\x02}q\x01(U\x04ydimq\x02cnumpy.core.multiarray\nscalar\nq\x03cnumpy\ndtype\n'
            b'q\x04U\x02i8K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff'
            b'K\x00tbU\x08\x02\x00\x00\x00\x00\x00\x00\x00\x86Rq\x06U\x05lrateq\x07h\x03h\x04'
            b'U\x02f8K\x00K\x01\x87Rq\x08(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00'
            b'tbU\x08\x9a\x99\x99\x99\x99\x99\xb9?\x86Rq\x09u.')


def test_the_tutorials_options_by_python_2_are_read(tmp_path):
    (tmp_path / 'model.npz.pkl').write_bytes(PYTHON_2)
    assert load_options(str(tmp_path / 'model.npz')) == {'ydim': 2, 'lrate': 0.1}


def test_json_comes_before_the_pickle(path):
    with open(path + '.pkl', 'wb') as stream:
        pickle.dump({'dim_proj': 99}, stream)
    assert load_options(path) == OPTIONS


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_cannot_run_anything(tmp_path, protocol):
    path, marker = str(tmp_path / 'model.npz'), tmp_path / 'was_run'
    content = pickle.dumps({'optimizer': Touch(marker)}, protocol)
    (tmp_path / 'model.npz.pkl').write_bytes(content)
    with pytest.raises(ModelError, match='system'):
        load_options(path)
    assert not marker.exists()
    pickle.loads(content)
    assert marker.exists()  # it would have been


@pytest.mark.parametrize('content', [
    b'c__builtin__\neval\n(S"1"\ntR.', b'cbuiltins\neval\n(S"1"\ntR.',
    b'cnumpy\nload\n(S"x"\ntR.', b'c__main__\nmain\n.', b'cnumpy.core.multiarray\nfromstring\n.',
    b'c_codecs\nlookup\n(S"utf-8"\ntR.', b'clstm\ntrain_lstm\n.'])
def test_other_globals_are_refused(tmp_path, content):
    (tmp_path / 'model.npz.pkl').write_bytes(content)
    name = content.split(b'\n')[1].decode()
    with pytest.raises(ModelError, match=name):
        load_options(str(tmp_path / 'model.npz'))


# The whole model

FITTING = {'n_words': 5, 'dim_proj': 3, 'ydim': 2}


def whole():
    rng = numpy.random.RandomState(2)
    return OrderedDict([('Wemb', rng.randn(5, 3)), ('lstm_b', rng.randn(12)),
                        ('U', rng.randn(3, 2)), ('b', rng.randn(2))])


def words(*names):
    return Vocabulary(list(names), TEXT_SETTINGS, CLASSES, 'abc')


@pytest.fixture
def model(tmp_path):
    """A model saved with its words."""
    path = str(tmp_path / 'model.npz')
    save(path, whole(), FITTING, words('the', 'film'), train_err=0.5, history_errs=[[0.5, 0.5]])
    return path


def test_a_model_comes_back_whole(model, tmp_path):
    params, options, vocabulary = saved_model.load(model)
    assert list(params) == ['Wemb', 'lstm_b', 'U', 'b']
    assert all((params[name] == value).all() for name, value in whole().items())
    with open(model + '.words.json', 'rb') as stream:
        sha256 = hashlib.sha256(stream.read()).hexdigest()
    assert options == dict(FITTING, words_sha256=sha256)
    assert (vocabulary.words, vocabulary.classes, vocabulary.fingerprint) == (
        ['the', 'film'], CLASSES, 'abc')
    assert sorted(os.listdir(str(tmp_path))) == ['model.npz', 'model.npz.json',
                                                 'model.npz.words.json']


def test_without_words_those_of_an_earlier_model_go(model, tmp_path):
    save(model, whole(), dict(FITTING, words_sha256='of another'))
    params, options, vocabulary = saved_model.load(model)
    assert vocabulary is None and options == FITTING
    assert sorted(os.listdir(str(tmp_path))) == ['model.npz', 'model.npz.json']


def write_words(model, *found):
    with open(model + '.words.json', 'wb') as stream:
        stream.write(words(*found).to_json())


def without_words_within(path):
    """As models were saved at first: the words in a file beside."""
    with numpy.load(path) as found:
        kept = {name: found[name] for name in found.files if name != 'words'}
    numpy.savez(path, **kept)


def test_words_within_need_no_file_beside(model):
    write_words(model, 'the', 'movie')
    assert saved_model.load(model).vocabulary.words == ['the', 'film']
    os.remove(model + '.words.json')
    assert saved_model.load(model).vocabulary.words == ['the', 'film']


def test_words_beside_are_read_too(model):
    without_words_within(model)
    assert saved_model.load(model).vocabulary.words == ['the', 'film']
    os.remove(model + '.words.json')
    assert saved_model.load(model).vocabulary is None


@pytest.mark.parametrize('dtype', ['int64', 'bool', 'uint8'])
def test_parameters_that_are_no_floats_are_refused(model, dtype):
    params = dict(whole(), b=numpy.zeros(2, dtype=dtype))
    save(model, params, FITTING)
    with pytest.raises(ModelError, match='parameter b is of type ' + dtype):
        saved_model.load(model)


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match='there is no model .*nope.npz'):
        saved_model.load(str(tmp_path / 'nope.npz'))


def test_the_words_of_another_model_are_refused(model):
    without_words_within(model)
    write_words(model, 'the', 'movie')
    with pytest.raises(ModelError, match='words.json is not of this model. Expected the SHA-256'):
        saved_model.load(model)
    save(model, whole(), FITTING)
    write_words(model, 'the', 'film')
    with pytest.raises(ModelError, match='words.json is not of this model'):
        saved_model.load(model)


@pytest.mark.parametrize('vocabulary, message', [
    (words('a', 'b', 'c', 'd'), 'expected 3 or fewer, found 4'),
    (Vocabulary(['a'], TEXT_SETTINGS, ['bad', 'good', 'so-so']), 'expected 2, found bad, good')])
def test_words_that_do_not_fit_are_refused(model, vocabulary, message):
    save(model, whole(), FITTING, vocabulary)
    with pytest.raises(ModelError, match=message):
        saved_model.load(model)


@pytest.mark.parametrize('name, value', [('Wemb', numpy.zeros((4, 3))), ('U', numpy.zeros((3, 3))),
                                         ('b', None)])
def test_arrays_that_do_not_fit_the_options_are_refused(model, name, value):
    params = whole()
    if value is None:
        del params[name]
    else:
        params[name] = value
    save(model, params, FITTING)
    with pytest.raises(ModelError, match=name):
        saved_model.load(model)


def test_the_tutorials_model_has_no_words(tmp_path):
    path = str(tmp_path / 'lstm_model.npz')
    numpy.savez(path, history_errs=numpy.array([[0.5, 0.5]], dtype=object), **whole())
    subprocess.check_call([sys.executable, '-c', TUTORIAL, path + '.pkl', '2'])
    with pytest.raises(ModelError, match='Wemb'):
        saved_model.load(path)
    numpy.savez(path, history_errs=numpy.array([[0.5, 0.5]], dtype=object),
                **dict(whole(), Wemb=numpy.zeros((10000, 128)), U=numpy.zeros((128, 2))))
    params, options, vocabulary = saved_model.load(path)
    assert params['Wemb'].shape == (10000, 128) and vocabulary is None
