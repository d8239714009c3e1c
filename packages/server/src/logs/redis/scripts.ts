import { createHash } from 'node:crypto';

/** The keys of a log. The hash tag puts all of them into one slot of a cluster, because a script may touch one slot only. */
export interface RedisKeys {
  /** A hash: `epoch`, `first`, `last`, `forgotten`, `origin`. */
  readonly meta: string;
  /** A stream: the entry `<sequence>-0` has the event and what identifies it. */
  readonly events: string;
  /** A sorted set of `<topic>\n<sequence>`, in the order of the bytes: a topic's events are found without reading those of others. */
  readonly byTopic: string;
  /** A sorted set: the last removed sequence of each topic. */
  readonly trimmed: string;
  /** A list of `<epoch>-<sequence>`: up to where the positions of earlier histories hold. */
  readonly histories: string;
  /** A hash: each node's last batch, so that one whose outcome is unknown can be sent again. */
  readonly nodes: string;
}

export function keysOf(prefix: string): RedisKeys {
  const key = (name: string): string => keyOf(prefix, name);
  return {
    meta: key('meta'),
    events: key('events'),
    byTopic: key('by-topic'),
    trimmed: key('trimmed'),
    histories: key('histories'),
    nodes: key('nodes'),
  };
}

/** A hash for each batch of `appendOnce`: `fingerprint`, `epoch`, `first`. */
export function publicationKeyOf(prefix: string, key: string): string {
  return keyOf(prefix, `publication:${key}`);
}

function keyOf(prefix: string, name: string): string {
  return `{${prefix}}:${name}`;
}

export interface RedisScript {
  readonly source: string;
  readonly sha: string;
}

