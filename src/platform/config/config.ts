import { existsSync, readFileSync } from 'node:fs';

import { type Environment, readEnvironment, SETTINGS } from './environment.js';
import {
  emptyFile,
  type FileConfig,
  namesIn,
  parsePosthasteFile,
  type ProviderConfig,
} from './posthaste-file.js';
import { withSecretFiles } from './secret-files.js';

/** The whole configuration, read once at start. Injected under this class. */
export class Config {
  constructor(
    readonly environment: Environment,
    readonly file: FileConfig,
  ) {}

  /** Whether everything is caught here instead of sent: asked for, or nothing else is configured. */
  get isSandbox(): boolean {
    return this.environment.sandbox ?? this.file.providers.length === 0;
  }
}

/** All that is wrong with the configuration, one line each. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n- ${faults.join('\n- ')}`,
    );
    this.name = 'ConfigError';
  }
}

/** Reads environment and file (`file`: this one instead of the environment's). Throws ConfigError with every fault at once. */
export function loadConfig(given: NodeJS.ProcessEnv = process.env, file?: string): Config {
  return readConfig(file === undefined ? given : { ...given, POSTHASTE_CONFIG: file });
}

function readConfig(given: NodeJS.ProcessEnv): Config {
  const { env, faults: secretFaults } = withSecretFiles(
    given,
    SETTINGS.map(({ key }) => key),
  );
  const { environment, faults } = readEnvironment(env);
  const { file, faults: fileFaults } = readFile(environment.configFile, env);
  const all = [
    ...secretFaults,
    ...faults,
    ...fileFaults.map((fault) => `${environment.configFile} ${fault}`),
  ];
  if (all.length > 0) throw new ConfigError(all);
  const providers = file.providers.map((provider) => withCallbackUrl(provider, environment.publicUrl));
  return new Config(environment, { ...file, providers });
}

function withCallbackUrl(provider: ProviderConfig, publicUrl: string | undefined): ProviderConfig {
  if (publicUrl === undefined) return provider;
  return { ...provider, callbackUrl: `${publicUrl.replace(/\/+$/, '')}/v1/callbacks/${provider.name}` };
}

/** A file that is named must be there; the default one may be missing. */
function readFile(path: string, env: NodeJS.ProcessEnv): { file: FileConfig; faults: string[] } {
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8');
    const secrets = withSecretFiles(env, namesIn(text));
    const parsed = parsePosthasteFile(text, secrets.env);
    return { file: parsed.file, faults: [...secrets.faults, ...parsed.faults] };
  }
  const isNamed = (env['POSTHASTE_CONFIG'] ?? '') !== '';
  return { file: emptyFile(), faults: isNamed ? ['does not exist'] : [] };
}
