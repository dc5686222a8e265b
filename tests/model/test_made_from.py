"""Tests of what saved_model.py says of a model that stands where a run is going to save."""

import io

import numpy
from test_saved_model import OPTIONS, adadelta, arrays, path  # noqa: F401 (a fixture)

from lstm_sentiment.model import saved_model

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
