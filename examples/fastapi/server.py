"""The guide's FastAPI example, corrected.

What it adds to the guide's twenty lines: the token comes in the header and is verified by Microsoft's rules, events are stored and
replayed after `Last-Event-ID`, lost events are reported as a gap, heartbeats break the silence, a client that disconnects leaves
nothing behind, and a stream ends when its token expires. Numbers in parentheses are sections of PROTOCOL.md.

Run it with `python3 server.py`; the variables are at the top. SIGTERM ends the open streams first. Under `uvicorn server:app`, uvicorn
waits for them until they end by themselves.
"""

import asyncio
import json
import os
import re
import secrets
import threading
import time
import urllib.request
from collections import Counter, deque
from typing import Any, AsyncIterator, NamedTuple

import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect

TENANT_ID = os.environ["ENTRA_TENANT_ID"]
API_CLIENT_ID = os.environ["ENTRA_API_CLIENT_ID"]
AUTHORITY = os.environ.get("ENTRA_AUTHORITY", "https://login.microsoftonline.com")
ISSUER = f"{AUTHORITY}/{TENANT_ID}/v2.0"
WEB_ORIGIN = os.environ.get("WEB_ORIGIN", "http://localhost:4200")
SCOPE = "Stream.Access"
CLOCK_TOLERANCE_SECONDS = float(os.environ.get("CLOCK_TOLERANCE_SECONDS", "300"))
HEARTBEAT_SECONDS = float(os.environ.get("HEARTBEAT_SECONDS", "15"))
KEY_COOLDOWN_SECONDS = float(os.environ.get("KEY_COOLDOWN_SECONDS", "10"))
PORT = int(os.environ.get("PORT", "8000"))
MAX_EVENTS = int(os.environ.get("MAX_EVENTS", "10000"))
MAX_LOG_CHARACTERS = 64 * 2**20
MAX_BODY_BYTES = 2**20
MAX_WAITING_EVENTS = 1000
MAX_WAITING_CHARACTERS = 2**20
MAX_STREAMS_PER_USER = 50
MAX_KEY_AGE_SECONDS = 24 * 3600
SHUTDOWN_SECONDS = 5
RESERVED_TYPES = {"complete", "gap", "failure"}
SESSION_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
# A sequence fits in 15 digits. More would make int() slow, and past 4,300 digits it raises.
EVENT_ID = re.compile(r"([0-9A-Za-z]{1,64})-(0|[1-9][0-9]{0,14})")


# --- Events: one dense sequence for all topics (1.2), in memory and bounded -----------------------------------------------------


class Event(NamedTuple):
    sequence: int
    topic: str
    text: str


class Listener(asyncio.Queue):
    """The events that wait for one client, bounded in number and in size."""

    def __init__(self, topic: str) -> None:
        super().__init__(MAX_WAITING_EVENTS)
        self.topic = topic
        self.waiting_characters = 0

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.waiting_characters += len(item.text) if item else 0

    def _get(self) -> Any:
        item = super()._get()
        self.waiting_characters -= len(item.text) if item else 0
        return item


