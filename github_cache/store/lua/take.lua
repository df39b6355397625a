-- Takes a lease that nobody holds. KEYS 1: the lease · ARGV 1: who asks · 2: seconds · Returns who holds it now.
-- A lease that was left by a failure (`failed:…`) is held by nobody.
local holder = redis.call('GET', KEYS[1])
if holder and string.sub(holder, 1, 7) ~= 'failed:' then
  return holder
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return ARGV[1]
