"""Names of the layers of a model, by its options: several directions, several layers."""


def directions(options, level):
    """The prefix of the parameters of each layer on a level, 0 at the words, and its direction.

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
    """How many numbers enter a layer of this level at each step."""
    return options['dim_proj'] * (n_directions(options) if level else 1)
