import { lookup as dnsLookup, type LookupAddress } from 'node:dns';

import { describe, expect, it } from 'vitest';

import { AddressFilter } from '../../../src/platform/http/address-filter.js';
import { checkWebhookUrl } from '../../../src/platform/http/webhook-url.js';

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

  it.each([
    // this machine
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0x7f.1/',
    'https://127.0.0.1./',
    'https://１２７.０.０.１/',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://0.0.0.0/',
    'https://0/',
    'https://%31%32%37.0.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    // its network
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://169.254.169.254/',
    'https://0xa9fea9fe/',
    'https://100.64.0.1/',
    'https://100.100.100.200/',
    'https://192.0.0.192/',
    'https://168.63.129.16/',
    'https://198.18.0.1/',
    'https://192.0.2.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://240.0.0.1/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://[2001:db8::1]/',
    // ways through
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:1::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'https://[::ffff:0:7f00:1]/',
    'https://[4000::1]/',
    // names of inside
    'https://localhost/',
    'https://localhost./',
    'https://LOCALHOST/',
    'https://a.localhost/',
    'https://intranet/',
    'https://metadata.google.internal/',
    'https://metadata.google.internal./',
    'https://metadata.google.internal../',
    'https://printer.local/',
    'https://x.home.arpa/',
    'https://host.lan/',
    // more than an address
    'https://user@hooks.example.com/',
    'https://user:pass@hooks.example.com/',
    'https://hooks.example.com@127.0.0.1/',
    'https://:@hooks.example.com:22/',
    'https://hooks.example.com:22/',
    'https://hooks.example.com:80/',
    'https://hooks.example.com:65535/',
    'https://93.184.216.34:6379/',
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'gopher://hooks.example.com/',
    'javascript:alert(1)',
    'data:text/html,x',
    '//hooks.example.com/',
    'https://',
    'https:///',
    'https://[::1',
    'https://[fe80::1%25eth0]/',
    'https://ho oks.example.com/',
    '',
    'hooks.example.com',
    `https://hooks.example.com/${'a'.repeat(2_048)}`,
  ])('%s is refused', (url) => {
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
