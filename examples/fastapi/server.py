"""The guide's FastAPI example, made right.

What it adds to the guide's twenty lines: the token comes in the header and is checked by Microsoft's rules, events are kept and
replayed after `Last-Event-ID`, what is lost is told, silence is broken by heartbeats, a client that leaves is noticed, and a
stream ends when its token does. The numbers are those of PROTOCOL.md.

Run it with `uvicorn server:app --port 8000`; the variables are at the top.
"""

import asyncio
import json
import os
import secrets
import time
from collections import Counter, deque
from typing import Any, AsyncIterator, NamedTuple

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, StreamingResponse

TENANT_ID = os.environ["ENTRA_TENANT_ID"]
API_CLIENT_ID = os.environ["ENTRA_API_CLIENT_ID"]
AUTHORITY = os.environ.get("ENTRA_AUTHORITY", "https://login.microsoftonline.com")
ISSUER = f"{AUTHORITY}/{TENANT_ID}/v2.0"
WEB_ORIGIN = os.environ.get("WEB_ORIGIN", "http://localhost:4200")
SCOPE = "Stream.Access"
CLOCK_TOLERANCE_SECONDS = float(os.environ.get("CLOCK_TOLERANCE_SECONDS", "300"))
HEARTBEAT_SECONDS = float(os.environ.get("HEARTBEAT_SECONDS", "15"))
MAX_EVENTS = int(os.environ.get("MAX_EVENTS", "10000"))
MAX_WAITING_EVENTS = 1000
RESERVED_TYPES = {"complete", "gap", "failure"}


# --- Events: one dense sequence for all topics (1.2), in memory and bounded -----------------------------------------------------


class Event(NamedTuple):
    sequence: int
    topic: str
    text: str


