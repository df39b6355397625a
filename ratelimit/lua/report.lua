-- A call is over, or a reading came by itself: give the slot back, correct the ledger, rest after a refusal.
--
-- KEYS  as in ledger.lua
-- ARGV  1 now (epoch seconds)  2 lease ('': a reading alone)  3 cost that was charged ('': what was reserved)
--       4 bucket of the reading ('': there is none)  5 limit  6 remaining  7 used  8 reset
--       9 rest: '', account or bucket  10 seconds of it  11 why  12 told (1: by GitHub; 0: guessed, so it grows)
--       13 went well (1: the account is not held against a secondary limit)
-- Returns 1 where the lease was still held, else 0.
local now, lease, charged, bucket = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local FIRST_REST, LONGEST_REST = 60, 3600
follow_clock(now)

local asked_bucket, asked_cost
local held = 0
if lease ~= '' then
  local family, points, kind
  family, points, asked_bucket, asked_cost, kind = parse(lease)
  held = redis.call('ZREM', leases, lease)
  if held == 1 then count_as_spent(now, family, points, kind) end
end

if bucket ~= '' then
  local limit, remaining, used, reset = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  if reset + RESET_MARGIN > now and reset - now <= LONGEST_WINDOW then
    local old = redis.call('HMGET', ledger, bucket .. ':remaining', bucket .. ':used', bucket .. ':reset')
    local old_reset = tonumber(old[3] or 0)
    local known = old[1] and old_reset - now <= LONGEST_WINDOW
    if not known or reset >= old_reset - SAME_WINDOW then
      if known and reset <= old_reset + SAME_WINDOW then
        remaining = math.min(remaining, tonumber(old[1]))
        used = math.max(used, tonumber(old[2]))
        reset = math.max(reset, old_reset)
      end
      redis.call('HSET', ledger, bucket .. ':limit', limit, bucket .. ':remaining', remaining,
        bucket .. ':used', used, bucket .. ':reset', string.format('%.3f', reset))
    end
  end
elseif held == 1 then
  charge(asked_bucket, charged == '' and asked_cost or tonumber(charged))
end

local rest, seconds, why, told = ARGV[9], tonumber(ARGV[10]), ARGV[11], ARGV[12] == '1'
local resting_until = tonumber(redis.call('HGET', ledger, 'rest_until') or 0)
if rest == 'account' then
  if resting_until <= now then
    local strikes = redis.call('HINCRBY', ledger, 'strikes', 1)
    if not told then
      seconds = math.max(seconds, math.min(FIRST_REST * 2 ^ math.min(strikes - 1, 16), LONGEST_REST))
    end
  end
  if now + seconds > resting_until then
    redis.call('HSET', ledger, 'rest_until', string.format('%.3f', now + seconds), 'rest_why', why)
  end
elseif rest == 'bucket' then
  local field = (bucket ~= '' and bucket or asked_bucket) .. ':rest_'
  if now + seconds > tonumber(redis.call('HGET', ledger, field .. 'until') or 0) then
    redis.call('HSET', ledger, field .. 'until', string.format('%.3f', now + seconds), field .. 'why', why)
  end
elseif ARGV[13] == '1' and resting_until <= now then
  redis.call('HDEL', ledger, 'strikes')
end
keep()
return held
