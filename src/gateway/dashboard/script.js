// The dashboard: what the API says, drawn anew when an event tells of a change. Everything that comes from outside becomes text nodes,
// never markup; the page's policy forbids all else.
'use strict';

const API = '/api/v1';
/** Many changes at once are drawn once. */
const REDRAW_MSEC = 150;
const RETRY_MSEC = 2000;
const LOG_LINES_KEPT = 500;
const GRAPH_NEIGHBOURS_MAX = 9;
const KINDS = ['service', 'socket', 'timer', 'target', 'mount', 'path', 'slice'];
const STATES = ['active', 'activating', 'failed', 'inactive'];

const state = { units: new Map(), manager: null, caller: null, kind: 'service', active: '', filter: '', all: false, open: null, nowUsec: 0, readAt: 0, streams: new Set() };
const at = (id) => document.getElementById(id);

/** An element with properties and children; strings become text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function draw(tag, properties = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// --- asking

function headers() {
  const credentials = sessionStorage.getItem('credentials');
  return credentials === null ? {} : { Authorization: credentials };
}

async function ask(path, options = {}) {
  const response = await fetch(API + path, { ...options, headers: { ...headers(), ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }) }, cache: 'no-store' });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const problem = new Error(answer.error?.message ?? `The gateway answered ${response.status}.`);
  problem.status = response.status;
  throw problem;
}

/** Events by fetch, because an EventSource sends no token. Comes back by itself until `signal` ends it. */
async function listen(path, signal, onEvent, onLost) {
  while (!signal.aborted) {
    try {
      const response = await fetch(API + path, { headers: headers(), signal, cache: 'no-store' });
      if (!response.ok) throw Object.assign(new Error((await response.json()).error?.message ?? ''), { status: response.status });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ;) {
        const { done, value } = await reader.read();
        if (done) break;
        rest += value;
        for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
          const fields = Object.fromEntries(rest.slice(0, end).split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
          rest = rest.slice(end + 2);
          if (fields.event !== undefined) onEvent(fields.event, JSON.parse(fields.data));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401 || error.status === 403 || error.status === 404) { onLost(error); return; }
    }
    if (signal.aborted) return;
    onLost(null);
    await new Promise((resolve) => { setTimeout(resolve, RETRY_MSEC); });
  }
}

// --- words

const mayChange = () => state.caller !== null && (state.caller.level === 'write' || state.caller.level === 'manage');
const mayRead = () => state.caller !== null && (mayChange() || state.caller.level === 'read');

/** The plural is the noun with an s, or es after one. */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;
}

