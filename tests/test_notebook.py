"""Tests of the notebook: the file as committed, and a run of all its cells."""
import importlib.util
import json
import os
import re

import pytest

from lstm_sentiment.data import finding
from lstm_sentiment.errors import DataError

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOTEBOOK = os.path.join(ROOT, 'notebooks', 'lstm_tutorial.ipynb')
TUTORIAL = os.path.join(ROOT, 'docs', 'tutorial.md')
# Of machines and the people on them.
PLACES = ['/tmp', '/home', '/root', '/work', 'Users']
MOST_BYTES = 1 << 20
N_PICTURES = 13


def read_notebook():
    with open(NOTEBOOK, encoding='utf-8') as stream:
        return json.load(stream)


def code_cells(notebook):
    return [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']


def outputs_of(cells):
    return [output for cell in cells for output in cell['outputs']]


def said(cells):
    """What the cells print, as one text."""
    return ''.join(''.join(output['text']) for output in outputs_of(cells)
                   if output['output_type'] == 'stream')


def pictures(cells):
    return [output['data']['image/png'] for output in outputs_of(cells)
            if 'image/png' in output.get('data', {})]


def error_on_demo(cells):
    return float(re.search(r'test error on demo: (\S+)', said(cells)).group(1))


def equations(pattern, text):
    """The LaTeX of the numbered equations without spaces, by number."""
    found = [re.match(r'(.*)\\tag\{(\d+)\}$', ''.join(block.split()))
             for block in re.findall(pattern, text, re.DOTALL)]
    return {int(match.group(2)): match.group(1) for match in found if match}


# The file

def test_no_place_of_a_machine_is_in_it():
    notebook = read_notebook()
    for output in outputs_of(code_cells(notebook)):  # base64 may spell anything
        output.get('data', {}).pop('image/png', None)
    text = json.dumps(notebook)
    assert [place for place in PLACES if place in text] == []
    assert 'The reviews are here.' in text  # it is the outputs that were searched, all of them


def test_it_was_run_once_from_top_to_bottom():
    cells = code_cells(read_notebook())
    assert [cell['execution_count'] for cell in cells] == list(range(1, len(cells) + 1))


def test_it_ran_without_errors_and_warnings_where_the_reviews_were():
    cells = code_cells(read_notebook())
    kinds = {(output['output_type'], output.get('name')) for output in outputs_of(cells)}
    assert kinds == {('stream', 'stdout'), ('display_data', None), ('execute_result', None)}
    assert 'SKIPPED' not in said(cells)
    assert error_on_demo(cells) < 0.05
    assert len(pictures(cells)) == N_PICTURES


def test_it_says_nothing_of_the_kernel_that_ran_it():
    notebook = read_notebook()
    assert notebook['metadata'] == {
        'kernelspec': {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'},
        'language_info': {'name': 'python'}}
    assert [cell['metadata'] for cell in notebook['cells']] == [{}] * len(notebook['cells'])


def test_it_is_small():
    assert os.path.getsize(NOTEBOOK) < MOST_BYTES


def test_no_output_holds_a_script():
    framed = [''.join(output['data']['text/html'])
              for output in outputs_of(code_cells(read_notebook()))
              if 'text/html' in output.get('data', {})]
    assert len(framed) == 3
    assert not any(re.search('<script', page, re.IGNORECASE) for page in framed)


@pytest.mark.skipif(not os.path.exists(TUTORIAL), reason='there is no docs/tutorial.md')
def test_its_links_lead_to_headings_of_the_tutorial():
    with open(TUTORIAL, encoding='utf-8') as stream:
        headings = re.findall(r'^#+ (.*)$', stream.read(), re.MULTILINE)
    anchors = [re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-') for heading in headings]
    text = ''.join(''.join(cell['source']) for cell in read_notebook()['cells'])
    links = re.findall(r'\]\(\.\./docs/tutorial\.md(?:#([^)]*))?\)', text)
    assert links and set(links) - {''} <= set(anchors)


@pytest.mark.skipif(not os.path.exists(TUTORIAL), reason='there is no docs/tutorial.md')
def test_its_equations_are_those_of_the_tutorial():
    with open(TUTORIAL, encoding='utf-8') as stream:
        of_tutorial = equations(r'```math\n(.*?)```', stream.read())
    text = ''.join(''.join(cell['source']) + '\n' for cell in read_notebook()['cells']
                   if cell['cell_type'] == 'markdown')
    of_notebook = equations(r'\$\$(.*?)\$\$', text)
    assert sorted(of_notebook) == [1, 2, 3, 4, 5, 6, 7, 8, 10]
    del of_notebook[10]  # the tutorial writes it in two lines
    assert {number: of_tutorial[number] for number in of_notebook} == of_notebook


def test_beside_each_equation_is_code_that_asserts_it():
    cells = read_notebook()['cells']
    checked = [''.join(after['source']) for cell, after in zip(cells, cells[1:])
               if r'\tag' in ''.join(cell['source'])]
    assert len(checked) == 8  # 5 and 7 share one
    assert all('\nassert ' in source and 'bars(' in source for source in checked)
    assert all(source.count('\n') < 12 for source in checked)


def test_each_exercise_has_an_answer():
    text = ''.join(''.join(cell['source']) + '\n' for cell in read_notebook()['cells']
                   if cell['cell_type'] == 'markdown')
    asked = ['%d.%s' % (part, number)
             for part, exercises in enumerate(text.split('**Exercises**')[1:], 1)
             for number in re.findall(r'^(\d)\. ', exercises.split('\n#')[0], re.MULTILINE)]
    assert asked and re.findall(r'<summary>(.*?)</summary>', text) == asked


def test_the_outputs_are_of_these_sources_where_the_reviews_were_at_hand():
    cells = code_cells(read_notebook())
    assert 'SKIPPED' not in said(cells)
    explained, = [cell for cell in cells if 'Anna' in ''.join(cell['source'])]
    assert 'Anna' in said([explained])


# A run

def load_execute():
    """The module notebooks/execute.py, which no import finds."""
    pytest.importorskip('nbclient')
    path = os.path.join(ROOT, 'notebooks', 'execute.py')
    spec = importlib.util.spec_from_file_location('execute', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_belongs_to_one_moment_is_taken_out():
    execute = load_execute()
    import nbformat.v4 as v4
    streams = [('stdout', 'a'), ('stdout', 'b'), ('stderr', 'c'), ('stdout', 'd')]
    cell = v4.new_code_cell('1', metadata={'execution': {'iopub.execute_input': '2026'}}, outputs=[
        v4.new_output('stream', name=name, text=text) for name, text in streams]
        + [v4.new_output('display_data', data={'text/plain': 'e'})])
    notebook = v4.new_notebook(cells=[cell, v4.new_markdown_cell('f', metadata={'g': 1})],
                               metadata={'language_info': {'name': 'python', 'version': '3.11.7'}})
    execute.tidy(notebook)
    assert notebook.metadata == execute.METADATA
    assert [cell.metadata for cell in notebook.cells] == [{}, {}]
    assert [output.get('text') for output in cell.outputs] == ['ab', 'c', 'd', None]


@pytest.mark.slow
def test_it_runs_whole(tmp_path, monkeypatch):
    for package in ('ipykernel', 'matplotlib'):
        pytest.importorskip(package)
    execute = load_execute()
    import nbformat
    folder = tmp_path / 'elsewhere'  # neither notebooks/ nor the repository
    folder.mkdir()
    for name in ('IPYTHONDIR', 'JUPYTER_CONFIG_DIR', 'JUPYTER_DATA_DIR', 'JUPYTER_RUNTIME_DIR'):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv('PYTHONPATH', ROOT)
    monkeypatch.setenv('THEANO_FLAGS', 'floatX=float32')
    monkeypatch.chdir(folder)
    try:
        finding.find_dataset(download=False)
        n_pictures, n_skipped = N_PICTURES, 0
    except DataError:
        n_pictures, n_skipped = N_PICTURES - 1, 2

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs = []
    execute.execute(notebook, str(folder))
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert 'stderr' not in [output.get('name') for output in outputs_of(cells)], said(cells)
    assert error_on_demo(cells) < 0.05
    assert len(pictures(cells)) == n_pictures and said(cells).count('SKIPPED') == n_skipped
    assert os.listdir(str(folder)) == []
