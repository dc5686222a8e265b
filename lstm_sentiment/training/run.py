"""A training run: what happens around an update."""
import contextlib
import copy
import functools
from collections import OrderedDict

import numpy

from lstm_sentiment import processes
from lstm_sentiment.data.text_ids import lengths_of
from lstm_sentiment.messages import say
from lstm_sentiment.model import metrics, saved_model
from lstm_sentiment.training import provenance
from lstm_sentiment.training.composed import ComposedSentences
from lstm_sentiment.training.display import Display
from lstm_sentiment.training.early_stopping import EarlyStopping
from lstm_sentiment.training.ranks import Ranks
from lstm_sentiment.training.resumable import Resumable
from lstm_sentiment.training.running_mean import RunningMean
from lstm_sentiment.training.samples import sample_of
from lstm_sentiment.training.word_dropout import drop_words, take_spans

UNKNOWN_ERRORS = (float('nan'),) * 3


class Run(Resumable):
    """The counts of a run, its best parameters with their errors, and its observers.

    It is a context; see :class:`resumable.Resumable`.

    Parameters
    ----------
    options : dict
        Of `lstm.train_lstm`, completed by `settings.settings_of`.
    control : settings.Control
    data : training_data.Data
    rng : numpy.random.RandomState
        Shuffles the minibatches.
    tparams : dict of shared variables
    optimizer : engine.optimizers.Optimizer
    errors : callable
        Returns the errors of the present parameters on the three parts of the data, or on the first
        ones if it is given a number.
    split, prepare_data : callables
        As `lstm.get_minibatches_idx` and `imdb.prepare_data`.
    callback : callable or None
        As of `lstm.train_lstm`.
    confusions : sequence of three
        What `errors` fills in, as from `metrics.confusions_for`.
    fixed : dict of arrays
        Parameters that are saved with the others and stay as they are.

    Attributes
    ----------
    n_seen : int
        Samples seen in the epoch.
    rng_before : numpy.random.RandomState
        A copy of `rng` from before the epoch.
    best : dict of arrays or None
        The parameters with the best validation error, the latest if several are equal; or, with the
        option keep='last', those of the last validation.
    best_errors : tuple of float or None
        Their errors on the training, validation and test part.
    best_confusions : list of arrays or None
        What `confusions` held then, where it is used.
    history_errs : list of [valid_err, test_err]
    """

    def __init__(self, options, control, data, rng, tparams, optimizer, errors, split,
                 prepare_data, callback, confusions=(None,) * 3, fixed=()):
        Resumable.__init__(self, options, control, tparams, optimizer)
        self.data, self.rng, self.errors = data, rng, errors
        self.split, self.prepare_data, self.fixed = split, prepare_data, dict(fixed)
        self.confusions, self.best_confusions = confusions, None
        self.n_seen, self.rng_before, self.best = 0, copy.deepcopy(rng), None
        self.per_epoch = len(split(len(data.train[0]), options['batch_size']))
        self.valid_freq, self.save_freq = self.frequencies()
        self.stopping = EarlyStopping(options['patience'])
        self.mean = RunningMean(tparams, options['average'], optimizer.settle)
        self.composed = ComposedSentences(data, options)
        self.ranks = None
        if not processes.is_alone():
            self.ranks = Ranks(optimizer, self.interrupts, options['clip_norm'])
            callback = self.ranks.only_first(callback)
        self.sample = sample_of(data.train, options['train_error_size'], options['seed'])
        self.display = Display(options, self.per_epoch, len(data.train[0]), len(self.sample[0]),
                               callback)
        self.display.started(options, tparams)

    def frequencies(self):
        """Updates between validations, and between saves."""
        # Differs from the tutorial: -1 counts the last, smaller minibatch too.
        valid_freq, save_freq = (self.per_epoch if self.options[name] == -1 else self.options[name]
                                 for name in ('validFreq', 'saveFreq'))
        n_updates = self.options['max_epochs'] * self.per_epoch
        if n_updates < valid_freq:
            # Differs from the tutorial: there, such a run validates nothing and says nothing.
            say('%d updates in %d epochs never reach validFreq=%d: the run validates at the end '
                'of each epoch' % (n_updates, self.options['max_epochs'], valid_freq))
            valid_freq = self.per_epoch
        return valid_freq, save_freq

    # The loop.

    def check_replaceable(self):
        provenance.check_replaceable(self.options['saveto'], self.options)

    def minibatches(self):
        """Yield x, mask and y of each update, epoch by epoch, from the present update on."""
        if self.validation_is_due() and self.validated_at < self.update:
            self.validate()  # it was interrupted
        sequences, labels = self.data.train
        lengths = lengths_of(sequences)
        while self.epoch < self.options['max_epochs'] and not self.stopping.stop:
            batches = self.split(len(sequences), self.options['batch_size'], True, self.rng,
                                 lengths, self.options['length_window'])
            self.n_seen = sum(len(batch) for _, batch in batches[:self.n_done])
            for _, batch in batches[self.n_done:]:
                self.n_seen += len(batch)
                self.interrupts.hold()  # until all that the update brings is done
                composed, of_composed = self.composed.draw(len(batch), self.update + 1)
                if self.ranks:
                    yield self.prepare_data(*self.own_part(lengths, batch, composed, of_composed))
                else:
                    yield self.prepare_data(
                        self.without_dropped([sequences[k] for k in batch]) + composed,
                        [labels[k] for k in batch] + of_composed)
            self.end_epoch()

    def own_part(self, lengths, batch, composed, of_composed):
        """The sequences and labels of a minibatch that this rank has, after word dropout."""
        sequences, labels = self.data.train
        lengths = [lengths[k] for k in batch] + [len(sentence) for sentence in composed]
        labels = [labels[k] for k in batch] + of_composed
        mine = self.ranks.deal(lengths, labels, self.data.class_weights)
        if self.options['word_dropout'] or self.options['spans']:  # each rank draws for all
            all_of_it = self.without_dropped([sequences[k] for k in batch]) + composed
            chosen = [all_of_it[place] for place in mine]
        else:
            chosen = [sequences[batch[place]] if place < len(batch)
                      else composed[place - len(batch)] for place in mine]
        return chosen, [labels[place] for place in mine]

    def without_dropped(self, sequences):
        """The sequences after the options spans and word_dropout."""
        spans, dropped = self.options['spans'], self.options['word_dropout']
        if not spans and not dropped:
            return sequences
        # Seeded by the update: a run that is resumed leaves out the same words.
        rng = numpy.random.RandomState([self.options['seed'], self.update + 1])
        if spans:
            sequences = take_spans(sequences, spans, rng)
        return drop_words(sequences, dropped, rng) if dropped else sequences

    def lrate(self):
        """The learning rate of the present update."""
        lrate = self.options['lrate']
        if not self.options['falling_lrate']:
            return lrate
        n_updates = self.options['max_epochs'] * self.per_epoch
        return lrate * max(0., 1 - self.update / n_updates)

    def end_epoch(self):
        say('Seen %d samples' % self.n_seen)
        self.interrupts.hold()
        self.rng_before = copy.deepcopy(self.rng)
        self.epoch, self.n_done, self.n_seen = self.epoch + 1, 0, 0
        self.interrupts.release()

    def updated(self, cost):
        """Count an update, and call the observers."""
        self.update, self.n_done = self.update + 1, self.n_done + 1
        self.mean.add(self.update)
        self.display.updated(self.epoch, self.update, cost)
        if self.update % self.save_freq == 0:
            say('Saving...')
            self.save_model()
            say('Done')
            if not self.validation_is_due():
                self.save_checkpoint()
        self.interrupts.release()

    def validation_is_due(self):
        return self.update > 0 and self.update % self.valid_freq == 0

    def validate(self):
        """Measure the errors, keep the parameters if they are wanted; return whether to stop."""
        if self.ranks:
            self.ranks.align(self)
        with self.mean.in_use() as current, self.draws_undone_if_interrupted():
            errors = tuple(self.errors())
        self.interrupts.hold()  # until the validation is counted
        self.history_errs.append(list(errors[1:]))
        self.validated_at = self.update
        is_best = self.stopping.judge(self.judged(errors))
        if is_best or self.options['keep'] == 'last':
            self.best, self.best_errors = current, errors
            self.best_confusions = self.copied_confusions()
        self.interrupts.release()
        self.display.validated(self.epoch, self.update, errors, is_best)
        if self.options['valid_metric'] == 'f1':
            say('Valid F1', 1 - self.stopping.history[-1])
        self.save_checkpoint()
        if self.stopping.stop:
            say('Early Stop!')
        return self.stopping.stop

    def measured(self, measure, f_pred, prepare_data, data, minibatches, confusion):
        """What `lstm.pred_error`, or a function like it, measures of a part of the data.

        In place of the training part, it is measured on `sample`.
        """
        if data is self.data.train and self.sample is not data:
            data = self.sample
            minibatches = self.split(len(data[0]), self.options['batch_size'])
        if self.ranks:
            return self.ranks.measured(measure, f_pred, prepare_data, data, minibatches, confusion)
        return measure(f_pred, prepare_data, data, minibatches, confusion=confusion)

    def judged(self, errors):
        """What early stopping compares: the validation error, or 1 - F1."""
        if self.options['valid_metric'] == 'f1':
            return 1 - metrics.macro_f1(self.confusions[1])
        return errors[1]

    def copied_confusions(self):
        return None if self.confusions[0] is None else [array.copy() for array in self.confusions]

    @contextlib.contextmanager
    def draws_undone_if_interrupted(self):
        """A context that restores dropout's streams if a validation in it is interrupted.

        Each prediction advances the streams; a repeated validation must start from the same state.
        """
        before = [(variable, variable.get_value()) for variable in self.optimizer.randoms.values()]
        try:
            yield
        except BaseException:
            for variable, value in before:
                variable.set_value(value)
            raise

    def ended(self):
        if self.n_seen:  # it stopped within an epoch
            say('Seen %d samples' % self.n_seen)

    # The end.

    def result(self):
        """Restore the best parameters, save them, and return their errors.

        Returns
        -------
        train_err, valid_err, test_err : float
            As of `lstm.train_lstm`.
        """
        with self.mean.in_use() as current:
            best = self.best or current
        for name, value in best.items():
            self.tparams[name].set_value(value)
        errors = (1., 1., 1.) if self.bad_cost else self.best_errors
        names = ('train_err', 'valid_err', 'test_err')
        if errors is None:
            self.save_model(best)  # the evaluation may be interrupted
            errors = self.errors_once(UNKNOWN_ERRORS)
        elif self.is_of_sample() and not (self.bad_cost or self.options.get('interrupted')):
            self.save_model(best, **dict(zip(names, errors)))
            errors = self.errors_once(errors, n_parts=1)
        self.display.show_errors(errors)
        self.show_classes()
        self.save_model(best, **dict(zip(names, errors)))
        n_epochs = max(1, self.epoch + (self.n_done > 0 or self.n_seen > 0))
        self.display.ended(n_epochs, self.seconds_before, self.options['saveto'])
        return tuple(errors)

    def show_classes(self):
        """Print what the errors of validation and test are made of, class by class."""
        if self.best_confusions is None or self.bad_cost:
            return
        # A run that saves no model reads no words, and calls the classes by their labels.
        is_kept = self.options['saveto'] or self.control.receive
        vocabulary = self.data.vocabulary() if is_kept else None
        names = vocabulary and vocabulary.classes
        for part, confusion in zip(('valid', 'test'), self.best_confusions[1:]):
            if confusion.any():
                say('\n'.join(metrics.report(part, confusion, names)))

    def is_of_sample(self):
        return self.sample is not self.data.train

    def errors_once(self, before, n_parts=3):
        """These errors, the first `n_parts` measured on all data; as before, if interrupted."""
        sample, self.sample = self.sample, self.data.train
        with self.interrupts:
            try:
                errors = tuple(self.errors(n_parts))
                self.display.n_measured = self.display.n_train
                if n_parts == len(before):
                    self.best_confusions = self.copied_confusions()
                return errors + before[n_parts:]
            except KeyboardInterrupt:
                say('Evaluation interrupted')
                self.options['interrupted'], self.sample = True, sample
                return before

    def save_model(self, params=None, **errors):
        """Save the best parameters so far with the words of the dataset, if the run has a file."""
        save = self.control.receive or self.options['saveto'] and functools.partial(
            saved_model.save, self.options['saveto'])
        if not save:
            return
        if params is None:
            with self.mean.in_use() as current:
                params = self.best or current
        processes.by_first(lambda: save(
            dict(params, **self.fixed), self.options, self.data.vocabulary(),
            history_errs=self.history_errs, **errors))

    # Checkpoints.

    def further_progress(self):
        """What early stopping compared, if not the error; and the answers class by class."""
        found = {}
        if self.options['valid_metric'] == 'f1':
            found['judged'] = self.stopping.history
        if self.best_confusions is not None:
            found['best_confusions'] = [counts.tolist() for counts in self.best_confusions]
        return found

    def values(self):
        """The arrays and generators that are the state of a run, by name."""
        values = Resumable.values(self)
        values.update(('mean.' + name, mean.get_value()) for name, mean in self.mean.shared.items())
        values['rng'] = self.rng_before
        return values

    def best_values(self):
        return {'best.' + name: value for name, value in (self.best or {}).items()}

    def best_like(self):
        return {'best.' + name: p.get_value() for name, p in self.tparams.items()}

    def take_values(self, values):
        Resumable.take_values(self, values)
        for name, variable in self.mean.shared.items():
            variable.set_value(values['mean.' + name])

    def take_up(self, values, progress):
        Resumable.take_up(self, values, progress)
        if all(name in values for name in self.best_like()):
            self.best = OrderedDict((name, values['best.' + name]) for name in self.tparams)
            self.best_errors = progress['best_errors'] and tuple(progress['best_errors'])
        self.rng_before = values['rng']
        for value in progress.get('judged', [errors[0] for errors in self.history_errs]):
            self.stopping.judge(value)
        if 'best_confusions' in progress and self.confusions[0] is not None:
            self.best_confusions = [numpy.array(counts) for counts in progress['best_confusions']]
        self.rng.set_state(self.rng_before.get_state())
