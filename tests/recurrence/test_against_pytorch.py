"""The layer `lstm` against `torch.nn.LSTM` with the same weights.

PyTorch's output gate does not look at the cell either. The values were recorded with PyTorch
2.13.0 in float64, of the batch below with packed sequences; its gates i, f, g, o stand in our order
i, f, o, c here.
"""
import numpy
import pytest
from test_lstm import FLOAT, make_options

import lstm
from lstm_sentiment.engine.names import tensor, theano
from lstm_sentiment.recurrence import encoder

IDS = numpy.array([[1, 5], [2, 6], [3, 0], [4, 0]])
# By name: the pooled outputs, and the gradients of the weighted sum of the means.
ONE_DIRECTION = {
    'mean': [
        0.0769599609525244, -0.0210535577044554, 0.0496026460719406, -0.0389162233867458],
    'max': [
        0.161077861356702, 0.490769652084946, 0.0882952072752263, 0.359993007040191],
    'last': [
        0.119604627224308, -0.61039261507471, 0.0109100848686549, 0.359993007040191],
    'Wemb': [
        0.0, 0.0, 0.00591809018637668, -0.00607654540469753, 0.0525139574896696,
        0.0440637392901511, -0.0087665266985427, 0.00691882021046551,
        -0.000496076562220052, -0.000144701190098429, -0.0590853058677684,
        -0.047024816916111, 0.000452430416564668, -0.00289998291145497],
    'lstm_U': [
        -0.000199694814311788, 0.000966194820479797, -0.000271213367360611,
        0.000374314530930102, -0.000393172355151424, 0.00165039635891467,
        -1.35632907524624e-05, -5.40063717450101e-05, 0.0011474323366784,
        0.00253057544495613, 0.00134577413720584, -0.00413333553604562,
        0.0018331510985633, -0.00442759422372969, 0.000119170427096176,
        -0.0142626447325215]}
TWO_DIRECTIONS = {
    'mean': [
        0.0769599609525244, -0.0210535577044554, -0.0764401436754351, -0.273699076752356,
        0.0496026460719406, -0.0389162233867458, -0.317160642094599, -0.775663465229009],
    'max': [
        0.161077861356702, 0.490769652084946, 0.00386264994167026, 0.0571515937111339,
        0.0882952072752263, 0.359993007040191, -0.116384259702043, -0.656842531433315],
    'last': [
        0.119604627224308, -0.61039261507471, -0.153990391599346, -0.80593061233802,
        0.0109100848686549, 0.359993007040191, -0.517937024487155, -0.894484399024703],
    'Wemb': [
        0.0, 0.0, 0.0265572347439247, 0.0130669222384522, 0.0877253543518072,
        0.0554513042265109, -0.14054679453908, 0.0565564559826614, -0.445513918483335,
        0.081080748278464, 0.135723542316972, 0.1189318683836, -0.0138078359237372,
        0.0511011859070203],
    'lstm_U': [
        -6.69553614987558e-05, -0.00145212916024175, -9.17584678093804e-05,
        0.00294264789717443, -0.000135719400403334, 0.000620915437787779,
        -7.19206089406509e-06, -0.000495616576396529, 0.000489223211174123,
        0.0145222092720053, 0.000455919237265526, -0.0168688141234123,
        0.000556530767440499, 0.00067724629247092, 8.75776975450816e-05,
        -0.0120728521692897],
    'lstm_reverse_U': [
        -0.0182757159760932, -0.000848612698883559, -0.000736411229900155,
        -0.000608228691657983, -0.00280891402187976, -0.000318869721928104,
        0.00613047381659116, 1.73436990038205e-05, -0.0831585693227837,
        -0.003878621135729, -0.00146491182920377, -0.00355384128852226,
        -0.0151301641360813, -0.00162037464009834, 0.0431610252378807,
        0.000344648746985203]}
TOLERANCE = {'float64': 1e-13, 'float32': 1e-6}[FLOAT]


@pytest.fixture(scope='module', params=['scan', 'by hand'])
def encode(request):
    return lstm.encode if request.param == 'scan' else encoder.encode


@pytest.mark.parametrize('bidirectional, recorded', [(False, ONE_DIRECTION),
                                                     (True, TWO_DIRECTIONS)])
def test_outputs_and_gradients_are_those_of_pytorch(encode, bidirectional, recorded):
    rng, params = numpy.random.RandomState(7), {}
    for prefix in ('lstm', 'lstm_reverse')[:1 + bidirectional]:
        for name, shape in (('W', (2, 8)), ('U', (2, 8)), ('b', 8)):
            params['%s_%s' % (prefix, name)] = rng.randn(*numpy.atleast_1d(shape)).astype(FLOAT)
    params['Wemb'] = numpy.random.RandomState(8).randn(7, 2).astype(FLOAT)
    weights = numpy.random.RandomState(9).randn(2, 2 * (1 + bidirectional)).astype(FLOAT)
    tparams = lstm.init_tparams(params)
    x, mask = tensor.lmatrix(), tensor.matrix(dtype=FLOAT)
    pooled = [encode(tparams, x, mask, make_options(dim_proj=2, bidirectional=bidirectional,
                                                    pooling=pooling))
              for pooling in ('mean', 'max', 'last')]
    wrt = [name for name in recorded if name in params]
    grads = theano.grad((pooled[0] * weights).sum(), [tparams[name] for name in wrt])
    results = theano.function([x, mask], pooled + grads)(IDS, (IDS > 0).astype(FLOAT))
    for name, found in zip(['mean', 'max', 'last'] + wrt, results):
        numpy.testing.assert_allclose(found.ravel(), recorded[name], rtol=0, atol=TOLERANCE,
                                      err_msg=name)
