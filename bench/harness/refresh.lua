-- The load: every request presents the oldest refresh token of the pool, every answer puts its successor back at the end.
-- Arguments after `--`: the file of starting tokens, the path, and `json` or `form` for the shape of the body; then, if given,
-- the number of answers after which to say LIMIT: wrk itself cannot end before its time, so the runner interrupts it.
-- At the end the file is rewritten with the tokens that are still good, for the next run on the same server; those in flight are lost.
-- Anything but a 200 with a new token is counted as a failure and its token is lost; the runner refuses a run with a failure.

-- Globals, because wrk reads them from this state when the run is over.
failures = 0
sample = ""
file = ""
ring = {}

local ring, first, last = ring, 1, 0
local before, lead, tail, limit
local answered = 0
local find, sub = string.find, string.sub
local marker = '"refresh_token":"'

function init(args)
  file = args[1]
  for token in io.lines(file) do
    last = last + 1
    ring[last] = token
  end
  local json = args[3] == "json"
  local kind = json and "application/json" or "application/x-www-form-urlencoded"
  before = "POST " .. args[2] .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nAccept: application/json\r\nContent-Type: " .. kind .. "\r\nContent-Length: "
  lead = json and '{"refresh_token":"' or "grant_type=refresh_token&client_id=bench&refresh_token="
  tail = json and '"}' or ""
  limit = tonumber(args[4])
end

function request()
  local token = ring[first]
  if token == nil then
    -- Cannot happen while the pool is larger than the number of connections; the server will refuse it, which is counted.
    token = "exhausted"
  else
    ring[first] = nil
    first = first + 1
  end
  return before .. (#lead + #token + #tail) .. "\r\n\r\n" .. lead .. token .. tail
end

function response(status, _, body)
  local _, from = find(body, marker, 1, true)
  if status == 200 and from ~= nil then
    last = last + 1
    ring[last] = sub(body, from + 1, find(body, '"', from + 1, true) - 1)
  else
    failures = failures + 1
    if sample == "" then
      sample = status .. " " .. sub(body, 1, 200)
    end
  end
  answered = answered + 1
  if answered == limit then
    io.stdout:write("LIMIT\n")
    io.stdout:flush()
  end
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency, _)
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local bad, text = 0, ""
  for _, thread in ipairs(threads) do
    bad = bad + thread:get("failures")
    text = text .. thread:get("sample")
  end
  local out = io.open(threads[1]:get("file"), "w")
  local left, order = threads[1]:get("ring"), {}
  for place in pairs(left) do
    order[#order + 1] = place
  end
  table.sort(order)
  for _, place in ipairs(order) do
    out:write(left[place], "\n")
  end
  out:close()
  text = text:gsub('[%c"\\]', " ")
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"failures":%d,"lost":%d,"sample":"%s"}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, bad, lost, text))
end
