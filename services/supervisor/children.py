"""Child processes: started by fork in a session of their own, and gone when the supervisor is gone.

A fork copies only the thread that calls it, so a lock held by another thread would stay locked in the child
for ever. That is why the supervisor has no threads and no event loop, and why `spawn` refuses to fork when
some imported library has started one.
"""

import ctypes
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import uuid_utils

SUPERVISED = frozenset({signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1})
STOPPING = SUPERVISED - {signal.SIGCHLD, signal.SIGUSR1}
PR_SET_PDEATHSIG = 1
STEADY_SECONDS = 5.0
LONGEST_PAUSE = 5.0
LOG_BYTES = 10_000_000


class HasThreadsError(RuntimeError):
    """The process that should fork has more than one thread."""


@dataclass
class Child:
    """One program under supervision: what it runs, where its output goes, and how it has fared.

    `work` runs in the child after the fork; its return ends the process with status 0. Without a `log` the
    child writes to the supervisor's own terminal. A child that is not `essential` may end by itself, and one whose `returns` is
    false is not started again.
    """

    name: str
    work: Callable[[], None]
    log: Path | None = None
    essential: bool = True
    returns: bool = True
    pid: int | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    quick_deaths: int = field(default=0)

    def start(self) -> None:
        """Fork this child."""
        self.restart_at = None
        self.started_at = time.monotonic()
        self.pid = spawn(self.work, self.log)

    def died(self) -> float:
        """Note the death and plan the restart; return the pause before it in seconds.

        The first death restarts at once; each quick death after it doubles the pause, up to five seconds.
        """
        self.pid = None
        lived = time.monotonic() - self.started_at
        self.quick_deaths = self.quick_deaths + 1 if lived < STEADY_SECONDS else 0
        pause = min(LONGEST_PAUSE, 0.1 * 2**self.quick_deaths) if self.quick_deaths else 0.0
        self.restart_at = time.monotonic() + pause
        return pause

    def take_over(self, successor: "Child") -> None:
        """Be the process that was started to follow this one."""
        self.pid, self.started_at = successor.pid, successor.started_at
        self.restart_at, self.quick_deaths, self.returns = None, 0, True

    def give_up_leaving(self) -> None:
        """Stay after all, since nobody follows; one that has ended by now is started again."""
        self.returns = True
        if self.pid is None and self.restart_at is None:
            self.restart_at = time.monotonic()

    def kill(self, number: signal.Signals) -> None:
        """Send a signal if the child still lives."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def last_words(self) -> str:
        """Return the last exception that the child logged, or else its last line."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 16_384))
            lines = [line.strip() for line in file.read().decode(errors="replace").split("\n") if line.strip()]
        raised = [line for line in lines if re.match(r"[A-Za-z_][\w.]*: \S", line)]
        return (raised or lines or [""])[-1]


def spawn(work: Callable[[], None], log: Path | None) -> int:
    """Fork a child that runs `work`, and return its process id.

    Raises HasThreadsError when this process is not alone with itself.
    """
    refuse_threads()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        run_as_child(work, log, parent)
    return pid


def refuse_threads() -> None:
    """Raise HasThreadsError when another thread runs in this process (only Linux tells)."""
    with suppress(FileNotFoundError):
        threads = os.listdir("/proc/self/task")  # noqa: PTH208 -- counted before each fork, names are enough
        if len(threads) > 1:
            raise HasThreadsError(f"{len(threads)} threads run in the supervisor; a child forked now could hang")


def run_as_child(work: Callable[[], None], log: Path | None, parent: int) -> NoReturn:
    """Leave everything of the supervisor behind, run `work` and end the process."""
    status = 1
    try:
        os.setsid()
        die_with(parent)
        for number in SUPERVISED - {signal.SIGINT}:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        redirect(log)
        # Two children that share one random state would make the same ids.
        uuid_utils.reseed_rng()
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 -- the last frame of a process: tell, then end
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies, also by SIGKILL (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def redirect(log: Path | None) -> None:
    """Cut the child off from the keyboard, and send its output to `log` if there is one."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    if log is not None:
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.close(file)


def turn_over(log: Path) -> None:
    """Keep a log that has grown large as its predecessor, and begin a new one."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def execute(program: Path, *arguments: str, **environment: str) -> NoReturn:
    """Become another program, with `environment` beside our own; the death signal set before stays set."""
    # Our own binary with our own arguments, no shell wanted.
    os.execve(program, [str(program), *arguments], os.environ | environment)  # noqa: S606


def memory_of(pids: Iterable[int]) -> float:
    """Return the megabytes that processes take, each shared page in equal parts; 0 where the kernel does not tell."""
    kilobytes = 0
    with suppress(FileNotFoundError):
        for pid in pids:
            told = Path(f"/proc/{pid}/smaps_rollup").read_text()
            kilobytes += sum(int(found) for found in re.findall(r"^Pss: +(\d+) kB$", told, re.MULTILINE))
    return kilobytes / 1024


def reap() -> list[tuple[int, int]]:
    """Collect the children that have ended, as (process id, exit code); a negative code is a signal."""
    ended = []
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended.append((pid, os.waitstatus_to_exitcode(status)))
    return ended


def how(code: int) -> str:
    """Say how a process ended, in words."""
    if code >= 0:
        return f"ended with status {code}"
    return f"was killed by {signal.Signals(-code).name}"
