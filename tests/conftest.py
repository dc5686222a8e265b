"""Lets the tests import the modules, which stand in the folder above; folders for data."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Make the current folder, IMDB_DATA_DIR and data/ empty folders; return their paths."""
    places = [tmp_path / name for name in ('here', 'environment', 'data')]
    for place in places:
        place.mkdir()
    monkeypatch.chdir(places[0])
    monkeypatch.setenv('IMDB_DATA_DIR', str(places[1]))
    # data/ is beside the scripts.
    (tmp_path / 'setup.py').write_text('')
    from lstm_sentiment.data import finding
    monkeypatch.setattr(finding, 'CHECKOUT', str(tmp_path))
    return places
