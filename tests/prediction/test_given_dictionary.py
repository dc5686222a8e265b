"""A dictionary that is given for a model must be that of the data it was trained on."""
import numpy
import pytest
from models import WORDS, make_options, save_model, write_dictionary
from oracles import plain_scores

import predict
from lstm_sentiment.errors import ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS


@pytest.mark.parametrize('with_words', [True, False])
def test_a_dictionary_of_another_corpus_is_refused(tmp_path, with_words):
    path, params = save_model(tmp_path / 'm.npz')
    vocabulary = saved_model.load(path).vocabulary
    options = dict(make_options(params), dataset_sha256='ab' * 32)
    saved_model.save(path, params, options, vocabulary if with_words else None)
    about = dict(TEXT_SETTINGS, classes=['neg', 'pos'])
    right = write_dictionary(tmp_path / 'r.pkl', WORDS + ['more'], fingerprint='ab' * 32, **about)
    exps = numpy.exp(plain_scores(params, vocabulary.ids('the film is good'), 0.5))
    numpy.testing.assert_allclose(
        predict.load_model(path, right).predict_proba(['the film is good']), [exps / exps.sum()],
        rtol=0, atol=1e-12)
    other = write_dictionary(tmp_path / 'o.pkl', WORDS[::-1], fingerprint='cd' * 32, **about)
    with pytest.raises(ModelError, match='o.pkl does not fit .*fingerprint abab.*found cdcd'):
        predict.load_model(path, other)


@pytest.mark.parametrize('what, words, changes', [
    ('words', WORDS[::-1], {}), ('classes', WORDS, {'classes': ['negative', 'positive']}),
    ('settings', WORDS, {'tokenizer': 'whitespace'})])
def test_a_dictionary_must_agree_with_the_words_in_the_model(tmp_path, what, words, changes):
    """Also one that does not say which dataset it is of."""
    path, _ = save_model(tmp_path / 'm.npz')
    about = dict(TEXT_SETTINGS, classes=['neg', 'pos'])
    assert predict.load_model(path, write_dictionary(tmp_path / 'd.pkl', **about))
    dictionary = write_dictionary(tmp_path / 'd.pkl', words, **dict(about, **changes))
    with pytest.raises(ModelError, match='it has other %s than the model has' % what):
        predict.load_model(path, dictionary)
