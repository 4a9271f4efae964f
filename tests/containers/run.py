"""Two hundred articles through the containers of deploy/compose.yaml, while they are scaled, killed and restarted; then the log
lines and the spans of one of them.

Needs a Docker engine, its compose plugin (or the program that COMPOSE names) and the images of `make images`. It works under a
project name of its own and removes what it made.
"""

import json
import os
import pathlib
import random
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = f"kos-test-{os.getpid()}"
ARTICLES = 200
LIMIT_SECONDS = 180
SERVICES = ["ingest", "summarize", "publish"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


NATS_PORT, SITE_PORT = free_port(), free_port()
SITE = f"http://127.0.0.1:{SITE_PORT}"
ENVIRONMENT = {**os.environ, "NATS_PORT": str(NATS_PORT), "SITE_PORT": f"127.0.0.1:{SITE_PORT}", "SITE_URL": f"{SITE}/"}


def run(*command, check=True):
    ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if check and ended.returncode != 0:
        raise SystemExit(f"{shlex.join(command)}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
    return ended.stdout


def compose(*arguments, check=True):
    program = shlex.split(os.environ.get("COMPOSE", "docker compose"))
    return run(*program, "--project-name", PROJECT, "--file", str(ROOT / "deploy/compose.yaml"), *arguments, check=check)


def containers(service):
    return compose("ps", "--quiet", service).split()


class Producer:
    """A NATS client of a few lines: publishes an event, and again until the server says that it is stored."""

    def __init__(self):
        login = (ROOT / "deploy/secrets/nats-producer").read_text().strip()
        self.user, self.password = re.fullmatch(r"nats://(.*):(.*)@.*", login).groups()
        self.socket = None

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", NATS_PORT), timeout=5)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()
        hello = {"user": self.user, "pass": self.password, "headers": True, "verbose": False, "pedantic": False}
        self.socket.sendall(f"CONNECT {json.dumps(hello)}\r\nSUB _INBOX.acks 1\r\n".encode())

    def publish(self, event_id, event, trace_id):
        traceparent = f"00-{trace_id}-{random.getrandbits(64):016x}-01"
        headers = f"NATS/1.0\r\nNats-Msg-Id: {event_id}\r\ntraceparent: {traceparent}\r\n\r\n".encode()
        body = json.dumps(event).encode()
        message = b"HPUB kos.ingest.requested _INBOX.acks %d %d\r\n%s%s\r\n"
        message %= (len(headers), len(headers) + len(body), headers, body)
        end = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < end:
            try:
                if self.socket is None:
                    self.connect()
                self.socket.sendall(message)
                while True:
                    line = self.lines.readline()
                    if not line or line.startswith(b"-ERR"):
                        raise OSError(line)
                    if line.startswith(b"PING"):
                        self.socket.sendall(b"PONG\r\n")
                    if line.startswith((b"MSG", b"HMSG")):
                        answer = self.lines.read(int(line.split()[-1]) + 2)
                        if b'"stream"' in answer:
                            return
                        raise OSError(answer)
            except OSError:
                self.socket = None
                time.sleep(0.1)
        raise SystemExit(f"event {event_id} was not stored")


def fields(message):
    """The fields of a protobuf message that have a length: their numbers and what is in them."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(message):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            varint()
            continue
        length = {1: 8, 5: 4}.get(kind) or varint()
        yield number, message[at : at + length]
        at += length


class Collector(BaseHTTPRequestHandler):
    """Takes spans as an OpenTelemetry collector does (OTLP over HTTP), and keeps who sent which of which trace."""

    spans = set()

    def do_POST(self):
        for _, of_resource in fields(self.rfile.read(int(self.headers["content-length"]))):
            parts = list(fields(of_resource))
            service = next(
                dict(fields(dict(fields(attribute))[2]))[1].decode()
                for number, resource in parts if number == 1
                for _, attribute in fields(resource) if dict(fields(attribute))[1] == b"service.name"
            )  # fmt: skip
            for scope in (content for number, content in parts if number == 2):
                for span in (dict(fields(content)) for number, content in fields(scope) if number == 2):
                    self.spans.add((span[1].hex(), service, span[5].decode()))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def event(number):
    chance = random.Random(number)
    words = [f"{a}{b}" for a in ["har", "riv", "mar", "ton", "bel", "cas"] for b in ["bour", "er", "ket", "ing", "fry", "tle"]]
    filler = "the council said on that it will with a new and for people from".split()
    sentence = lambda: " ".join(chance.choice(words + filler) for _ in range(16)).capitalize() + "."
    paragraphs = "".join(f"<p>{' '.join(sentence() for _ in range(4))}</p>" for _ in range(5))
    title = f"Report {number}: {sentence()[:40]}"
    html = f'<!DOCTYPE html><html lang="en"><title>{title}</title><article><h1>{title}</h1>{paragraphs}</article></html>'
    return {"url": f"https://paper{number % 20}.example/news/{number}", "html": html}


def pages():
    """Each article that the site lists: its number and its page."""
    found, after = [], ""
    while True:
        with urllib.request.urlopen(f"{SITE}/api/v1/articles?limit=100{after}", timeout=10) as answer:
            page = json.load(answer)
        found += [(int(article["title"].split()[1].rstrip(":")), article["page_url"]) for article in page["items"]]
        if not page.get("next"):
            return found
        after = f"&after={page['next']}"


def resident_megabytes(container):
    pid = run("docker", "inspect", "--format", "{{.State.Pid}}", container).strip()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def seconds(time_stamp):
    hours, minutes, rest = time_stamp.split("T")[1].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def milliseconds_to_start(container):
    started = run("docker", "inspect", "--format", "{{.State.StartedAt}}", container).strip()
    logs = subprocess.run(["docker", "logs", container], env=ENVIRONMENT, capture_output=True, text=True).stderr
    ready = re.search(r'"time":"([^"]*)"[^\n]*"message":"started"', logs).group(1)
    return (seconds(ready) - seconds(started)) * 1000


def psql(statement):
    return compose("exec", "-T", "postgres", "psql", "-U", "postgres", "-d", "kos", "-Atc", statement).strip()


def main():
    gateway = run("docker", "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "bridge").strip()
    collector = ThreadingHTTPServer((gateway, 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    ENVIRONMENT["TRACES"] = f"http://{gateway}:{collector.server_port}"
    compose("up", "--detach", "--wait")
    print("healthy", flush=True)
    idle = {service: resident_megabytes(containers(service)[0]) for service in SERVICES}
    start = {service: milliseconds_to_start(containers(service)[0]) for service in SERVICES}

    producer, begin = Producer(), time.monotonic()
    restarts = {
        40: lambda: compose("up", "--detach", "--no-recreate", "--scale", "summarize=4", "summarize"),
        80: lambda: run("docker", "kill", containers("summarize")[1]),
        120: lambda: compose("restart", "nats"),
        160: lambda: compose("restart", "postgres"),
    }
    for number in range(ARTICLES):
        if number in restarts:
            restarts[number]()
            print(f"{number} in, {time.monotonic() - begin:.1f} s", flush=True)
        producer.publish(f"container-test-{number}", event(number), trace_id=f"{number + 1:032x}")
    found, end = [], time.monotonic() + LIMIT_SECONDS
    while len(found) < ARTICLES and time.monotonic() < end:
        time.sleep(0.5)
        try:
            found = pages()
        except OSError:
            continue
    took = time.monotonic() - begin
    loaded = {service: max(resident_megabytes(c) for c in containers(service)) for service in SERVICES}
    assert sorted(number for number, _ in found) == list(range(ARTICLES)), f"{len(found)} pages: {sorted(found)}"
    for _, page in found:
        with urllib.request.urlopen(page, timeout=10) as answer:
            assert answer.status == 200, page
    revisions = psql("select count(*) || ' ' || max(revision) from publish.articles")
    assert revisions == f"{ARTICLES} 1", f"articles and highest revision: {revisions}"
    status = json.loads(compose("run", "--rm", "kos", "--json", "status"))
    assert status["dead"] == {}, status["dead"]
    print(f"{ARTICLES} pages, none lost, none twice, in {took:.1f} s")

    article = psql("select article_id from publish.articles order by 1 limit 1")
    logs = compose("logs", "--no-log-prefix", "--no-color").splitlines()
    # Some versions write what clears a terminal's line before each.
    lines = [line[line.index("{") :] for line in logs if article in line and "{" in line]
    lines.sort(key=lambda line: line.split('"')[11])
    services = [service for line in lines if (service := json.loads(line).get("service"))]
    assert list(dict.fromkeys(services)) == SERVICES, services
    print("one article's lines, from three containers:")
    print("\n".join(lines))

    trace, subjects = json.loads(lines[0])["trace_id"], ["kos.ingest.requested", "kos.article.ingested", "kos.article.summarized"]
    assert 1 <= int(trace, 16) <= ARTICLES, f"the trace {trace} is none of the producer's"
    wanted = {(f"kos-{service}", f"process {subject}") for service, subject in zip(SERVICES, subjects)}
    wanted |= {(f"kos-{service}", f"send {subject}") for service, subject in zip(SERVICES, subjects[1:] + ["kos.article.published"])}
    end, spans = time.monotonic() + LIMIT_SECONDS, set()
    while not wanted <= spans and time.monotonic() < end:
        time.sleep(0.5)
        spans = {(service, name) for of, service, name in set(Collector.spans) if of == trace}
    assert wanted <= spans, f"spans of {trace}: {sorted(spans)}, without {sorted(wanted - spans)}"
    print(f"its spans, from three containers, in the producer's trace {trace}:")
    print("\n".join(f"{service:<14}{name}" for service, name in sorted(spans)))

    print(f"\n{'image':<12}{'start':>10}{'idle':>12}{'loaded':>12}")
    for service in SERVICES:
        print(f"{service:<12}{start[service]:>7.0f} ms{idle[service]:>8.1f} MiB{loaded[service]:>8.1f} MiB")


try:
    main()
except BaseException:
    print(compose("logs", "--tail", "30", check=False), file=sys.stderr)
    raise
finally:
    compose("down", "--volumes", "--timeout", "5", check=False)
