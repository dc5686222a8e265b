"""The words of a dataset or a model, and the text settings that prediction must repeat."""

import json
import os

from lstm_sentiment.errors import ConfigError, DataError, TutorialError
from lstm_sentiment.text.text_settings import check_settings

FIRST_WORD_ID = 2
UNKNOWN_ID = 1

# The tutorial's settings; a dictionary without settings has these.
TEXT_SETTINGS = {'tokenizer': 'moses', 'language': 'en', 'lowercase': True}
CLASSES = ['neg', 'pos']


def dictionary_path(path):
    """The path of the dictionary of a dataset: next to it, with a name that ends in ``.dict.pkl``.

    >>> dictionary_path('data/imdb.pkl'), dictionary_path('shop.pkl.gz')
    ('data/imdb.dict.pkl', 'shop.dict.pkl.gz')
    """
    path = os.fspath(path)
    packed = '.gz' if path.endswith('.gz') else ''
    stem, ending = os.path.splitext(path[:len(path) - len(packed)])
    return stem + '.dict' + ending + packed


class Vocabulary:
    """Words with their ids, the text settings, and the names of the classes.

    Parameters
    ----------
    words : list of str
        ``words[k]`` has the id k + 2; 0 is padding, and 1 is any other word.
    settings : dict
        ``tokenizer``, ``language``, ``lowercase`` and perhaps ``strip_html``; see `tokenizing`.
    classes : list of str
        The name of each label.
    fingerprint : str, optional
        SHA-256 of the dataset with these ids.

    Raises
    ------
    DataError
        If these have other types, or do not match one another.

    Examples
    --------
    >>> vocabulary = Vocabulary(['the', 'film'], TEXT_SETTINGS, CLASSES)
    >>> vocabulary.ids('film of the year')
    [3, 1, 2, 1]
    """

    def __init__(self, words, settings, classes, fingerprint=None):
        check_words(words)
        try:
            check_settings(settings)
        except ConfigError as error:
            raise DataError(f'text settings where {error}') from error
        check_classes(classes)
        check_fit(words, settings)
        if not isinstance(fingerprint, (str, type(None))):
            raise DataError(f'the fingerprint {fingerprint!r:.40} where a SHA-256 is expected')
        self.words = list(words)
        self.settings = {name: settings[name] for name in (*TEXT_SETTINGS, 'strip_html')
                         if name in settings}
        self.classes = list(classes)
        self.fingerprint = fingerprint
        self._ids = {word: number for number, word in enumerate(self.words, FIRST_WORD_ID)}
        if len(self._ids) < len(self.words):
            raise DataError('the same word twice among the words')

    def ids(self, text):
        """The id of each word of a tokenized text, in which spaces separate the words."""
        find = self._ids.get
        return [find(word, UNKNOWN_ID) for word in text.split()]

    def limited(self, n_words):
        """The vocabulary of a model with `n_words` embeddings: only ids below `n_words`."""
        return Vocabulary(self.words[:max(0, n_words - FIRST_WORD_ID)], self.settings,
                          self.classes, self.fingerprint)

    def to_json(self):
        """The bytes of the JSON file that `save` writes, one word a line."""
        content = {'words': self.words, 'settings': self.settings, 'classes': self.classes,
                   'fingerprint': self.fingerprint}
        return (json.dumps(content, indent=0) + '\n').encode('ascii')

    @classmethod
    def from_json(cls, content, path='the words'):
        """The vocabulary in the bytes of a JSON file; an error message names `path`."""
        try:
            found = json.loads(content.decode('utf-8'))
            return cls(*(found[name] for name in ('words', 'settings', 'classes', 'fingerprint')))
        except (ValueError, KeyError, TypeError, RecursionError, TutorialError) as error:
            raise DataError(f'{path} is not a vocabulary that can be used: expected JSON with '
                            'words, settings, classes and fingerprint, as training saves beside '
                            f'a model; found {error}.') from error


def check_words(words):
    """Raise `DataError` unless these are words, each a str without white space."""
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError('words that are not a list of str')
    if ' '.join(words).split() != words:
        found = next(word for word in words if word.split() != [word])
        raise DataError(f'the word {found!r:.40}, which white space would split')


def check_classes(classes):
    """Raise `DataError` unless these are the names of two classes or more."""
    if (not isinstance(classes, list) or len(set(map(repr, classes))) < max(2, len(classes))
            or not all(isinstance(name, str) for name in classes)):
        raise DataError(f'the classes {classes!r:.80} where two names or more are expected')


def check_fit(words, settings):
    """Raise `DataError` for a word that cannot occur with these settings."""
    text = ' '.join(words)
    if settings['lowercase'] and text != text.lower():
        found = next((word for word in words if word != word.lower()), text)
        raise DataError(f'the word {found!r:.40} in a dictionary whose settings say that words '
                        'are lower-cased')
