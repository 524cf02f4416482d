import { existsSync } from 'node:fs';

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createDatabase, type TestDatabase } from '../support/postgres.js';
import { startTemplates } from './templates-app.js';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

let database: TestDatabase;
let app: Awaited<ReturnType<typeof startTemplates>>;

beforeAll(async () => {
  database = await createDatabase();
  app = await startTemplates(database.url);
});
afterAll(async () => {
  await app.stop();
  await database.drop();
});

async function call(method: string, path: string, body?: object, key = app.apiKey) {
  const response = await fetch(app.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

describe('GET /v1/templates', () => {
  it('lists what can be sent, with samples', async () => {
    const { body } = await call('GET', '/v1/templates');
    expect(body.items.map(({ name }: { name: string }) => name)).toContain('invoice.issued');
    expect(body.items[0]).toMatchObject({
      locales: ['de'],
      sample: { name: 'Ada' },
      samples: { de: { total: '128,52 €' } },
    });
  });

  it('needs a key', async () => {
    expect((await call('GET', '/v1/templates', undefined, 'ph_no_no')).status).toBe(401);
  });
});

describe('POST /v1/templates/{type}/preview', () => {
  it('renders the sample of the language when no data is given', async () => {
    const { status, body } = await call('POST', '/v1/templates/invoice.issued/preview', { locale: 'de-AT' });
    expect(status).toBe(200);
    expect(body.email.subject).toBe('Rechnung 2026-1001 von Northwind: 128,52 €');
    expect(body.sms).toBeUndefined();
  });

  it('renders the data that is given, and measures the text', async () => {
    const { body } = await call('POST', '/v1/templates/otp.code/preview', { data: { code: '123456' } });
    expect(body.sms).toMatchObject({
      text: expect.stringMatching(/^123456 is your Posthaste code/),
      segments: 1,
      encoding: 'GSM-7',
    });
  });

  it('names everything that is missing', async () => {
    const { status, body } = await call('POST', '/v1/templates/invoice.issued/preview', { data: {} });
    expect([status, body.code]).toEqual([422, 'template_error']);
    expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      '/data/name',
      '/data/total',
    ]);
  });

  it('does not know what is not there', async () => {
    for (const name of ['nothing', '_layouts', '..%2f..%2fetc', '__proto__']) {
      expect((await call('POST', `/v1/templates/${name}/preview`, {})).status).toBe(404);
    }
  });

  it('refuses fields it does not know, and what is no language', async () => {
    expect((await call('POST', '/v1/templates/welcome/preview', { dat: {} })).body.code).toBe(
      'invalid_request',
    );
    expect((await call('POST', '/v1/templates/welcome/preview', { locale: '../de' })).body.code).toBe(
      'invalid_request',
    );
  });
});

describe.skipIf(!existsSync(CHROMIUM))('/templates, in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
    const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...args, ...quiet] });
  });
  afterAll(() => browser.close());

  /** A page that remembers what its script threw, what its policy refused, and what it asked of others. */
  async function open(path: string, width = 1400): Promise<{ page: Page; complaints: string[] }> {
    // No scheme is forced from outside: it would reach into the frame, whose scheme is the page's to choose.
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: null });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error' && !line.text().includes('status of 4')) complaints.push(line.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(app.url) && !/^(data|about):/.test(request.url()))
        complaints.push(request.url());
    });
    await page.goto(app.url + path);
    return { page, complaints };
  }

  it('asks for a key, shows a letter, and follows what is typed', async () => {
    const { page, complaints } = await open('/templates');
    await page.fill('#key-input', app.apiKey);
    await page.press('#key-input', 'Enter');
    await page.frameLocator('iframe').getByText('Your invoice', { exact: true }).waitFor();
    await page.selectOption('#locale', 'de');
    await page.frameLocator('iframe').getByText('Ihre Rechnung', { exact: true }).waitFor();
    await page.fill('#data', '{"name": "<img src=x onerror=alert(1)>", "total": "7 EUR"}');
    await page.frameLocator('iframe').getByText('Guten Tag <img src=x onerror=alert(1)>').waitFor();
    await page.fill('#data', '{"name": "Ada"}');
    await page.locator('#faults', { hasText: '/data/total is not given' }).waitFor();
    await page.fill('#data', '{');
    await page.locator('#faults', { hasText: 'Not JSON' }).waitFor();
    await page.click('#reset');
    await page.locator('#subject', { hasText: 'Rechnung 2026-1001' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows texts in a bubble, at the width of a phone too', async () => {
    const { page, complaints } = await open(`/templates#key=${app.apiKey}`, 375);
    await page.getByRole('button', { name: 'otp.code' }).click();
    await page.getByRole('button', { name: 'SMS', exact: true }).click();
    await page.locator('.bubble', { hasText: '493027 is your Northwind code' }).waitFor();
    expect(await page.locator('.measure').textContent()).toBe('127 characters, 1 segment, GSM-7');
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(page.url()).not.toContain('key=');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('gives a letter by day and by night', async () => {
    const { page } = await open(`/templates#key=${app.apiKey}`);
    const body = page.frameLocator('iframe').locator('body');
    await page.getByRole('button', { name: 'Dark' }).click();
    await expect
      .poll(() => body.evaluate('getComputedStyle(document.body).backgroundColor'))
      .toBe('rgb(15, 18, 24)');
    await page.getByRole('button', { name: 'Light' }).click();
    await expect
      .poll(() => body.evaluate('getComputedStyle(document.body).backgroundColor'))
      .toBe('rgb(242, 244, 248)');
    await page.close();
  });
});
