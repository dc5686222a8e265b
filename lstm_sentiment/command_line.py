"""What the command lines share: options made from a signature, errors in plain words, a bar."""
import argparse
import contextlib
import inspect
import os
import re
import signal
import sys
import threading
import traceback
import warnings

from lstm_sentiment import __version__, processes
from lstm_sentiment.errors import ConfigError, TutorialError

# The scripts, and the commands that an installation makes of them (pyproject.toml).
COMMANDS = {'lstm.py': 'lstm-train', 'imdb_preprocess.py': 'imdb-preprocess',
            'predict.py': 'lstm-predict'}

def add_common(parser):
    """Add ``--version``, and ``--debug`` that :func:`report` looks for."""
    parser.add_argument('--debug', action='store_true',
                        help='where something is wrong, show the traceback too')
    parser.add_argument('--version', action='version',
                        version='%s %s' % (parser.prog, __version__))


def started_as(script):
    """Whether the program that runs is this script or its command."""
    return bool(sys.argv) and command_name(sys.argv[0]) in (script, COMMANDS[script])


def runs_as_command():
    """Whether the program that runs is an installed command, such as ``lstm-train``."""
    return bool(sys.argv) and command_name(sys.argv[0]) in COMMANDS.values()


def command_name(path):
    """The name of a program without its folder, and without the ending that Windows gives it.

    >>> command_name('/usr/bin/lstm-train'), command_name('lstm-train.exe')
    ('lstm-train', 'lstm-train')
    """
    name = os.path.basename(path)
    return name[:-len('.exe')] if name.endswith('.exe') else name


def program(script):
    """The name of a script, or of its command where this program was started as a command.

    >>> program('lstm.py'), command('lstm.py')
    ('lstm.py', 'python lstm.py')
    """
    return COMMANDS[script] if runs_as_command() else script


def command(script):
    """What to type to start a script, in the way in which this program was started."""
    return program(script) if runs_as_command() else 'python ' + script


def run(function, arguments=None, interrupted='Interrupted.', shared=False):
    """Run a command: what the `main` of a script returns.

    Errors that the user can put right and warnings are printed as plain messages on stderr. SIGTERM
    and Ctrl-C raise a KeyboardInterrupt, once; a second one ends the program at once.

    Parameters
    ----------
    function : callable
        Given `arguments`, it parses them and does the work.
    arguments : list of str, optional
        By default those that the program was started with.
    interrupted : str
        What is printed if `function` leaves the KeyboardInterrupt to this.
    shared : bool
        Whether several processes, which ``mpiexec`` started, can share the work.

    Returns
    -------
    int
        The exit status: 0, 2 after a `TutorialError`, 130 after Ctrl-C, 143 after SIGTERM (also if
        `function` saved what it had and returned), and 141 when nobody reads standard output any
        more, as the shell has them.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure(stream, errors='backslashreplace')
    with signals_interrupt() as received:
        try:
            with plain_warnings(), processes.first_alone_prints():
                require_alone(shared)
                function(processes.of_first(sys.argv[1:] if arguments is None else arguments))
                sys.stdout.flush()
        except TutorialError as error:
            if processes.is_to_report(error):
                report(error, arguments)
            return processes.end_all(2, error)
        except BrokenPipeError:
            discard_output()
            return processes.end_all(141)
        except KeyboardInterrupt:
            print(interrupted, file=sys.stderr)
            return processes.end_all(128 + (received or [signal.SIGINT])[0])
    return 128 + received[0] if received else 0


def require_alone(shared):
    """Raise `ConfigError` if there are several processes, and they cannot share the work."""
    if not shared and processes.size() > 1:
        raise ConfigError('mpiexec started %d processes, but this program runs as one. Start it '
                          'without mpiexec.' % processes.size())


def reconfigure(stream, **settings):
    """Change encoding or errors of a stream, if it is one that can be changed.

    With ``errors='backslashreplace'``, what the encoding lacks is shown escaped.
    """
    if hasattr(stream, 'reconfigure'):
        stream.reconfigure(**settings)


def discard_output():
    """Send to nowhere what standard output still holds: its reader has read enough."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # it may have no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report(error, arguments=None):
    """Print what a `TutorialError` says; with ``--debug``, where it arose as well.

    Parameters
    ----------
    error : TutorialError
    arguments : list of str, optional
        Of the command line; by default those the program was started with.
    """
    if '--debug' in (sys.argv if arguments is None else arguments):
        traceback.print_exception(type(error), error, error.__traceback__)
    print('error: %s' % error, file=sys.stderr)


@contextlib.contextmanager
def plain_warnings():
    """Print warnings as messages on stderr, without the line of code that gave them."""
    with warnings.catch_warnings():
        warnings.showwarning = (
            lambda message, *_, **__: print('warning: %s' % message, file=sys.stderr))
        yield


@contextlib.contextmanager
def plain_errors(active=True, arguments=None):
    """Turn a `TutorialError` into its message on stderr and exit status 2; see :func:`report`."""
    if active:
        for stream in (sys.stdout, sys.stderr):
            reconfigure(stream, errors='backslashreplace')
    try:
        yield
    except TutorialError as error:
        if not active:
            raise
        report(error, arguments)
        sys.exit(processes.end_all(2, error))


