import { TypeCatalogue } from '../catalogue/type-catalogue.js';
import type { Channel } from '../channels/channel.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { EmailChannel } from '../channels/email/email.channel.js';
import { SmsChannel } from '../channels/sms/sms.channel.js';
import { httpKind } from '../channels/webhook/providers/http/http.kind.js';
import { WebhookChannel } from '../channels/webhook/webhook.channel.js';
import { CHANNELS } from '../domain/channel.js';
import { type Config, ConfigError, loadConfig } from '../platform/config/config.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { AddressFilter } from '../platform/http/address-filter.js';
import { dialectOf } from '../receipts/dialects.js';
import { NO_CATCHERS, sandboxProviders } from '../sandbox/sandbox-providers.js';
import { toProvider } from '../platform/config/posthaste-file.js';
import { TemplateFilesError } from '../templating/template-error.js';
import { Templates } from '../templating/templates.js';
import { describeConfig } from './config-summary.js';
import { isMain } from './is-main.js';

/**
 * Holds a configuration to everything that can be known without a database or a provider: kinds and options of
 * providers, templates, and that each configured type can be composed and has somebody to send it.
 * Answers a summary without secrets. Throws ConfigError with every fault.
 */
export async function checkConfig(config: Config): Promise<string[]> {
  const faults: string[] = [];
  const templates = loadTemplates(config.environment.templatesDir, faults);
  const channels = channelsWith(templates);
  const providers = config.isSandbox ? sandboxProviders(NO_CATCHERS).map(toProvider) : config.file.providers;
  for (const provider of providers) faults.push(...(await providerFaults(channels, provider)));
  if (templates) faults.push(...typeFaults(config, channels, providers));
  faults.push(...schemaFaults(config));
  if (faults.length > 0) throw new ConfigError(faults);
  return describeConfig(config, providers);
}

function loadTemplates(folder: string, faults: string[]): Templates | undefined {
  try {
    return Templates.load(folder);
  } catch (error) {
    if (!(error instanceof TemplateFilesError)) throw error;
    faults.push(...error.faults.map((fault) => `template ${fault}`));
    return undefined;
  }
}

const NOTHING = { hasEmail: () => false, hasSms: () => false } as unknown as Templates;

/** As processes compose them; nobody is looked up and nobody is called here. */
function channelsWith(templates: Templates = NOTHING): Channel[] {
  const webhook = httpKind({ find: async () => undefined }, new AddressFilter([]));
  return [new EmailChannel(templates), new SmsChannel(templates), new WebhookChannel([webhook])];
}

/** Makes it as a worker would, one by one, so that the fault of one does not hide the next's. No connection is opened. */
async function providerFaults(
  channels: readonly Channel[],
  config: ProviderConfig,
): Promise<readonly string[]> {
  try {
    const registry = new ChannelRegistry(channels, [config]);
    await registry.create(config).close();
    const parseAddress = (to: string) => registry.channel(config.channel).parseAddress(to);
    dialectOf(config, { fetch: async () => undefined, parseAddress });
    return [];
  } catch (error) {
    return error instanceof ConfigError
      ? error.faults
      : [`provider ${config.name}: ${(error as Error).message}`];
  }
}

function schemaFaults({ file, environment }: Config): readonly string[] {
  try {
    TypeCatalogue.load(file, environment.templatesDir);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** What the door would answer 422 to, for every request of the type. */
function typeFaults(
  { file }: Config,
  channels: readonly Channel[],
  providers: readonly ProviderConfig[],
): string[] {
  return [...file.types].flatMap(([type, { channel, template = type }]) => {
    const possible = channels.filter(({ name }) => channel === undefined || channel === name);
    const written = possible.filter((one) => one.hasTemplate(template));
    const served = written.filter(({ name }) => providers.some((provider) => provider.channel === name));
    const by = channel ?? CHANNELS.join(', ');
    if (written.length === 0) return [`type ${type}: there is no template ${template} for ${by}`];
    return served.length === 0 ? [`type ${type}: no provider is configured for ${by}`] : [];
  });
}

/** `npm run config:check [file]`. Exits 1 when something is wrong. */
export async function main(file: string | undefined): Promise<number> {
  try {
    const lines = await checkConfig(loadConfig(undefined, file));
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

if (isMain(import.meta.url)) process.exitCode = await main(process.argv[2]);
