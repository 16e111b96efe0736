"""Just enough of psycopg for its agent to be tried without it. What becomes of a connection and its statements stands in the host's
name: answers, refuses, starts, read-only, silent, constraint, terminates, no-code, warns."""

import asyncio
import socket
from types import SimpleNamespace

__version__ = "0.0.0"
pq = SimpleNamespace(version=lambda: 170006)


class Error(Exception):
    sqlstate = None
    diag = None


class AsyncRawCursor:
    pass


def error_of(sqlstate, severity, says):
    error = Error(says)
    error.sqlstate = sqlstate
    error.diag = SimpleNamespace(severity_nonlocalized=severity)
    return error


class Cursor:
    def __init__(self, row):
        self.row = row

    async def fetchone(self):
        return self.row


class AsyncConnection:
    @classmethod
    async def connect(cls, **options):
        hosts = options["host"].split(",")
        if len(hosts) > 1 and options["target_session_attrs"] == "read-write":
            raise Error("connection failed: session is read-only\nMultiple connection attempts failed: Connection refused")
        if hosts[0] == "refuses":
            raise Error('connection failed: connection to server at "10.0.0.1", port 5000 failed: Connection refused')
        if hosts[0] == "starts":
            raise Error("connection failed: FATAL:  the database system is starting up")
        return cls(hosts[0])

    def __init__(self, host):
        self.host = host
        self.socket, self.other = socket.socketpair()
        self.notice = None

    def fileno(self):
        return self.socket.fileno()

    def add_notice_handler(self, handler):
        self.notice = handler

    async def execute(self, text, values):
        if "pgha_writes" not in text:
            return Cursor(("node1",))
        if self.host == "silent":
            self.socket.setblocking(False)
            await asyncio.get_running_loop().sock_recv(self.socket, 1)
            raise Error("consuming input failed: server closed the connection unexpectedly")
        if self.host == "read-only":
            raise error_of("25006", "ERROR", "cannot execute INSERT in a read-only transaction")
        if self.host == "constraint":
            raise error_of("23514", "ERROR", "as the test wants")
        if self.host == "terminates":
            raise error_of("57P01", "FATAL", "terminating connection due to administrator command")
        if self.host == "no-code":
            raise Error("the database system is shutting down")
        if self.host == "warns":
            self.notice(SimpleNamespace(sqlstate="01000", message_primary="canceling wait for synchronous replication"))
        return Cursor(("node1", "00000002", "0/3000060", *(() if values else (41,))))

    async def close(self):
        self.socket.close()
        self.other.close()