function duration(usec) {
  const seconds = Math.max(0, Math.floor(usec / 1e6));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

function size(bytes) {
  let value = bytes;
  let unit = 'B';
  for (const next of ['KiB', 'MiB', 'GiB', 'TiB']) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 10 && unit !== 'B' ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

const kindOf = (name) => name.slice(name.lastIndexOf('.') + 1);
const since = (usec) => (usec > 0 ? duration(state.nowUsec + (performance.now() - state.readAt) * 1000 - usec) : '');

let toastTimer;
function toast(text) {
  const element = at('toast');
  element.textContent = text;
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { element.hidden = true; }, 6000);
}

// --- the list

function drawTiles() {
  const counts = Object.fromEntries(STATES.map((word) => [word, 0]));
  for (const { unit, active } of state.units.values()) {
    if (state.kind !== '' && kindOf(unit) !== state.kind) continue;
    const word = active === 'reloading' ? 'active' : active === 'deactivating' ? 'activating' : active;
    if (word in counts) counts[word] += 1;
  }
  const labels = { active: 'running', activating: 'on their way', failed: 'failed', inactive: 'down' };
  const tones = { active: 'good', activating: counts.activating > 0 ? 'busy' : '', failed: counts.failed > 0 ? 'bad' : '', inactive: '' };
  at('tiles').replaceChildren(...STATES.filter((word) => word !== 'inactive' || state.all).map((word) => make('button', {
    type: 'button', class: `tile ${tones[word]}`, 'aria-pressed': String(state.active === word),
    onclick: () => { state.active = state.active === word ? '' : word; redraw(); },
  }, make('b', {}, String(counts[word])), make('span', {}, labels[word]))));
}

function drawKinds() {
  at('kinds').replaceChildren(...['', ...KINDS].map((kind) => make('button', {
    type: 'button', 'aria-pressed': String(state.kind === kind), onclick: () => { state.kind = kind; redraw(); },
  }, kind === '' ? 'all' : `${kind}s`)));
}

function shownUnits() {
  const rank = { failed: 0, activating: 1, deactivating: 1, reloading: 2, active: 2, inactive: 3 };
  return [...state.units.values()]
    .filter(({ unit, description, active }) => (state.kind === '' || kindOf(unit) === state.kind)
      && (state.active === '' || active === state.active || (state.active === 'activating' && active === 'deactivating') || (state.active === 'active' && active === 'reloading'))
      && (state.filter === '' || unit.toLowerCase().includes(state.filter) || description.toLowerCase().includes(state.filter)))
    .sort((a, b) => (rank[a.active] ?? 3) - (rank[b.active] ?? 3) || a.unit.localeCompare(b.unit));
}

function drawUnits() {
  const units = shownUnits();
  at('units').replaceChildren(...units.map(({ unit, description, active, sub, sinceUsec }) => make('li', {}, make('button', {
    type: 'button', class: 'unit', 'aria-current': String(state.open === unit), onclick: () => { show(unit); },
  },
  make('span', { class: `dot ${active}`, title: active }), make('span', { class: 'name' }, unit), make('span', { class: 'state' }, sub),
  make('span', { class: 'about' }, description === unit ? '' : description), make('span', { class: 'since' }, since(sinceUsec))))));
  at('empty').hidden = units.length > 0;
  at('empty').textContent = state.units.size === 0 ? 'Nothing is known yet.' : 'No unit is like this.';
}

function redraw() {
  drawTiles();
  drawKinds();
  drawUnits();
}

async function readAll() {
  try {
    const [manager, list, caller] = await Promise.all([ask('/manager'), ask(`/units${state.all ? '?all=true' : ''}`), ask('/caller')]);
    Object.assign(state, { manager, caller, nowUsec: list.nowUsec, readAt: performance.now(), units: new Map(list.units.map((unit) => [unit.unit, unit])) });
    const { version, mode, processes, jobs } = manager;
    at('summary').textContent = `${manager.state} · ${mode} · ${count(list.units.length, 'unit')} · ${count(processes, 'process')}${jobs > 0 ? ` · ${count(jobs, 'job')}` : ''} · up ${duration(manager.nowUsec - manager.startedUsec)} · ${version}`;
    at('summary').className = '';
    at('sign').textContent = caller.name === 'anonymous' ? 'Sign in' : `${caller.name.replace(/^\w+:/, '')} · sign out`;
    redraw();
  } catch (error) {
    at('summary').textContent = error.message;
    at('summary').className = 'lost';
    if (error.status === 401) signIn();
  }
}

let redrawTimer = null;
function readSoon() {
  redrawTimer ??= setTimeout(() => {
    redrawTimer = null;
    void readAll();
    if (state.open !== null) void drawDetail(state.open);
  }, REDRAW_MSEC);
}

// --- one unit

let logReading = new AbortController();

function show(unit) {
  const same = state.open === unit;
  state.open = unit;
  location.hash = unit === null ? '' : encodeURIComponent(unit);
  drawUnits();
  document.querySelector('.columns').classList.toggle('open', unit !== null);
  const detail = at('detail');
  detail.hidden = unit === null;
  if (same) return;
  logReading.abort();
  detail.replaceChildren();
  if (unit === null) return;
  detail.append(make('div', { id: 'about' }), make('div', { id: 'graph' }), make('div', {}, make('h3', {}, 'Log'), make('div', { class: 'log', id: 'log', tabindex: '0' })));
  void drawDetail(unit);
  void drawGraph(unit);
  followLog(unit);
}

async function drawDetail(unit) {
  let status;
  try {
    status = await ask(`/units/${encodeURIComponent(unit)}`);
  } catch (error) {
    at('about')?.replaceChildren(make('p', {}, error.message));
    return;
  }
  if (state.open !== unit) return;
  const { active, sub, description, main, memoryBytes, tasks, cpuUsec, restarts, fileState, fragmentPath, sinceUsec, why, statusText, kind, mainExit } = status;
  const isUp = active === 'active' || active === 'activating' || active === 'reloading';
  const action = (verb, label, quiet, enabled = true) => make('button', { type: 'button', class: quiet ? 'quiet' : '', disabled: !enabled, onclick: (event) => { void act(unit, verb, event.currentTarget); } }, label);
  const facts = [
    ['State', `${active} (${sub})`], ['Since', since(sinceUsec) === '' ? null : since(sinceUsec)], ['Main process', main === null ? null : String(main.pid)],
    ['Memory', memoryBytes === null ? null : size(memoryBytes)], ['Tasks', tasks === null ? null : String(tasks)], ['Processor', cpuUsec === null ? null : `${(cpuUsec / 1e6).toFixed(2)} s`],
    ['Restarts', kind === 'service' ? String(restarts) : null], ['At boot', fileState === '' ? null : fileState],
    ['Last exit', mainExit?.exit ? `${mainExit.exit.code} ${mainExit.exit.status}` : null],
  ].filter(([, value]) => value !== null).map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value)));
  if (main !== null && main.command !== '') facts.push(make('div', { class: 'wide' }, make('dt', {}, 'Command'), make('dd', {}, main.command)));
  if (statusText !== '') facts.push(make('div', { class: 'wide' }, make('dt', {}, 'It says'), make('dd', {}, statusText)));
  if (fragmentPath !== null) facts.push(make('div', { class: 'wide' }, make('dt', {}, 'Unit file'), make('dd', {}, fragmentPath)));
  const about = at('about');
  if (about === null) return;
  about.replaceChildren(
    make('div', { class: 'head' }, make('span', { class: `dot ${active}` }), make('div', {}, make('h2', {}, unit), make('p', {}, description === unit ? '' : description)),
      make('button', { type: 'button', class: 'quiet close', 'aria-label': 'Close', onclick: () => { show(null); } }, '×')),
    ...(mayChange() ? [make('div', { class: 'actions' }, isUp ? action('restart', 'Restart', false) : action('start', 'Start', false), action('stop', 'Stop', true, isUp || active === 'deactivating'), ...(active === 'failed' ? [action('reset-failed', 'Forget failure', true)] : []))] : []),
    ...(why !== null && why !== '' && active !== 'active' ? [make('p', { class: 'why' }, why)] : []),
    make('dl', { class: 'facts' }, ...facts),
  );
}

