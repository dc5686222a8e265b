"""Run the notebook and store its outputs: ``python notebooks/execute.py`` or ``make notebook``."""
import os
import sys

import nbclient
import nbformat

HERE = os.path.dirname(os.path.abspath(__file__))
NOTEBOOK = os.path.join(HERE, 'lstm_tutorial.ipynb')
METADATA = {'kernelspec': {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'},
            'language_info': {'name': 'python'}}


def execute(notebook, folder, seconds_per_cell=900):
    """Run all cells in a new kernel; replace the outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    folder : str
        The folder in which the kernel starts.
    seconds_per_cell : int
        The time limit for each cell.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    nbclient.NotebookClient(notebook, timeout=seconds_per_cell, kernel_name='python3',
                            record_timing=False, resources={'metadata': {'path': folder}}).execute()
    tidy(notebook)


def tidy(notebook):
    """Remove metadata that depends on the machine or the time, and join outputs that were split."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        joined = []
        for output in cell.get('outputs', []):
            if output.output_type == 'stream' and joined and joined[-1].get('name') == output.name:
                joined[-1].text += output.text
            else:
                joined.append(output)
        if cell.cell_type == 'code':
            cell.outputs = joined


def main(path=NOTEBOOK):
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, os.path.dirname(os.path.abspath(path)))
    nbformat.write(notebook, path)


if __name__ == '__main__':
    main(*sys.argv[1:2])
