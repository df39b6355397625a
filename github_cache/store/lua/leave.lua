-- What only the holder of a lease may do. KEYS 1: the lease · ARGV 1: the holder · 2: seconds, 0 to end it · 3: what
-- stands in it from now on. Returns 1 if it was the holder.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[2])
end
return 1
