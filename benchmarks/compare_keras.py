"""The tutorial's model in Keras, with the weights of a saved model; see docs/compare.md."""
import os
import sys

os.environ.setdefault('KERAS_BACKEND', 'jax')

import compare  # noqa: E402 (Keras reads the name above when it is imported)
import keras  # noqa: E402
import numpy  # noqa: E402
from keras import layers  # noqa: E402

if keras.backend.backend() == 'jax':
    import jax

VERSION = 'Keras %s on %s' % (keras.__version__, keras.backend.backend())


def tanh(x):
    """For float64: `keras.ops.tanh` of Keras 3.15 rounds it to float32."""
    return 2 * keras.ops.sigmoid(2 * x) - 1


def make_model(options, dtype):
    """Embedding, LSTM, mean over the words, dropout, logistic regression."""
    if keras.backend.backend() == 'jax':
        jax.config.update('jax_enable_x64', True)  # else JAX has no float64
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    keras.utils.set_random_seed(options.get('seed', 123))
    model = keras.Sequential([
        keras.Input((None,), dtype='int64'),                      # (n_samples, n_timesteps)
        layers.Embedding(options['n_words'], options['dim_proj'], mask_zero=True),
        layers.LSTM(options['dim_proj'], return_sequences=True, unit_forget_bias=False,
                    activation=tanh if dtype == 'float64' else 'tanh'),
        layers.GlobalAveragePooling1D(),                          # the mask comes with its input
        layers.Dropout(0.5 if options['use_dropout'] else 0.),
        layers.Dense(options['ydim'], activation='softmax')])
    model.compile(
        optimizer=keras.optimizers.Adadelta(learning_rate=1., rho=0.95, epsilon=1e-6),
        loss='sparse_categorical_crossentropy')
    return model


def train(model, sequences, labels, max_epochs, batch_size):
    model.fit(compare.padded(sequences), numpy.array(labels), batch_size=batch_size,
              epochs=max_epochs, verbose=0)


def set_weights(model, params, options):
    """Columns i, f, c, o in place of i, f, o, c; U halved, for dropout doubles its input."""
    def columns(value):
        i, f, o, c = numpy.split(value, 4, axis=-1)
        return numpy.concatenate([i, f, c, o], axis=-1)

    share = 0.5 if options['use_dropout'] else 1.
    model.set_weights([params['Wemb'], columns(params['lstm_W']), columns(params['lstm_U']),
                       columns(params['lstm_b']), share * params['U'], params['b']])


def probabilities(model, x):
    return numpy.asarray(model.predict_on_batch(x))


if __name__ == '__main__':
    compare.main(sys.modules[__name__])
