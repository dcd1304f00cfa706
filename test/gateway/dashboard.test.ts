/** The dashboard in a real browser. With HEARTWOOD_SCREENSHOTS=DIRECTORY pictures of it are left there. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Browser, hasBrowser } from './browser.ts';
import { TOKENS, withHouse, type House } from './house.ts';

const options = { timeout: 150_000, skip: hasBrowser() ? false : 'chromium is missing: sudo apt-get install chromium' };
const pictures = process.env['HEARTWOOD_SCREENSHOTS'];

/** Clicks the button with these words in it. */
const click = (selector: string, words: string): string => `(() => { const found = [...document.querySelectorAll(${JSON.stringify(selector)})].find((each) => each.innerText.includes(${JSON.stringify(words)})); if (!found) return false; found.click(); return true; })()`;
const shows = (words: string): string => `document.body.innerText.includes(${JSON.stringify(words)})`;

async function withPage(configuration: string, body: (house: House, browser: Browser) => Promise<void>): Promise<void> {
  const units = {
    'units/default.target': '[Unit]\nDescription=All\nWants=web.service crash.service store.service mail.socket clean.timer\n',
    'units/web.service': '[Unit]\nDescription=The web shop\nRequires=store.service\nWants=mail.socket\nAfter=store.service\n[Service]\nExecStart=/bin/sh -c "echo shop is open; echo \'<img src=x onerror=alert(1)>\'; echo \'<4>the shelves are nearly empty\'; exec sleep 1000"\n',
    'units/store.service': '[Unit]\nDescription=Orders and customers\n[Service]\nExecStart=/bin/sleep 1000\n',
    'units/mail.socket': '[Unit]\nDescription=Mail waits here\n[Socket]\nListenStream=@mail-of-the-dashboard\n',
    'units/mail.service': '[Service]\nExecStart=/bin/sleep 1000\n',
    'units/clean.timer': '[Unit]\nDescription=Every night\n[Timer]\nOnCalendar=*-*-* 03:00\n',
    'units/clean.service': '[Service]\nExecStart=/bin/true\n',
  };
  await withHouse({ configuration, units }, async (house) => {
    const browser = new Browser();
    try {
      await browser.open(`http://127.0.0.1:${String(house.port)}/`);
      await body(house, browser);
    } finally {
      browser.close();
    }
  });
}

async function picture(browser: Browser, name: string, look: { readonly width: number; readonly height: number; readonly dark: boolean; readonly phone: boolean }): Promise<void> {
  const png = await browser.screenshot(look);
  assert.ok(png.length > 5_000, 'something was drawn');
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  writeFileSync(join(pictures, `${name}.png`), png);
}

test('the page lists units, signs in with a token, shows a log and a graph, stops a unit and hears of it', options, async () => {
  await withPage(`[Gateway]\nWrite=yes\n${TOKENS}`, async (house, browser) => {
    await browser.until(shows('web.service'));
    await browser.until(shows('crash.service'));
    assert.equal(await browser.evaluate(shows('Stop')), false, 'anonymous callers get no buttons');
    await browser.evaluate(click('button.unit', 'web.service'));
    await browser.until(shows('sign in to read them'));
    await browser.evaluate(click('#sign', 'Sign in'));
    await browser.evaluate('document.getElementById("secret").value = "writer"; document.querySelector("#credentials [type=submit]").click()');
    await browser.until(shows('writer · sign out'));
    await browser.until(shows('shop is open'));
    await browser.until(shows('<img src=x onerror=alert(1)>'));
    assert.equal(await browser.evaluate('document.querySelectorAll("#log img").length'), 0, 'what a service prints is text');
    await browser.until('document.querySelectorAll("#graph svg .node").length >= 3');
    await picture(browser, 'light', { width: 1280, height: 860, dark: false, phone: false });
    await picture(browser, 'dark', { width: 1280, height: 860, dark: true, phone: false });
    await picture(browser, 'phone-unit', { width: 390, height: 844, dark: true, phone: true });
    assert.equal(await browser.evaluate('document.documentElement.scrollWidth <= 390'), true, 'nothing sticks out on a phone');
    await browser.evaluate('document.querySelector(".close").click()');
    await picture(browser, 'phone', { width: 390, height: 844, dark: false, phone: true });
    assert.equal(await browser.evaluate('document.documentElement.scrollWidth <= 390'), true, 'nor does the list');
    await browser.evaluate(click('button.unit', 'web.service'));
    await browser.until(shows('Restart'));
    await browser.evaluate(click('.actions button', 'Stop'));
    await browser.until('document.querySelector("#about .facts")?.innerText.includes("inactive")');
    assert.equal(house.initctl('is-active web').split('\n')[0], 'inactive');
    house.initctl('start web');
    await browser.until('document.querySelector("#about .facts")?.innerText.includes("active (running)")');
    await browser.evaluate('const f = document.getElementById("filter"); f.value = "orders"; f.dispatchEvent(new Event("input"))');
    await browser.until('document.querySelectorAll(".unit").length === 1');
  });
});

test('the page loads nothing from elsewhere, keeps its policy, and nothing foreign can be run in it', options, async () => {
  await withPage('', async (house, browser) => {
    await browser.until(shows('web.service'));
    const origin = `http://127.0.0.1:${String(house.port)}/`;
    const urls = browser.events.filter(({ method }) => method === 'Network.requestWillBeSent').map(({ params }) => (params as { readonly request: { readonly url: string } }).request.url);
    assert.ok(urls.length > 3);
    assert.deepEqual(urls.filter((url) => !url.startsWith(origin) && !url.startsWith('data:')), []);
    const complaints = browser.events.filter(({ method, params }) => method === 'Log.entryAdded' && (params as { readonly entry: { readonly level: string } }).entry.level === 'error');
    assert.deepEqual(complaints, []);
    await browser.evaluate('const s = document.createElement("script"); try { s.textContent = "window.taken = true"; document.body.append(s); } catch {}');
    assert.equal(await browser.evaluate('window.taken === undefined'), true);
    assert.equal(await browser.evaluate('fetch("https://example.org/").then(() => "sent", () => "refused")'), 'refused');
    const { headers } = await house.ask('/');
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self';/);
    assert.equal(headers['x-frame-options'], 'DENY');
  });
});
