"""The signals by which a server is ended."""

import signal


def ending_signals() -> list[signal.Signals]:
    """Return those of this system: a terminal that closes ends a server as a service manager does.

    A process that was started to outlive its terminal (nohup) ignores that, and goes on doing so.
    """
    hang_up: signal.Signals | None = getattr(signal, "SIGHUP", None)
    if hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
        return [signal.SIGTERM]
    return [signal.SIGTERM, hang_up]
