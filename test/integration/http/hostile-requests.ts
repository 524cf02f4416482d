import { gzipSync } from 'node:zlib';

import type { ProblemCode } from '../../../src/platform/http/problem.js';
import type { RawRequest } from '../../support/raw-http.js';

/** What must be refused: the request, the exact answer, and the faults that it must name. */
export interface HostileRequest extends RawRequest {
  name: string;
  status: number;
  code: ProblemCode;
  /** JSON pointers that `errors` must hold, all of them and nothing else. */
  faults?: string[];
  /** A word that some fault's message must hold. */
  says?: string;
}

const PATH = '/v1/notifications';
const BATCH = `${PATH}/batch`;
const json = { 'content-type': 'application/json' };
/** Would be accepted as it is. */
const WELL = {
  type: 'welcome',
  recipient: 'grace.hopper@navy.example',
  business_id: 'hostile',
  channel: 'email',
  data: { name: 'Ada' },
};
const with_ = (changes: object): string => JSON.stringify({ ...WELL, ...changes });
const post = (body: string | Buffer | undefined, headers: Record<string, string> = json): RawRequest => ({
  method: 'POST',
  path: PATH,
  headers,
  body,
});
const get = (path: string): RawRequest => ({ method: 'GET', path });
const invalid = (name: string, changes: object, faults: string[], says?: string): HostileRequest => ({
  name,
  ...post(with_(changes)),
  status: 400,
  code: 'invalid_request',
  faults,
  ...(says === undefined ? {} : { says }),
});
const refused = (
  name: string,
  request: RawRequest,
  status: number,
  code: ProblemCode,
  faults?: string[],
): HostileRequest => ({
  name,
  ...request,
  status,
  code,
  ...(faults === undefined ? {} : { faults }),
});

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
const BIG = 'a'.repeat(10 * 1024 * 1024);
const REQUIRED = ['/type', '/recipient', '/business_id'];

