"""A hospital's own sign-in: a real OpenID Connect provider in a process of its own."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

SUBJECT, STRANGER = "subject-of-the-doctor", "subject-of-nobody"
USERS = [
    {"sub": SUBJECT, "employee_number": "G0042", "name": "王医生"},
    {"sub": STRANGER, "employee_number": "G9999", "name": "陌生人"},
]


@contextmanager
def provider() -> Iterator[str]:
    """The address of a provider while it is there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = [part for user in USERS for part in ("--user-claims", json.dumps(user))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "1", *given]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        for _ in range(300):
            try:
                requests.get(f"{address}/.well-known/openid-configuration", timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None, "the provider ended"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)
