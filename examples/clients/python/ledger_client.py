#!/usr/bin/env python3
"""A client of license-ledger's service: Python 3.9 or newer, standard library only.

As a program:
    export LICENSE_LEDGER_URL=http://127.0.0.1:8080 LICENSE_LEDGER_KEY=ll_…
    python3 ledger_client.py show 10101-ABC12-XYZ34
    python3 ledger_client.py post '{"license": "10101-ABC12", "command": {"type": "activate_license"}}'
    python3 ledger_client.py batch orders.ndjson > outcomes.ndjson
    python3 ledger_client.py expiring 2013-07-31 2013-10-31
    python3 ledger_client.py events --after 41

As a module: `Ledger(url, key).post({...})`. Answers are printed as the service gives them. Exit status: 0 done, 1 refused
or not reached, with a line on standard error.
"""

import argparse
import contextlib
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse
import uuid
from socket import SHUT_RDWR

ATTEMPTS = 10
LONGEST_PAUSE_SECONDS = 5
TIMEOUT_SECONDS = 30
# Too many requests, and what a service or the proxy before it says while it is away for a moment.
PASSES_BY_ITSELF = (429, 502, 503, 504)


class Refused(Exception):
    """The service said no: `problem` is its answer (RFC 9457), with the rules broken and the ways forward."""

    def __init__(self, status, problem):
        self.status, self.problem = status, problem
        super().__init__(problem.get("detail") or problem.get("title") or f"HTTP {status}")


class Ledger:
    """One service, one API key. Not shared between threads."""

    def __init__(self, url, key, language="ru"):
        parts = urllib.parse.urlsplit(url)
        self._https, self._host, self._base = parts.scheme == "https", parts.netloc, parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Accept-Language": language}

    def post(self, command):
        """Posts one command; returns its outcome, or raises Refused.

        The id is sent with each attempt: whatever is lost on the way, nothing is done twice. A program that may be
        stopped and started again makes the id itself, and stores it before it calls this.
        """
        command = {"command_id": str(uuid.uuid4()), **command}
        return self._json("POST", "/v1/commands", command)

    def quote(self, *commands, keep=False, valid_until=None):
        """Judges and prices commands in order, without writing; `keep` makes the service remember the promise."""
        asked = {"commands": [{"command_id": str(uuid.uuid4()), **command} for command in commands]}
        if keep:
            asked["keep"] = True
        if valid_until:
            asked["valid_until"] = valid_until
        return self._json("POST", "/v1/quotes", asked)

    def commit(self, quote_id):
        """Posts exactly what a kept quote promised, or raises Refused with what has changed since."""
        return self._json("POST", f"/v1/quotes/{quote_id}/commit")

    def entitlement(self, license_number, on=None):
        """What the license is worth on the day (default: today)."""
        path = "/v1/licenses/" + urllib.parse.quote(license_number, safe="")
        return self._json("GET", _with_query(path, on=on))

    def licenses(self, **filters):
        """Every license that fits, page by page."""
        yield from self._pages("/v1/licenses", filters)

    def expiring(self, first_day, end_day, **filters):
        """Licenses whose SWM ends in [first_day, end_day), soonest first."""
        yield from self._pages("/v1/swm-expiry", {"from": first_day, "to": end_day, **filters})

    def events(self, after=None, wait_seconds=20, **filters):
        """Follows the feed for ever, in order. Store the `position` of what is done with, and go on `after` it."""
        while True:
            path = _with_query("/v1/events", after=after, wait=wait_seconds, **filters)
            page = self._json("GET", path, timeout=TIMEOUT_SECONDS + wait_seconds)
            yield from page["items"]
            # Nothing new is no `next`: the same is asked again.
            after = after if page["next"] is None else page["next"]

    def batch(self, lines):
        """Posts many commands, one JSON object a line (bytes); yields their outcomes in the same order.

        A thread writes while this reads: the service takes no more lines while its answers are not read. Raises
        ConnectionError when the answers end without a summary: post the same lines again then, nothing is done twice.
        """
        with contextlib.closing(self._connect(TIMEOUT_SECONDS)) as connection:
            connection.putrequest("POST", self._base + "/v1/commands:batch")
            for name, value in {**self._headers, "Content-Type": "application/x-ndjson"}.items():
                connection.putheader(name, value)
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            socket = connection.sock
            writer = threading.Thread(target=_send_lines, args=(socket, lines), daemon=True)
            writer.start()
            try:
                yield from _outcomes(connection.getresponse())
            finally:
                # Ends a writer that still waits to be read.
                with contextlib.suppress(OSError):
                    socket.shutdown(SHUT_RDWR)

    def _pages(self, path, query):
        after = None
        while True:
            page = self._json("GET", _with_query(path, **query, after=after))
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def _json(self, method, path, body=None, timeout=TIMEOUT_SECONDS):
        """One call. What may pass by itself (no connection, 429, 503) is tried again with the same body."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {**self._headers, "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        for attempt in range(1, ATTEMPTS + 1):
            pause = min(2**attempt / 10, LONGEST_PAUSE_SECONDS)
            try:
                status, retry_after, answer = self._call(method, path, content, headers, timeout)
            except (OSError, http.client.HTTPException):
                if attempt == ATTEMPTS:
                    raise
            else:
                if status < 400:
                    return answer
                if status not in PASSES_BY_ITSELF or attempt == ATTEMPTS:
                    raise Refused(status, answer)
                pause = max(pause, retry_after)
            time.sleep(pause)

    def _call(self, method, path, content, headers, timeout):
        with contextlib.closing(self._connect(timeout)) as connection:
            connection.request(method, self._base + path, content, headers)
            response = connection.getresponse()
            return response.status, float(response.headers.get("Retry-After") or 0), _body(response)

    def _connect(self, timeout):
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        return kind(self._host, timeout=timeout)


def _with_query(path, **query):
    given = {name: value for name, value in query.items() if value is not None}
    return path + ("?" + urllib.parse.urlencode(given) if given else "")


def _send_lines(socket, lines):
    """Sends the lines as chunks. A connection that the service closes ends it: the reader tells why."""
    with contextlib.suppress(OSError):
        for line in lines:
            line = line if line.endswith(b"\n") else line + b"\n"
            socket.sendall(b"%x\r\n%s\r\n" % (len(line), line))
        socket.sendall(b"0\r\n\r\n")


def _outcomes(response):
    """The answers to a batch, up to its summary, which says that it was answered whole."""
    if response.status != 200:
        raise Refused(response.status, _body(response))
    try:
        for line in response:
            answer = json.loads(line)
            if "summary" in answer:
                return
            yield answer
    except http.client.HTTPException as error:
        raise ConnectionError(f"the batch was cut off: {error}") from error
    raise ConnectionError("the batch was cut off")


def _body(response):
    """What was answered: JSON, or the status where a proxy has answered in the service's place."""
    text = response.read()
    is_json = "json" in response.headers.get("Content-Type", "")
    return json.loads(text) if is_json else {"title": f"{response.status} {response.reason}"}