class EventLog:
    """Lives in the event loop's thread alone, so that nothing comes between reading it and listening to it."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(6)
        self.events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self.last = 0
        self.listeners: dict[asyncio.Queue[Event], str] = {}

    def publish(self, topic: str, type_: str, data: Any) -> str:
        self.last += 1
        event_id = f"{self.epoch}-{self.last}"
        event = Event(self.last, topic, encode(event_id, type_, json.dumps(data)))
        self.events.append(event)
        for queue, wanted in list(self.listeners.items()):
            if wanted == topic:
                try:
                    queue.put_nowait(event)
                except asyncio.QueueFull:
                    # A slow client is cut off and not buffered (6.4): it resumes from the log.
                    del self.listeners[queue]
        return event_id

    def replay(self, topic: str, last_event_id: str | None) -> list[str]:
        """What a new connection begins with: its place, or what it missed, with a gap where something is lost (5)."""
        if not last_event_id:
            return [f"id: {self.epoch}-{self.last}\n\n"]
        first = self.events[0].sequence if self.events else self.last + 1
        epoch, _, digits = last_event_id.rpartition("-")
        after, blocks = first - 1, []
        if not digits.isascii() or not digits.isdigit() or not epoch.isascii() or not epoch.isalnum():
            reason = "unknown"
        elif epoch != self.epoch:
            reason = "epoch"
        elif int(digits) > self.last:
            reason = "unknown"
        elif int(digits) < first - 1:
            # What was let go may have been of another topic; a server that cannot know tells a gap (5.4).
            reason = "trimmed"
        else:
            reason, after = None, int(digits)
        if reason:
            blocks.append(encode(f"{self.epoch}-{after}", "gap", json.dumps({"reason": reason, "after": last_event_id})))
        return blocks + [event.text for event in self.events if event.sequence > after and event.topic == topic]


def encode(event_id: str, type_: str, data: str) -> str:
    """The only place that writes an event. JSON has no line breaks of its own; the type is the only text that could forge a line (4.1)."""
    if any(char in type_ for char in "\r\n\0"):
        raise ValueError("An event's type must have no line break and no NUL.")
    return f"id: {event_id}\nevent: {type_}\ndata: {data}\n\n"


# --- Tokens: Microsoft's rules for access tokens ---------------------------------------------------------------------------------

keys = jwt.PyJWKClient(f"{AUTHORITY}/{TENANT_ID}/discovery/v2.0/keys", cache_keys=True)


def refuse(status: int, code: str, detail: str, challenge: str | None = None) -> HTTPException:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return HTTPException(status, {"status": status, "code": code, "title": code, "detail": detail}, headers)


def authenticate(request: Request, authorization: str | None = Header(None)) -> dict[str, Any]:
    """Who calls. Not `async`: fetching keys blocks, and FastAPI runs a plain function in a thread."""
    if "access_token" in request.query_params:
        raise refuse(400, "token-in-query", "A token must not be in the URL: send it in the Authorization header.")
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refuse(401, "no-token", "The request has no bearer token.", 'Bearer realm=""')
    try:
        key = keys.get_signing_key_from_jwt(token)
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
    except OSError as error:  # urllib's: the keys could not be fetched
        raise refuse(503, "keys-unavailable", "The token cannot be checked now.") from error
    except jwt.PyJWTError as error:
        detail = f"The token is refused: {type(error).__name__}."
        raise refuse(401, "invalid-token", detail, f'Bearer realm="", error="invalid_token", error_description="{detail}"') from error
    if claims["tid"] != TENANT_ID:
        raise refuse(401, "wrong-tenant", "The token is of another tenant.", 'Bearer realm="", error="invalid_token"')
    if SCOPE not in claims.get("scp", "").split():
        challenge = f'Bearer realm="", error="insufficient_scope", scope="{SCOPE}"'
        raise refuse(403, "insufficient-scope", f"The token lacks the scope {SCOPE}.", challenge)
    return claims


# --- The application ---------------------------------------------------------------------------------------------------------------

app = FastAPI()
log = EventLog()
sessions: Counter[str] = Counter()

app.add_middleware(
    CORSMiddleware,
    allow_origins=[WEB_ORIGIN],
    allow_methods=["GET", "POST"],
    allow_headers=["authorization", "content-type", "last-event-id", "ngsw-bypass"],
    expose_headers=["WWW-Authenticate", "Retry-After", "Sillage-Heartbeat-Ms"],
)


@app.exception_handler(HTTPException)
async def problem(_: Request, error: HTTPException) -> JSONResponse:
    body = error.detail if isinstance(error.detail, dict) else {"status": error.status_code, "title": error.detail}
    return JSONResponse(body, error.status_code, error.headers, "application/problem+json")


@app.get("/health")
async def health() -> dict[str, Any]:
    return {"status": "ok", "sessions": +sessions}


@app.get("/chat/stream/{session_id}")
async def stream_chat(request: Request, session_id: str, claims: dict[str, Any] = Depends(authenticate)) -> StreamingResponse:
    # Starlette decodes headers as Latin-1, and an ID comes as UTF-8 (2.3).
    last_event_id = request.headers.get("last-event-id", "").encode("latin-1").decode("utf-8", "replace")
    headers = {
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
        "Sillage-Heartbeat-Ms": str(int(HEARTBEAT_SECONDS * 1000)),
    }
    return StreamingResponse(follow(session_id, last_event_id, deadline(claims)), 200, headers, "text/event-stream")


def deadline(claims: dict[str, Any]) -> float:
    """A stream ends when its token does (6.1); one that was taken within the tolerance gets as much."""
    return claims["exp"] if claims["exp"] > time.time() else claims["exp"] + CLOCK_TOLERANCE_SECONDS


async def follow(topic: str, last_event_id: str | None, until: float) -> AsyncIterator[str]:
    queue: asyncio.Queue[Event] = asyncio.Queue(MAX_WAITING_EVENTS)
    # In one turn of the event loop: no event can come between what is replayed and what is listened to.
    blocks = log.replay(topic, last_event_id)
    log.listeners[queue] = topic
    sessions[topic] += 1
    try:
        for block in blocks:
            yield block
        while queue in log.listeners or not queue.empty():
            remaining = until - time.time()
            if remaining <= 0:
                return
            try:
                yield (await asyncio.wait_for(queue.get(), min(HEARTBEAT_SECONDS, remaining))).text
            except asyncio.TimeoutError:
                if remaining > HEARTBEAT_SECONDS:
                    yield ":\n\n"
    finally:
        # Also when the client leaves: Starlette then cancels the generator.
        log.listeners.pop(queue, None)
        sessions[topic] -= 1


@app.post("/chat/{session_id}", status_code=201)
async def publish(request: Request, session_id: str, _: dict[str, Any] = Depends(authenticate)) -> dict[str, str]:
    try:
        body = await request.json()
        type_, data = body.get("type", "message"), body["data"]
        if type_ in RESERVED_TYPES:
            raise ValueError(f"The type {type_} is the protocol's own: give this event another one.")
        return {"id": log.publish(session_id, type_, data)}
    except (ValueError, KeyError, AttributeError) as error:
        detail = str(error) if isinstance(error, ValueError) else "The body must be an object with data."
        raise refuse(400, "invalid-body", detail) from error
