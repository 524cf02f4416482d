import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { ConfigError, loadConfig } from '../../../src/platform/config/config.js';

const folder = mkdtempSync(join(tmpdir(), 'posthaste-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const faultsOf = (env: NodeJS.ProcessEnv): readonly string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
};

describe('NAME_FILE', () => {
  it("gives a setting's value, without the line's end", () => {
    const url = write('redis', 'redis://127.0.0.1:6379/2\n');
    expect(loadConfig({ REDIS_URL_FILE: url }).environment.redisUrl).toBe('redis://127.0.0.1:6379/2');
  });

  it('gives what posthaste.yaml asks the environment for', () => {
    const config = write(
      'posthaste.yaml',
      'providers:\n  - { name: ses, channel: email, kind: smtp, url: "${MAIL_URL}", from: "a@example.com" }\n',
    );
    const file = loadConfig({
      POSTHASTE_CONFIG: config,
      MAIL_URL_FILE: write('mail', 'smtp://u:p@mail.example\r\n'),
    });
    expect(file.file.providers[0]!.options['url']).toBe('smtp://u:p@mail.example');
  });

  it('refuses both forms at once, what cannot be read, and what is empty, and names no value', () => {
    const secret = write('token', 's3cret-token');
    const faults = faultsOf({
      METRICS_TOKEN: 'other-s3cret',
      METRICS_TOKEN_FILE: secret,
      ENCRYPTION_KEY_FILE: join(folder, 'missing'),
      DATABASE_URL_FILE: write('empty', '\n'),
    });
    expect(faults).toEqual([
      `DATABASE_URL_FILE names ${join(folder, 'empty')}, which is empty`,
      `ENCRYPTION_KEY_FILE names ${join(folder, 'missing')}, which cannot be read (ENOENT)`,
      'METRICS_TOKEN_FILE stands beside METRICS_TOKEN: set one of the two',
    ]);
    expect(faults.join()).not.toContain('s3cret');
  });

  it('holds the value to the same rules', () => {
    expect(faultsOf({ ENCRYPTION_KEY_FILE: write('short', 'c2hvcnQ=') })).toEqual([
      'ENCRYPTION_KEY must be 32 bytes in base64',
    ]);
  });

  it('says so when the name before _FILE is misspelt', () => {
    expect(faultsOf({ ENCRYPTION_KEYS_FILE: '/run/secrets/key' }).join()).toContain(
      'did you mean ENCRYPTION_KEY_FILE?',
    );
  });
});
