"""A training run as events for TensorBoard: ``python lstm.py --log runs/``.

Each run has a folder of its own in the one that is named, so TensorBoard shows runs side by side.
The scalars have the names of the columns of the .csv (:mod:`curves`). TensorFlow is not needed.
"""
import numbers
import os

import numpy

from lstm_sentiment.errors import ConfigError
from lstm_sentiment.files import require_writable

# The fields of the records that say when they are.
TIMES = ('update', 'updates_per_epoch', 'max_epochs')


def names_folder(log):
    """Whether the value of ``--log`` is the path of a folder, existing or not.

    >>> names_folder('runs/'), names_folder('run.csv'), names_folder(None)
    (True, False, False)
    """
    return bool(log) and (log.endswith(('/', os.sep)) or os.path.isdir(log))


class Events:
    """A callback of `train_lstm` that writes TensorBoard events.

    Scalars are written at each displayed cost and each validation. At each validation there are
    histograms of the parameters too, as they are in training (not those of a running mean). The
    options are a text.

    Parameters
    ----------
    folder : str
        It is made if it does not exist.
    resume : bool
        Whether the events of an earlier run with the same model are continued; TensorBoard leaves
        out those after the first new one.

    Raises
    ------
    errors.ConfigError
        If the package tensorboardX is missing, or the folder cannot be written to.
    """

    def __init__(self, folder, resume=False):
        self.folder, self.resume, self.writer = folder, resume, None
        self.options, self.tparams = {}, {}
        self.make_writer = import_writer()
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise ConfigError('log=%s is no folder that can be made: %s. Name one that may be '
                              'written to.' % (folder, error.strerror or error))
        require_writable('log', os.path.join(folder, 'events'))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.writer is not None:
            self.writer.close()

    def started(self, options, tparams):
        """Note the options and the parameters of a run; see `display.Display`."""
        self.options, self.tparams = options, tparams

    def __call__(self, record):
        """Write a `display.Displayed` or a `display.Validated`."""
        if self.writer is None:
            self.writer = self.open(record.update)
        for name, value in record._asdict().items():
            if name not in TIMES and isinstance(value, numbers.Real):
                self.writer.add_scalar(name, float(value), record.update)
        if not hasattr(record, 'cost'):
            self.add_histograms(record.update)
            self.writer.flush()

    def open(self, update):
        """A writer into the folder of this run, with the options as a text."""
        folder = run_folder(self.folder, self.options.get('saveto'), self.resume)
        writer = self.make_writer(folder, purge_step=update if self.resume else None)
        if self.options:
            writer.add_text('options', as_table(self.options), update)
        return writer

    def add_histograms(self, update):
        for name, variable in self.tparams.items():
            value = variable.get_value()
            if numpy.isfinite(value).all():  # otherwise it has no limits
                self.writer.add_histogram(name, value, update)


def import_writer():
    """The class that writes events."""
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ConfigError('a folder as --log needs the package tensorboardX, which cannot be '
                          'imported (%s). Install it with the extra tensorboard: pip install -e '
                          "'.[tensorboard]'" % error)
    return SummaryWriter


def run_folder(folder, saveto, resume):
    """The folder of a run: named as its model, with a number if there was such a run before.

    Parameters
    ----------
    folder : str
    saveto : str or None
        The path of the model.
    resume : bool
        Whether the run before is continued.
    """
    name = os.path.splitext(os.path.basename(saveto or 'run'))[0]
    before, number = None, 1
    path = os.path.join(folder, name)
    while os.path.exists(path):
        before, number = path, number + 1
        path = os.path.join(folder, '%s-%d' % (name, number))
    return before if resume and before else path


def as_table(options):
    r"""Options as a table in Markdown, which TensorBoard shows.

    >>> print(as_table({'seed': 1, 'dataset': 'a|b'}))
    | option | value |
    |---|---|
    | dataset | `a\|b` |
    | seed | `1` |
    """
    rows = ['| %s | `%s` |' % (name, str(value).replace('|', '\\|'))
            for name, value in sorted(options.items())]
    return '\n'.join(['| option | value |', '|---|---|'] + rows)
