"""The thinnest server that takes HTTP, two processes: `python -m bench.limit.server --port N --database URL`.

`POST /NAME` with the parameters as a JSON list is answered with what the prepared statement says and nothing else: no
session, no rights, no trail. A process holds one connection to the database for each connection of a client.
"""

import argparse
import json
import os
import socket
import threading
from typing import Any
from urllib.parse import unquote

import psycopg2

from bench.limit.statements import READS

PROCESSES = 2  # as many as the service has


def serve_connection(link: socket.socket, database: str) -> None:
    """Answer one client after another request until it goes."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stored = psycopg2.connect(database)
    stored.autocommit = True
    cursor, prepared, waiting = stored.cursor(), dict[str, str](), b""
    cursor.execute("set plan_cache_mode = force_generic_plan")
    while True:
        while b"\r\n\r\n" not in waiting:
            if not (more := link.recv(65536)):
                stored.close()
                return
            waiting += more
        head, _blank, waiting = waiting.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0)
        while len(waiting) < length:
            waiting += link.recv(65536)
        body, waiting = waiting[:length], waiting[length:]
        answer = answered(cursor, prepared, unquote(head.split(b" ", 2)[1].decode())[1:], body)
        link.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )


def answered(cursor: Any, prepared: dict[str, str], name: str, body: bytes) -> bytes:
    """What the statement of this name says."""
    if name not in READS:
        return b"null"
    if name not in prepared:
        prepared[name] = f"read{len(prepared)}"
        cursor.execute(f"prepare {prepared[name]} ({READS[name].types}) as {READS[name].sql}".replace("%", "%%"))
        in_order = "off" if READS[name].page else "on"  # as the service plans its pages
        cursor.execute(f"set enable_sort = {in_order}; set enable_bitmapscan = {in_order}")
    given = json.loads(body)
    cursor.execute(f"execute {prepared[name]} ({', '.join(['%s'] * len(given))})", given)
    found = cursor.fetchone()
    return found[0].encode() if found else b"null"


def listen(listening: socket.socket, database: str) -> None:
    """A thread for each client."""
    while True:
        link, _where = listening.accept()
        threading.Thread(target=serve_connection, args=(link, database), daemon=True).start()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    given = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", given.port), backlog=64)
    for _ in range(PROCESSES - 1):
        if not os.fork():
            break
    listen(listening, given.database)


if __name__ == "__main__":
    main()
