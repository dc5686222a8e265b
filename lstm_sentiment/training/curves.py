"""Curves of a training run, drawn and logged while it runs.

``python lstm.py --plot curves.png --log run.csv``, or from code

    with Curves('curves.png', 'run.csv') as curves:
        train_lstm(callback=curves)

and in a notebook, after ``%matplotlib inline``

    with Curves(show=display('', display_id=True).update) as curves:
        train_lstm(callback=curves)
"""
import contextlib
import csv
import io
import os
import sys

from lstm_sentiment import command_line, processes
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.files import replace_file, require_writable
from lstm_sentiment.training import tensorboard

COLUMNS = ['epoch', 'update', 'cost', 'train_err', 'valid_err', 'test_err', 'is_best',
           'train_err_of']
# A point of the smooth curve is the mean of this many displayed costs.
MEAN_OF = 20
# Blue, vermilion and green, which nearly everybody can distinguish (Okabe and Ito).
TRAIN, VALID, TEST = '#0072B2', '#D55E00', '#009E73'


class Curves(object):
    """A callback of `train_lstm` that draws a plot, writes a log, or both.

    Parameters
    ----------
    plot : str, optional
        File of the plot, drawn again at each validation and at the end: the cost by update, and
        below it the three errors by validation, with the best marked. Its ending, such as .png,
        .svg or .pdf, selects the format. Needs matplotlib.
    log : str, optional
        A .csv with a row for each displayed cost and each validation.
    show : callable, optional
        Called with the matplotlib figure whenever it is drawn. Needs matplotlib.
    resume : bool
        Whether an earlier log is continued: its rows before the first new one are kept.
    columns : list of str
        The attributes of the records that the log has.
    draw_figure : callable, optional
        By default :func:`figure`; called with the two lists of records.

    Raises
    ------
    errors.ConfigError
        If matplotlib is missing, or a file cannot be written.
    """

    def __init__(self, plot=None, log=None, show=None, resume=False, columns=COLUMNS,
                 draw_figure=None):
        self.plot, self.log, self.show, self.resume = plot, log, show, resume
        self.columns, self.draw_figure = list(columns), draw_figure or figure
        self.costs, self.validations, self.stream = [], [], None
        if plot:
            self.kind = picture_kind(plot)
            require_writable('plot', plot)
        if log:
            require_writable('log', log)
        if show:
            kinds_of_picture('show')

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.costs or self.validations:
            self.draw()
        if self.stream:
            self.stream.close()

    def __call__(self, record):
        """Note a `display.Displayed` or a `display.Validated`."""
        is_cost = hasattr(record, 'cost')
        (self.costs if is_cost else self.validations).append(record)
        self.write_row(record)
        if not is_cost:
            self.draw()

    def write_row(self, record):
        """Add a row to the log; readers see it at once."""
        if not self.log:
            return
        try:
            if self.stream is None:
                rows = earlier_rows(self.log, record.update, self.columns) if self.resume else []
                self.stream = open(self.log, 'w', newline='')
                csv.writer(self.stream).writerows([self.columns] + rows)
            csv.writer(self.stream).writerow([getattr(record, name, '') for name in self.columns])
            self.stream.flush()
        except OSError as error:
            self.log = give_up(self.log, error)

    def draw(self):
        """Draw the plot again; a file is replaced when the new one is complete."""
        if not (self.plot or self.show):
            return
        drawn = self.draw_figure(self.costs, self.validations)
        if self.show:
            self.show(drawn)
        if self.plot:
            self.write_picture(drawn)

    def write_picture(self, drawn):
        content = io.BytesIO()
        drawn.savefig(content, format=self.kind)
        try:
            replace_file(self.plot, content.getvalue())
        except OSError as error:
            self.plot = give_up(self.plot, error)


def earlier_rows(path, update, columns=COLUMNS):
    """The rows of a log that were written before this update; none if the file is not a log."""
    try:
        with open(path, newline='') as stream:
            found, *rows = list(csv.reader(stream)) or [[]]
        place = columns.index('update')
        # A log of an earlier version may lack the last columns.
        rest = [''] * (len(columns) - len(found))
        return [row + rest for row in rows if found + columns[len(found):] == columns
                and int(row[place]) < update]
    except (OSError, ValueError, IndexError, csv.Error):
        return []


