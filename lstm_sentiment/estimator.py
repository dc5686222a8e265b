"""`TextClassifier`: training and prediction as one object, for notebooks and for scikit-learn.

This is the one module of the package that imports a script: fitting is `lstm.train_lstm`. The
engine is imported at the first fit; a classifier that only answers needs none.
"""
from __future__ import annotations

import html
import inspect
import json
import math
import sys
from collections import OrderedDict
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Type, TypeVar, Union

import numpy
from threadpoolctl import threadpool_limits

from lstm_sentiment.data.from_texts import dataset_from_texts
from lstm_sentiment.data.label_values import (
    NUMBERS,
    as_labels,
    as_list,
    check_classes,
    class_array,
    class_names,
    numbers_of,
    weights_by_name,
)
from lstm_sentiment.engine import flags
from lstm_sentiment.errors import ConfigError, ModelError, abridged
from lstm_sentiment.hints import Arrays, Function, Options, Path
from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction.classifier import Classifier, checked, load_model
from lstm_sentiment.prediction.explanation import LEAVE_OUT, Explanation
from lstm_sentiment.prediction.network import Network, States
from lstm_sentiment.text.vocabulary import Vocabulary

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.exceptions import NotFittedError
    BASES: Tuple[Any, ...] = (ClassifierMixin, BaseEstimator)
    NOT_FITTED: Tuple[Any, ...] = (ConfigError, NotFittedError)
except ImportError:
    BASES, NOT_FITTED = (), (ConfigError,)

# Arguments of `__init__` that say how text becomes words, under the names of the text settings.
SETTINGS = ('tokenizer', 'language', 'lowercase', 'strip_html')

Self = TypeVar('Self', bound='TextClassifier')


class NotFitted(*NOT_FITTED):  # type: ignore[misc]
    """A classifier is asked before `fit`."""


