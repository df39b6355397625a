-- The current tokens of epochs, made where they are missing. An epoch that is there is not written to, but for its
-- remaining time, and that rarely: every write to it would tell the listeners to forget what bears it.
-- KEYS  the epochs
-- ARGV  1: the token for those that are missing · 2: seconds to keep them
local tokens = {}
for number, epoch in ipairs(KEYS) do
  local token = redis.call('GET', epoch)
  if not token then
    token = ARGV[1]
    redis.call('SET', epoch, token, 'EX', ARGV[2])
  elseif redis.call('TTL', epoch) < tonumber(ARGV[2]) / 2 then
    redis.call('EXPIRE', epoch, ARGV[2])
  end
  tokens[number] = token
end
return tokens
