import { readFileSync } from 'node:fs';

import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { readEnvironment, SETTINGS } from '../../src/platform/config/environment.js';
import { parsePosthasteFile } from '../../src/platform/config/posthaste-file.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

interface Service {
  image?: string;
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  stop_grace_period?: string;
}

const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  configs: Record<string, { file: string }>;
};
const ours = Object.entries(compose.services).filter(([, service]) => service.image === 'posthaste:local');

/** Names of the images' own, and of Compose. */
const FOREIGN = ['POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB', 'POSTGRES_APP_PASSWORD'];
const known = [...SETTINGS.map((setting) => setting.key as string), ...FOREIGN];

/** Every `${…}` of the file, comments aside. */
const interpolations = text
  .split('\n')
  .filter((line) => !line.trimStart().startsWith('#'))
  .flatMap((line) => [...line.matchAll(/\$\{([A-Z0-9_]+)([^}]*)\}/g)])
  .map((match) => ({ name: match[1]!, rest: match[2]! }));

describe('docker-compose.yml', () => {
  it('is valid by the schema of the Compose Specification', () => {
    const ajv = new Ajv2019({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/); // Compose's own, not ISO 8601
    for (const shape of ['ports', 'expose', 'subnet_ip_address']) ajv.addFormat(shape, true); // defined by Compose's code alone
    const validate = ajv.compile(JSON.parse(read('test/support/compose-spec.schema.json')) as object);
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('names no environment variable that nobody reads', () => {
    const used = Object.values(compose.services).flatMap((service) => Object.keys(service.environment ?? {}));
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
    expect(interpolations.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('gives every variable a default, or says that it is required', () => {
    expect(interpolations.length).toBeGreaterThan(0);
    expect(interpolations.filter(({ rest }) => !/^:[-?]/.test(rest))).toEqual([]);
  });

  it('requires every secret, and has a default for none', () => {
    const secrets = ['POSTHASTE_API_KEY', 'ENCRYPTION_KEY', 'POSTGRES_PASSWORD', 'POSTGRES_APP_PASSWORD'];
    for (const secret of secrets) {
      const uses = interpolations.filter(({ name }) => name === secret);
      expect(uses.length, secret).toBeGreaterThan(0);
      expect(
        uses.every(({ rest }) => rest.startsWith(':?')),
        secret,
      ).toBe(true);
    }
  });

  it('gives each service an environment that it accepts', () => {
    const values: Record<string, string> = {
      POSTGRES_PASSWORD: 'a1b2',
      POSTGRES_APP_PASSWORD: 'c3d4',
      POSTHASTE_API_KEY: `ph_abcdefghijkl_${'x'.repeat(43)}`,
      ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
    };
    const fill = (value: string): string =>
      value.replace(/\$\{([A-Z0-9_]+):([-?])([^}]*)\}/g, (_all, name: string, kind: string, rest: string) =>
        kind === '-' ? rest : values[name]!,
      );
    expect(ours.map(([name]) => name)).toEqual(['migrate', 'api', 'relay', 'worker']);
    for (const [name, service] of ours) {
      const filled = Object.entries(service.environment ?? {}).map(([key, value]) => [key, fill(value)]);
      expect(readEnvironment(Object.fromEntries(filled) as NodeJS.ProcessEnv).faults, name).toEqual([]);
    }
  });

  it('runs each role once, and starts none before the migration is through', () => {
    const roles = ours.flatMap(([, service]) => service.environment?.['ROLES'] ?? []);
    expect(roles).toEqual(['api', 'relay', 'worker']);
    for (const [name, service] of ours.filter(([, one]) => one.environment?.['ROLES'])) {
      expect(service.depends_on?.['migrate']?.condition, name).toBe('service_completed_successfully');
      expect(service.stop_grace_period, name).toBe('30s');
    }
  });

  it('migrates as the owner, whom nothing that runs the service knows', () => {
    const userOf = (url: string | undefined): string | undefined =>
      /^postgres:\/\/(\w+):/.exec(url ?? '')?.[1];
    for (const [name, { environment = {} }] of ours) {
      expect(userOf(environment['DATABASE_URL']), name).toBe('posthaste_app');
      expect(userOf(environment['MIGRATE_DATABASE_URL']), name).toBe(
        name === 'migrate' ? compose.services['postgres']!.environment!['POSTGRES_USER'] : undefined,
      );
    }
  });

  it('waits for health only of services that report it', () => {
    for (const service of Object.values(compose.services)) {
      for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
        if (condition === 'service_healthy') expect(compose.services[name]?.healthcheck, name).toBeDefined();
      }
    }
  });

  it('brings a configuration that is accepted', () => {
    const file = compose.configs['posthaste']!.file;
    const parsed = parsePosthasteFile(read(file), {});
    expect(parsed.faults).toEqual([]);
    expect(parsed.file.providers.map((provider) => provider.name)).toEqual(['mailpit', 'webhooks']);
  });
});

describe('the image', () => {
  const dockerfile = read('Dockerfile');

  it('runs as nobody special, tells its health, and takes signals itself', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toContain('/health/live');
    expect(last).toMatch(/^CMD \["node", /m);
  });

  it('starts the service as `npm run start:prod` does', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const command = /^CMD (\[.*\])$/m.exec(dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')))![1]!;
    expect(['exec', ...(JSON.parse(command) as string[])].join(' ')).toBe(scripts['start:prod']);
  });

  it('lets into the build only what the Dockerfile copies', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      match[1]!.split(' '),
    );
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect([...new Set(copied)].sort()).toEqual(allowed.sort());
  });
});
