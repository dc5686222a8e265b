"""Curves of the runs on all reviews, from the logs in docs/results.

Each log was written by ``python lstm.py --log NAME.csv``. A run has the name of its log.
"""
import glob
import os

import style
from tables import column, read_table

TITLE = 'Training on all reviews'
DESCRIPTION = ('Training cost above, the mean of 20 displayed costs, and below it validation error '
               'and, dashed, test error, by update, of each of these runs: %s.')
COLOURS = (style.INK, style.ORANGE, style.VIOLET, '#7a5195', '#5f7f2e', '#a13d3d')


def find_logs(folder):
    """Paths of the .csv files in a folder that are logs of runs; the others are reported."""
    from lstm_sentiment.training import curves
    logs = []
    for path in sorted(glob.glob(os.path.join(folder, '*.csv'))):
        with open(path, encoding='utf-8') as stream:
            names = stream.readline().strip().split(',')
            # Later versions have further columns.
            if 'is_best' in names and names == curves.COLUMNS[:len(names)]:
                logs.append(path)
            else:
                print('%s is ignored: it is not the log of a run' % os.path.basename(path))
    return logs


def name_of(path):
    """The name of a run, taken from its log.

    >>> name_of('docs/results/seed_1.csv')
    'seed 1'
    """
    return os.path.splitext(os.path.basename(path))[0].replace('_', ' ')


def draw(logs):
    """The figure of one or several logs, as SVG.

    Parameters
    ----------
    logs : list of str
        Paths.
    """
    runs = [(name_of(path), read_table(path)) for path in logs]
    return style.draw_figure(720, 640, lambda figure: plot(figure, runs), TITLE,
                             DESCRIPTION % ', '.join(name for name, _ in runs))


def plot(figure, runs):
    from lstm_sentiment.training import curves
    above = figure.add_axes([0.085, 0.58, 0.885, 0.36])
    below = figure.add_axes([0.085, 0.1, 0.885, 0.36], sharex=above)
    for (name, rows), colour in zip(runs, COLOURS * len(runs)):
        displayed = [row for row in rows if row['cost'] != '']
        validated = [row for row in rows if row['valid_err'] != '']
        updates, means = (column(displayed, 'update')[curves.MEAN_OF - 1:],
                          curves.running_mean(column(displayed, 'cost')))
        above.plot(updates, means, color=colour, label=name)
        updates, errors = column(validated, 'update'), column(validated, 'valid_err')
        below.plot(updates, errors, color=colour, marker='.', label=name)
        best = [k for k, row in enumerate(validated) if row['is_best'] == 'True'][-1:]
        below.plot([updates[k] for k in best], [errors[k] for k in best], 'o', color=colour,
                   markersize=13, fillstyle='none', label='_best of ' + name)
        below.plot(updates, column(validated, 'test_err'), '--', color=colour, linewidth=1,
                   label='_test of ' + name)
    for axes, title in ((above, 'training cost'),
                        (below, 'validation error, the best marked; dashed: test error')):
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.set_title(title)
    above.legend(loc='upper right', frameon=False)
    below.set_xlabel('update')
