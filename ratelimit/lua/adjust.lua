-- Give requests back to a caller's window, or take them unasked. The rule is window.adjust's.
--
-- KEYS  1 hash, as in spend.lua
-- ARGV  1 now (epoch seconds)  2 length of the window  3 by how much (negative: give back)
-- Returns what the window has used then.
local now, length, by = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[1], 'begins', 'used')
local begins, used = tonumber(known[1] or now), tonumber(known[2] or 0)
if now <= begins - length or now >= begins + length then begins, used = now, 0 end
used = math.max(used + by, 0)
redis.call('HSET', KEYS[1], 'begins', string.format('%.3f', begins), 'used', used)
if redis.call('TTL', KEYS[1]) < begins + length - now then
  redis.call('EXPIRE', KEYS[1], math.ceil(begins + length - now) + 1)
end
return used