async function act(unit, verb, button) {
  button.disabled = true;
  try {
    await ask(`/units/${encodeURIComponent(unit)}/${verb}`, { method: 'POST', body: '{}' });
  } catch (error) {
    toast(error.message);
  }
  readSoon();
}

/** The unit between what it needs and what needs it. */
async function drawGraph(unit) {
  let forward;
  let reverse;
  try {
    [forward, reverse] = await Promise.all(['forward', 'reverse'].map((direction) => ask(`/units/${encodeURIComponent(unit)}/dependencies?direction=${direction}`)));
  } catch {
    return;
  }
  if (state.open !== unit) return;
  const near = (answer) => (answer.nodes[unit]?.edges ?? []).filter((edge) => edge.unit !== unit).map((edge) => ({ ...edge, active: answer.nodes[edge.unit]?.active ?? 'inactive' }));
  const sides = [near(reverse), near(forward)];
  const rows = Math.max(1, ...sides.map((side) => Math.min(side.length, GRAPH_NEIGHBOURS_MAX + 1)));
  const [width, row, box] = [640, 30, 190];
  const height = rows * row + 16;
  const middle = height / 2;
  const node = (x, y, name, active, self) => draw('g', { class: self ? 'node self' : 'node', transform: `translate(${x} ${y - 11})`, ...(self || name === null ? {} : { role: 'link', tabindex: '0', onclick: () => { show(name); }, onkeydown: (event) => { if (event.key === 'Enter') show(name); } }) },
    draw('title', {}, name ?? ''), draw('rect', { width: box, height: 22, rx: 6 }), draw('circle', { class: active, cx: 12, cy: 11, r: 4 }),
    draw('text', { x: 22, y: 15 }, (name ?? '').length > 25 ? `${name.slice(0, 24)}…` : (name ?? '')));
  const svg = draw('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' }, draw('title', {}, `What ${unit} is connected with`));
  const nodes = [];
  sides.forEach((side, i) => {
    const x = i === 0 ? 8 : width - box - 8;
    const shown = side.slice(0, GRAPH_NEIGHBOURS_MAX);
    const more = side.length - shown.length;
    const lines = shown.length + (more > 0 ? 1 : 0);
    shown.forEach(({ unit: other, kinds, active }, n) => {
      const y = middle + (n - (lines - 1) / 2) * row;
      const [from, to] = i === 0 ? [x + box, (width - box) / 2] : [(width + box) / 2, x];
      const [y1, y2] = i === 0 ? [y, middle] : [middle, y];
      svg.append(draw('path', { class: kinds.some((kind) => /Requi|BindsTo|Requisite/i.test(kind)) ? 'strong' : '', d: `M${from} ${y1} C${(from + to) / 2} ${y1} ${(from + to) / 2} ${y2} ${to} ${y2}` }, draw('title', {}, kinds.join(', '))));
      nodes.push(node(x, y, other, active, false));
    });
    if (more > 0) nodes.push(draw('text', { x: x + 22, y: middle + (lines - 1) / 2 * row + 4 }, `and ${more} more`));
  });
  svg.append(...nodes, node((width - box) / 2, middle, unit, state.units.get(unit)?.active ?? 'inactive', true));
  const frame = make('div', { class: 'graph' }, svg);
  at('graph')?.replaceChildren(make('h3', {}, 'Needed by, and needs'), frame);
  // Where the page is narrower than the graph, the unit itself is what is seen first.
  frame.scrollLeft = (frame.scrollWidth - frame.clientWidth) / 2;
}