class TextClassifier(*BASES):  # type: ignore[misc]
    """An LSTM that classifies texts, with the interface of scikit-learn.

    `fit` trains as ``lstm.py`` does on a dataset that ``imdb_preprocess.py`` made of these texts,
    without a test part: the numbers are the same. Its floatX is float32 where the engine's
    configuration names none and no engine was imported before (``options_['floatX']``).

    Parameters
    ----------
    dim_proj, patience, max_epochs, ..., keep
        As of `lstm.train_lstm`, with the same defaults; those that concern files are left out.
    class_weight : dict or str, optional
        Weight of each label in the cost, 1 for labels that are not named; or ``balanced``.
    min_count : int
        Words that occur less often in training are unknown words.
    tokenizer, language, lowercase, strip_html
        How text becomes words; see `text.tokenizing`.
    jobs : int, optional
        Number of threads, and of tokenizing processes; by default one for each core.
    random_state : int or numpy.random.RandomState, optional
        Seed of all random numbers; by default the 123 of `lstm.train_lstm`. A generator draws one
        at each fit.
    verbose : int
        0 prints nothing, 1 shows a bar, 2 prints the tutorial's lines.

    Attributes
    ----------
    classes_ : array
        The labels, sorted.
    model_ : prediction.classifier.Classifier
        What answers; its ``vocabulary`` has the words.
    options_ : dict
        Of the trained model, as ``lstm.py`` saves them.
    params_ : OrderedDict of arrays
        Of the trained model.
    train_err_, valid_err_ : float
        Share of misclassified texts under these parameters.
    history_errs_ : list of [float, float]
        Of each validation, its error and a NaN.

    Examples
    --------
    >>> texts = ['Good .', 'A good film .', 'Bad .', 'A bad film .'] * 3
    >>> labels = [1, 1, 0, 0] * 3
    >>> model = TextClassifier(dim_proj=4, max_epochs=20, validFreq=-1, valid_portion=0.3)
    >>> model.fit(texts, labels).predict(['A film !']).shape  # doctest: +SKIP
    (1,)
    """

    def __init__(self, dim_proj: int = 128, patience: int = 10, max_epochs: int = 5000,
                 dispFreq: int = 10, decay_c: float = 0., lrate: float = 0.0001,
                 n_words: int = 10000, optimizer: Union[str, Function] = 'adadelta',
                 encoder: str = 'lstm', validFreq: int = 370, maxlen: Optional[int] = 100,
                 batch_size: int = 16, valid_batch_size: int = 64, use_dropout: bool = True,
                 valid_portion: float = 0.05, length_window: int = 0, word_dropout: float = 0.,
                 average: int = 0, bidirectional: bool = False, n_layers: int = 1,
                 pooling: str = 'mean', peephole: str = 'matrix',
                 class_weight: Union[str, Mapping[Any, float], None] = None,
                 valid_metric: str = 'error', forget_bias: float = 0., clip_norm: float = 0.,
                 falling_lrate: bool = False, spans: float = 0., ngrams: int = 0,
                 ngram_share: float = 0.75, composed: float = 0., ngram_words: int = 0,
                 keep: str = 'best', train_error_size: int = 25000, min_count: int = 1,
                 tokenizer: str = 'moses', language: str = 'en', lowercase: bool = True,
                 strip_html: bool = False, jobs: Optional[int] = None,
                 random_state: Union[int, numpy.random.RandomState, None] = None,
                 verbose: int = 0) -> None:
        arguments = dict(locals())
        del arguments['self']
        self.__dict__.update(arguments)

    # Training.

    def fit(self: Self, texts: Iterable[str], labels: Iterable[Any],
            validation_data: Optional[Tuple[Iterable[str], Iterable[Any]]] = None,
            callback: Optional[Function] = None) -> Self:
        """Train on texts with labels.

        Parameters
        ----------
        texts : list, array or column of str
        labels : list, array or column
            Of any hashable kind, one for each text.
        validation_data : tuple, optional
            ``(texts, labels)`` to validate on; by default the share `valid_portion` of the texts.
        callback : callable, optional
            As of `lstm.train_lstm`.

        Returns
        -------
        TextClassifier
            Itself.

        Raises
        ------
        errors.TutorialError
            If a parameter, a text or a label cannot be used; the message says why.
        """
        texts = as_texts(texts)
        labels = as_labels(labels, len(texts))
        classes = class_array(labels)
        check_classes(classes, len(texts))
        valid = None
        if validation_data is not None:
            valid = validation_part(validation_data, classes)
        settings = {name: getattr(self, name) for name in SETTINGS
                    if name != 'strip_html' or self.strip_html}
        names = class_names(classes.tolist())
        dataset = dataset_from_texts((texts, numbers_of(labels, classes)), valid, names, settings,
                                     self.min_count, self.jobs)
        received: Dict[str, Any] = {}

        def receive(params: Arrays, options: Options, vocabulary: Vocabulary,
                    **results: Any) -> None:
            received.update(params=params, options=options, vocabulary=vocabulary, **results)

        train_lstm = import_train_lstm()
        own, known = self.get_params(deep=False), inspect.signature(train_lstm).parameters
        options = {name: value for name, value in own.items() if name in known}
        options.update(seed=seed_of(self.random_state, known['seed'].default),
                       class_weight=weights_by_name(self.class_weight, classes.tolist(), names),
                       verbose=int(self.verbose), dataset=dataset, saveto=receive, test=False,
                       callback=callback)
        train_lstm(**options)
        received['options'].update(n_texts=len(texts), min_count=self.min_count)
        return self.take_up(classes, **received)

    def take_up(self: Self, classes: numpy.ndarray, params: Arrays, options: Options,
                vocabulary: Vocabulary, train_err: float, valid_err: float,
                history_errs: Iterable[List[float]] = (), test_err: Optional[float] = None) -> Self:
        """Hold a trained model."""
        self.classes_, self.params_, self.options_ = classes, OrderedDict(params), dict(options)
        self.train_err_, self.valid_err_ = train_err, valid_err
        self.history_errs_ = list(history_errs)
        self.model_ = Classifier(Network(self.params_, options), vocabulary, self.jobs)
        return self

    # Asking. Older versions of scikit-learn, such as 1.3, give the first two the texts as X.

    def predict(self, X: Iterable[str]) -> numpy.ndarray:
        """The label of the likeliest class of each of the texts `X`, an array."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]

    def predict_proba(self, X: Iterable[str]) -> numpy.ndarray:
        """Probability of each of `classes_` for each of the texts `X`, (n_texts, n_classes)."""
        self.check_fitted()
        with threadpool_limits(limits=1, user_api='blas'):
            return self.model_.predict_proba(as_texts(X))

    def score(self, texts: Iterable[str], labels: Iterable[Any],
              sample_weight: Any = None) -> float:
        """Share of the texts that get their label, 0 to 1; weighted if `sample_weight` is given."""
        predicted = self.predict(texts).tolist()
        labels = as_labels(labels, len(predicted))
        right = [answer == label for answer, label in zip(predicted, labels)]
        return float(numpy.average(right, weights=sample_weight))

    def explain(self, text: str, kind: str = LEAVE_OUT) -> Explanation:
        """Why a text gets its class; see `Classifier.explain`. A notebook shows it as a page."""
        self.check_fitted()
        return self.model_.explain(text, kind)

    def states(self, text: str) -> Tuple[List[str], States]:
        """The words of a text, and the gates and the cell at each; see `Classifier.states`."""
        self.check_fitted()
        return self.model_.states(text)

    def check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFitted('this TextClassifier is not trained yet: call fit(texts, labels) first')

    # Files.

    def save(self, path: Path) -> None:
        """Save the model as training does; ``lstm-predict`` and `load` read it.

        Raises
        ------
        errors.ConfigError
            If labels are of a kind that the file cannot hold. joblib and pickle can.
        errors.ModelError
            If it cannot be written.
        """
        self.check_fitted()
        labels = self.classes_.tolist()
        if not all(type(label) in NUMBERS | {str} for label in labels):
            raise ConfigError('labels such as %s cannot be saved in a .npz: expected text or '
                              'numbers. Save the classifier by joblib or pickle.'
                              % abridged(labels[0]))
        saved_model.save(saved_model.check_writable(path), self.params_,
                         dict(self.options_, labels=json.dumps(labels)), self.model_.vocabulary,
                         history_errs=self.history_errs_, train_err=self.train_err_,
                         valid_err=self.valid_err_, test_err=math.nan)

    @classmethod
    def load(cls: Type[Self], path: Path, jobs: Optional[int] = None) -> Self:
        """A classifier with the model that `save` or ``lstm.py`` saved.

        Raises
        ------
        errors.ModelError
            If it cannot be read, or was saved without its words.
        """
        params, options, vocabulary = saved_model.load(path)
        errors = saved_model.load_errors(path)
        given = dict(vocabulary.settings if vocabulary else {}, **options)
        own = {name: given[name] for name in inspect.signature(cls).parameters if name in given}
        own['class_weight'] = own.get('class_weight') or None
        found = cls(**dict(own, jobs=jobs, random_state=options.get('seed')))
        found.take_up(saved_labels(path, options, vocabulary), params, options, vocabulary,
                      *errors[:2])
        found.model_ = load_model(path, jobs=jobs)
        return found

    # What it is.

    def facts(self) -> Dict[str, str]:
        """What the trained model is, by name, as text; nothing before `fit`."""
        if not self.__sklearn_is_fitted__():
            return OrderedDict()
        options, names = self.options_, self.model_.classes
        shown = ', '.join(names[:5]) + (', ...' if len(names) > 5 else '')
        data = '%s, %d classes (%s), %d words' % (
            '%d texts' % options['n_texts'] if 'n_texts' in options else options.get('dataset'),
            len(names), shown, len(self.model_.vocabulary.words))
        return OrderedDict([
            ('model', '%s%s with %d units%s' % (
                'bidirectional ' * bool(options.get('bidirectional')), options.get('encoder'),
                options['dim_proj'], ' in %d layers' % options['n_layers']
                if options.get('n_layers', 1) > 1 else '')),
            ('trained on', data),
            ('errors', 'training %.4f, validation %.4f' % (self.train_err_, self.valid_err_)),
            ('floatX', str(options.get('floatX')))])

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        own = ', '.join('%s=%r' % (name, getattr(self, name)) for name in defaults
                        if repr(getattr(self, name)) != repr(defaults[name].default))
        facts = '; '.join('%s: %s' % fact for fact in self.facts().items())
        return '%s(%s)%s' % (type(self).__name__, own, facts and ' <%s>' % facts)

    def _repr_html_(self) -> str:
        rows = ['<tr><th style="text-align: left">%s</th><td style="text-align: left">%s</td></tr>'
                % (name, html.escape(value)) for name, value in self.facts().items()]
        return '<code>%s</code>%s' % (
            html.escape(repr(self).split(' <')[0]),
            rows and '<table>%s</table>' % ''.join(rows) or ', not trained yet')

    def _repr_mimebundle_(self, **_: Any) -> Dict[str, str]:
        return {'text/plain': repr(self), 'text/html': self._repr_html_()}

    # What scikit-learn asks.

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, 'classes_')

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def _more_tags(self) -> Dict[str, List[str]]:  # before scikit-learn 1.6
        return {'X_types': ['string']}

    if not BASES:
        def get_params(self, deep: bool = True) -> Dict[str, Any]:
            """The parameters by name."""
            return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

        def set_params(self: Self, **params: Any) -> Self:
            """Set parameters; return itself."""
            known = inspect.signature(type(self)).parameters
            for name, value in params.items():
                if name not in known:
                    raise ConfigError('TextClassifier has no parameter %s: expected one of %s'
                                      % (name, ', '.join(known)))
                setattr(self, name, value)
            return self


def import_train_lstm() -> Function:
    """`lstm.train_lstm`; the first import settles floatX."""
    if not {'pytensor', 'theano'} & set(sys.modules):
        flags.DEFAULTS['floatX'] = 'float32'
    from lstm import train_lstm
    return train_lstm


def seed_of(random_state: Union[int, numpy.random.RandomState, None], default: int) -> int:
    """The seed that a `random_state` of scikit-learn means."""
    if random_state is None:
        return default
    if isinstance(random_state, numpy.random.RandomState):
        return int(random_state.randint(2 ** 31 - 1))
    if isinstance(random_state, (int, numpy.integer)):
        return int(random_state)
    raise ConfigError('random_state=%s: expected a whole number, a numpy.random.RandomState, or '
                      'None' % abridged(random_state))


def as_texts(texts: Iterable[str]) -> List[str]:
    """The texts as a list of str.

    Raises
    ------
    errors.TutorialError
        If something else is among them.
    """
    return [checked(text, number) for number, text in enumerate(as_list(texts, 'texts'), 1)]


def validation_part(validation_data: Any, classes: numpy.ndarray) -> Tuple[List[str], List[int]]:
    """Texts and the numbers of their labels, of the `validation_data` of a fit."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) != 2:
        n_parts = '' if not hasattr(validation_data, '__len__') else ' of %d' % len(validation_data)
        raise ConfigError('validation_data is a %s%s: expected a pair (texts, labels)'
                          % (type(validation_data).__name__, n_parts))
    texts = as_texts(validation_data[0])
    return texts, numbers_of(as_labels(validation_data[1], len(texts)), classes)


def saved_labels(path: Path, options: Options, vocabulary: Optional[Vocabulary]) -> numpy.ndarray:
    """The labels of a saved model: those of `TextClassifier.save`, or the names of its classes."""
    if vocabulary is None:
        raise ModelError('the model %s was saved without its words: ask it by load_model with a '
                         'dictionary' % path)
    if 'labels' not in options:
        return class_array(vocabulary.classes)
    try:
        labels = json.loads(options['labels'])
    except (TypeError, ValueError) as error:
        raise ModelError('the labels of the model %s cannot be read: %s' % (path, error))
    if (type(labels) is not list or len(labels) != len(vocabulary.classes)
            or not {type(label) for label in labels} <= NUMBERS | {str}):
        raise ModelError('the model %s has the labels %s and the classes %s: expected one label '
                         'for each class' % (path, abridged(labels), vocabulary.classes))
    return class_array(labels)
