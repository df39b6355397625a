-- Take requests out of a caller's window, or refuse and let its penalty grow. The rule is window.take's.
--
-- KEYS  1 hash: begins, used, level, blocked_until
-- ARGV  1 now (epoch seconds)  2 length of the window  3 limit  4 cost (the least to take)  5 the most to take
-- Returns {count, left, resets}; count 0: refused until resets.
local LONGEST_PENALTY, DECAY, HIGHEST_LEVEL = 3600, 600, 12
local now, length, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local cost, most = tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('HMGET', KEYS[1], 'begins', 'used', 'level', 'blocked_until')
local begins, used = tonumber(known[1] or now), tonumber(known[2] or 0)
local level, blocked_until = tonumber(known[3] or 0), tonumber(known[4] or 0)

local function answer(count, left, resets)
  return {count, left, string.format('%.3f', resets)}
end

if blocked_until > now and blocked_until - now <= LONGEST_PENALTY then return answer(0, 0, blocked_until) end
if now <= begins - length or now >= begins + length then begins, used = now, 0 end
local resets, left = begins + length, limit - used
local count = 0
if left >= cost then
  count = math.min(left, most)
  used, left = used + count, left - count
else
  local worn_off = 0
  if blocked_until > 0 then worn_off = math.floor((now - blocked_until) / DECAY) end
  level = math.min(math.max(level - worn_off, 0) + 1, HIGHEST_LEVEL)
  blocked_until = resets
  if level > 1 then
    blocked_until = math.max(resets, now + math.min(length * 2 ^ (level - 1), LONGEST_PENALTY))
  end
  left, resets = 0, blocked_until
end
redis.call('HSET', KEYS[1], 'begins', string.format('%.3f', begins), 'used', used,
  'level', level, 'blocked_until', string.format('%.3f', blocked_until))
redis.call('EXPIRE', KEYS[1], math.ceil(math.max(begins + length, blocked_until + level * DECAY) - now) + 1)
return answer(count, left, resets)
