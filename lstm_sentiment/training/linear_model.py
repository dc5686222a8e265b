"""The linear model over n-grams that answers beside the LSTM of a run: the option `ngrams`."""
from lstm_sentiment.messages import say
from lstm_sentiment.ngrams.fitting import fit
from lstm_sentiment.ngrams.model import NAMES, NGrams
from lstm_sentiment.training.samples import MOST_WORDS, sample_of_words


def fit_ngrams(part, options):
    """The `NGrams` fitted to a part of a dataset, or None if the options have no n-grams."""
    if not options.get('ngrams'):
        return None
    say('Fitting the n-grams')
    sequences, labels = sample_of_words(part, options['seed'])
    if len(sequences) < len(part[0]):
        say('The n-grams are fitted to %d of the %d texts, which have %d million words'
            % (len(sequences), len(part[0]), MOST_WORDS // 1000000))
    found = fit(sequences, labels, options['ydim'], options['ngrams'])
    say('%d n-grams have a weight' % len(found[0]))
    return NGrams(dict(zip(NAMES, found)), options['ngrams'])
