"""The site's own code: its examples, and that broken links are found. `make docs` builds it."""
import doctest
import importlib.util
import os

import pytest

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'docs', 'site')


def site_module(name):
    """A module of docs/site, which is no package, by its path."""
    spec = importlib.util.spec_from_file_location(
        'site_' + name, os.path.join(FOLDER, name + '.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('name, needed', [
    ('to_myst', 'sphinx'), ('mathml', 'docutils'), ('source_pages', 'sphinx')])
def test_examples(name, needed):
    pytest.importorskip(needed)
    failed, tried = doctest.testmod(site_module(name))
    assert tried and not failed


@pytest.mark.parametrize('link, problem', [
    ('<a href="b.html#here">', None), ('<a href="#top">', None), ('<a href="https://a.org">', None),
    ('<img src="data:image/png;base64,AA">', None),
    ('<a href="b.html#there">', 'links to b.html#there, which has no such place'),
    ('<a href="c.html">', 'links to c.html, which is missing'),
    ('<iframe src="c.html"></iframe>', 'links to c.html, which is missing'),
    ('<script src="https://a.org/x.js"></script>', 'loads https://a.org/x.js')])
def test_broken_links_are_found(tmp_path, link, problem):
    check_links = site_module('check_links')
    (tmp_path / 'a.html').write_text('<p id="top">' + link, encoding='utf-8')
    (tmp_path / 'b.html').write_text('<p id="here">', encoding='utf-8')
    found = list(check_links.problems(check_links.pages_in(str(tmp_path))))
    assert found == ([] if problem is None else ['%s %s' % (tmp_path / 'a.html', problem)])