def give_up(path, error):
    """Warn that training continues without a file."""
    print('warning: %s can no longer be written: %s. Training continues without it.'
          % (path, error.strerror or error), file=sys.stderr)


def kinds_of_picture(asked):
    """The file name endings that matplotlib can draw; `asked` is the option, for an error."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise ConfigError('%s needs matplotlib, which cannot be imported (%s). Install it '
                          "with the extra plot: pip install -e '.[plot]'" % (asked, error))
    return FigureCanvasBase.get_supported_filetypes()


def picture_kind(path):
    """The format that a file name selects, if matplotlib can draw it."""
    known = kinds_of_picture('plot=%s' % path)
    kind = os.path.splitext(path)[1][1:].lower()
    if kind not in known:
        raise ConfigError('plot=%s: expected a name that ends in one of .%s'
                          % (path, ', .'.join(sorted(known))))
    return kind


def figure(costs, validations):
    """A matplotlib figure of the cost by update, and of the errors by update.

    Parameters
    ----------
    costs : list of Displayed
    validations : list of Validated
        The last best one is marked; its parameters are kept.
    """
    drawn, above, below = two_panels()
    updates, values = [record.update for record in costs], [record.cost for record in costs]
    above.plot(updates, values, color=TRAIN, alpha=0.35, linewidth=0.8, label='of a minibatch')
    above.plot(updates[MEAN_OF - 1:], running_mean(values), color=TRAIN,
               label='mean of %d' % MEAN_OF)
    updates = [record.update for record in validations]
    # Where lines coincide, the dashes and the smaller markers lie on what is below them.
    for name, color, line, size in (('train', TRAIN, '-', 8), ('valid', VALID, '--', 5.5),
                                    ('test', TEST, ':', 3)):
        errors = [getattr(record, name + '_err') for record in validations]
        below.plot(updates, errors, line, color=color, marker='o', markersize=size, label=name)
    best = [record for record in validations if record.is_best][-1:]
    for record in best:
        below.plot([record.update], [record.valid_err], 'o', color=VALID, markersize=10,
                   fillstyle='none', label='best, %.4f' % record.valid_err)
        below.axvline(record.update, color=VALID, linewidth=0.8, linestyle=':')
    return finished(drawn, 'share misclassified')


def two_panels():
    """A figure, and its upper and lower panel."""
    from matplotlib.figure import Figure
    drawn = Figure(figsize=(8, 6))
    return (drawn,) + tuple(drawn.subplots(2, 1, sharex=True))


def finished(drawn, measure, bottom=0):
    """The figure with names at its axes; the lower panel shows `measure`."""
    above, below = drawn.axes
    above.set_ylabel('cost')
    below.set_ylabel(measure)
    below.set_xlabel('update')
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.set_ylim(bottom=0)
        axes.legend(loc='upper right')
    below.set_ylim(bottom=bottom)
    drawn.tight_layout()
    return drawn


def running_mean(values):
    """The means of each MEAN_OF neighbours; empty if there are fewer values.

    >>> running_mean(range(MEAN_OF + 1))
    [9.5, 10.5]
    """
    return [sum(values[end - MEAN_OF:end]) / float(MEAN_OF)
            for end in range(MEAN_OF, len(values) + 1)]


def add_options(parser):
    """Give a parser the options --plot and --log."""
    group = parser.add_argument_group('plots of training')
    group.add_argument('--plot', metavar='FILE',
                       help='draw cost and errors again at each validation, such as curves.png '
                            '(needs matplotlib)')
    group.add_argument('--log', metavar='FILE',
                       help='write each displayed cost and each validation as rows of a .csv, or, '
                            'into a folder such as runs/, for TensorBoard (needs tensorboardX)')


@contextlib.contextmanager
def recorder(plot=None, log=None, resume=False, **others):
    """The callback for these options, or None if neither is given.

    Of several processes that share a run, the first alone has one. See :class:`Curves`, which gets
    the other arguments as well, and :class:`tensorboard.Events` for a log that is a folder.
    """
    if not processes.is_first():
        yield None
        return
    folder = log if tensorboard.names_folder(log) else None
    with contextlib.ExitStack() as stack:
        curves = events = None
        if folder:
            events = stack.enter_context(tensorboard.Events(folder, resume))
        if plot or log and not folder:
            curves = stack.enter_context(Curves(plot, None if folder else log, resume=resume,
                                                **others))
        yield command_line.joined_callback(curves, events)