class EventLog:
    """Used only in the event loop's thread, so that no event can come between the replay and the subscription."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(6)
        self.events: deque[Event] = deque()
        self.characters = 0
        self.last = 0
        self.listeners: set[Listener] = set()
        self.closed = False

    def publish(self, topic: str, type_: str, data: Any) -> str:
        event_id = f"{self.epoch}-{self.last + 1}"
        # First: what cannot be encoded is refused, and takes no number.
        event = Event(self.last + 1, topic, encode(event_id, type_, to_json(data)))
        self.last += 1
        self.events.append(event)
        self.characters += len(event.text)
        while len(self.events) > MAX_EVENTS or self.characters > MAX_LOG_CHARACTERS:
            self.characters -= len(self.events.popleft().text)
        for listener in list(self.listeners):
            if listener.topic == topic:
                if listener.full() or listener.waiting_characters > MAX_WAITING_CHARACTERS:
                    # A slow client is disconnected and not buffered (6.4): it resumes from the log.
                    self.listeners.discard(listener)
                else:
                    listener.put_nowait(event)
        return event_id

    def replay(self, topic: str, last_event_id: str) -> list[str]:
        """The first blocks of a connection: its position, or the missed events, after a gap if some of them are lost (5)."""
        if not last_event_id:
            return [f"id: {self.epoch}-{self.last}\n\n"]
        first = self.events[0].sequence if self.events else self.last + 1
        after, blocks, reason = first - 1, [], None
        parsed = EVENT_ID.fullmatch(last_event_id)
        if parsed is None:
            reason = "unknown"
        elif parsed[1] != self.epoch:
            reason = "epoch"
        elif int(parsed[2]) > self.last:
            reason = "unknown"
        elif int(parsed[2]) < first - 1:
            # The removed events may have been of another topic; a server that cannot know reports a gap (5.4).
            reason = "trimmed"
        else:
            after = int(parsed[2])
        if reason:
            blocks.append(encode(f"{self.epoch}-{after}", "gap", to_json({"reason": reason, "after": last_event_id})))
        return blocks + [event.text for event in self.events if event.sequence > after and event.topic == topic]

    def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        for listener in self.listeners:
            if not listener.full():
                listener.put_nowait(None)
        self.listeners.clear()


def to_json(data: Any) -> str:
    """ASCII only: a lone surrogate is escaped, which JSON allows. NaN and Infinity are not JSON. Raises ValueError."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False)


def encode(event_id: str, type_: str, data: str) -> str:
    """The only place that writes an event. JSON contains no line breaks; the type is the only text that could forge a line (4.1)."""
    if any(char in "\r\n\0" or "\ud800" <= char <= "\udfff" for char in type_) or not 0 < len(type_) <= 256:
        raise ValueError("type must have 1 to 256 characters, and no line break, NUL or lone surrogate.")
    return f"id: {event_id}\nevent: {type_}\ndata: {data}\n\n"


# --- Tokens: Microsoft's rules for access tokens ---------------------------------------------------------------------------------



