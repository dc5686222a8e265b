"""Delay interrupts until an update is complete, so that the run can be saved at any time."""
import signal
import threading


class DeferredInterrupts(object):
    """A context that can delay SIGINT and SIGTERM.

    Only the main thread can set handlers; in other threads the context does nothing.
    """

    def __init__(self):
        self.is_held, self.waiting, self.before = False, [], {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self.receive)
                           for number in (signal.SIGINT, signal.SIGTERM)
                           if callable(signal.getsignal(number))}
        return self

    def __exit__(self, *error):
        self.is_held = False
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}

    def receive(self, number, frame):
        if self.is_held:
            self.waiting.append((number, frame))
        else:
            self.before[number](number, frame)

    def hold(self):
        """Delay signals from now on."""
        self.is_held = True

    def release(self):
        """Handle delayed signals; the usual handler raises a KeyboardInterrupt."""
        self.is_held = False
        if self.waiting:
            number, frame = self.waiting[0]
            del self.waiting[:]
            self.before[number](number, frame)


class AgreedInterrupts(DeferredInterrupts):
    """Interrupts of a run on several ranks: one that any rank receives ends all of them.

    Signals are always delayed. The ranks tell one another at each update whether one is waiting;
    :meth:`release` after this update raises a KeyboardInterrupt on each rank.

    Attributes
    ----------
    are_to_stop : callable
        Whether any rank was asked to stop at the last update.
    """

    are_to_stop, wanted = bool, False

    def receive(self, number, frame):
        self.waiting.append((number, frame))

    def ask(self):
        """Wish for the end of the run, as a signal does."""
        self.wanted = True

    def asks_to_stop(self):
        return self.wanted or bool(self.waiting)

    def release(self):
        """Raise a KeyboardInterrupt, if the ranks agreed on it at this update."""
        if self.are_to_stop():
            DeferredInterrupts.release(self)
            raise KeyboardInterrupt
