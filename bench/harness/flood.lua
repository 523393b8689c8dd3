-- The flood: every request is a sign-in with a wrong password, under a name and from a network that nobody has seen, so that no
-- budget ever stops it and every one costs a hash.

local number = 0
local kinds = { ["401"] = 0, ["429"] = 0, ["503"] = 0 }
statuses = kinds
other = 0

function request()
  number = number + 1
  local address = "10." .. math.floor(number / 65536) % 256 .. "." .. math.floor(number / 256) % 256 .. "." .. number % 256
  local body = '{"username":"nobody-' .. number .. '","password":"a wrong password, number ' .. number .. '"}'
  return "POST /api/v1/login HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nContent-Type: application/json\r\nX-Forwarded-For: " .. address
    .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function response(status)
  if kinds[tostring(status)] == nil then other = other + 1 else kinds[tostring(status)] = kinds[tostring(status)] + 1 end
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("other") end
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"failures":%d,"lost":%d,"sample":""}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, wrong, lost))
end
