// A small runner for page tests: a browser, the made-up server, and `test(name, body)`.
import { createRequire } from 'node:module';
import path from 'node:path';
import { startServer } from '../../support/web/server.mjs';

const modules = process.env.WEB_TEST_MODULES || path.join(process.env.HOME, '.cache/paddock/npm');
const { chromium } = createRequire(modules + '/')('playwright-core');

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-dev-shm-usage'],
  });
}

export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ignoreHTTPSErrors: true, colorScheme: 'light', ...options });
  const page = await context.newPage();
  page.faults = [];
  page.hosts = new Set();
  page.on('pageerror', (e) => page.faults.push(String(e)));
  page.on('console', (m) => { if (/Content.Security.Policy|abort|RuntimeError/i.test(m.text())) page.faults.push(m.text()); });
  page.on('request', (r) => page.hosts.add(new URL(r.url()).host));
  await page.addInitScript(() => {
    window.frames_drawn = 0;
    const next = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (f) => next((t) => { window.frames_drawn++; f(t); });
  });
  await page.goto(url);
  if (!/\/login/.test(page.url()) && !options.plain) await ready(page);
  return page;
}

export const ready = (page) => page.waitForFunction(() => document.documentElement.dataset.ready, null, { timeout: 30000 });
export const node = (page, role, name, exact = false) => page.getByRole(role, { name, exact }).first();
export const said = (page, text) => page.locator('#mirror').getByText(text).first().waitFor({ state: 'attached', timeout: 25000 });
export const alerted = (page, text) => page.locator('#mirror [role=alert], #mirror [role=status]').filter({ hasText: text }).first().waitFor({ state: 'attached', timeout: 25000 });
// The field has the keyboard: what is typed now goes there.
export const focused = (page, name) => page.locator(`#mirror [data-focused=true][aria-label="${name}"]`).first().waitFor({ state: 'attached', timeout: 25000 });
export async function paste(page, text) {
  await page.evaluate((t) => {
    const e = new ClipboardEvent('paste', { clipboardData: new DataTransfer() });
    e.clipboardData.setData('text/plain', t);
    document.dispatchEvent(e);
  }, text);
}
export function check(condition, words) { if (!condition) throw new Error(words); }
export async function until(words, f, ms = 25000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await f();
    if (got) return got;
    if (Date.now() > end) throw new Error('never came true: ' + words);
    await new Promise((r) => setTimeout(r, 50));
  }
}

const tests = [];
export const test = (name, options, body) => tests.push({ name, options: body ? options : {}, body: body || options });

export async function run() {
  const only = process.argv[2];
  const browser = await openBrowser();
  let failed = 0, passed = 0;
  for (const t of tests) {
    if (only && !t.name.includes(only)) continue;
    const server = await startServer(t.options.server || {});
    const started = Date.now();
    let page;
    try {
      page = await openPage(browser, server.url + (t.options.path || '/dashboard/clusters'), t.options.page);
      await t.body(page, server);
      check(page.faults.length == 0, 'the page complains: ' + page.faults[0]);
      check([...page.hosts].every((h) => h == new URL(server.url).host), 'asked another host: ' + [...page.hosts]);
      passed++;
      console.log(`ok    ${t.name} (${Date.now() - started} ms)`);
    } catch (e) {
      failed++;
      console.log(`FAIL  ${t.name}: ${e.message.split('\n').slice(0, 6).join('\n      ')}`);
    }
    // A picture of how it ended, for people, into the folder SHOTS where one is given.
    if (page && process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${t.name.replace(/\W+/g, '-')}.png` });
    if (page) await page.context().close();
    server.stop();
  }
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
