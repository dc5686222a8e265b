"""Labelled texts in memory to a dataset in memory, as `text.preprocessing` does it with files."""
import array
import collections
import hashlib
import warnings

import numpy

from lstm_sentiment.data.datasets import Dataset
from lstm_sentiment.errors import DataError
from lstm_sentiment.text.preprocessing import rank_words
from lstm_sentiment.text.tokenizing import tokenize_texts
from lstm_sentiment.text.vocabulary import Vocabulary


def dataset_from_texts(train, valid, classes, settings, min_count=1, jobs=None):
    """A dataset of these texts, with a vocabulary of the training texts.

    The ids are those that `preprocessing.preprocess` gives to these training texts.

    Parameters
    ----------
    train : tuple
        ``(texts, labels)``: a list of str, and a list of the position of each class in `classes`.
    valid : tuple or None
        The same for validation; None to split off a share of `train`.
    classes : list of str
    settings : dict
        The text settings; see `text_settings`.
    min_count : int
        Words that occur less often in training are unknown words.
    jobs : int, optional
        Number of tokenizing processes; by default one for each core.

    Returns
    -------
    Dataset
        Texts without words are left out, with a warning.

    Raises
    ------
    DataError
        If a part has no text with a word in it.
    ConfigError
        If the settings cannot be used.
    """
    tokenized = list(tokenize_texts(train[0], settings, jobs))
    counts = collections.Counter()  # in order of first appearance
    for text in tokenized:
        counts.update(text.split())
    _, order = rank_words(list(counts.values()), min_count=min_count)
    words = list(counts)
    vocabulary = Vocabulary([words[number] for number in order.tolist()], settings, classes)
    train = with_words(map(vocabulary.ids, tokenized), train[1], 'training')
    if valid is not None:
        tokenized = tokenize_texts(valid[0], settings, jobs)
        valid = with_words(map(vocabulary.ids, tokenized), valid[1], 'validation')
    vocabulary.fingerprint = fingerprint_of(*train)
    return Dataset(train, vocabulary, valid)


def fingerprint_of(sequences, labels):
    """SHA-256 of word ids and labels."""
    digest = hashlib.sha256()
    for sequence, label in zip(sequences, labels):
        digest.update(array.array('q', [label, len(sequence)] + sequence).tobytes())
    return digest.hexdigest()


def with_words(sequences, labels, part):
    """The sequences that are not empty, and their labels."""
    sequences = list(sequences)
    kept = [sample for sample, sequence in enumerate(sequences) if sequence]
    if not kept:
        raise DataError(f'There is no {part} text with a word in it: {len(sequences)} texts were '
                        'given. Expected texts with words.')
    n_dropped = len(sequences) - len(kept)
    if n_dropped:
        first = numpy.setdiff1d(numpy.arange(len(sequences)), kept)[0] + 1
        warnings.warn(f'{n_dropped} of {len(sequences)} {part} texts have no words in them and are '
                      f'left out; the first is the text {first}.', stacklevel=2)
    return [sequences[sample] for sample in kept], [labels[sample] for sample in kept]