/** Redis keeps scripts by this name (EVALSHA). SHA-1 is what it uses. */
function createScript(body: string): RedisScript {
  const source = common + body;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/**
 * Finds the log's present state, and begins a history where there is none or where the server is not the one that wrote the last event. A server
 * that was restarted, or a replica that took over, may have lost the last events, whose numbers would be given again; `run_id` tells them apart.
 * Positions of the earlier history hold up to what is there.
 */
const common = `
local meta, events, byTopic, trimmed, histories, nodes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

local function beginEpoch(state, nextEpoch, through)
  redis.call('RPUSH', histories, state.epoch .. '-' .. through)
  redis.call('LTRIM', histories, -1000, -1)
  redis.call('HSET', meta, 'epoch', nextEpoch)
  state.epoch = nextEpoch
end

local function openLog(nextEpoch)
  -- A user may lack the permission for INFO: then only the positions that nodes have seen tell.
  local info = redis.pcall('INFO', 'server')
  local origin = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
  local values = redis.call('HMGET', meta, 'epoch', 'first', 'last', 'forgotten', 'origin')
  if not values[1] then
    redis.call('DEL', events, byTopic, trimmed, histories, nodes)
    redis.call('HSET', meta, 'epoch', nextEpoch, 'first', 1, 'last', 0, 'forgotten', 0, 'origin', origin)
    return { epoch = nextEpoch, first = 1, last = 0, forgotten = 0 }
  end
  local state = { epoch = values[1], first = tonumber(values[2]), last = tonumber(values[3]), forgotten = tonumber(values[4]) }
  if origin ~= '' and values[5] ~= origin then
    redis.call('HSET', meta, 'origin', origin)
    beginEpoch(state, nextEpoch, state.last)
  end
  return state
end

local function throughOf(epoch, state)
  if epoch == '' or epoch == state.epoch then return -1 end
  for _, entry in ipairs(redis.call('LRANGE', histories, 0, -1)) do
    local name, through = string.match(entry, '^(%w+)-(%d+)$')
    if name == epoch then return tonumber(through) end
  end
  return -1
end

local function eventAt(sequence)
  return redis.call('XRANGE', events, sequence .. '-0', sequence .. '-0')[1]
end

-- Adds the events whose values begin at an argument, four for each: topic, type, data, retry. Returns the first one's sequence.
local function appendAll(state, from, identity, maxEvents, maxTopics)
  local firstOfBatch = state.last + 1
  for at = from, #ARGV, 4 do
    state.last = state.last + 1
    redis.call('XADD', events, state.last .. '-0', 't', ARGV[at], 'y', ARGV[at + 1], 'd', ARGV[at + 2], 'r', ARGV[at + 3],
      'i', identity .. ':' .. at)
    redis.call('ZADD', byTopic, 0, ARGV[at] .. '\\n' .. string.format('%016.0f', state.last))
  end
  -- More than were added, so that a lower limit is reached after a while; not all at once, because nothing else runs meanwhile.
  local most = (#ARGV - from + 1) / 4 + 100
  while state.last - state.first + 1 > maxEvents and most > 0 do
    local entry = eventAt(state.first)
    if entry then
      local topic = entry[2][2]
      redis.call('ZREM', byTopic, topic .. '\\n' .. string.format('%016.0f', state.first))
      redis.call('ZADD', trimmed, state.first, topic)
    end
    state.first = state.first + 1
    most = most - 1
  end
  redis.call('XTRIM', events, 'MINID', state.first .. '-0')
  local excess = redis.call('ZCARD', trimmed) - maxTopics
  if excess > 0 then
    local gone = redis.call('ZPOPMIN', trimmed, excess)
    state.forgotten = math.max(state.forgotten, tonumber(gone[#gone]))
  end
  redis.call('HSET', meta, 'first', state.first, 'last', state.last, 'forgotten', state.forgotten)
  return firstOfBatch
end
`;

/**
 * Appends a batch. Arguments: the node, its batch, a name for a new history, the position that the node has seen (epoch, sequence), the limits
 * (events, remembered topics), and four for each event: topic, type, data, retry ('' for none).
 */
export const appendScript = createScript(`
local node, batch, nextEpoch, seenEpoch, seen = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local maxEvents, maxTopics = tonumber(ARGV[6]), tonumber(ARGV[7])
local state = openLog(nextEpoch)
-- An operator may have put the keys back without a restart. Nobody knows how far, so no position of that history holds.
if seenEpoch == state.epoch and seen > state.last then beginEpoch(state, nextEpoch, 0) end

local done = redis.call('HGET', nodes, node)
if done then
  local doneBatch, doneEpoch, doneFirst = string.match(done, '^(%d+) (%w+) (%d+)')
  if doneBatch == batch then return { doneEpoch, tonumber(doneFirst) } end
  -- It was on its way when its connection was lost, and has been sent again on another meanwhile.
  if tonumber(doneBatch) > tonumber(batch) then return redis.error_reply('STALE A later batch of this node is stored.') end
end

local firstOfBatch = appendAll(state, 8, node .. ':' .. batch, maxEvents, maxTopics)
-- Nodes come and go. A node that is forgotten here could at worst repeat its last batch, and only if its outcome is unknown.
if redis.call('HLEN', nodes) > 1000 then redis.call('DEL', nodes) end
redis.call('HSET', nodes, node, batch .. ' ' .. state.epoch .. ' ' .. firstOfBatch)
return { state.epoch, firstOfBatch }
`);

/**
 * Appends a batch unless its key is known. Arguments: a fingerprint, for how many ms the key is remembered, a name for a new history, the position
 * that the node has seen, the limits, and the events as above. The seventh key is that of the publication.
 */
export const appendOnceScript = createScript(`
local publication = KEYS[7]
local fingerprint, rememberMs, nextEpoch, seenEpoch, seen = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local known = redis.call('HMGET', publication, 'fingerprint', 'epoch', 'first')
if known[1] then
  if known[1] ~= fingerprint then return redis.error_reply('REUSED The key was used for other events.') end
  return { known[2], tonumber(known[3]), 1 }
end
local state = openLog(nextEpoch)
if seenEpoch == state.epoch and seen > state.last then beginEpoch(state, nextEpoch, 0) end
local firstOfBatch = appendAll(state, 8, publication, tonumber(ARGV[6]), tonumber(ARGV[7]))
redis.call('HSET', publication, 'fingerprint', fingerprint, 'epoch', state.epoch, 'first', firstOfBatch)
redis.call('PEXPIRE', publication, rememberMs)
return { state.epoch, firstOfBatch, 0 }
`);

/** Reads what follows a position. Arguments: a name for a new history, epoch, sequence, at most that many events, at most about that many bytes. */
export const followScript = createScript(`
local state = openLog(ARGV[1])
local epoch, sequence, maxEvents, maxBytes = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local anchor = sequence > 0 and eventAt(sequence)
local found, bytes = {}, 0
for next = sequence + 1, math.min(state.last, sequence + maxEvents) do
  local entry = eventAt(next)
  if not entry or bytes > maxBytes then break end
  bytes = bytes + #entry[2][6]
  found[#found + 1] = { next, entry[2] }
end
return { state.epoch, state.first, state.last, throughOf(epoch, state), anchor and anchor[2][10] or '', found }
`);

/** Reads a page. Arguments: a name for a new history, the claimed epoch, the sequence, limits as above, and the topics. */
export const pageScript = createScript(`
local state = openLog(ARGV[1])
local epoch, sequence, maxEvents, maxBytes = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local lost, sequences = 0, {}
for at = 6, #ARGV do
  local topic = ARGV[at]
  lost = math.max(lost, tonumber(redis.call('ZSCORE', trimmed, topic) or state.forgotten))
  local after = '(' .. topic .. '\\n' .. string.format('%016.0f', sequence)
  for _, member in ipairs(redis.call('ZRANGEBYLEX', byTopic, after, '(' .. topic .. '\\n:', 'LIMIT', 0, maxEvents)) do
    sequences[#sequences + 1] = tonumber(string.sub(member, -16))
  end
end
table.sort(sequences)
local found, bytes = {}, 0
for place = 1, math.min(#sequences, maxEvents) do
  local entry = eventAt(sequences[place])
  -- With one more than fits, which tells that there is more.
  if not entry or (place > 2 and bytes > maxBytes) then break end
  bytes = bytes + #entry[2][4] + #entry[2][6]
  found[#found + 1] = { sequences[place], entry[2] }
end
return { state.epoch, state.first, state.last, throughOf(epoch, state), lost, found }
`);

/** Ends a history whose positions no longer hold. Arguments: a name for the next one, the epoch. */
export const endEpochScript = createScript(`
local state = openLog(ARGV[1])
if state.epoch == ARGV[2] then beginEpoch(state, ARGV[1], 0) end
return state.epoch
`);
