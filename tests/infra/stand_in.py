"""A stand-in for AWS (ministack) that runs the real program and fires schedules, and what listens around it. All on loopback."""

import http.server
import json
import os
import pathlib
import queue
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

HOST = "127.0.0.1"


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Server:
    """An HTTP server on a free port of loopback, in a thread of its own."""

    def __init__(self, handle):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = handle(self.command, self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client):
                # A client that was ended while it listened is none.
                if not isinstance(sys.exception(), ConnectionError):
                    super().handle_error(request, client)

        self.server = Listener((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Subscriber(Server):
    """An http subscriber of a topic: keeps what it is asked to confirm, and what it is notified of."""

    def __init__(self):
        self.requests, self.posts = queue.Queue(), queue.Queue()
        super().__init__(self.hear)

    def hear(self, _method, _path, _headers, body):
        post = json.loads(body)
        (self.posts if post["Type"] == "Notification" else self.requests).put(post)
        return 200, [], b""

    def next(self, seconds):
        return self.posts.get(timeout=seconds)


class Witness(Server):
    """Stands between the function and AWS, hands everything on, and remembers which actions were called."""

    # Hop by hop, or written anew by the server above.
    OMITTED = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}

    def __init__(self, upstream):
        self.upstream = upstream
        self.actions = []
        self.changed = threading.Condition()
        self.direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        super().__init__(self.pass_on)

    def pass_on(self, method, path, headers, body):
        request = urllib.request.Request(self.upstream + path, data=body or None, method=method, headers=dict(headers))
        try:
            with self.direct.open(request, timeout=60) as reply:
                status, said, answer = reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as reply:
            status, said, answer = reply.code, reply.headers, reply.read()
        with self.changed:
            self.actions.append(action_of(headers, body))
            self.changed.notify_all()
        return status, [(name, value) for name, value in said.items() if name.lower() not in self.OMITTED], answer

    def wait_for(self, action, count, seconds):
        """Until the function has called this action so many times."""
        with self.changed:
            reached = self.changed.wait_for(lambda: self.actions.count(action) >= count, timeout=seconds)
        assert reached, f"{action} was called {self.actions.count(action)} times in {seconds} s, not {count}: {self.actions}"


def action_of(headers, body):
    """The action of a call, as IAM names it."""
    service = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("Authorization", ""))
    service = service[1] if service else "unknown"
    target = headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not target:
        target = urllib.parse.parse_qs(body.decode(errors="replace")).get("Action", ["unknown"])[0]
    return f"{service}:{target}"


class Runtime(Server):
    """Lambda's side of a function: hands out one event, and keeps what became of it."""

    def __init__(self, event):
        self.events, self.outcomes = queue.Queue(), queue.Queue()
        self.events.put(event)
        super().__init__(self.serve)

    def serve(self, method, path, _headers, body):
        if method == "POST":
            self.outcomes.put(json.loads(body))
            return 202, [], b""
        event = self.events.get()
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "one",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 60) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:checked",
        }
        return 200, headers.items(), json.dumps(event).encode()


class Process:
    """A program that ends with this one's work, and what it said."""

    def __init__(self, command, environment, log):
        self.log = log
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log.open("wb")
        )

    def line(self):
        return self.process.stdout.readline().decode()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process.stdout.close()


def unset_run(program, log):
    """Runs the function with no variable of its own, so that it must end as ConfigInvalid; answers the line of metrics that it writes."""
    runtime = Runtime({})
    environment = {
        "AWS_LAMBDA_RUNTIME_API": runtime.url.removeprefix("http://"),
        "AWS_LAMBDA_FUNCTION_NAME": "checked",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_REGION": "us-east-1",
    }
    function = Process([program], environment, log)
    try:
        outcome = runtime.outcomes.get(timeout=30)
        assert outcome["errorType"] == "ConfigInvalid", outcome
        return json.loads(function.line())
    finally:
        function.close()
        runtime.close()


def sandbox(program, log):
    """The embedded Zoom; answers where it is and the credentials it takes."""
    served = Process([program, "sandbox", "--json", "--rows", "600"], os.environ.copy(), log)
    said = served.line()
    assert said, f"the sandbox did not start: {log.read_text()}"
    return served, json.loads(said)


def aws(directory):
    """Starts the stand-in; answers it, its URL, and the witness that functions speak through. What functions write is in `function.out`."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    witness = Witness(url)
    environment = os.environ | {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": witness.url,
        "TMPDIR": str(directory),
        "S3_DATA_DIR": str(directory / "s3"),
        "STANDARD_OUTPUT": str(directory / "function.out"),
        # No way out: everything that is spoken to is on loopback.
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    program = pathlib.Path(__file__).with_name("aws_that_keeps.py")
    served = Process([sys.executable, "-B", program], environment, directory / "aws.log")
    # Nobody reads its standard output; it must not block on it.
    threading.Thread(target=lambda: [None for _ in served.process.stdout], daemon=True).start()
    deadline = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection((HOST, port), timeout=1):
                return served, url, witness
        except OSError:
            assert served.process.poll() is None, f"the stand-in for AWS ended: {(directory / 'aws.log').read_text()}"
            assert time.monotonic() < deadline, "the stand-in for AWS did not start within a minute"
            time.sleep(0.05)