function followLog(unit) {
  logReading = new AbortController();
  const { signal } = logReading;
  const log = at('log');
  const say = (text) => { log.replaceChildren(make('span', { class: 'none' }, text)); };
  if (!mayRead()) {
    say('Logs may hold secrets: sign in to read them.');
    return;
  }
  say('No lines yet.');
  let any = false;
  void listen(`/units/${encodeURIComponent(unit)}/log/stream?lines=100`, signal, (event, line) => {
    if (event !== 'line') return;
    if (!any) log.replaceChildren();
    any = true;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(make('div', { class: `p${line.priority}` }, make('time', {}, new Date(line.realtimeUsec / 1000).toLocaleTimeString([], { hour12: false })), line.message));
    while (log.childElementCount > LOG_LINES_KEPT) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }, (error) => {
    if (error !== null) say(error.message);
    // What comes next begins with the last lines again.
    any = false;
  });
}

// --- signing in

function signIn() {
  if (!at('signer').open) at('signer').showModal();
}

at('sign').addEventListener('click', () => {
  if (sessionStorage.getItem('credentials') === null) {
    signIn();
    return;
  }
  sessionStorage.removeItem('credentials');
  location.reload();
});
at('leave').addEventListener('click', () => { at('signer').close(); });
at('credentials').addEventListener('submit', () => {
  const [name, secret] = [at('name').value.trim(), at('secret').value];
  const bytes = new TextEncoder().encode(`${name}:${secret}`);
  sessionStorage.setItem('credentials', name === '' ? `Bearer ${secret}` : `Basic ${btoa(String.fromCharCode(...bytes))}`);
  void ask('/caller').then(() => { location.reload(); }, (error) => {
    sessionStorage.removeItem('credentials');
    toast(error.message);
  });
});

// --- beginning

at('filter').addEventListener('input', (event) => { state.filter = event.currentTarget.value.toLowerCase(); drawUnits(); });
at('all').addEventListener('change', (event) => { state.all = event.currentTarget.checked; void readAll(); });
// Who has no keyboard need not read of its keys.
if (matchMedia('(hover: none)').matches) at('filter').placeholder = 'Filter units';

addEventListener('keydown', (event) => {
  if (event.target instanceof HTMLInputElement) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  if (event.key === '/') {
    event.preventDefault();
    at('filter').focus();
  } else if (event.key === 'Escape' && state.open !== null) show(null);
});
addEventListener('hashchange', () => {
  const unit = decodeURIComponent(location.hash.slice(1));
  if (unit !== (state.open ?? '')) show(unit === '' ? null : unit);
});

void readAll().then(() => {
  const unit = decodeURIComponent(location.hash.slice(1));
  if (unit !== '') show(unit);
  void listen('/events', new AbortController().signal, readSoon, () => {
    at('summary').textContent = 'The gateway does not answer; trying again…';
    at('summary').className = 'lost';
    readSoon();
  });
  // Times go on when nothing else changes.
  setInterval(() => { if (!document.hidden) drawUnits(); }, 10_000);
});
