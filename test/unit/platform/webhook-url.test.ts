import { lookup as dnsLookup, type LookupAddress } from 'node:dns';

import { describe, expect, it } from 'vitest';

import { AddressFilter } from '../../../src/platform/http/address-filter.js';
import { checkWebhookUrl } from '../../../src/platform/http/webhook-url.js';
import { HOSTILE_URLS } from '../../support/hostile-urls.js';

const filter = new AddressFilter([]);
const faultOf = (url: string, by = filter): string | undefined => {
  const checked = checkWebhookUrl(url, by);
  return 'fault' in checked ? checked.fault : undefined;
};

describe('a webhook’s URL', () => {
  it.each([
    ['https://hooks.example.com/in?a=b', 'https://hooks.example.com/in?a=b'],
    ['HTTPS://Hooks.Example.com:443/in', 'https://hooks.example.com/in'],
    ['https://hooks.example.com:8443/', 'https://hooks.example.com:8443/'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://93.184.216.34/', 'https://93.184.216.34/'],
    ['https://[2606:2800:220:1:248:1893:25c8:1946]/', 'https://[2606:2800:220:1:248:1893:25c8:1946]/'],
    ['https://hooks.example.com./#part', 'https://hooks.example.com./'],
  ])('%s is taken as %s', (text, normal) => {
    expect(checkWebhookUrl(text, filter)).toMatchObject({ url: { href: normal } });
  });

  it.each(HOSTILE_URLS)('%s is refused', (url) => {
    expect(faultOf(url)).toBeTypeOf('string');
  });

  it('opens only the networks that the operator has opened', () => {
    const open = new AddressFilter(['127.0.0.0/8', 'fd00::/8']);
    expect(faultOf('http://127.0.0.1:8080/hook', open)).toBeUndefined();
    expect(faultOf('http://2130706433:8080/', open)).toBeUndefined();
    expect(faultOf('http://[::ffff:127.0.0.1]/', open)).toBeUndefined();
    expect(faultOf('https://[fd12::1]/', open)).toBeUndefined();
    for (const url of [
      'http://10.0.0.1/',
      'https://[fc00::1]/',
      'https://[::1]/',
      'http://hooks.example.com/',
      'http://localhost/',
      'http://user@127.0.0.1/',
    ]) {
      expect(faultOf(url, open), url).toBeTypeOf('string');
    }
  });
});

describe('the address filter', () => {
  const ask = (by: AddressFilter, host: string, isAll: boolean) =>
    new Promise<{ code?: string | undefined; address?: string | LookupAddress[] }>((resolve) =>
      by.lookup(host, { all: isAll }, (error, address) =>
        resolve(error ? { code: error.code } : { address: address }),
      ),
    );

  it('refuses a name that resolves inside, and answers only what it has checked', async () => {
    expect(await ask(filter, 'localhost', true)).toEqual({ code: 'ADDRESS_REFUSED' });
    expect(await ask(filter, 'localhost', false)).toEqual({ code: 'ADDRESS_REFUSED' });
    const open = new AddressFilter(['127.0.0.0/8', '::1/128']);
    const wanted = await new Promise<LookupAddress[]>((resolve, reject) =>
      dnsLookup('localhost', { all: true }, (error, all) => (error ? reject(error) : resolve(all))),
    );
    expect(await ask(open, 'localhost', true)).toEqual({ address: wanted });
    expect(await ask(open, 'localhost', false)).toEqual({ address: wanted[0]!.address });
  });

  it('takes nothing that is no address', () => {
    for (const text of ['', 'localhost', 'example.com', '::g', '1.2.3.4.5', '256.1.1.1'])
      expect(filter.allows(text), text).toBe(false);
  });
});
