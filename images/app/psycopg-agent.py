"""The agent for clients that connect with psycopg 3, in Python because that driver is. It says and is told what lab/clients/agent/protocol.ts
of the runner describes: one JSON value per line. It does not know what an error means for a row: it tells the code, the runner
rules. Nor does it know SQL: the texts are in its configuration.

One event loop, so that every time is taken by one clock and nobody waits for a lock. An attempt is never sent twice.

Long because it is one program, which an image carries and a host starts as one file.
"""

import asyncio
import errno
import json
import math
import os
import platform
import random
import socket
import sys
import time
import traceback

import psycopg

LIMITS = {"clients": 200, "per_second": 2000, "max_ms": 3_600_000, "connects_per_second": 120}
FLUSH_AFTER_SECONDS = 0.02
# The same failure to connect is told once in this time: the line is for people, `w` has the counts.
REPEAT_AFTER_MICROS = 1_000_000

# libpq gives no code for what goes wrong with a connection, only a text: strerror's, and these of its own and the server's.
NETWORK_ERRORS = {
    os.strerror(getattr(errno, name)): name
    for name in ("ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH")
}
LOSSES = {
    "timeout expired": "timeout",
    **NETWORK_ERRORS,
    "closed the connection unexpectedly": "closed",
    "connection is closed": "closed",
    "connection is lost": "closed",
    "no connection to the server": "closed",
}
# Only of an attempt to connect: these codes say that no statement was sent. The first that occurs counts, `read-only` before all
# others: of several hosts that were tried, one did answer.
REFUSALS = {
    "session is read-only": "read-only",
    "the database system is": "57P03",
    "too many clients": "53300",
    "remaining connection slots": "53300",
    **LOSSES,
}


def clock():
    return time.monotonic_ns() // 1000


def one_line(error):
    return " ".join(str(error).split())[:200]


def code_of(error, texts=LOSSES):
    """SQLSTATE, errno, or one of the runner's own codes (ownCodes in sqlstate.ts)."""
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        return sqlstate
    says = str(error)
    return next((code for text, code in texts.items() if text in says), "other")


def ends_session(error):
    """An ERROR leaves the session usable. Not so FATAL, what is no answer of the server, and 25006: that server is no primary, and
    a client that stays with it may stay read-only for ever."""
    diag = getattr(error, "diag", None)
    severity = diag and diag.severity_nonlocalized
    return severity != "ERROR" or code_of(error) == "25006"


class Schedule:
    """When a client is due, in time and not by its last answer. Slots are not caught up (see schedule.ts)."""

    def __init__(self, first_micros, period_micros):
        self.next_micros = first_micros
        self.period_micros = period_micros

    def take(self, now_micros):
        if now_micros < self.next_micros:
            return 0
        slots = math.floor((now_micros - self.next_micros) / self.period_micros) + 1
        self.next_micros += slots * self.period_micros
        return slots


class Output:
    """Lines in batches. A runner that does not read blocks the agent, and how late it then runs is told."""

    def __init__(self, loop, stream):
        self.loop = loop
        self.stream = stream
        self.lines = []
        self.flushing = None

    def tell(self, line):
        self.lines.append(json.dumps(line, separators=(",", ":")))
        if self.flushing is None:
            self.flushing = self.loop.call_later(FLUSH_AFTER_SECONDS, self.flush)

    def tell_now(self, line):
        self.tell(line)
        self.flush()

    def flush(self):
        if self.flushing is not None:
            self.flushing.cancel()
            self.flushing = None
        if self.lines:
            self.stream.write("\n".join(self.lines) + "\n")
            self.stream.flush()
            self.lines = []


class Lost(Exception):
    def __init__(self, at, code, says):
        super().__init__(says)
        self.at = at
        self.code = code


