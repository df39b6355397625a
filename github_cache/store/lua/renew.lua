-- Gives epochs a new token and deletes the entries that stand in some sets, with the sets.
-- KEYS  the epochs · the sets whose members go · last: the index of the scope
-- ARGV  1: the new token · 2: seconds to keep it · 3: how many epochs there are
-- An epoch is deleted before it is written: a full Redis refuses the second, and a missing epoch is renewed enough.
-- Returns the number of entries that were deleted.
local epochs = tonumber(ARGV[3])
local index = KEYS[#KEYS]
for number = 1, epochs do
  redis.call('DEL', KEYS[number])
  redis.pcall('SET', KEYS[number], ARGV[1], 'EX', ARGV[2])
end
local deleted = 0
for number = epochs + 1, #KEYS - 1 do
  local members = redis.call('ZRANGE', KEYS[number], 0, -1)
  for first = 1, #members, 1000 do
    local last = math.min(first + 999, #members)
    deleted = deleted + redis.call('UNLINK', unpack(members, first, last))
    redis.call('ZREM', index, unpack(members, first, last))
  end
  redis.call('DEL', KEYS[number])
end
return deleted
