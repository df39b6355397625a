-- Reserve one call to GitHub, or say how long to wait. The rule about quotas is budget.may_spend's.
--
-- KEYS  as in ledger.lua
-- ARGV  1 now (epoch seconds)  2 id of the lease  3 bucket  4 lane  5 cost  6 points  7 family (rest, graphql)
--       8 kind (read, write, content)  9 slots  10 points per minute  11 content per minute  12 content per hour
--       (9 to 12: what this lane may fill)  13 seconds between writes  14 probes  15 seconds of a lease
--       16 share of the limit kept from this lane  17 seconds of burst of its pace (-1: no pace)
-- Returns {1, lease} or {0, seconds, why}.
local now, id, bucket, lane = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local cost, points, family, kind = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], ARGV[8]
local slots, points_limit = tonumber(ARGV[9]), tonumber(ARGV[10])
local minute_limit, hour_limit, write_gap = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local probes, lease_seconds, share, burst = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])

local function wait(seconds, why)
  return {0, string.format('%.3f', seconds), why}
end

follow_clock(now)

-- Leases that have expired belonged to processes that died: their calls count as sent.
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
  local its_family, its_points, its_bucket, its_cost, its_kind = parse(lease)
  count_as_spent(now, its_family, its_points, its_kind)
  charge(its_bucket, its_cost)
  redis.call('ZREM', leases, lease)
end

local known = redis.call('HMGET', ledger, 'rest_until', 'rest_why', 'write_at',
  bucket .. ':rest_until', bucket .. ':rest_why', bucket .. ':limit', bucket .. ':remaining', bucket .. ':reset',
  bucket .. ':clock:' .. lane)
local function at(index) return tonumber(known[index] or 0) end

if at(1) > now then return wait(at(1) - now, known[2]) end
if at(4) > now then return wait(at(4) - now, known[5]) end

-- What is under way.
local calls, held, asking, held_points, held_content = 0, 0, 0, 0, 0
for _, lease in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
  local its_family, its_points, its_bucket, its_cost, its_kind = parse(lease)
  calls = calls + 1
  if its_bucket == bucket then
    held = held + its_cost
    asking = asking + 1
  end
  if its_family == family then held_points = held_points + its_points end
  if its_kind == 'content' then held_content = held_content + 1 end
end

-- The quota.
local limit, remaining, reset, clock = at(6), at(7), at(8), at(9)
local lane_clock = clock
if not known[6] or reset - now > LONGEST_WINDOW then
  if asking >= probes then return wait(0.25, 'probing') end
else
  local begun = reset > 0
  if begun and reset + RESET_MARGIN <= now then
    begun, remaining, reset = false, limit, 0
    redis.call('HSET', ledger, bucket .. ':remaining', limit, bucket .. ':used', 0, bucket .. ':reset', 0)
  end
  if cost > 0 then  -- what is free may pass whatever is left
    local kept = math.ceil(math.floor(limit * share * 1e6 + 0.5) / 1e6)
    local until_reset = 1
    if begun then until_reset = math.max(reset + RESET_MARGIN - now, 1) end
    if cost > limit - kept then return wait(until_reset, 'too_expensive') end
    local usable = remaining - held - kept
    if usable < cost then
      if remaining - kept >= cost then return wait(1, 'exhausted') end
      return wait(until_reset, remaining >= cost and 'reserved' or 'exhausted')
    end
    if begun and burst >= 0 then
      lane_clock = math.max(clock, now) + cost * math.max(reset - now, 1) / usable
      local ahead = lane_clock - now - burst
      if ahead > 0 and clock > now then return wait(ahead, 'pace') end
    end
  end
end

-- What still counts in the windows; what has left them is swept out.
local totals, ends_of, gone = {}, {}, {}
local filed = redis.call('HGETALL', spent)
for index = 1, #filed, 2 do
  local name, ends = string.match(filed[index], '^(.-):(%d+)$')
  ends = tonumber(ends)
  if ends <= now then
    gone[#gone + 1] = filed[index]
  else
    totals[name] = (totals[name] or 0) + filed[index + 1]
    ends_of[name] = ends_of[name] or {}
    table.insert(ends_of[name], {ends, tonumber(filed[index + 1])})
  end
end
if #gone > 0 then redis.call('HDEL', spent, unpack(gone)) end

-- Seconds until `weight` more fits into a window beside what is under way; nil where it fits now.
local function full(name, under_way, weight, most)
  local over = (totals[name] or 0) + under_way + weight - most
  if over <= 0 then return nil end
  local slots_of = ends_of[name] or {}
  table.sort(slots_of, function(one, other) return one[1] < other[1] end)
  for _, slot in ipairs(slots_of) do
    over = over - slot[2]
    if over <= 0 then return slot[1] - now end
  end
  return 1
end

if kind == 'content' then
  local seconds = full('hour', held_content, 1, hour_limit) or full('minute', held_content, 1, minute_limit)
  if seconds then return wait(seconds, 'content') end
end
local seconds = full(family, held_points, points, points_limit)
if seconds then return wait(seconds, 'points') end
if kind ~= 'read' and known[3] then
  local gap = at(3) + write_gap - now
  if gap > 0 then return wait(math.min(gap, write_gap), 'write_gap') end
end
if calls >= slots then return wait(0.25, 'concurrency') end

local lease = table.concat({id, family, points, bucket, cost, kind}, '|')
redis.call('ZADD', leases, string.format('%.3f', now + lease_seconds), lease)
if lane_clock ~= clock then redis.call('HSET', ledger, bucket .. ':clock:' .. lane, string.format('%.6f', lane_clock)) end
if kind ~= 'read' then redis.call('HSET', ledger, 'write_at', string.format('%.3f', now)) end
keep()
return {1, lease}