class Line:
    """A connection, and a second hold on its socket. What takes too long is ended by hanging up: psycopg answers the cancellation of
    a task with a request to the server to cancel the statement, and waits for that; and this lab cancels nothing."""

    def __init__(self, connection):
        self.connection = connection
        self.socket = socket.socket(fileno=os.dup(connection.fileno()))
        self.late = False

    def hang_up(self):
        self.late = True
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the connection is gone already, which whoever waits is being told

    async def close(self):
        self.socket.close()
        await self.connection.close()


class Client:
    """A connection that it wants to have at all times, and at most one statement in flight on it. As any user of libpq, it learns
    that an idle connection has gone only when it next uses it."""

    def __init__(self, name, load, agent):
        self.name = name
        self.load = load
        self.agent = agent
        self.wake = asyncio.Event()
        self.task = None
        self.line = None
        self.ready = False
        self.busy = False
        self.owes = False
        self.stopping = False
        self.attempt = None
        self.told = None
        # None: for ever, as the driver has it when nobody says anything.
        timeouts = load.get("timeouts", {})
        self.connect_timeout = seconds(timeouts.get("connectMs", agent.config["connectTimeoutMs"]))
        self.statement_timeout = seconds(timeouts.get("statementMs", agent.config["statementTimeoutMs"]))

    def start(self):
        self.task = self.agent.watched(self.run())

    def send(self):
        """A slot has come. False when nothing can be sent. A client without a connection sends one attempt as soon as it has one
        again, so that its first answer after an outage does not wait for the next slot."""
        if self.stopping:
            return False
        if not self.ready:
            self.owes = True
        if not self.ready or self.busy:
            return False
        self.busy = True
        self.wake.set()
        return True

    async def stop(self):
        """Sends nothing more, and waits for the outstanding answer (at most the statement time-out)."""
        self.stopping = True
        if self.task is None:
            return
        if not self.busy:
            if self.line is not None and not self.ready:
                self.line.hang_up()
            else:
                self.task.cancel()
        _, waiting = await asyncio.wait([self.task], timeout=self.agent.statement_timeout)
        if waiting and self.line is not None:
            self.line.hang_up()
            await asyncio.wait([self.task])

    async def run(self):
        while not self.stopping:
            try:
                await self.live()
            except Lost as lost:
                self.complain(lost)
            if not self.stopping:
                await asyncio.sleep(self.agent.reconnect_pause * (0.5 + random.random()))

    async def live(self):
        began = clock()
        try:
            connection = await psycopg.AsyncConnection.connect(
                host=",".join(self.load["hosts"]),
                port=self.load["port"],
                target_session_attrs="read-write" if self.load["findsPrimary"] else "any",
                application_name=self.name,
                autocommit=True,
                cursor_factory=psycopg.AsyncRawCursor,
                # Of each host in turn; libpq knows whole seconds, and none below 2; 0 leaves it to the driver.
                connect_timeout=0 if self.connect_timeout is None else max(2, math.ceil(self.connect_timeout)),
                **self.agent.conninfo,
            )
        except psycopg.Error as error:
            raise Lost(clock(), code_of(error, REFUSALS), one_line(error)) from error
        self.line = Line(connection)
        try:
            with self.limit(self.connect_timeout):
                (server,) = await self.ask(self.agent.statements["who"], ())
            at = clock()
            connection.add_notice_handler(self.notice)
            self.agent.output.tell(["c", self.name, at, at - began, server])
            self.told = None
            self.ready = True
            if self.owes:
                self.owes = False
                self.send()
            while not self.stopping:
                await self.wake.wait()
                self.wake.clear()
                await self.try_once()
        except psycopg.Error as error:
            raise self.lost(error) from error
        finally:
            self.ready = False
            line, self.line = self.line, None
            await line.close()

    async def ask(self, text, values):
        cursor = await self.line.connection.execute(text, values)
        return await cursor.fetchone()

    def limit(self, seconds):
        return Limit(self.agent.loop, seconds, self.line)

    async def try_once(self):
        op = self.load["op"]
        id = self.agent.next_id(op)
        sent_at = clock()
        self.attempt = id
        try:
            values = (self.name, id) if op == "write" else ()
            with self.limit(self.statement_timeout):
                server, timeline, lsn, *seen = await self.ask(self.agent.statements[op], values)
            self.agent.output.tell(
                ["o", self.name, id, sent_at, clock(), None, server, timeline, lsn, None, None, *seen]
            )
        except psycopg.Error as error:
            lost = self.lost(error)
            self.agent.output.tell(
                ["o", self.name, id, sent_at, lost.at, None, None, None, None, lost.code, str(lost)]
            )
            if self.line.late or ends_session(error):
                raise lost from error
        finally:
            self.attempt = None
            self.busy = False

    def lost(self, error):
        if self.line.late:
            return Lost(clock(), "timeout", "no answer in time")
        return Lost(clock(), code_of(error), one_line(error))

    def notice(self, diag):
        if self.attempt is not None:
            self.agent.output.tell(
                ["n", self.name, self.attempt, clock(), diag.sqlstate or "", diag.message_primary or ""]
            )

    def complain(self, lost):
        if self.stopping:
            return
        if self.told and self.told[0] == lost.code and lost.at - self.told[1] < REPEAT_AFTER_MICROS:
            return
        self.told = (lost.code, lost.at)
        self.agent.output.tell(["d", self.name, lost.at, lost.code, str(lost)])


