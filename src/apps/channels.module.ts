import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AllowancesStore } from '../allowances/allowances.store.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { EmailChannel } from '../channels/email/email.channel.js';
import { SmsChannel } from '../channels/sms/sms.channel.js';
import { httpKind } from '../channels/webhook/providers/http/http.kind.js';
import { WebhookChannel } from '../channels/webhook/webhook.channel.js';
import { EndpointDirectory } from '../endpoints/endpoint-directory.service.js';
import { EndpointEntity } from '../endpoints/endpoint.entity.js';
import { Endpoints } from '../endpoints/endpoints.service.js';
import { GatesStore } from '../gates/gates.store.js';
import { NotificationsReader } from '../notifications/notifications.reader.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { PayloadVault } from '../notifications/payload.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import { AddressFilter } from '../platform/http/address-filter.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
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
          inject: [EndpointDirectory, AddressFilter],
          useFactory: (endpoints: EndpointDirectory, filter: AddressFilter) =>
            new ChannelRegistry(
              [
                new EmailChannel(templates),
                new SmsChannel(templates),
                new WebhookChannel([httpKind(endpoints, filter)]),
              ],
              providers,
            ),
        },
        EndpointDirectory,
        Endpoints,
        NotificationsReader,
        NotificationsRepository,
        PayloadVault,
        OutboxStore,
        GatesStore,
        AllowancesStore,
      ],
      exports: [
        Templates,
        ChannelRegistry,
        EndpointDirectory,
        Endpoints,
        NotificationsReader,
        NotificationsRepository,
        PayloadVault,
        OutboxStore,
        GatesStore,
        AllowancesStore,
      ],
    };
  }
}
