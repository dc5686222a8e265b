"""The settings of a run: the arguments of `lstm.train_lstm`, checked and completed."""
import functools
import os
from collections import namedtuple

from lstm_sentiment import processes
from lstm_sentiment.data import finding
from lstm_sentiment.files import require_writable
from lstm_sentiment.messages import say
from lstm_sentiment.model import packaged, saved_model
from lstm_sentiment.options import check_values, require
from lstm_sentiment.text import demo_grammar
from lstm_sentiment.training.provenance import provenance

ENDING = '.checkpoint'

Control = namedtuple('Control', 'checkpoint resume overwrite receive')
Control.__doc__ = """The arguments of `lstm.train_lstm` about checkpoints; they are no settings.

`receive` is `saveto` where that is a function, or None.
"""


def settings_of(arguments, encoders, update_rules, datasets):
    """The options of a run, if all can be used, with names for functions.

    Where several ranks share the run, they are those of rank 0.

    Parameters
    ----------
    arguments : dict
        Of `lstm.train_lstm`.
    encoders, update_rules, datasets : dict
        The valid names, and what they stand for.

    Returns
    -------
    options : dict
        With the versions and so on from :func:`provenance.provenance`.
    control : Control

    Raises
    ------
    errors.ConfigError
        For the first option that cannot be used; the message says what is valid. If options or
        versions differ between ranks, the message says where.
    """
    given = dict(arguments, callback=None, optimizer=name_of(arguments['optimizer']))
    processes.check_same('options', given)
    processes.check_same('versions and flags', provenance())
    return processes.by_first(
        functools.partial(checked, arguments, encoders, update_rules, datasets))


def checked(arguments, encoders, update_rules, datasets):
    """What :func:`settings_of` returns, on rank 0."""
    options = {name: value for name, value in arguments.items() if name != 'callback'}
    check_values(options)
    del options['verbose']  # it has no effect on the model
    options['receive'] = options['saveto'] if callable(options['saveto']) else None
    if options['receive']:
        options['saveto'] = None
    require(options['encoder'] in list(encoders), 'encoder', options['encoder'],
            'one of ' + ', '.join(sorted(encoders)))
    finding.check_dataset(options['dataset'], datasets)
    rule = options['optimizer']
    require(callable(rule) or rule in list(update_rules), 'optimizer', rule,
            'one of %s, or a function' % ', '.join(sorted(update_rules)))
    options['optimizer'] = name_of(rule)
    options['dataset'] = finding.name_of(options['dataset'])
    complete_places(options)
    if options['dataset'] == finding.DEMO and options['max_epochs'] > demo_grammar.MAX_EPOCHS:
        options['max_epochs'] = demo_grammar.MAX_EPOCHS
        say('dataset demo: max_epochs is capped at %d' % demo_grammar.MAX_EPOCHS)
    control = Control(*[options.pop(name) for name in Control._fields])
    return dict(options, **provenance(options['reload_model'])), control


def name_of(rule):
    """The name of an update rule, the same in each process.

    >>> name_of('sgd'), name_of(functools.partial(int, base=2))
    ('sgd', 'int(base=2)')
    """
    if isinstance(rule, functools.partial):
        given = [repr(value) for value in rule.args]
        given += ['%s=%r' % pair for pair in sorted(rule.keywords.items())]
        return '%s(%s)' % (name_of(rule.func), ', '.join(given))
    if isinstance(rule, str):
        return rule
    return getattr(rule, '__name__', type(rule).__name__)


def complete_places(options):
    """Complete the paths of the model and the checkpoint in the options.

    Raises
    ------
    errors.ConfigError
        For the first path that cannot be used.
    """
    if options['reload_model']:
        require(os.path.isfile(options['reload_model']), 'reload_model',
                options['reload_model'], 'a saved model file')
    if options['saveto']:
        options['saveto'] = saved_model.check_writable(options['saveto'])
    if options['checkpoint'] == '':
        options['checkpoint'] = options['saveto'] and options['saveto'] + ENDING
    if options['checkpoint']:
        packaged.check_other('checkpoint', options['checkpoint'])
        require_writable('checkpoint', options['checkpoint'])
        taken = [os.path.realpath(path) for path in saved_model.files_of(options['saveto'])]
        require(os.path.realpath(options['checkpoint']) not in taken, 'checkpoint',
                options['checkpoint'], 'another file than the model')
    require(options['checkpoint'] or not options['resume'], 'resume', True,
            'a checkpoint to go on from, but there is none: name a file')