def seconds(ms):
    return None if ms is None else ms / 1000


class Limit:
    """Hangs up when what is done under it takes longer; never, when it is None."""

    def __init__(self, loop, seconds, line):
        self.loop = loop
        self.seconds = seconds
        self.line = line

    def __enter__(self):
        self.timer = None if self.seconds is None else self.loop.call_later(self.seconds, self.line.hang_up)

    def __exit__(self, *_):
        if self.timer is not None:
            self.timer.cancel()


def rotated(load, by):
    """Each client begins with another of the hosts; libpq goes on to the next one by itself. The primary is looked for in their order."""
    hosts = load["hosts"]
    first = 0 if load["findsPrimary"] else by % len(hosts)
    return {**load, "hosts": hosts[first:] + hosts[:first]}


class Group:
    """The clients of one group and the schedule that drives them."""

    def __init__(self, load, agent):
        self.agent = agent
        self.load = load
        self.clients = [Client(name, rotated(load, index), agent) for index, name in enumerate(load["clients"])]
        self.schedules = []
        self.timer = None
        self.reset()

    def reset(self):
        self.sent = self.unsent = self.worst_micros = 0

    def start(self):
        step_micros = 1e6 / self.load["perSecond"]
        count = len(self.clients)
        now = clock()
        self.schedules = [Schedule(now + index * step_micros, count * step_micros) for index in range(count)]
        for client in self.clients:
            client.start()
        self.tick()

    def tick(self):
        now = clock()
        for client, schedule in zip(self.clients, self.schedules):
            late = now - schedule.next_micros
            slots = schedule.take(now)
            if slots > 0:
                self.worst_micros = max(self.worst_micros, round(late))
                sent = 1 if client.send() else 0
                self.sent += sent
                self.unsent += slots - sent
        due_micros = min(schedule.next_micros for schedule in self.schedules)
        self.timer = self.agent.loop.call_later(max(0.001, (due_micros - clock()) / 1e6), self.tick)

    async def stop(self):
        if self.timer is not None:
            self.timer.cancel()
        await asyncio.gather(*(client.stop() for client in self.clients))


