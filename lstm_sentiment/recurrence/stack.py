"""The names of a model's layers, which may have several directions and levels."""


def directions(options, level):
    """The prefix of each layer's parameters on a level, and whether it reads from the end.

    Level 0 reads the words.

    >>> directions({'encoder': 'lstm', 'bidirectional': True}, 0)
    [('lstm', False), ('lstm_reverse', True)]
    >>> directions({'encoder': 'lstm'}, 1)
    [('lstm_2', False)]
    """
    prefix = options['encoder'] + ('_%d' % (level + 1) if level else '')
    both = [(prefix, False), (prefix + '_reverse', True)]
    return both if options.get('bidirectional') else both[:1]


def n_directions(options):
    return 2 if options.get('bidirectional') else 1


def n_inputs(options, level):
    """How many numbers enter a layer on this level at each step."""
    return options['dim_proj'] * (n_directions(options) if level else 1)