const bodies: HostileRequest[] = [
  refused('invalid JSON', post('{"type":'), 400, 'invalid_json'),
  refused('two JSON values', post('{}{}'), 400, 'invalid_json'),
  refused('a byte order mark', post('\ufeff{}'), 400, 'invalid_json'),
  refused('JSON with comments', post('{/* */}'), 400, 'invalid_json'),
  refused('an empty body', post(''), 400, 'invalid_request', REQUIRED),
  refused('no body and no content type', post(undefined, {}), 400, 'invalid_request', REQUIRED),
  refused('an array', post('[]'), 400, 'invalid_request', ['/']),
  refused('a string', post('"x"'), 400, 'invalid_request', ['/']),
  refused('a number', post('1'), 400, 'invalid_request', ['/']),
  refused('null', post('null'), 400, 'invalid_request', REQUIRED),
  refused(
    'another media type',
    post(with_({}), { 'content-type': 'text/plain' }),
    415,
    'unsupported_media_type',
  ),
  refused(
    'a form',
    post('type=welcome', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'unsupported_media_type',
  ),
  refused('no content type', post(with_({}), {}), 415, 'unsupported_media_type'),
  refused(
    'a content type that is none',
    post(with_({}), { 'content-type': 'json' }),
    415,
    'unsupported_media_type',
  ),
  refused(
    'UTF-16, as it says',
    post(Buffer.from(with_({}), 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }),
    415,
    'unsupported_media_type',
  ),
  refused(
    'Latin-1, as it says',
    post(with_({}), { 'content-type': 'application/json;charset="iso-8859-1"' }),
    415,
    'unsupported_media_type',
  ),
  refused(
    'bytes that are no UTF-8',
    post(Buffer.concat([Buffer.from('{"type":"'), Buffer.of(0xff), Buffer.from('"}')])),
    400,
    'invalid_json',
  ),
  refused(
    'a compressed body',
    post(gzipSync(with_({})), { ...json, 'content-encoding': 'gzip' }),
    415,
    'unsupported_media_type',
  ),
  refused('10 MB', post(`"${BIG}"`), 413, 'too_large'),
  refused('300 KB', post(with_({ metadata: { a: 'a'.repeat(300 * 1024) } })), 413, 'too_large'),
  refused('10 MB in chunks', post(`"${BIG}"`, { ...json, 'transfer-encoding': 'chunked' }), 413, 'too_large'),
  refused('a batch beyond 5 MB', { ...post(`{"notifications":["${BIG}"]}`), path: BATCH }, 413, 'too_large'),
  refused('a batch of none', { ...post('{"notifications":[]}'), path: BATCH }, 400, 'invalid_request', [
    '/notifications',
  ]),
  refused(
    'a batch of 1001',
    { ...post(JSON.stringify({ notifications: Array(1001).fill(WELL) })), path: BATCH },
    400,
    'invalid_request',
    ['/notifications'],
  ),
  refused('a batch that is a list', { ...post('[]'), path: BATCH }, 400, 'invalid_request', ['/']),
  refused(
    'a batch with more beside it',
    { ...post('{"notifications":[{}],"more":1}'), path: BATCH },
    400,
    'invalid_request',
    ['/more'],
  ),
  refused('data beyond 64 KB', post(with_({ data: { name: 'a'.repeat(65 * 1024) } })), 413, 'too_large'),
  refused(
    'data beyond 64 KB in bytes, not in characters',
    post(with_({ data: { name: '€'.repeat(22 * 1024) } })),
    413,
    'too_large',
  ),
];

const contents: HostileRequest[] = [
  invalid('a NUL', { data: { name: 'a\0b' } }, ['/data/name'], 'NUL'),
  invalid('a NUL in a name', { data: { 'a\0': 1 } }, ['/data'], 'NUL'),
  invalid('a high surrogate alone', { data: { name: '\ud800' } }, ['/data/name'], 'surrogate'),
  invalid('a low surrogate alone', { data: { name: '\udc00' } }, ['/data/name'], 'surrogate'),
  invalid('surrogates the wrong way round', { data: { name: '\udc00\ud800' } }, ['/data/name'], 'surrogate'),
  invalid('depth 21', { data: nested(20) }, [`/data${'/a'.repeat(19)}`], '20 levels'),
  refused(
    '100,000 levels of lists',
    post('['.repeat(100_000) + ']'.repeat(100_000)),
    400,
    'invalid_request',
    ['/0'.repeat(20)],
  ),
  refused(
    '40,000 levels of objects',
    post('{"a":'.repeat(40_000) + '1' + '}'.repeat(40_000)),
    400,
    'invalid_request',
    ['/a'.repeat(20)],
  ),
  refused('100,000 brackets that never close', post('['.repeat(100_000)), 400, 'invalid_json'),
  refused('__proto__ on top', post('{"__proto__":{"admin":true}}'), 400, 'invalid_request', ['/__proto__']),
  refused('an escaped __proto__', post('{"\\u005f_proto__":1}'), 400, 'invalid_request', ['/__proto__']),
  refused(
    'constructor and prototype deep down',
    post('{"data":{"a":[{"constructor":{"prototype":1}},{"prototype":1}]}}'),
    400,
    'invalid_request',
    ['/data/a/0/constructor', '/data/a/1/prototype'],
  ),
  refused(
    '20 faults under a name of 100 KB',
    post(`{"data":{"${'k'.repeat(100_000)}":[${Array(30).fill('"\\u0000"').join()}]}}`),
    400,
    'invalid_request',
  ),
  refused(
    '20,000 unknown fields',
    post(`{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}`),
    400,
    'invalid_request',
  ),
  refused('an unknown field of 250 KB', post(`{"${'k'.repeat(250_000)}":1}`), 400, 'invalid_request'),
  invalid('a misspelt field', { recipent: 'x' }, ['/recipent'], 'did you mean recipient?'),
  invalid('a field that is the service’s own', { status: 'delivered', id: 'ntf_x', attempts: 0 }, [
    '/status',
    '/id',
    '/attempts',
  ]),
  invalid('a name with a slash and a tilde', { 'a/b~c': 1 }, ['/a~1b~0c']),
  invalid(
    'every field of the wrong type, all named at once',
    {
      type: 1,
      recipient: [],
      business_id: {},
      channel: 3,
      to: false,
      data: [],
      template: 4,
      locale: 5,
      lane: null,
      send_at: 6,
      expires_at: 7,
      expires_in: 8,
      on_in_doubt: 9,
      ordering_key: 10,
      metadata: 'x',
    },
    [
      '/type',
      '/recipient',
      '/business_id',
      '/channel',
      '/to',
      '/data',
      '/template',
      '/locale',
      '/lane',
      '/send_at',
      '/expires_at',
      '/expires_in',
      '/on_in_doubt',
      '/ordering_key',
      '/metadata',
    ],
  ),
  invalid('data that is null', { data: null }, ['/data']),
];

const LONG = 'a'.repeat(2_000);
const fields: HostileRequest[] = [
  invalid(
    'every field too long',
    {
      type: LONG,
      recipient: LONG,
      business_id: LONG,
      to: LONG,
      template: LONG,
      locale: LONG,
      ordering_key: LONG,
      expires_in: `${'9'.repeat(20)}s`,
    },
    ['/type', '/recipient', '/business_id', '/to', '/template', '/locale', '/ordering_key', '/expires_in'],
  ),
  invalid('empty keys', { type: '', recipient: '', business_id: '', to: '', ordering_key: '' }, [
    '/type',
    '/recipient',
    '/business_id',
    '/to',
    '/ordering_key',
  ]),
  ...['\u0001', '\n', '\r\n', '\u007f', '\t'].map((control) =>
    invalid(
      `control character ${JSON.stringify(control)} in every key`,
      {
        recipient: `a${control}`,
        business_id: `a${control}`,
        to: `a${control}`,
        ordering_key: `${control}a`,
      },
      ['/recipient', '/business_id', '/to', '/ordering_key'],
    ),
  ),
  ...[
    'Welcome',
    'wel come',
    '.welcome',
    'welcome.',
    'wel..come',
    '../welcome',
    'welcome/',
    'wélcome',
    '-welcome',
    'welcome\n',
  ].map((type) => invalid(`the type ${JSON.stringify(type)}`, { type }, ['/type'])),
  ...['../../etc/passwd', '/etc/passwd', '_layouts/email', 'Welcome'].map((template) =>
    invalid(`the template ${template}`, { template }, ['/template']),
  ),
  invalid('a type of the service’s own', { type: 'posthaste.notification.sent' }, ['/type'], 'posthaste'),
  invalid('the bare posthaste', { type: 'posthaste' }, ['/type'], 'posthaste'),
  invalid('both expiries', { expires_at: '2100-01-01T00:00:00Z', expires_in: '1h' }, ['/expires_in']),
  invalid('an expiry that has passed', { expires_at: '2020-01-01T00:00:00Z' }, ['/expires_at'], 'passed'),
  invalid(
    'an expiry before the time to send',
    { send_at: '2100-01-02T00:00:00Z', expires_at: '2100-01-01T00:00:00Z' },
    ['/expires_at'],
    'send_at',
  ),
  ...[
    '10',
    's',
    '-1s',
    '1.5h',
    '1 h',
    '01s',
    '1w',
    '1h30m',
    'PT1H',
    '0s',
    '999999999d',
    '100000h',
    '1H',
    '٣s',
  ].map((expires_in) => invalid(`the duration ${expires_in}`, { expires_in }, ['/expires_in'])),
  ...[
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T25:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T23:60:00Z',
    '2026-12-31T23:59:60Z',
    '2026-11-22',
    '2026-11-22 09:00:00Z',
    '2026-11-22\u00a009:00:00Z',
    '2026-11-22T09:00:00',
    '2026-11-22T09:00:00+99:00',
    `2026-11-22T09:00:00.${'1'.repeat(1_000)}Z`,
    '0000-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59Z',
    '+010000-01-01T00:00:00Z',
    'now',
    'infinity',
    '1795338000',
  ].map((send_at) =>
    invalid(`the time ${send_at.slice(0, 40)}`, { send_at }, ['/send_at'], 'must be a time'),
  ),
  ...['e', 'english-', 'de_', '../de', 'de AT', 'de\0'.replace('\0', '%00')].map((locale) =>
    invalid(`the locale ${locale}`, { locale }, ['/locale']),
  ),
  invalid('a lane that is none', { lane: 'urgent' }, ['/lane'], 'transactional'),
  invalid('a channel that is none', { channel: 'pigeon' }, ['/channel'], 'webhook'),
  invalid('a policy that is none', { on_in_doubt: 'hope' }, ['/on_in_doubt'], 'park'),
  refused('no channel', post(with_({ channel: undefined })), 400, 'invalid_request', ['/channel']),
];

const addresses: HostileRequest[] = [
  ...[
    'a@b.c\r\nRCPT TO:<x@y.example>',
    'a@b.example\nBcc: x@y.example',
    'a@b.example, c@d.example',
    'a@b.example;c@d.example',
    'Ada <a@b.example>',
    '<a@b.example>',
    '"a b"@b.example',
    'a@b.example>',
    'a@[127.0.0.1]',
    'a@localhost',
    'a@b@c.example',
    'undisclosed-recipients:;',
    'a',
    '@b.example',
    'a@',
    'a@b..example',
    'a@-b.example',
    ' a@b.example',
    'a@b.example ',
    'a@b.example%0d%0aRCPT',
    'ä@b.example',
    `${'a'.repeat(65)}@b.example`,
    'a@1.2.3.4',
    'a(comment)@b.example',
  ].map((to) => invalid(`the mailbox ${JSON.stringify(to)}`, { to }, ['/to'])),
  invalid(
    'a recipient that is no mailbox, without a `to`',
    { recipient: 'user-7' },
    ['/recipient'],
    'left out',
  ),
  ...[
    '030 123456',
    '4917012345678',
    '+',
    '+0 170 1234567',
    '+49',
    '+999 1234567',
    '+4917012345678901234',
    '+49170abc4567',
    '+49170123456;ext=1',
    '++4917012345678',
    '+49170123456, +49170123457',
    'tel:+4917012345678',
    '+４９17012345678',
  ].map((to) =>
    invalid(`the number ${to}`, { channel: 'sms', type: 'otp.code', data: { code: '1' }, to }, ['/to']),
  ),
  ...[
    'https://127.0.0.1/',
    'ep_',
    'ntf_01jcz5m8q4e2r8t0v2w4x6y8za',
    'ep_01jcz5m8q4e2r8t0v2w4x6y8za',
    'ep_81jcz5m8q4e2r8t0v2w4x6y8za',
  ].map((to) => invalid(`the endpoint ${to}`, { channel: 'webhook', to }, ['/to'])),
  refused('a template that is not there', post(with_({ template: 'nobody.wrote_this' })), 422, 'no_template'),
  refused(
    'a template for another channel',
    post(with_({ channel: 'sms', to: '+4917012345678' })),
    422,
    'no_template',
  ),
  refused('a variable that is not given', post(with_({ data: {} })), 422, 'template_error', ['/data/name']),
];

const ID = '/v1/notifications/';
const paths: HostileRequest[] = [
  ...[
    "ntf_'%20OR%201=1--",
    '..%2f..%2fetc%2fpasswd',
    '%00',
    '%0d%0aSet-Cookie:x',
    '%F0%9F%98%80',
    'a'.repeat(5_000),
    'a'.repeat(101),
    '01jcz5m8q4e2r8t0v2w4x6y8za',
    'ntf_01JCZ5M8Q4E2R8T0V2W4X6Y8ZA',
    'ntf_81jcz5m8q4e2r8t0v2w4x6y8za',
    'ntf_01jcz5m8q4e2r8t0v2w4x6y8z',
    'ntf_01jcz5m8q4e2r8t0v2w4x6y8za0',
    'ep_01jcz5m8q4e2r8t0v2w4x6y8za',
    'ntf_01jcz5m8q4e2r8t0v2w4x6y8zu',
    '__proto__',
    'constructor',
    'ntf_01jcz5m8q4e2r8t0v2w4x6y8za',
  ].map((id) => refused(`the id ${id.slice(0, 40)}`, get(ID + id), 404, 'not_found')),
  refused('a path that is no URL', get(`${ID}%`), 400, 'invalid_request'),
  refused('bytes that are no UTF-8 in a path', get(`${ID}%ff`), 400, 'invalid_request'),
  refused('cancelling nobody', { ...post('', {}), path: `${ID}ntf_x/cancel` }, 404, 'not_found'),
  refused(
    'cancelling with what is no JSON',
    { ...post('x', { 'content-type': 'text/plain' }), path: `${ID}ntf_x/cancel` },
    415,
    'unsupported_media_type',
  ),
  ...[
    '/nope',
    '/v1',
    '/v1/notifications/',
    '//v1//notifications',
    '/V1/notifications',
    '/v2/notifications',
    '/.env',
    '/docs/assets/..%2f..%2fpackage.json',
    '/docs/assets/__proto__',
  ].map((path) => refused(`the path ${path}`, get(path), 404, 'not_found')),
  refused(
    'a header of 20 KB',
    { ...get('/v1/notifications'), headers: { 'x-long': 'a'.repeat(20_000) } },
    431,
    'too_large',
  ),
  refused('a query of 20 KB', get(`/v1/notifications?recipient=${'a'.repeat(20_000)}`), 431, 'too_large'),
];

const lists: HostileRequest[] = [
  ['limit=0', '/limit'],
  ['limit=201', '/limit'],
  ['limit=-1', '/limit'],
  ['limit=1.5', '/limit'],
  ['limit=many', '/limit'],
  ['limit=', '/limit'],
  ['limit=1&limit=2', '/limit'],
  ['cursor=x', '/cursor'],
  ["cursor=ntf_'--", '/cursor'],
  ['cursor=ep_01jcz5m8q4e2r8t0v2w4x6y8za', '/cursor'],
  ['event_id=ntf_01jcz5m8q4e2r8t0v2w4x6y8za', '/event_id'],
  ['status=lost', '/status'],
  ['channel=pigeon', '/channel'],
  ['type=A', '/type'],
  ['recipient=%00', '/recipient'],
  ['recipient=', '/recipient'],
  ['provider=%00&type=welcome', '/provider'],
  ['business_id=%0a&type=a&recipient=b', '/business_id'],
  ['created_after=2026-12-31T23:59:60Z', '/created_after'],
  ['created_before=yesterday', '/created_before'],
  ['recipent=x', '/recipent'],
  ['type[]=x', '/type[]'],
  ['__proto__=1', '/__proto__'],
  ['business_id=x', '/business_id'],
  ['business_id=x&type=a', '/business_id'],
  ['business_id=x&recipient=a', '/business_id'],
  ['channel=email', '/channel'],
  ['provider=mail', '/provider'],
  ['channel=email&created_before=2026-01-01T00:00:00Z', '/channel'],
].map(([query, fault]) =>
  refused(`the list ?${query}`, get(`/v1/notifications?${query}`), 400, 'invalid_request', [fault!]),
);

export const HOSTILE: readonly HostileRequest[] = [
  ...bodies,
  ...contents,
  ...fields,
  ...addresses,
  ...paths,
  ...lists,
];