@contextlib.contextmanager
def signals_interrupt():
    """Have SIGTERM and Ctrl-C raise a KeyboardInterrupt, once; a second ends the program at once.

    The context is a list, which the number of a signal is added to when it is received.
    """
    received, handlers = [], {}

    def interrupt(number, frame):
        received.append(number)
        for known in handlers:
            signal.signal(known, signal.SIG_DFL)
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handlers[number] = signal.signal(number, interrupt)
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def descriptions(function):
    """The sentences that a numpydoc docstring has for each parameter.

    >>> def f(a, b=2):
    ...     '''Add.
    ...
    ...     Parameters
    ...     ----------
    ...     a : int
    ...         The first
    ...         number.
    ...     b : int
    ...         The second.
    ...     '''
    >>> descriptions(f) == {'a': 'The first number.', 'b': 'The second.'}
    True
    """
    section = inspect.getdoc(function).split('Parameters\n----------\n')[1]
    section = re.split(r'\n\n\w+\n-+\n', section)[0]
    entries = re.findall(r'^(\w+) : .*\n((?:    .*\n?)+)', section, flags=re.M)
    return {name: ' '.join(text.split()) for name, text in entries}


def value_parser(default):
    """How the text of an option becomes a value of the kind of its default.

    >>> value_parser(100)('none') is None, value_parser(0.5)('2'), value_parser('x')('y')
    (True, 2.0, 'y')
    """
    kind = type(default) if isinstance(default, (int, float)) else str

    def parse(text):
        return None if text.lower() == 'none' else kind(text)

    parse.__name__ = kind.__name__
    return parse


def spellings(name):
    """The option as usual on a command line, then as in the signature.

    >>> spellings('max_epochs'), spellings('dispFreq')
    (['--max-epochs', '--max_epochs'], ['--disp-freq', '--dispFreq'])
    """
    usual = re.sub('([A-Z])', r'-\1', name).lower().replace('_', '-')
    return ['--' + usual] + (['--' + name] if name != usual else [])


def parser_for(function, groups, defaults, description):
    """A parser with an option for every argument in `groups` of `function`.

    Parameters
    ----------
    function : callable
        Its signature gives names and defaults, its docstring the help.
    groups : dict of str to list of str
        Titles, and the arguments under each.
    defaults : dict
        Values that differ from the signature's.
    """
    parser = argparse.ArgumentParser(description=description)
    signature, helps = inspect.signature(function).parameters, descriptions(function)
    for title, names in groups.items():
        group = parser.add_argument_group(title)
        for name in names:
            default = defaults.get(name, signature[name].default)
            text = '%s (default: %s)' % (helps[name].replace('%', '%%'),
                                         getattr(default, '__name__', default))
            common = {'dest': name, 'default': argparse.SUPPRESS}
            if isinstance(default, bool):
                no = ['--no-' + option[2:] for option in spellings(name)]
                text += '; %s turns it off' % no[0]
                group.add_argument(*spellings(name), action='store_true', help=text, **common)
                group.add_argument(*no, action='store_false', help=argparse.SUPPRESS, **common)
            else:
                group.add_argument(*spellings(name), type=value_parser(default), help=text,
                                   metavar=value_parser(default).__name__.upper(), **common)
    return parser


def add_preset(parser, presets):
    """Add ``--preset``, whose help lists the options of each preset."""
    parser.add_argument(
        '--preset', choices=sorted(presets),
        help='options by one name, each of which can still be given: '
             + '; '.join('%s is %s' % (name, as_options(presets[name]))
                         for name in sorted(presets)))


def as_options(values):
    """Arguments as they are typed on a command line.

    >>> as_options({'maxlen': None, 'lrate': 0.5, 'bidirectional': True, 'test': False})
    '--maxlen none --lrate 0.5 --bidirectional --no-test'
    """
    words = []
    for name, value in values.items():
        option = spellings(name)[0]
        if isinstance(value, bool):
            words.append(option if value else '--no-' + option[2:])
        else:
            words.append('%s %s' % (option, 'none' if value is None else value))
    return ' '.join(words)


class JoinedCallback:
    """One callback that calls several."""

    def __init__(self, callbacks):
        self.callbacks = callbacks

    def __call__(self, record):
        for callback in self.callbacks:
            callback(record)

    def started(self, options, tparams):
        """Call those that have such a method; see `training.display.Display`."""
        for callback in self.callbacks:
            if hasattr(callback, 'started'):
                callback.started(options, tparams)


def joined_callback(*callbacks):
    """One callback that calls all of these, or None if all are None."""
    callbacks = [callback for callback in callbacks if callback is not None]
    return JoinedCallback(callbacks) if callbacks else None


@contextlib.contextmanager
def progress_bar(wanted=True):
    """On a terminal, a bar under the printed lines; the context is the callback that moves it.

    The context is None where stdout or stderr is no terminal, or no bar is wanted.
    """
    if not (wanted and sys.stdout.isatty() and sys.stderr.isatty()):
        yield None
        return
    from tqdm import tqdm
    from tqdm.contrib import DummyTqdmFile
    # Lines and bar must go through one stream: then tqdm wipes the bar before each line.
    with tqdm(unit=' updates', dynamic_ncols=True, file=sys.stdout) as bar, \
            contextlib.redirect_stdout(DummyTqdmFile(sys.stdout)) as lines, \
            contextlib.redirect_stderr(lines):
        yield moved_by(bar)


def moved_by(bar):
    """The callback of `train_lstm` that moves a tqdm bar."""
    def callback(record):
        if hasattr(record, 'cost'):
            bar.total = record.max_epochs * record.updates_per_epoch
            bar.set_description('epoch %d, cost %.4f' % (record.epoch, record.cost), False)
            bar.update(record.update - bar.n)
    return callback
