"""For ``pip install``; all settings are in pyproject.toml."""
from setuptools import setup

setup()
