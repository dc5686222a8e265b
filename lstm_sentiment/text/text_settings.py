"""The text settings: how a text becomes words.

They are saved with every dictionary and every model, as a dict of

``tokenizer``
    ``'moses'`` or ``'whitespace'``;
``language``
    that of the Moses rules, such as ``'en'``;
``lowercase``
    whether the words are lower-cased;
``strip_html``
    whether tags such as ``<br />`` are spaces; only where it is so, not elsewhere in the dict.
"""
from lstm_sentiment.errors import ConfigError, abridged

TOKENIZERS = ('moses', 'whitespace')
# sacremoses has rules for these; it would treat any other language as English. They stand here
# because training needs the settings and not the tokenizer, which takes long to import.
LANGUAGES = ('as', 'bn', 'ca', 'cjk', 'cs', 'de', 'el', 'en', 'es', 'et', 'fi', 'fr', 'ga', 'gu',
             'hi', 'hu', 'is', 'it', 'ja', 'kn', 'ko', 'lt', 'lv', 'ml', 'mni', 'mr', 'nl', 'or',
             'pa', 'pl', 'pt', 'ro', 'ru', 'sk', 'sl', 'sv', 'ta', 'tdt', 'te', 'yue', 'zh')


def check_settings(settings):
    """Raise `ConfigError` unless these say how a text becomes words, in a way that is known."""
    if not isinstance(settings, dict):
        raise ConfigError(f'the value {abridged(settings)} cannot be used: expected tokenizer, '
                          'language and lowercase by name')
    if settings.get('strip_html', True) is not True:
        raise ConfigError(f'strip_html={abridged(settings["strip_html"])} cannot be used: expected '
                          'True, or no such setting')
    for name, known in (('tokenizer', TOKENIZERS), ('language', LANGUAGES),
                        ('lowercase', (True, False))):
        value = settings.get(name)
        if type(value) is not type(known[0]) or value not in known:
            raise ConfigError(f'{name}={abridged(value)} cannot be used: expected one of '
                              + ', '.join(map(str, known)))
