"""Draw the figures of the tutorial that show numbers: ``make figures``.

The figures show runs. The runs write tables next to this file, and the figures are drawn from the
tables. ``python docs/figures/make.py --draw-only`` draws without training.

The drawings memory_cell.svg, model.svg and gate_blocks.svg are not made here. Their text is stored
as outlines, so they look the same in every browser.
"""
import argparse
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in (ROOT, HERE):  # the program's modules, and those beside this one
    if folder not in sys.path:
        sys.path.append(folder)

import cell_runs  # noqa: E402 (found in the folders above)
import default_run  # noqa: E402
import full_result  # noqa: E402
import gates_at_work  # noqa: E402
import gradient_norm  # noqa: E402
import many_ranks  # noqa: E402
import optimizer_runs  # noqa: E402
import reliability  # noqa: E402

GATES, GRADIENTS, OPTIMIZERS = 'gates_at_work.csv', 'gradient_norm.csv', 'optimizers.csv'
CELLS, RELIABILITY, RANKS = 'cells.csv', 'reliability.csv', 'many_ranks.csv'
RESULTS = os.path.join(ROOT, 'docs', 'results')


def compute(folder, model=None):
    """Make the runs and write their tables. This takes about ten minutes on two cores."""
    with tempfile.TemporaryDirectory() as room:
        model = model or default_run.run(room)
        gradient_norm.compute(os.path.join(folder, GRADIENTS), model)
    gates_at_work.compute(os.path.join(folder, GATES))
    optimizer_runs.compute(os.path.join(folder, OPTIMIZERS))
    cell_runs.compute(os.path.join(folder, CELLS))


def draw(folder, tables=HERE):
    """Draw the figures into `folder` from the tables in the folder `tables`."""
    drawn = {'gates_at_work': gates_at_work.draw(os.path.join(tables, GATES)),
             'gradient_norm': gradient_norm.draw(os.path.join(tables, GRADIENTS)),
             'optimizers': optimizer_runs.draw(os.path.join(tables, OPTIMIZERS))}
    logs = full_result.find_logs(RESULTS)
    if logs:
        drawn['full_result'] = full_result.draw(logs)
    else:
        print('full_result.svg is not drawn: docs/results has no .csv')
    # benchmarks/package_model.py writes it, beside this file.
    packaged = os.path.join(HERE, RELIABILITY)
    if os.path.exists(packaged):
        drawn['reliability'] = reliability.draw(packaged)
    measured = os.path.join(HERE, RANKS)  # benchmarks/scaling.py writes it
    if os.path.exists(measured):
        drawn['many_ranks'] = many_ranks.draw(measured)
    for name, svg in drawn.items():
        with open(os.path.join(folder, name + '.svg'), 'w', encoding='utf-8',
                  newline='\n') as stream:
            stream.write(svg)
        print('%s.svg' % name)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--draw-only', action='store_true',
                        help='draw from the existing tables, without training')
    parser.add_argument('--model', metavar='MODEL.npz',
                        help='a model of the default run (default: train one)')
    parser.add_argument('--output', metavar='FOLDER', default=HERE,
                        help='where to write figures and new tables (default: next to this '
                             'script; the output of the default run always goes to docs)')
    options = parser.parse_args(arguments)
    if options.draw_only:
        draw(options.output)
    else:
        compute(options.output, options.model)
        draw(options.output, options.output)


if __name__ == '__main__':
    main()
