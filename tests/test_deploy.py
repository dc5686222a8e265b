"""docs/deploy.md: a model in ONNX, asked from Python without this package, and from a web page."""
import contextlib
import csv
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading

import pytest
from models import random_texts, save_model

import predict

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEB = os.path.join(ROOT, 'docs', 'web')
# The folder node_modules in which onnxruntime-web is.
NODE_MODULES = os.environ.get('NODE_MODULES')
needs_node_modules = pytest.mark.skipif(
    not NODE_MODULES, reason='NODE_MODULES names no folder with onnxruntime-web, from npm')

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

TEXTS = ['The film is good.', "Don't see it, it's BAD!", '',
         'Mr. Caf\u00e9 & the film... is "good"', 'A film,<br />bad & <i>good</i>.']


@pytest.fixture(params=['small', 'comes along'])
def model(request, tmp_path):
    """A model; its ONNX file is in `tmp_path`."""
    named = []
    if request.param == 'small':
        named.append(save_model(tmp_path / 'm.npz', dtype='float32', strip_html=True)[0])
    export = ['--export', str(tmp_path / 'model.onnx')]
    predict.run(predict.make_parser().parse_args(named + export))
    return predict.load_model(*named)


def short_sentences():
    with open(os.path.join(ROOT, 'docs', 'sentences.tsv'), encoding='utf-8') as file:
        return [row['text'] for row in csv.DictReader(file, delimiter='\t')]


def test_from_python_without_this_package(tmp_path, model):
    with open(os.path.join(ROOT, 'docs', 'deploy.md'), encoding='utf-8') as file:
        program, = re.findall(r'^<!-- run -->\n```python\n(.*?)^```$', file.read(), re.M | re.S)
    program += ('\nprint(json.dumps(ask(json.loads(input())).tolist()))'
                '\nimport sys\nassert "lstm_sentiment" not in sys.modules')
    texts = TEXTS + short_sentences()
    # -I: neither the folder of the program nor PYTHONPATH is searched for modules.
    done = subprocess.run([sys.executable, '-I', '-c', program], input=json.dumps(texts) + '\n',
                          cwd=str(tmp_path), stdout=subprocess.PIPE, check=True, encoding='utf-8')
    *shown, answers = done.stdout.splitlines()
    assert len(shown) == 2 and shown[0].startswith("{'neg': 0.")
    assert len(json.loads(answers)) == len(texts)
    for found, expected in zip(json.loads(answers), model.predict_proba(texts)):
        assert found == pytest.approx(expected.tolist(), abs=1e-6)


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = dict(http.server.SimpleHTTPRequestHandler.extensions_map, **{
        '.mjs': 'text/javascript', '.wasm': 'application/wasm'})

    def log_message(self, *args):
        """Print nothing."""


@contextlib.contextmanager
def served(folder):
    """Serve a folder; the context is its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield 'http://127.0.0.1:%d/' % server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.pages
@needs_node_modules
def test_from_a_web_page(tmp_path, model, browser):
    for name in os.listdir(WEB):
        shutil.copy(os.path.join(WEB, name), str(tmp_path))
    for name in ('ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'):
        shutil.copy(os.path.join(NODE_MODULES, 'onnxruntime-web', 'dist', name), str(tmp_path))
    with served(tmp_path) as address:
        browser.get(address)
        for text in TEXTS + random_texts(5) + short_sentences():
            found = browser.execute_async_script('''
                const [text, done] = arguments;
                window.model ??= import('./ask.mjs').then(
                    ({loadModel}) => loadModel('model.onnx'));
                window.model.then(({ask}) => ask(text)).then(done, (error) => done(String(error)));
                ''', text)
            expected = list(zip(model.classes, model.predict_proba([text])[0].tolist()))
            assert [name for name, _ in found] == ['neg', 'pos'], found
            assert [p for _, p in found] == pytest.approx([p for _, p in expected], abs=1e-6)
        # Typing changes the answer that is shown.
        box = browser.find_element('id', 'text')
        box.clear()
        box.send_keys('The film is bad')
        expected = 'neg %.3f, pos %.3f' % tuple(model.predict_proba(['The film is bad'])[0])
        waiting = pytest.importorskip('selenium.webdriver.support.wait').WebDriverWait(browser, 60)
        waiting.until(lambda _: browser.find_element('id', 'answer').text == expected)
