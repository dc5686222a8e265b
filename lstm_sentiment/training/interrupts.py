"""Interrupts wait until an update is done, so that a run can always be kept as it is."""
import signal
import threading


class DeferredInterrupts(object):
    """A context in which SIGINT and SIGTERM wait while they are held.

    Outside of the main thread, where no handler can be set, it does nothing.
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
        """From here on signals wait."""
        self.is_held = True

    def release(self):
        """Handle the signals that wait; the usual handler raises a KeyboardInterrupt."""
        self.is_held = False
        if self.waiting:
            number, frame = self.waiting[0]
            del self.waiting[:]
            self.before[number](number, frame)