def refuse(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> HTTPException:
    return HTTPException(status, {"status": status, "code": code, "title": code, "detail": detail}, headers)


class SigningKeys:
    """Entra's keys. Unknown `kid`s cause one request per cooldown in all; until the next one, they are answered by 503."""

    def __init__(self) -> None:
        self.keys: dict[str, jwt.PyJWK] = {}
        self.fetched_at = self.tried_at = -float("inf")
        self.lock = threading.Lock()

    def find(self, kid: Any) -> jwt.PyJWK:
        if not isinstance(kid, str):
            raise jwt.InvalidTokenError
        key = self.keys.get(kid)
        if key is None or time.monotonic() - self.fetched_at > MAX_KEY_AGE_SECONDS:
            key = self.refresh(kid) or key
        if key is None:
            raise jwt.InvalidTokenError
        return key

    def refresh(self, kid: str) -> jwt.PyJWK | None:
        # Only before the first keys is there a reason to wait: afterwards, invented `kid`s could block every thread.
        if self.lock.acquire(blocking=not self.keys):
            try:
                if time.monotonic() - self.tried_at >= KEY_COOLDOWN_SECONDS:
                    self.tried_at = time.monotonic()
                    return self.fetch().get(kid)
            except (OSError, ValueError, jwt.PyJWTError):
                # The last keys stay valid while Entra cannot be reached.
                pass
            finally:
                self.lock.release()
        if kid in self.keys:
            return self.keys[kid]
        retry_after = str(max(1, round(KEY_COOLDOWN_SECONDS)))
        raise refuse(503, "keys-unavailable", "The token cannot be verified now.", {"Retry-After": retry_after})

    def fetch(self) -> dict[str, jwt.PyJWK]:
        url = f"{AUTHORITY}/{TENANT_ID}/discovery/v2.0/keys"
        with urllib.request.urlopen(url, timeout=5) as response:
            found = jwt.PyJWKSet.from_dict(json.load(response)).keys
        self.keys = {key.key_id: key for key in found if key.key_id}
        self.fetched_at = time.monotonic()
        return self.keys


keys = SigningKeys()


def authenticate(request: Request, authorization: str | None = Header(None)) -> dict[str, Any]:
    """The caller's claims. Not `async`: fetching keys blocks, and FastAPI runs a plain function in a thread."""
    if "access_token" in request.query_params:
        raise refuse(400, "token-in-query", "A token must not be in the URL: send it in the Authorization header.")
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refuse(401, "no-token", "The request has no bearer token.", {"WWW-Authenticate": 'Bearer realm=""'})
    try:
        key = keys.find(jwt.get_unverified_header(token).get("kid"))
        # Each key says whose it is; PyJWT keeps that, and has no public name for it.
        if key._jwk_data.get("issuer", ISSUER).replace("{tenantid}", TENANT_ID) != ISSUER:
            raise jwt.InvalidIssuerError
        claims = jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            audience=API_CLIENT_ID,
            issuer=ISSUER,
            leeway=CLOCK_TOLERANCE_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "tid", "oid"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        # PyJWT lets some malformed tokens through to its own code: what it raises then is the token's fault as well.
        detail = f"The token is refused: {type(error).__name__}."
        challenge = f'Bearer realm="", error="invalid_token", error_description="{detail}"'
        raise refuse(401, "invalid-token", detail, {"WWW-Authenticate": challenge}) from error
    if claims["tid"] != TENANT_ID:
        challenge = 'Bearer realm="", error="invalid_token"'
        raise refuse(401, "wrong-tenant", "The token is for another tenant.", {"WWW-Authenticate": challenge})
    if SCOPE not in str(claims.get("scp", "")).split():
        challenge = f'Bearer realm="", error="insufficient_scope", scope="{SCOPE}"'
        raise refuse(403, "insufficient-scope", f"The token lacks the scope {SCOPE}.", {"WWW-Authenticate": challenge})
    return claims


# --- The application ---------------------------------------------------------------------------------------------------------------

app = FastAPI()
log = EventLog()
sessions: Counter[str] = Counter()
streams_of_user: Counter[str] = Counter()

app.add_middleware(
    CORSMiddleware,
    allow_origins=[WEB_ORIGIN],
    allow_methods=["GET", "POST"],
    allow_headers=["authorization", "content-type", "last-event-id", "ngsw-bypass"],
    expose_headers=["WWW-Authenticate", "Retry-After", "Sillage-Heartbeat-Ms", "Sillage-Session-Ms"],
)


@app.exception_handler(StarletteHTTPException)
async def problem(_: Request, error: StarletteHTTPException) -> JSONResponse:
    body = error.detail if isinstance(error.detail, dict) else {"status": error.status_code, "title": error.detail}
    return JSONResponse(body, error.status_code, getattr(error, "headers", None), "application/problem+json")


@app.get("/health")
async def health() -> dict[str, str]:
    # Public, so it names no session.
    return {"status": "ok"}


def check_session_id(session_id: str) -> str:
    if SESSION_ID.fullmatch(session_id):
        return session_id
    raise refuse(404, "not-found", "A session has 1 to 64 letters, digits, - and _.")


@app.get("/chat/{session_id}/listeners")
async def count_listeners(session_id: str, _: dict[str, Any] = Depends(authenticate)) -> dict[str, int]:
    return {"count": sessions.get(check_session_id(session_id), 0)}


@app.get("/chat/stream/{session_id}")
async def stream_chat(request: Request, session_id: str, claims: dict[str, Any] = Depends(authenticate)) -> StreamingResponse:
    check_session_id(session_id)
    if log.closed:
        raise refuse(503, "server-closing", "The server is shutting down.", {"Retry-After": "1"})
    if streams_of_user[str(claims["oid"])] >= MAX_STREAMS_PER_USER:
        raise refuse(429, "too-many-streams", f"A user may open {MAX_STREAMS_PER_USER} streams.", {"Retry-After": "5"})
    # Starlette decodes headers as Latin-1, and an ID comes as UTF-8 (2.3).
    last_event_id = request.headers.get("last-event-id", "").encode("latin-1").decode("utf-8", "replace")
    # Clients that cannot set the header send the ID in the query.
    last_event_id = last_event_id or request.query_params.get("lastEventId", "")
    headers = {
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
        "Sillage-Heartbeat-Ms": str(int(HEARTBEAT_SECONDS * 1000)),
    }
    remaining = time_left(claims)
    if remaining > 0:
        headers["Sillage-Session-Ms"] = str(max(1, int(remaining * 1000)))
    return StreamingResponse(follow(session_id, last_event_id, claims["oid"], remaining), 200, headers, "text/event-stream")


def time_left(claims: dict[str, Any]) -> float:
    """A stream ends when its token expires (6.1); a token that expired within the tolerance gets the rest of the tolerance."""
    remaining = claims["exp"] - time.time()
    return remaining if remaining > 0 else remaining + CLOCK_TOLERANCE_SECONDS


async def follow(topic: str, last_event_id: str, user: str, seconds: float) -> AsyncIterator[str]:
    # The wall clock may be set meanwhile.
    until = time.monotonic() + seconds
    listener = Listener(topic)
    # In one turn of the event loop: no event can come between the replay and the subscription.
    blocks = log.replay(topic, last_event_id)
    if not log.closed:
        log.listeners.add(listener)
    counters = ((sessions, topic), (streams_of_user, user))
    for counter, key in counters:
        counter[key] += 1
    try:
        # A byte at once (3.7): a buffering proxy would hold the response back until the first event.
        yield ":\n"
        for block in blocks:
            yield block
        while listener in log.listeners or not listener.empty():
            remaining = until - time.monotonic()
            if remaining <= 0:
                return
            try:
                event = await asyncio.wait_for(listener.get(), min(HEARTBEAT_SECONDS, remaining))
                if event is None:
                    return
                yield event.text
            except asyncio.TimeoutError:
                if remaining > HEARTBEAT_SECONDS:
                    yield ":\n"
    finally:
        # Also when the client disconnects: Starlette then cancels the generator.
        log.listeners.discard(listener)
        for counter, key in counters:
            counter[key] -= 1
            if counter[key] == 0:
                del counter[key]


@app.post("/chat/{session_id}", status_code=201)
async def publish(request: Request, session_id: str, _: dict[str, Any] = Depends(authenticate)) -> dict[str, str]:
    check_session_id(session_id)
    body = await read_json(request)
    if not isinstance(body, dict) or "data" not in body:
        raise refuse(400, "invalid-body", "The body must be a JSON object with data.")
    type_ = body.get("type", "message")
    if not isinstance(type_, str):
        raise refuse(400, "invalid-body", "type must be a string.")
    if type_ in RESERVED_TYPES:
        raise refuse(400, "invalid-body", f"The type {type_} is reserved by the protocol: use another one.")
    try:
        return {"id": log.publish(session_id, type_, body["data"])}
    except (ValueError, RecursionError) as error:
        raise refuse(400, "invalid-body", str(error)) from error


async def read_json(request: Request) -> Any:
    """The body, read only once the token has been verified, up to a limit."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise refuse(413, "body-too-large", f"The body must have {MAX_BODY_BYTES} bytes at most.", {"Connection": "close"})
        return json.loads(body)
    except ClientDisconnect as error:
        raise refuse(400, "invalid-body", "The connection was lost before the body ended.") from error
    except (ValueError, RecursionError) as error:
        raise refuse(400, "invalid-body", "The body must be JSON in UTF-8.") from error


# --- Running it --------------------------------------------------------------------------------------------------------------------


class Server(uvicorn.Server):
    """Ends the streams at SIGTERM. uvicorn alone waits for them, and so for as long as a token lives."""

    def handle_exit(self, sig: Any, frame: Any) -> None:
        super().handle_exit(sig, frame)
        # Newer versions of uvicorn call this from a signal handler, and not from the event loop.
        asyncio.get_running_loop().call_soon_threadsafe(self.end_streams)

    def end_streams(self) -> None:
        log.close()
        asyncio.get_running_loop().call_later(SHUTDOWN_SECONDS, self.abort_connections)

    def abort_connections(self) -> None:
        """A request whose body never ends, or a client that reads nothing, must not keep the process alive."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()


if __name__ == "__main__":
    Server(uvicorn.Config(app, port=PORT, log_level="warning", timeout_keep_alive=5)).run()
