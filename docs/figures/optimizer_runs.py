"""SGD, AdaDelta and RMSProp on the same run: training cost and validation error by epoch.

Each run is the default run of ``python lstm.py`` with another rule, 20 epochs, and a validation
after each epoch. The reviews, the initial parameters and the minibatches are the same: 126
minibatches of 16 reviews an epoch. Each point of the cost is the mean of 21 updates. The validation
set has 105 reviews, so the error changes in steps of 0.0095.

The step length of RMSProp, 0.0001, is fixed in the tutorial's rule. It is too small for this run,
and so is the learning rate of SGD. After 60 epochs (``python lstm.py --optimizer
rmsprop --max-epochs 60 --valid-freq -1 --patience 60``) its errors are still
those of always naming one class, 0.423 train, 0.429 valid and 0.490 test.
"""
import contextlib
import os

import style
from tables import column, read_table, write_table

from lstm_sentiment.options import COMMAND_LINE_DEFAULTS

EPOCHS, UPDATES_IN_A_MEAN = 20, 21
RULES = ('sgd', 'adadelta', 'rmsprop')
# Label, colour, and the place of the label: at which epoch, and how far from the line.
SHOWN = {
    'sgd': ('SGD, lrate 0.0001', style.INK,
            {'cost': (15, (0, 16)), 'valid_err': (15, (0, 16))}),
    'adadelta': ('AdaDelta', style.ORANGE,
                 {'cost': (10, (12, 10)), 'valid_err': (15, (8, 12))}),
    'rmsprop': ('RMSProp', style.VIOLET,
                {'cost': (15, (0, -18)), 'valid_err': (15, (0, -16))})}
TITLE = 'Three optimizers on the same run'
DESCRIPTION = (
    'Training cost above and validation error below, by epoch, 20 epochs on the IMDB reviews. '
    'AdaDelta starts to learn in the eighth epoch and brings the cost near 0 and the error near '
    '0.1. SGD at the learning rate 0.0001, and RMSProp with the step length 0.0001 that is fixed '
    'in it, stay at the cost 0.69 and 0.68 and at the error of always naming one class.')


def run(rule):
    """Train with a rule; return the costs and the validations, as `train_lstm` reports them."""
    import lstm
    options = dict(COMMAND_LINE_DEFAULTS, max_epochs=EPOCHS, validFreq=-1, dispFreq=1,
                   optimizer=rule, saveto=None, checkpoint=None)
    costs, validations = [], []

    def keep(record):
        (costs if hasattr(record, 'cost') else validations).append(record)

    print('Training with %s for %d epochs' % (rule, EPOCHS), flush=True)
    # The run prints a line for each update; nobody needs these lines.
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        lstm.train_lstm(callback=keep, **options)
    return costs, validations


def rows_of(rule, costs, validations):
    """The rows of the table for one run: means of costs, then errors, with the epochs done.

    Parameters
    ----------
    rule : str
    costs : list of display.Displayed
        One for each update.
    validations : list of display.Validated
    """
    per_epoch = float(costs[0].updates_per_epoch)
    for last in range(UPDATES_IN_A_MEAN, len(costs) + 1, UPDATES_IN_A_MEAN):
        part = costs[last - UPDATES_IN_A_MEAN:last]
        mean = sum(record.cost for record in part) / float(len(part))
        yield rule, part[-1].update / per_epoch, mean, '', ''
    for record in validations:
        yield rule, record.update / per_epoch, '', record.valid_err, record.test_err


def compute(table):
    """Train with each rule; write the table."""
    rows = [row for rule in RULES for row in rows_of(rule, *run(rule))]
    names = ('optimizer', 'epochs', 'cost', 'valid_err', 'test_err')
    write_table(table, dict(zip(names, zip(*rows))))


def draw(table):
    """The figure of the table, as SVG."""
    rows = read_table(table)
    return style.draw_figure(720, 640, lambda figure: plot(figure, rows), TITLE, DESCRIPTION)


def plot(figure, rows):
    above = figure.add_axes([0.085, 0.58, 0.885, 0.36])
    below = figure.add_axes([0.085, 0.1, 0.885, 0.36], sharex=above)
    for axes, name, label, top in ((above, 'cost', 'training cost', 0.85),
                                   (below, 'valid_err', 'validation error', 0.65)):
        for rule in RULES:
            own = [row for row in rows if row['optimizer'] == rule and row[name] != '']
            epochs, values = column(own, 'epochs'), column(own, name)
            title, colour, places = SHOWN[rule]
            # Dashed, because SGD and RMSProp may coincide.
            axes.plot(epochs, values, color=colour, linestyle='--' if rule == 'rmsprop' else '-',
                      gid='%s_%s' % (name, rule))
            style.name_line(axes, epochs, values, title, *places[name], colour,
                            'left' if rule == 'adadelta' else 'center')
        axes.set_xlim(0, EPOCHS)
        axes.set_ylim(0, top)
        axes.set_title(label)
    below.set_xlabel('epochs')
    below.set_xticks(range(0, EPOCHS + 1, 5))
