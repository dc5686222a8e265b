"""Early stopping."""


class EarlyStopping(object):
    """Stops a run that has had no better validation error for more than `patience` validations.

    Attributes
    ----------
    history : list of float
        Validation errors so far.
    stop : bool
    """

    def __init__(self, patience):
        self.patience, self.history = patience, []
        self.n_bad, self.n_perfect, self.stop = 0, 0, False

    def judge(self, valid_err):
        """Note a validation error; return whether it is the best so far, ties included."""
        self.history.append(valid_err)
        is_best = valid_err <= min(self.history)
        if is_best:
            self.n_bad = 0
        earlier = self.history[:-self.patience]
        if earlier and valid_err >= min(earlier):
            self.n_bad += 1
        # Differs from the tutorial: there, ties at an error of 0 are new bests, and it never stops.
        self.n_perfect += valid_err == 0
        self.stop = self.n_bad > self.patience or self.n_perfect >= self.patience
        return is_best
