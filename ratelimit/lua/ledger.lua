-- Shared by reserve.lua and report.lua, and put before them when they are loaded.
--
-- The keys of one account, all with the account as hash tag:
--   KEYS[1] ledger  hash  BUCKET:limit, BUCKET:remaining, BUCKET:used, BUCKET:reset (0: window not begun),
--                         BUCKET:rest_until, BUCKET:rest_why, BUCKET:clock:LANE,
--                         rest_until, rest_why, strikes, write_at, seen_at (the latest time that was handed in)
--   KEYS[2] leases  zset  one member per call under way, scored by when it expires:
--                         ID|FAMILY|POINTS|BUCKET|COST|KIND
--   KEYS[3] spent   hash  NAME:END -> weight, for what still counts in a window until END;
--                         NAME is rest, graphql, minute or hour (the last two: content that was made)
local KEPT = 7200          -- seconds after which an account that nobody uses is forgotten
local RESET_MARGIN = 1     -- seconds past a reset before the new window is believed in
local SAME_WINDOW = 30     -- resets closer than this are one window
local LONGEST_WINDOW = 7200
local SET_BACK = 300       -- a clock that falls behind what was seen by more than this was set back
local ledger, leases, spent = KEYS[1], KEYS[2], KEYS[3]

local function parse(lease)
  local id, family, points, bucket, cost, kind = string.match(lease, '^(.-)|(.-)|(%d+)|(.-)|(%d+)|(.-)$')
  return family, tonumber(points), bucket, tonumber(cost), kind
end

-- A call is over: it may have reached GitHub at any time up to `now`, so it counts from now on.
local function count_as_spent(now, family, points, kind)
  local function add(name, span, grain, weight)
    local ends = math.ceil((now + span) / grain) * grain
    redis.call('HINCRBY', spent, name .. ':' .. string.format('%.0f', ends), weight)
  end
  add(family, 60, 2, points)
  if kind == 'content' then
    add('minute', 60, 2, 1)
    add('hour', 3600, 120, 1)
  end
end

-- Nothing was said about the quota: take it that the call was charged, unless the window is unknown.
local function charge(bucket, cost)
  local known = redis.call('HMGET', ledger, bucket .. ':remaining', bucket .. ':used', bucket .. ':reset')
  if known[1] and tonumber(known[3]) > 0 then
    redis.call('HSET', ledger, bucket .. ':remaining', math.max(tonumber(known[1]) - cost, 0),
      bucket .. ':used', tonumber(known[2]) + cost)
  end
end

local function keep()
  redis.call('EXPIRE', ledger, KEPT)
  redis.call('EXPIRE', leases, KEPT)
  redis.call('EXPIRE', spent, KEPT)
end

-- Where the clock was set back, all that was noted moves back with it, as if no time had passed; the readings, whose
-- resets cannot be told from newer ones any more, are forgotten, so that the next answer counts.
local function follow_clock(now)
  local seen = tonumber(redis.call('HGET', ledger, 'seen_at') or 0)
  if now >= seen - SET_BACK then
    if now > seen then redis.call('HSET', ledger, 'seen_at', string.format('%.3f', now)) end
    return
  end
  local by = now - seen
  local fields = redis.call('HGETALL', ledger)
  for index = 1, #fields, 2 do
    local name, value = fields[index], fields[index + 1]
    if name == 'write_at' or string.find(name, 'rest_until$') or string.find(name, ':clock:', 1, true) then
      redis.call('HSET', ledger, name, string.format('%.6f', value + by))
    elseif string.find(name, ':limit$') or string.find(name, ':remaining$') or string.find(name, ':used$')
      or string.find(name, ':reset$') then
      redis.call('HDEL', ledger, name)
    end
  end
  for _, lease in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    redis.call('ZINCRBY', leases, by, lease)
  end
  local filed = redis.call('HGETALL', spent)
  redis.call('DEL', spent)
  for index = 1, #filed, 2 do
    local name, ends = string.match(filed[index], '^(.-):(%d+)$')
    redis.call('HINCRBY', spent, name .. ':' .. string.format('%.0f', math.ceil(ends + by)), filed[index + 1])
  end
  redis.call('HSET', ledger, 'seen_at', string.format('%.3f', now))
end
