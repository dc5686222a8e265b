"""One memory cell at each word of a review: candidate, gates, state and output.

A small model is trained on `demo`, as by ``python lstm.py --dataset demo --dim-proj 32 --valid-freq
-1``; this takes a quarter of a minute. The table holds the numbers of one of its 32 cells at each
word of `TEXT`, equations 1 to 4, 6 and 7. It is the cell that changes the verdict most: the one
with the largest sum of |h_t·(U_1 - U_0)| over the words. The page beside the table shows all 32.
"""
import contextlib
import os
import tempfile

import numpy
import style
from tables import column, read_table, write_table

from lstm_sentiment.options import COMMAND_LINE_DEFAULTS
from lstm_sentiment.prediction import states_page

TEXT = 'The plot is witty, but the film as a whole is a bore.'
# Column, label, colour, the ends of the axis, and the numbers at it.
ROWS = (
    ('candidate', 'candidate', style.ORANGE, (-1, 1), (-1, 1)),
    ('input_gate', 'input gate', style.VIOLET, (0, 1), (0, 1)),
    ('forget_gate', 'forget gate', style.VIOLET, (0, 1), (0, 1)),
    ('state', 'state', style.ORANGE, (-1, 2), (0, 2)),
    ('output_gate', 'output gate', style.VIOLET, (0, 1), (0, 1)),
    ('output', 'output', style.ORANGE, (-1, 1), (-1, 1)))
TITLE = 'The gates of a memory cell at work'
DESCRIPTION = (
    'Six rows of bars, one bar for each word of the review "%s", which show one memory cell: the '
    'candidate, the input gate, the forget gate, the state, the output gate and the output. The '
    'state falls below zero at "witty". At "but" the forget gate has its lowest value, and the '
    'state is nearly zero at the next word. After that the input gate is open, and the state is '
    'positive to the end.' % TEXT)


def train(path):
    """Train the small model; save it to a path."""
    import lstm
    # The run prints a line for every tenth update; nobody needs these lines.
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        lstm.train_lstm(**dict(COMMAND_LINE_DEFAULTS, dataset='demo', dim_proj=32, validFreq=-1,
                               saveto=path, checkpoint=None))


def measure(model, text):
    """The columns of the table.

    Parameters
    ----------
    model : prediction.classifier.Classifier
    text : str
    """
    words, states = model.states(text)
    U = model.network.U_out
    cell = int(numpy.abs(states.h * (U[:, 1] - U[:, 0])).sum(axis=0).argmax())
    columns = {'word': words}
    for name, values in (('candidate', states.candidate), ('input_gate', states.i),
                         ('forget_gate', states.f), ('state', states.c), ('output_gate', states.o),
                         ('output', states.h)):
        columns[name] = [float(value) for value in values[:, cell]]
    return columns


def compute(table):
    """Train the small model; write the table, and the page of all cells beside it, as .html."""
    import predict
    print('Training the model of the gates', flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.npz')
        train(path)
        model = predict.load_model(path)
        write_table(table, measure(model, TEXT))
    with open(os.path.splitext(table)[0] + '.html', 'w', encoding='utf-8', newline='\n') as page:
        page.write(states_page.page(model, TEXT))


def draw(table):
    """The figure of the table, as SVG."""
    rows = read_table(table)
    return style.draw_figure(720, 640, lambda figure: plot(figure, rows), TITLE, DESCRIPTION,
                             text_as_paths=True)


def plot(figure, rows):
    height, distance, places = 0.105, 0.142, range(len(rows))
    for number, (name, label, colour, ends, ticks) in enumerate(ROWS):
        axes = figure.add_axes([0.26, 0.865 - number * distance, 0.72, height])
        for place, bar in zip(places, axes.bar(places, column(rows, name), 0.7, color=colour)):
            bar.set_gid('%s_%d' % (name, place))
        axes.axhline(0, color=style.QUIET, linewidth=1)
        axes.grid(False)
        axes.set_ylim(*ends)
        axes.set_yticks(ticks)
        axes.set_yticklabels([str(tick).replace('-', '\u2212') for tick in ticks])
        axes.set_xlim(-0.6, len(rows) - 0.4)
        axes.set_xticks(places)
        axes.set_xticklabels([])
        axes.tick_params(length=0)
        axes.spines['bottom'].set_visible(False)
        axes.set_ylabel(label, rotation=0, ha='right', va='center')
        axes.yaxis.set_label_coords(-0.09, 0.5)
    axes.set_xticklabels([row['word'] for row in rows], rotation=60, ha='right', va='top',
                         rotation_mode='anchor')
