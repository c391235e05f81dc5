"""The processes that the supervisor looks after: who has died, who is started again, and who is asked to end."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from services.supervisor.children import STOPPING, SUPERVISED, Child, how, reap
from services.supervisor.saying import say

GRACE_SECONDS = 8.0
HOPELESS = 5
LOOK = 0.02


@dataclass
class Family:
    """All children by name; `stopping` once somebody at the keyboard, or a signal, asked for the end."""

    members: dict[str, Child] = field(default_factory=dict)
    stopping: bool = False

    def add(self, child: Child) -> None:
        """Start a child and keep an eye on it."""
        self.members[child.name] = child
        child.start()

    def look_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look until a condition holds, at most for `seconds`; tell whether it does, and nobody wants to stop."""
        deadline = time.monotonic() + seconds
        while not condition():
            caught = signal.sigtimedwait(SUPERVISED, LOOK)
            self.stopping = self.stopping or (caught is not None and caught.si_signo in STOPPING)
            if self.stopping or time.monotonic() > deadline:
                return False
            self.bury()
            self.revive()
        return True

    def pause(self) -> float:
        """Return how long nothing needs to be done, in seconds."""
        planned = [child.restart_at for child in self.members.values() if child.restart_at is not None]
        return max(0.0, min(planned) - time.monotonic()) if planned else 60.0

    def bury(self) -> None:
        """Note who has died, and plan the restart."""
        for pid, code in reap():
            child = next((child for child in self.members.values() if child.pid == pid), None)
            if child is None:
                continue
            if not child.returns:
                child.pid = None
                continue
            if not child.essential and code == 0:
                del self.members[child.name]
                continue
            pause = child.died()
            if not child.essential and child.quick_deaths >= HOPELESS:
                say(f"{child.name} {how(code)} again and again; it stays off.")
                del self.members[child.name]
                continue
            say(f"{child.name} {how(code)}; starting it again{f' in {pause:.1f} s' if pause else ''}.")

    def revive(self) -> bool:
        """Start the children whose pause is over; tell whether there were any."""
        now = time.monotonic()
        due = [child for child in self.members.values() if child.restart_at is not None and child.restart_at <= now]
        for child in due:
            child.start()
        return bool(due)

    def end_one(self, child: Child) -> None:
        """Ask a child to end while the others are looked after; kill it when it does not, or everything is to stop."""
        child.kill(signal.SIGTERM)
        if not self.look_until(lambda: child.pid is None, GRACE_SECONDS):
            child.kill(signal.SIGKILL)
            self.look_until(lambda: child.pid is None, GRACE_SECONDS)

    def end(self, children: list[Child]) -> None:
        """Ask children to end; kill those that have not after the grace time, or when Ctrl-C comes again."""
        for child in children:
            child.kill(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self.living(children):
            caught = signal.sigtimedwait(SUPERVISED, 0.1)
            self.stopping = self.stopping or (caught is not None and caught.si_signo in STOPPING)
            if time.monotonic() > deadline or (caught is not None and caught.si_signo == signal.SIGINT):
                for child in children:
                    child.kill(signal.SIGKILL)

    def living(self, children: list[Child]) -> bool:
        """Note who has ended, and tell whether any of `children` has not."""
        ended = {pid for pid, _ in reap()}
        for child in self.members.values():
            if child.pid in ended:
                child.pid = None
        return any(child.pid is not None for child in children)
