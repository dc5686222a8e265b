"""Labelled texts in memory to a dataset in memory, as `text.preprocessing` does it with files."""
import hashlib
import warnings

import numpy

from lstm_sentiment.data.datasets import Dataset, add_to_digest
from lstm_sentiment.errors import DataError
from lstm_sentiment.text.preprocessing import count_words, number_words, rank_words
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
    numbers, words = number_words(tokenize_texts(train[0], settings, jobs))
    numbers, labels = with_words(numbers, train[1], 'training')
    ids, order = rank_words(count_words(numbers, len(words)), min_count=min_count)
    find = ids.tolist().__getitem__
    sequences = [list(map(find, text)) for text in numbers]
    digest = hashlib.sha256()
    add_to_digest(digest, (sequences, labels))
    vocabulary = Vocabulary([words[number] for number in order.tolist()], settings, classes,
                            digest.hexdigest())
    if valid is not None:
        tokenized = tokenize_texts(valid[0], settings, jobs)
        valid = with_words([vocabulary.ids(text) for text in tokenized], valid[1], 'validation')
    return Dataset((sequences, labels), vocabulary, valid)


def with_words(sequences, labels, part):
    """The sequences that are not empty, and their labels."""
    kept = [sample for sample, sequence in enumerate(sequences) if len(sequence)]
    if not kept:
        raise DataError(f'There is no {part} text with a word in it: {len(sequences)} texts were '
                        'given. Expected texts with words.')
    n_dropped = len(sequences) - len(kept)
    if n_dropped:
        first = numpy.setdiff1d(numpy.arange(len(sequences)), kept)[0] + 1
        warnings.warn(f'{n_dropped} of {len(sequences)} {part} texts have no words in them and are '
                      f'left out; the first is the text {first}.', stacklevel=2)
    return [sequences[sample] for sample in kept], [labels[sample] for sample in kept]
