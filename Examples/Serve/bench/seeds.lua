-- For wrk: every request asks for seeds that nobody has asked for, and an answer that is no picture counts as lost.
-- COUNT pictures a request. What is printed last is JSON.
local threads = {}

function setup(thread)
  thread:set("first", #threads * 2 ^ 40)
  table.insert(threads, thread)
end

function init()
  seed, count, lost = first, tonumber(os.getenv("COUNT") or "1"), 0
end

function request()
  seed = seed + count
  return wrk.format("GET", string.format("/sample?seed=%.0f&count=%d", seed, count))
end

function response(status, headers, body)
  if status ~= 200 or body:sub(1, 4) ~= "\137PNG" then lost = lost + 1 end
end

function done(summary, latency)
  local lost, errors = 0, summary.errors
  for _, thread in ipairs(threads) do lost = lost + thread:get("lost") end
  lost = lost + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format(
    '{"requests/s": %.1f, "p50 ms": %.1f, "p99 ms": %.1f, "lost": %d}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, lost))
end
