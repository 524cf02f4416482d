import { describe, expect, it } from 'vitest';

import { ChannelRegistry } from '../../../src/channels/channel.registry.js';
import { readHttpSmsOptions } from '../../../src/channels/sms/providers/http/http-sms.options.js';
import { SmsChannel } from '../../../src/channels/sms/sms.channel.js';
import { providerConfig } from '../../support/provider-config.js';

const BODY = '{"to": "{{ to }}", "text": {{ text | json }}}';
const read = (options: Record<string, unknown> = {}) =>
  readHttpSmsOptions({ url: 'https://sms.example/send', body: BODY, ...options });

describe('the options of an HTTP SMS provider', () => {
  it('takes JSON by POST, 2xx for yes, 429 for later, 400, 413 and 422 for never', () => {
    const { method, path, headers, reading } = read({ url: 'https://sms.example/send?v=1' });
    expect({ method, path, headers }).toEqual({
      method: 'POST',
      path: '/send?v=1',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
    });
    expect([200, 204, 299, 300, 199].map((status) => reading.isSuccess(status))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect([...reading.throttle]).toEqual([429]);
    expect([...reading.reject]).toEqual([400, 413, 422]);
    expect(reading.isIdempotent).toBe(false);
  });

  it('lets what is listed win over the defaults', () => {
    const { reading } = read({ success_status: [200, 400], reject_status: [429] });
    expect(reading.isSuccess(201)).toBe(false);
    expect(reading.isSuccess(400)).toBe(true);
    expect([...reading.throttle]).toEqual([]);
    expect([...reading.reject]).toEqual([429]);
  });

  it.each(['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]/', 'https://sms.example/'])(
    'may call %s',
    (url) => {
      expect(() => read({ url })).not.toThrow();
    },
  );

  it.each<[Record<string, unknown>, RegExp]>([
    [{ url: 'http://sms.example/' }, /^url must be https/],
    [{ url: 'http://127.0.0.1.evil.example/' }, /^url must be https/],
    [{ url: 'https://user:s3cret@sms.example/' }, /^url must not contain credentials/],
    [{ body: '{"to": "{{ to }}"}' }, /^body must have \{\{ text }} in it/],
    [{ body: '{"text": "{{ text }}"}' }, /^body must have \{\{ to }} in it/],
    [{ body: '{"to": "{{ to }}", "text": {{ text }}, "key": "s3cret"}' }, /^body does not make JSON/],
    [
      { body: '{"to": "{{ to }}", "text": "{{ text | json }}", "key": "s3cret"}' },
      /^body does not make JSON/,
    ],
    [{ body: '{"to": "{{ to }}", "text": {{ text | json | append: "x" }}}' }, /^body does not make JSON/],
    [{ body: '{"to": "{{ to }}", "text": {{ text | raw }}}' }, /^body .* undefined filter: raw/],
    [
      { body: '{"to": "{{ to }}", "text": "{{ txt }}", "key": "s3cret"}' },
      /^body .* undefined variable: txt/,
    ],
    [{ body: '{"from": "{{ from }}", "to": "{{ to }}", "text": "{{ text }}"}' }, /undefined variable: from/],
    [{ body: '{"to": "{{ to }}", "text": "{{ text s3cret' }, /^body is not a template/],
    [{ body: '{% include "s3cret" %}' }, /^body is not a template/],
    [{ body: '{"to": "{{ to }}", "text": "{{ text | split: " " }}"}' }, /^body .* prints a list/],
    [{ headers: { 'Content-Type': 'text/plain' } }, /^headers must not set content-type/],
    [{ id_header: 'Host' }, /^id_header must not set host/],
    [{ is_idempotent: true }, /^is_idempotent needs/],
    [{ throttle_status: [429], reject_status: [400, 429] }, /must not share 429/],
    [{ reject_status: [200] }, /must not share 200/],
  ])('refuses %o and keeps secrets to itself', (options, message) => {
    expect(() => read(options)).toThrow(message);
    expect(() => read(options)).not.toThrow(/s3cret/);
  });

  it('is satisfied when the id is in the body or in a header', () => {
    expect(read({ is_idempotent: true, id_header: 'Idempotency-Key' }).idHeader).toBe('idempotency-key');
    const body = '{"to": "{{ to }}", "text": "{{ text }}", "id": "{{ id }}"}';
    expect(read({ is_idempotent: true, body }).reading.isIdempotent).toBe(true);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ url: undefined }, /required property 'url'/],
    [{ method: 'GET' }, /\/method/],
    [{ headers: { 'X-Key': 'a\r\nX-Evil: 1' } }, /\/headers/],
    [{ headers: { 'X Key': 'a' } }, /\/headers/],
    [{ success_status: [99] }, /\/success_status/],
    [{ message_id_path: 'id' }, /\/message_id_path/],
    [{ is_idempotnt: true }, /is_idempotnt/],
  ])('%o does not fit the schema', (options, message) => {
    const own = { url: 'https://sms.example/send', body: BODY, ...options };
    const sms = new SmsChannel({ hasSms: () => true, renderSms: () => '' });
    const written = JSON.parse(JSON.stringify(own)) as Record<string, unknown>;
    expect(() => new ChannelRegistry([sms], [providerConfig('sms', 'http-sms', written)])).toThrow(message);
  });
});