class Agent:
    def __init__(self, config, loop):
        self.loop = loop
        self.config = config
        self.output = Output(loop, sys.stdout)
        clients = sum(len(load["clients"]) for load in config["groups"])
        # All clients at once knock on the door during an outage.
        pause_ms = max(config["reconnectPauseMs"], clients * 1000 / LIMITS["connects_per_second"])
        self.reconnect_pause = pause_ms / 1000
        self.statement_timeout = config["statementTimeoutMs"] / 1000
        self.max_seconds = config["maxMs"] / 1000
        self.statements = config["statements"]
        self.conninfo = {
            "user": config["user"],
            "password": config["password"],
            "dbname": config["database"],
        }
        if "caFile" in config:
            self.conninfo |= {"sslmode": "verify-full", "sslrootcert": config["caFile"]}
        self.ids = dict(config["firstIds"])
        self.groups = [Group(load, self) for load in config["groups"]]
        self.over = loop.create_future()
        self.tasks = set()
        self.watching = None

    def next_id(self, op):
        id = self.ids[op]
        self.ids[op] = id + 1
        return id

    def watched(self, coroutine):
        """A fault of ours ends the agent with its reason: a client that silently does nothing would look like an outage."""
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.ended)
        return task

    def ended(self, task):
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.over.done():
            self.over.set_exception(error)

    def begin(self):
        self.loop.call_later(self.max_seconds, self.end, "its longest time is over")
        major, minor = divmod(psycopg.pq.version(), 10000)
        driver = f"psycopg {psycopg.__version__} with libpq {major}.{minor}"
        self.output.tell_now(["hi", clock(), f"Python {platform.python_version()}", driver])

    def obey(self, command):
        if "ping" in command:
            self.output.tell_now(["pong", command["ping"], clock()])
        elif "go" in command:
            for group in self.groups:
                group.start()
            self.watching = self.loop.call_later(1, self.watch)
        elif "stopWriters" in command:
            self.watched(self.stop_writers())
        else:
            self.end("asked to stop")

    def watch(self):
        self.tell_counts()
        self.watching = self.loop.call_later(1, self.watch)

    def tell_counts(self):
        worst = max([0, *(group.worst_micros for group in self.groups)])
        sent = sum(group.sent for group in self.groups)
        unsent = sum(group.unsent for group in self.groups)
        self.output.tell(["w", clock(), sent, unsent, worst])
        for group in self.groups:
            group.reset()

    async def stop_writers(self):
        await asyncio.gather(*(group.stop() for group in self.groups if group.load["op"] != "read"))
        self.output.tell_now(["quiet"])

    def end(self, says):
        if not self.over.done():
            self.over.set_result(says)  # the first reason counts

    async def leave(self, says):
        if self.watching is not None:
            self.watching.cancel()
        await asyncio.gather(*(group.stop() for group in self.groups))
        if self.watching is not None:
            self.tell_counts()
        self.output.tell_now(["bye", says])


def refuse(config):
    """Why a configuration is refused, or None; the limits hold for whoever starts the agent."""
    groups = config["groups"]
    if any(load["driver"] != "psycopg" for load in groups) or config["relays"]:
        return "this agent has psycopg and nothing else"
    if any(load["op"] not in ("write", "read") for load in groups):
        return "this agent has writers and readers only"
    if any(not load["clients"] or not load["perSecond"] > 0 for load in groups):
        return "a group needs at least one client and a rate above 0"
    if sum(len(load["clients"]) for load in groups) > LIMITS["clients"]:
        return f"at most {LIMITS['clients']} clients"
    if sum(load["perSecond"] for load in groups) > LIMITS["per_second"]:
        return f"at most {LIMITS['per_second']} operations a second"
    if not 0 < config["maxMs"] <= LIMITS["max_ms"]:
        return f"maxMs must be at most {LIMITS['max_ms']}"
    return None


async def listen(agent, lines):
    while line := await lines.readline():
        agent.obey(json.loads(line))
    agent.end("stdin ended")


async def main():
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    config = json.loads(await lines.readline())
    refusal = refuse(config)
    if refusal is not None:
        print(f"the agent's configuration is refused: {refusal}", file=sys.stderr)
        return 2
    agent = Agent(config, loop)
    agent.begin()
    agent.watched(listen(agent, lines))
    await agent.leave(await agent.over)
    return 0


async def run():
    """Leaves the process at once: nothing that still hangs on a dead connection may keep it."""
    code = 1
    try:
        code = await main()
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    asyncio.run(run())