def _arguments():
    parser = argparse.ArgumentParser(description="A client of license-ledger's service.")
    parser.add_argument("--url", default=os.environ.get("LICENSE_LEDGER_URL", "http://127.0.0.1:8080"))
    calls = parser.add_subparsers(dest="call", required=True)
    calls.add_parser("post", help="one command").add_argument("command", type=json.loads)
    calls.add_parser("batch", help="a file of commands").add_argument("file", type=argparse.FileType("rb"))
    show = calls.add_parser("show", help="an entitlement")
    show.add_argument("license")
    show.add_argument("--on")
    expiring = calls.add_parser("expiring", help="SWM that ends soon")
    expiring.add_argument("first_day")
    expiring.add_argument("end_day")
    calls.add_parser("events", help="follow the feed").add_argument("--after", type=int)
    return parser.parse_args()


def _answers(ledger, asked):
    if asked.call == "post":
        return [ledger.post(asked.command)]
    if asked.call == "batch":
        return ledger.batch(line for line in asked.file if line.strip())
    if asked.call == "show":
        return [ledger.entitlement(asked.license, asked.on)]
    if asked.call == "expiring":
        return ledger.expiring(asked.first_day, asked.end_day)
    return ledger.events(asked.after)


def main():
    asked = _arguments()
    key = os.environ.get("LICENSE_LEDGER_KEY")
    if not key:
        return "set LICENSE_LEDGER_KEY to an API key (license-ledger keys create)"
    try:
        for answer in _answers(Ledger(asked.url, key), asked):
            print(json.dumps(answer, ensure_ascii=False), flush=True)
    except Refused as refused:
        print(json.dumps(refused.problem, ensure_ascii=False))
        return f"refused ({refused.status}): {refused}"
    except (OSError, http.client.HTTPException) as error:
        return f"the service cannot be reached or broke off: {error}; call again, nothing is done twice"
    return 0


if __name__ == "__main__":
    sys.exit(main())
