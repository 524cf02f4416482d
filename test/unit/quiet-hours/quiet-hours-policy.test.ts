import { expect, it } from 'vitest';

import type { ChannelRegistry } from '../../../src/channels/channel.registry.js';
import { SmsChannel } from '../../../src/channels/sms/sms.channel.js';
import { Config } from '../../../src/platform/config/config.js';
import { readEnvironment } from '../../../src/platform/config/environment.js';
import { parsePosthasteFile } from '../../../src/platform/config/posthaste-file.js';
import { QuietHoursPolicy, type Reached } from '../../../src/quiet-hours/quiet-hours.policy.js';

const { file } = parsePosthasteFile(
  `types:
    night: { quiet_hours: { from: "21:00", to: "08:00", time_zone: Asia/Tokyo } }
    narrow: { quiet_hours: { from: "10:00", to: "09:00", time_zone: Asia/Tokyo } }`,
  {},
);
const sms = new SmsChannel({ hasSms: () => true, renderSms: () => 'x' });
const registry = {
  channel: (name: string) => (name === 'sms' ? sms : {}),
} as unknown as ChannelRegistry;
const policy = new QuietHoursPolicy(new Config(readEnvironment({}).environment, file), registry);

const opens = (more: Partial<Reached>, at = '2026-11-23T13:00:00Z'): string =>
  new Date(
    policy.opensAtMs({ type: 'night', channel: 'sms', to: '+4915112345678', ...more }, Date.parse(at)),
  ).toISOString();

it.each<[string, Partial<Reached>, string]>([
  ['by the country of a number', {}, '2026-11-23T13:00:00.000Z'], // 14:00 in Berlin
  ['by the caller’s word before it', { timeZone: 'Asia/Kolkata' }, '2026-11-23T13:00:00.000Z'], // 18:30
  ['at night by that word', { timeZone: 'Asia/Dhaka' }, '2026-11-23T13:00:00.000Z'], // 19:00
  ['after 21:00 by that word', { timeZone: 'Asia/Shanghai' }, '2026-11-24T00:00:00.000Z'],
  ['awake in every zone of its country', { to: '+12125550123' }, '2026-11-23T18:00:00.000Z'], // 08:00 in Hawaii
  ['by the type’s zone where a number is of no country', { to: '+80012345678' }, '2026-11-23T23:00:00.000Z'],
  ['by the type’s zone for mail', { channel: 'email', to: 'ada@example.com' }, '2026-11-23T23:00:00.000Z'],
  ['at once for a type without quiet hours', { type: 'other' }, '2026-11-23T13:00:00.000Z'],
  ['at once for a webhook', { channel: 'webhook', to: 'ep_x' }, '2026-11-23T13:00:00.000Z'],
  [
    'by the type’s zone where zones leave no moment between them',
    { type: 'narrow', to: '+12125550123' },
    '2026-11-24T00:00:00.000Z',
  ],
])('goes %s', (_name, reached, at) => {
  expect(opens(reached)).toBe(at);
});
