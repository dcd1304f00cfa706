/** The page for people. It needs nothing but itself, and what it shows is text. */
export const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>minisv</title><link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --ground: #f6f4f0; --card: #fffefb; --ink: #23201b; --soft: #6b645a; --line: #e2dcd1; --accent: #8a4b20; }
@media (prefers-color-scheme: dark) { :root { --ground: #171512; --card: #211e1a; --ink: #ece7de; --soft: #a39b8e; --line: #38332c; --accent: #d9965f; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 24px clamp(12px, 4vw, 40px); background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 18px; margin: 0 0 14px; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; margin-bottom: 10px; display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; }
article div { flex: 1 1 240px; min-width: 0; }
b { font-weight: 600; }
p { margin: 0; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
button { font: inherit; font-size: 13px; padding: 4px 11px; border-radius: 8px; border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer; }
button:hover { border-color: var(--accent); }
pre { flex-basis: 100%; margin: 4px 0 0; padding: 10px 12px; border-radius: 8px; background: #201d19; color: #e9e4da; font-size: 12.5px; overflow-x: auto; }
</style></head><body><h1>minisv</h1><main id="tasks"></main>
<script>
'use strict';
const open = new Map();
const ask = async (path, method = 'GET') => { const response = await fetch('/api/' + path, { method }); return response.ok ? response : Promise.reject(new Error(await response.text())); };
const make = (tag, text, ...children) => { const element = document.createElement(tag); element.textContent = text; element.append(...children); return element; };
async function act(name, verb) {
  try {
    if (verb === 'logs') {
      if (open.has(name)) open.delete(name);
      else open.set(name, (await (await ask(encodeURIComponent(name) + '/logs')).json()).join('\\n'));
    } else if (verb === 'delete') {
      if (confirm('Stop ' + name + ' and remove it?')) await ask(encodeURIComponent(name), 'DELETE');
    } else await ask(encodeURIComponent(name) + '/' + verb);
  } catch (error) { alert(error.message); }
  void show();
}
async function show() {
  const tasks = await (await ask('status')).json();
  document.getElementById('tasks').replaceChildren(...Object.entries(tasks).map(([name, task]) => {
    const verbs = [task.onetime ? 'run' : 'restart', 'stop', ...(task.onetime ? [] : ['rotate']), 'logs', 'delete'];
    const about = make('div', '', make('b', name), make('p', task.status + (task.started === '' ? '' : ' since ' + task.started) + ' \\u00b7 ' + [task.command, ...task.args].join(' ')));
    const card = make('article', '', about, ...verbs.map((verb) => { const button = make('button', verb === 'restart' ? 'start / restart' : verb); button.addEventListener('click', () => { void act(name, verb); }); return button; }));
    if (open.has(name)) card.append(make('pre', open.get(name)));
    return card;
  }));
}
void show();
setInterval(() => { if (!document.hidden) void show().catch(() => undefined); }, 2000);
</script></body></html>
`;
