"""The lines that a training run prints, and how many of them are shown."""
import contextlib
import functools
import inspect
import threading
from typing import cast

from lstm_sentiment import command_line
from lstm_sentiment.hints import F

NOTHING, BAR, LINES = 0, 1, 2


class Verbosity(threading.local):
    """How much the run of this thread shows; runs of other threads are not concerned."""

    level = LINES
    costs = True  # whether the lines of costs are among the lines


verbosity = Verbosity()


def say(*values, **options):
    """Print as `print` does, unless the run of this thread shows a bar or nothing."""
    if verbosity.level == LINES:
        print(*values, **options)


def say_cost(*values):
    """Print the line of a cost, unless a run is quiet."""
    if verbosity.costs:
        say(*values)


@contextlib.contextmanager
def costs_shown(wanted):
    """Whether the lines of costs are printed in the context."""
    before, verbosity.costs = verbosity.costs, wanted
    try:
        yield
    finally:
        verbosity.costs = before


def obeys_verbose(train: F) -> F:
    """A function with the arguments `verbose` and `callback` whose lines `verbose` controls.

    With 2 they are shown, with 1 a bar in their place, on standard error, with 0 nothing. The bar
    moves at each `Displayed` that the callback gets.

    >>> @obeys_verbose
    ... def train(verbose=2, callback=None):
    ...     say('Training')
    >>> train(verbose=0), train()
    Training
    (None, None)
    """
    signature = inspect.signature(train)

    @functools.wraps(train)
    def run(*args, **kwargs):
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        arguments = given.arguments
        with showing(arguments['verbose']) as moves_bar:
            arguments['callback'] = command_line.joined_callback(moves_bar, arguments['callback'])
            return train(*given.args, **given.kwargs)
    return cast(F, run)


@contextlib.contextmanager
def showing(level):
    """Show so much; the context is the callback that moves the bar, or None without a bar."""
    before, verbosity.level = verbosity.level, LINES if level not in (NOTHING, BAR) else level
    try:
        if verbosity.level == BAR:
            from tqdm import tqdm
            with tqdm(unit=' updates', dynamic_ncols=True) as bar:
                yield command_line.moved_by(bar)
        else:
            yield None
    finally:
        verbosity.level = before
