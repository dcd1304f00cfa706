/**
 * The half of the Lua runtime that is written in Lua: threads as coroutines, events, and the functions scripts call. It is given `host`
 * (OP, scalars…), which passes things on, the safe globals, the script's text, path and directory, and the events that are set. It
 * returns a function that the runtime calls with what happens.
 *
 * Nothing here runs inside of another thread: who is woken is put into a queue, and the queue is emptied before control goes back.
 */
export const LUA_PRELUDE = String.raw`
local host, safe, text, path, directory, latched = ...
local create, resume, yield, status = coroutine.create, coroutine.resume, coroutine.yield, coroutine.status
local pack, unpack, concat = table.pack, table.unpack, table.concat
local env, queue, waiting, waiters, set, ends = {}, {}, {}, {}, {}, setmetatable({}, { __mode = 'k' })
local current, main
local nextId, nextPipe = 1, 1
for name, value in pairs(safe) do env[name] = value end
for _, name in ipairs(latched) do set[name] = true end

local function makeThread(body, finish)
  return { co = create(body), finish = finish }
end
local function enqueue(thread, ...) queue[#queue + 1] = { thread, pack(...) } end
local function drain()
  local at = 1
  while queue[at] do
    local thread, given = queue[at][1], queue[at][2]
    queue[at] = false
    at = at + 1
    current = thread
    local ok, problem = resume(thread.co, unpack(given, 1, given.n))
    current = nil
    if status(thread.co) == 'dead' then thread.finish(ok, problem) end
  end
  queue = {}
end
local function ask(op, ...)
  local id = nextId
  nextId = id + 1
  waiting[id] = current
  host(op, id, ...)
  return id
end
local function describe(problem)
  if type(problem) == 'string' then return problem end
  return path .. ': ' .. tostring(problem)
end

function env.scriptName() return path end
function env.fullpath(name)
  if type(name) ~= 'string' then error('fullpath takes a string', 2) end
  if name:sub(1, 1) == '/' then return name end
  return (directory == '/' and '' or directory) .. '/' .. name
end
function env.cmd(words)
  local found = {}
  for word in words:gmatch('%S+') do found[#found + 1] = word end
  return unpack(found)
end
function env.reply(...)
  if not (current and current.call) then error('reply is for commands: nobody waits for an answer here', 2) end
  local fields = pack(...)
  for i = 1, fields.n do fields[i] = tostring(fields[i]) end
  host('reply', current.call, unpack(fields, 1, fields.n))
end
function env.parallel(body)
  local thread = makeThread(body, function(ok, problem)
    if not ok then host('log', describe(problem)) end
  end)
  enqueue(thread)
  return thread
end
function env.print(...)
  local words = pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  host('log', concat(words, '\t'))
end

function env.waitEvent(event)
  if event == nil then error('an event is any value but nil', 2) end
  if set[event] then return end
  waiters[event] = waiters[event] or {}
  local list = waiters[event]
  list[#list + 1] = current
  yield()
end
function env.triggerEvent(event)
  if event == nil then error('an event is any value but nil', 2) end
  local list = waiters[event] or {}
  waiters[event] = nil
  for _, thread in ipairs(list) do enqueue(thread) end
end
function env.setEvent(event, on)
  if event == nil then error('an event is any value but nil', 2) end
  on = on ~= false
  set[event] = on or nil
  if type(event) == 'string' then host('latch', event, on) end
  if on then env.triggerEvent(event) end
end
function env.isSet(event) return set[event] == true end

local Event = {}
Event.__index = Event
function env.Event() return setmetatable({ handlers = {} }, Event) end
function Event:thenDo(ok, err) self.handlers[#self.handlers + 1] = { ok, err } end
local function tell(event, which, ...)
  local handlers = event.handlers
  event.handlers = {}
  for _, handler in ipairs(handlers) do
    if handler[which] then
      local fine, problem = pcall(handler[which], ...)
      if not fine then host('log', describe(problem)) end
    end
  end
end
function Event:fire(...) tell(self, 1, ...) end
function Event:fail(...) tell(self, 2, ...) end
function env.wait(event)
  if getmetatable(event) ~= Event then error('wait takes an Event()', 2) end
  local thread = current
  event:thenDo(function(...) enqueue(thread, true, ...) end, function(problem) enqueue(thread, false, problem) end)
  local got = pack(yield())
  if not got[1] then error(got[2], 2) end
  return unpack(got, 2, got.n)
end
function env.sleep(seconds)
  ask('sleep', seconds)
  yield()
end
function env.fileChanged(name)
  ask('watch', env.fullpath(name))
  local problem = yield()
  if problem then error(problem, 2) end
end

function env.pipe(name)
  if name == nil then
    name = '#' .. nextPipe
    nextPipe = nextPipe + 1
  end
  host('pipe', name)
  local input, output = {}, {}
  ends[input], ends[output] = 'input:' .. name, 'output:' .. name
  function input.write(self, bytes)
    ask('write', name, tostring(bytes))
    local problem = yield()
    if problem then error(problem, 2) end
  end
  function input.writeln(self, bytes) input.write(self, tostring(bytes) .. '\n') end
  return { input = input, output = output }
end
function env.listener(name)
  local ref = {}
  ends[ref] = 'listener:' .. name
  return ref
end

local function stream(value, name)
  if value == nil then return '' end
  return ends[value] or error(name .. ' takes an end of a pipe or a listener', 4)
end
local function start(tbl, level)
  local argv = {}
  for i = 1, #tbl do
    local word = tbl[i]
    if type(word) ~= 'string' then error('run takes words that are strings, not ' .. type(word), level) end
    if word:find('\0', 1, true) then error('a word of a command cannot hold a zero byte', level) end
    argv[i] = word
  end
  if #argv == 0 then error('run takes a program and its arguments', level) end
  local more = {}
  for name, value in pairs(tbl.env or {}) do more[#more + 1] = tostring(name) .. '=' .. tostring(value) end
  table.sort(more)
  local fds = {}
  for fd, value in pairs(tbl.fds or {}) do fds[#fds + 1] = tostring(fd) .. '=' .. stream(value, 'fds') end
  table.sort(fds)
  local user = tbl.user
  if user == nil then user = '' end
  local chdir = tbl.chdir == nil and directory or env.fullpath(tbl.chdir)
  current.child = ask('spawn', chdir, tostring(user), stream(tbl.stdin, 'stdin'), stream(tbl.stdout, 'stdout'), stream(tbl.stderr, 'stderr'), concat(more, '\0'), concat(fds, '\0'), concat(argv, '\0'))
  local ended = yield()
  current.child = nil
  return ended
end
function env.run(tbl, ...)
  if type(tbl) ~= 'table' then tbl = { tbl, ... } end
  -- No tail call: the place of an error is found by counting callers.
  local ended = start(tbl, 3)
  return ended
end
function env.runIfUp(tbl, ...)
  env.waitEvent 'up'
  if type(tbl) ~= 'table' then tbl = { tbl, ... } end
  -- No tail call: the place of an error is found by counting callers.
  local ended = start(tbl, 3)
  return ended
end
for name in ('ALRM CHLD HUP INT KILL PIPE TERM USR1 USR2'):gmatch('%S+') do env['SIG' .. name] = name end
function env.signal(thread, name)
  if type(name) ~= 'string' then error('signal takes a thread, or nil, and a signal such as SIGHUP', 2) end
  thread = thread or main
  if thread.child then host('signal', thread.child, name) end
end

env.command = {}
function env.command.up() env.setEvent 'up' end
function env.command.down()
  env.setEvent('up', false)
  env.signal(nil, env.SIGTERM)
end
function env.command.status() env.reply 'the script is loaded' end

local chunk, problem = load(text, '@' .. path, 't', env)
if not chunk then error(problem, 0) end

return function(what, id, ...)
  if what == 'begin' then
    main = makeThread(chunk, function(ok, problem) host('ended', not ok and describe(problem) or nil) end)
    enqueue(main)
    drain()
    host('ready')
  elseif what == 'wake' then
    local thread = waiting[id]
    waiting[id] = nil
    if thread then enqueue(thread, ...) end
    drain()
  elseif what == 'call' then
    local name = ...
    local handler = type(env.command) == 'table' and env.command[name]
    if type(handler) ~= 'function' then
      host('returned', id, 'command "' .. name .. '" is not defined by ' .. path)
      return
    end
    local thread = makeThread(handler, function(ok, problem) host('returned', id, not ok and describe(problem) or nil) end)
    thread.call = id
    enqueue(thread, select(2, ...))
    drain()
  end
end
`;
