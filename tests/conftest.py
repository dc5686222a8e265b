"""Lets the tests import the modules, which stand in the folder above; folders; a browser."""

import contextlib
import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def with_skips_as_failures(report):
    """The report; with NO_SKIPS in the environment, as in .ci/run, a skipped test has failed."""
    if 'NO_SKIPS' in os.environ and report.skipped and not hasattr(report, 'wasxfail'):
        report.outcome = 'failed'
        report.longrepr = 'NO_SKIPS is set, but this was skipped: %s' % (report.longrepr,)
    return report


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    result = yield
    with_skips_as_failures(result.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    result = yield
    with_skips_as_failures(result.get_result())


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


@pytest.fixture
def browser():
    """Chromium without a window, as a selenium driver; Debian's packages are as good as any."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def browser_with_log():
    """The same; `get_log` of it has what was requested, as 'performance', and said, 'browser'."""
    with chromium({'performance': 'ALL', 'browser': 'ALL'}) as driver:
        yield driver


@contextlib.contextmanager
def chromium(logs=None):
    programs = [shutil.which(name) for name in ('chromium', 'chromedriver')]
    if None in programs:
        pytest.skip('chromium or chromedriver is missing')
    webdriver = pytest.importorskip('selenium.webdriver')
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    # A sandbox cannot be made as root, nor a large shared memory in many containers.
    for argument in ('--headless=new', '--no-sandbox', '--disable-dev-shm-usage',
                     '--window-size=1280,900'):
        options.add_argument(argument)
    if logs:
        options.set_capability('goog:loggingPrefs', logs)
    service = webdriver.ChromeService(programs[1])
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_script_timeout(120)
        yield driver
    finally:
        driver.quit()
