"""The lines that a run prints, as in the tutorial, and the records that a callback gets."""
import shlex
import sys
from collections import namedtuple

from lstm_sentiment.command_line import command
from lstm_sentiment.messages import say, say_cost

# The records that a callback gets: at each displayed cost, and at each validation.
Displayed = namedtuple('Displayed', 'epoch update cost updates_per_epoch max_epochs')
Validated = namedtuple('Validated', 'epoch update train_err valid_err test_err is_best '
                                    'train_err_of', defaults=(None,))
Validated.__doc__ = """`train_err_of` is the number of training reviews that `train_err` is of."""


class Display(object):
    """Prints the progress of a run and passes it to the callback.

    Parameters
    ----------
    options : dict
        ``dispFreq`` and ``max_epochs`` are used.
    updates_per_epoch : int
    n_train, n_measured : int
        Training reviews, and those that the training error is measured on.
    callback : callable or None
    """

    def __init__(self, options, updates_per_epoch, n_train, n_measured, callback):
        self.n_train, self.n_measured = n_train, n_measured
        self.every, self.max_epochs = options['dispFreq'], options['max_epochs']
        self.updates_per_epoch = updates_per_epoch
        self.notify = callback or (lambda record: None)

    def started(self, options, tparams):
        """Call the method `started` of the callback, if it has one.

        Parameters
        ----------
        options : dict
            All of the run.
        tparams : dict of shared variables
        """
        if hasattr(self.notify, 'started'):
            self.notify.started(options, tparams)

    def updated(self, epoch, update, cost):
        if update % self.every == 0:
            say_cost('Epoch ', epoch, 'Update ', update, 'Cost ', cost)
            self.notify(Displayed(epoch, update, cost, self.updates_per_epoch, self.max_epochs))

    def validated(self, epoch, update, errors, is_best):
        self.show_errors(errors)
        self.notify(Validated(epoch, update, *errors, is_best, self.n_measured))

    def show_errors(self, errors):
        """Print the errors; where the training error is one of a sample, say so."""
        train_err, valid_err, test_err = errors
        is_sample = self.n_measured < self.n_train
        of_sample = ['(of %d of the %d reviews)' % (self.n_measured, self.n_train)] * is_sample
        say('Train ', train_err, *of_sample, 'Valid ', valid_err, 'Test ', test_err)

    def ended(self, n_epochs, seconds, saveto):
        """Print the last lines: how long it took, and how to ask the model.

        Parameters
        ----------
        n_epochs : int
        seconds : float
            Seconds of training, including those before the run was resumed.
        saveto : str or None
        """
        say('The code run for %d epochs, with %f sec/epochs' % (n_epochs, seconds / n_epochs))
        say('Training took %.1fs' % seconds, file=sys.stderr)
        if saveto:
            say('The model is in %s. To ask it:\n%s %s "A film to see again."'
                % (saveto, command('predict.py'), shlex.quote(saveto)))
