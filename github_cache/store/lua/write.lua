-- Keeps an entry and notes it in the sets that later find it; both or neither, since only the SET can be refused.
-- KEYS  1: the entry · 2: the index of its scope · 3…: the sets of entries without a validator, one per kind
-- ARGV  1: the data · 2: seconds to keep it · 3: 'yes' where it holds a validator
-- The sets are sorted by the time at which a member ends, so that each write trims what has ended.
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
local now = tonumber(redis.call('TIME')[1])
local seconds = tonumber(ARGV[2])
for number = 2, #KEYS do
  local set = KEYS[number]
  redis.call('ZREMRANGEBYSCORE', set, '-inf', now - 1)
  if number > 2 and ARGV[3] == 'yes' then
    redis.call('ZREM', set, KEYS[1])
  else
    redis.call('ZADD', set, now + seconds, KEYS[1])
    if redis.call('TTL', set) < seconds then
      redis.call('EXPIRE', set, seconds + 1)
    end
  end
end
return 1
