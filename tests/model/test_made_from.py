"""Tests of what saved_model.py says of a model that stands where a run is going to save."""

import io

import numpy
from test_saved_model import OPTIONS, adadelta, arrays, path  # noqa: F401 (a fixture)

from lstm_sentiment.model import saved_model
from lstm_sentiment.model.saved_model import save

stream = io.BytesIO()
numpy.savez(stream, x=1.)
WITHOUT_OPTIONS = stream.getvalue()


def test_a_model_says_what_made_it(path, tmp_path):  # noqa: F811
    assert saved_model.made_from(path) == OPTIONS
    assert saved_model.made_from(str(tmp_path / 'nowhere.npz')) is None
    for name, content in (('a.npz', b'This is no model.'), ('b.npz', b''),
                          ('c.npz', WITHOUT_OPTIONS)):
        (tmp_path / name).write_bytes(content)
        assert saved_model.made_from(str(tmp_path / name)) == {}
    assert saved_model.made_from(str(tmp_path)) == {}


def test_the_model_of_another_dataset_is_told_from_ones_own(path, tmp_path):  # noqa: F811
    options = dict(OPTIONS, dataset_sha256='ab' * 32, optimizer=adadelta, ydim=numpy.int64(2))
    save(path, arrays(), options)
    assert saved_model.differences(path, options) == []
    assert saved_model.differences(path, options, options) == []
    assert saved_model.differences(path, dict(options, dim_proj=4)) == []
    assert saved_model.differences(path, dict(options, dim_proj=4), options) == [
        'dim_proj was 3 and is 4']
    told, = saved_model.differences(path, dict(options, dataset_sha256='cd' * 32))
    assert told.startswith("dataset_sha256 was 'abab") and "and is 'cdcd" in told
    assert saved_model.differences(str(tmp_path / 'nowhere.npz'), options) == []
    (tmp_path / 'other.npz').write_bytes(b'numbers of somebody')
    assert saved_model.differences(str(tmp_path / 'other.npz'), options) == [
        'it is no model that this program made']
    # A model of before, which does not say what its dataset was, is not one's own.
    save(path, arrays(), OPTIONS)
    assert saved_model.differences(path, options)
