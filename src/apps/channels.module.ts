import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AllowancesStore } from '../allowances/allowances.store.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { EmailChannel } from '../channels/email/email.channel.js';
import { SmsChannel } from '../channels/sms/sms.channel.js';
import { httpKind } from '../channels/webhook/providers/http/http.kind.js';
import { WebhookChannel } from '../channels/webhook/webhook.channel.js';
import { UnsubscribeLinks } from '../consent/unsubscribe-links.js';
import { EndpointDirectory } from '../endpoints/endpoint-directory.service.js';
import { EndpointPatience } from '../endpoints/endpoint-patience.service.js';
import { EndpointSwitch } from '../endpoints/endpoint-switch.service.js';
import { EndpointTerms } from '../endpoints/endpoint-terms.js';
import { EndpointVerdicts } from '../endpoints/endpoint-verdicts.service.js';
import { EndpointEntity } from '../endpoints/endpoint.entity.js';
import { Endpoints } from '../endpoints/endpoints.service.js';
import { GatesStore } from '../gates/gates.store.js';
import { NotificationsReader } from '../notifications/notifications.reader.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { PayloadVault } from '../notifications/payload.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import { OwnEvents } from '../own-events/own-events.js';
import { Config } from '../platform/config/config.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { AddressFilter } from '../platform/http/address-filter.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { Addresses } from '../receipts/addresses.js';
import { Receipts } from '../receipts/receipts.service.js';
import { SuppressionIntents } from '../receipts/suppression-intents.service.js';
import { QuietHoursPolicy } from '../quiet-hours/quiet-hours.policy.js';
import { Suppressions } from '../suppressions/suppressions.js';
import { SuppressionsReader } from '../suppressions/suppressions.reader.js';
import { Templates } from '../templating/templates.js';

/** What the roles share: the record, the outbox, the channels with their providers. A new channel is two lines here. */
@Module({})
export class ChannelsModule {
  static register(templates: Templates, providers: readonly ProviderConfig[]): DynamicModule {
    return {
      module: ChannelsModule,
      global: true,
      imports: [TypeOrmModule.forFeature([EndpointEntity])],
      providers: [
        { provide: Templates, useValue: templates },
        {
          provide: ChannelRegistry,
          inject: [EndpointDirectory, AddressFilter, UnsubscribeLinks],
          useFactory: (endpoints: EndpointDirectory, filter: AddressFilter, links: UnsubscribeLinks) =>
            new ChannelRegistry(
              [
                new EmailChannel(templates, links),
                new SmsChannel(templates),
                new WebhookChannel([httpKind(endpoints, filter)]),
              ],
              providers,
            ),
        },
        {
          provide: UnsubscribeLinks,
          inject: [KeyedHasher, Config],
          useFactory: (hasher: KeyedHasher, config: Config) =>
            new UnsubscribeLinks(hasher, config.environment.publicUrl),
        },
        EndpointDirectory,
        EndpointPatience,
        EndpointSwitch,
        EndpointTerms,
        EndpointVerdicts,
        Endpoints,
        NotificationsReader,
        NotificationsRepository,
        OwnEvents,
        PayloadVault,
        OutboxStore,
        GatesStore,
        AllowancesStore,
        Addresses,
        Receipts,
        SuppressionIntents,
        QuietHoursPolicy,
        Suppressions,
        SuppressionsReader,
      ],
      exports: [
        Templates,
        ChannelRegistry,
        EndpointDirectory,
        EndpointPatience,
        EndpointSwitch,
        EndpointTerms,
        EndpointVerdicts,
        Endpoints,
        NotificationsReader,
        NotificationsRepository,
        OwnEvents,
        PayloadVault,
        OutboxStore,
        GatesStore,
        AllowancesStore,
        Receipts,
        QuietHoursPolicy,
        Suppressions,
        UnsubscribeLinks,
        SuppressionsReader,
      ],
    };
  }
}
