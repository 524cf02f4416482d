import { parseEnv } from 'node:util';

import { describe, expect, it } from 'vitest';

import { readEnvironment, type Setting, SETTINGS } from '../../../src/platform/config/environment.js';
import { envExample, settingsTable, withSettingsTable } from '../../../src/platform/config/settings-text.js';

const SOME: Setting[] = [
  { key: 'PORT', kind: 'port', default: '3000', sentence: 'A port.' },
  { key: 'LEVEL', kind: 'text', sentence: 'One | the other.' },
];

describe('the settings as people read them', () => {
  it('names every setting in .env.example, and sets none', () => {
    const text = envExample();
    for (const { key } of SETTINGS) expect(text).toMatch(new RegExp(`^# ${key}=`, 'm'));
    expect(parseEnv(text)).toEqual({});
  });

  it('gives an example that is accepted when everything in it is switched on', () => {
    const on = envExample().replace(/^# ([A-Z_]+=)/gm, '$1');
    expect(readEnvironment(parseEnv(on) as NodeJS.ProcessEnv).faults).toEqual([]);
  });

  it('pads the table and escapes what would end a cell', () => {
    expect(settingsTable(SOME)).toBe(
      [
        '| Variable | Default | Meaning           |',
        '| -------- | ------- | ----------------- |',
        '| `PORT`   | `3000`  | A port.           |',
        '| `LEVEL`  |         | One \\| the other. |',
      ].join('\n'),
    );
  });

  it('replaces only what stands between the markers', () => {
    const before = 'a\n<!-- settings:begin -->\nold\n<!-- settings:end -->\nz\n';
    const after = 'a\n<!-- settings:begin -->\n\nnew\n\n<!-- settings:end -->\nz\n';
    expect(withSettingsTable(before, 'new')).toBe(after);
    expect(withSettingsTable(after, 'new')).toBe(after);
  });

  it('refuses a text without markers', () => {
    expect(() => withSettingsTable('a', 'new')).toThrow('settings:begin');
  });
});
