import { existsSync } from 'node:fs';

import { createTransport } from 'nodemailer';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createDatabase } from '../support/postgres.js';
import { type ScriptedHttp, startScriptedHttp } from '../support/scripted-http.js';
import { HOOK_SECRET, startSandbox } from './sandbox-app.js';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const ID = 'ntf_01jcz5m8q4e2r8t0v2w4x6y8za';
/** `TRACKER` stands for a server of a stranger, and is one. */
const HOSTILE_HTML = `<style>h1 { color: rgb(1, 2, 3) }</style><h1>Hello Ada</h1>
  <img src="TRACKER/pixel.png"><link rel="stylesheet" href="TRACKER/x.css">
  <script>top.hacked = true</script><img src="x" onerror="top.hacked = true">
  <meta http-equiv="refresh" content="0;url=TRACKER/gone"><a href="TRACKER/click">Open</a>
  <form action="TRACKER/post"><button>Post</button></form><iframe src="TRACKER/frame"></iframe>`;

/** The one thing of a browser's globals that is asked for. */
interface Styles {
  getComputedStyle(node: unknown): { color: string };
}

describe.skipIf(!existsSync(CHROMIUM))("the sandbox's page, in a browser", () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let browser: Browser;
  let page: Page;
  let tracker: ScriptedHttp;
  let thrown: Error[];

  beforeAll(async () => {
    database = await createDatabase();
    tracker = await startScriptedHttp({
      healthy: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: 'Caught.' }),
    });
    sandbox = await startSandbox(database.url);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });
  afterAll(async () => {
    await browser.close();
    await sandbox.stop();
    await tracker.close();
    await database.drop();
  });
  beforeEach(async () => {
    await sandbox.store.clear();
    await sandbox.faults.clear();
    page = await open({ width: 1280, height: 800 });
  });
  afterEach(async () => {
    await page.close();
    expect(thrown).toEqual([]);
  });

  /** A page that remembers every error of its script. */
  async function open(viewport: { width: number; height: number }): Promise<Page> {
    const opened = await browser.newPage({ viewport });
    thrown = [];
    opened.on('pageerror', (error) => thrown.push(error));
    opened.setDefaultTimeout(10_000);
    return opened;
  }
  async function visit(hash = ''): Promise<void> {
    await page.goto(`${sandbox.url}/sandbox#key=${sandbox.apiKey}`);
    if (hash) await page.goto(`${sandbox.url}/sandbox${hash}`);
  }

  const mail = (more: object = {}) =>
    createTransport({ host: '127.0.0.1', port: sandbox.addresses.emailPort, ignoreTLS: true }).sendMail({
      from: 'sandbox@posthaste.example',
      to: 'ada@example.com',
      subject: 'Welcome, Ada',
      text: 'Hello in plain text',
      html: HOSTILE_HTML.replaceAll('TRACKER', tracker.url),
      messageId: `<${ID}@posthaste.example>`,
      ...more,
    });

  const sms = (body: string) => {
    const { accountSid, authToken } = sandbox.addresses.smsCredentials;
    return fetch(
      `http://127.0.0.1:${sandbox.addresses.smsPort}/2010-04-01/Accounts/${accountSid}/Messages.json`,
      {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` },
        body: new URLSearchParams({ To: '+14155550123', From: '+15005550006', Body: body }),
      },
    );
  };

  const hook = (secret: string, id: string) => {
    const at = new Date();
    const body = '{"type":"invoice.paid","data":{"total":"12.00 EUR"}}';
    return fetch(`${sandbox.url}/sandbox/hooks/demo`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
      },
    });
  };

  it('asks for a key, says when it is wrong, and keeps the right one in this tab only', async () => {
    await page.goto(`${sandbox.url}/sandbox`);
    await page.getByLabel('Key', { exact: true }).fill('ph_nope_aaaaaaaaaaaaaaaaaaaaaaaa');
    await page.keyboard.press('Enter');
    await page.getByText('This key was not accepted.').waitFor();
    await page.getByLabel('Key', { exact: true }).fill(sandbox.apiKey);
    await page.getByRole('button', { name: 'Look inside' }).click();
    await page.getByRole('heading', { name: 'No mail yet' }).waitFor();
    expect(await page.evaluate('sessionStorage.length + localStorage.length + document.cookie.length')).toBe(
      1,
    );
  });

  it('shows a newcomer the exact request to try, with a key taken out of the address', async () => {
    await visit();
    await page.getByRole('heading', { name: 'No mail yet' }).waitFor();
    expect(page.url()).toBe(`${sandbox.url}/sandbox`);
    const curl = await page.locator('.try pre').innerText();
    expect(curl).toContain(`curl -X POST ${sandbox.url}/v1/notifications`);
    expect(curl).not.toContain(sandbox.apiKey);
  });

  it('shows a mail as it lands, as a reader would see it, and lets it do nothing', async () => {
    await visit();
    await page.getByRole('heading', { name: 'No mail yet' }).waitFor();
    await mail();
    await page.getByRole('button', { name: /ada@example.com.*Welcome, Ada/ }).click();
    const heading = page.frameLocator('iframe.sheet').getByRole('heading', { name: 'Hello Ada' });
    await heading.waitFor();
    expect(
      await heading.evaluate((node) => (globalThis as unknown as Styles).getComputedStyle(node).color),
    ).toBe('rgb(1, 2, 3)');
    await page.frameLocator('iframe.sheet').getByRole('button', { name: 'Post' }).click();
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(tracker.messages).toEqual([]);

    const opened = page.context().waitForEvent('page');
    await page.frameLocator('iframe.sheet').getByRole('link', { name: 'Open' }).click();
    const tab = await opened;
    await tab.waitForURL(/click/);
    expect(await tab.evaluate('window.opener')).toBeNull();
    await tab.close();
    expect(tracker.messages.filter((one) => one.path !== '/favicon.ico')).toMatchObject([{ path: '/click' }]);
    expect(tracker.messages[0]!.headers.referer).toBeUndefined();
    for (const [view, text] of [
      ['Text', 'Hello in plain text'],
      ['Source', 'Message-ID: <ntf_'],
      ['Headers', 'multipart/alternative'],
    ]) {
      await page.getByRole('button', { name: view!, exact: true }).click();
      await page.locator('.stage', { hasText: text! }).waitFor();
    }
  });

  it('shows texts as a phone does, with their segments, and webhooks with what their signature is worth', async () => {
    await sms('Your code is 493027');
    await sms('✓'.repeat(80));
    await hook(HOOK_SECRET, ID);
    await hook('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', ID.replace(/a$/, 'b'));
    await visit('#sms');
    await page.locator('.bubble', { hasText: 'Your code is 493027' }).waitFor();
    await page.getByText('2 segments · UCS-2').waitFor();
    await page.getByRole('tab', { name: /Webhooks/ }).click();
    expect(await page.locator('#list .badge').allInnerTexts()).toEqual([
      'signature invalid',
      'signature valid',
    ]);
    await page.locator('pre .s', { hasText: '"12.00 EUR"' }).waitFor();
  });

  it('orders a fault, counts it down, and marks what arrived unknown to its sender', async () => {
    await visit();
    await page.getByRole('heading', { name: 'No mail yet' }).waitFor();
    await page.getByRole('button', { name: /^Faults/ }).click();
    await page.getByText('Drop after body').click();
    await page.getByLabel('Times').fill('1');
    await page.getByRole('button', { name: 'Order it' }).click();
    await page.getByText('1 of 1').waitFor();
    await expect(mail()).rejects.toThrow();
    await page.getByText('None: everything is taken.').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('#list .badge', { hasText: 'sender was told nothing' }).waitFor();
  });

  it('filters by recipient, also beyond what is loaded', async () => {
    await mail({ to: 'rare@example.com', subject: 'The first' });
    await Promise.all(Array.from({ length: 60 }, (_, i) => mail({ subject: `Mail ${i}`, html: undefined })));
    await visit();
    await page.getByRole('button', { name: 'Show older' }).waitFor();
    await page.getByLabel('Filter by recipient or subject').fill('RARE@');
    await page.getByRole('button', { name: /rare@example.com.*The first/ }).waitFor();
    expect(await page.locator('#list .item').count()).toBe(1);
    await page.getByLabel('Filter by recipient or subject').fill('nobody');
    await page.getByText('Nothing matches this filter.').waitFor();
  });

  it('is used with the keyboard alone', async () => {
    await mail({ subject: 'First' });
    await mail({ subject: 'Second' });
    await visit();
    await page.getByRole('tab', { name: /Email/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: /SMS/, selected: true }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('tab', { name: /Email/, selected: true }).waitFor();
    await page.locator('.item').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('#detail').getByRole('heading', { name: 'First' }).waitFor();
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.id')).toBe('filter');
  });

  it('fits a phone: nothing is wider than the screen, and Back leads to the list', async () => {
    await page.close();
    page = await open({ width: 375, height: 720 });
    await mail({
      subject: 'A subject that goes on and on and on, far beyond what any phone would show in a line',
    });
    await visit();
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth');
    await page.locator('.item').first().waitFor();
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.locator('.item').first().click();
    await page.locator('#detail h2').waitFor();
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.goBack();
    await page.locator('.item').first().waitFor();
    expect(await page.locator('#detail h2').count()).toBe(0);
  });
});
