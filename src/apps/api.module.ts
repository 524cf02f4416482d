import { Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AcceptGroup } from '../accept/accept-group.js';
import { AcceptService } from '../accept/accept.service.js';
import { Addressing } from '../accept/addressing.js';
import { NotificationsController } from '../accept/notifications.controller.js';
import { Stories } from '../accept/stories.service.js';
import { WaitingHolds } from '../accept/waiting-holds.js';
import { WakeUp } from '../accept/wake-up.js';
import { EventTypesController } from '../catalogue/event-types.controller.js';
import { AcceptEvent } from '../events/accept-event.service.js';
import { EventDrafts } from '../events/event-drafts.service.js';
import { EventsController } from '../events/events.controller.js';
import { EventsReader } from '../events/events.reader.js';
import { FanOut } from '../events/fan-out.service.js';
import { CallbacksController } from '../receipts/callbacks.controller.js';
import { Callbacks } from '../receipts/callbacks.service.js';
import { ForcedBreakers } from '../gates/forced-breakers.service.js';
import { SuppressionList } from '../consent/suppression-list.service.js';
import { SuppressionsController } from '../consent/suppressions.controller.js';
import { UnsubscribeController } from '../consent/unsubscribe.controller.js';
import { Unsubscribe } from '../consent/unsubscribe.service.js';
import { Pauses } from '../gates/pauses.service.js';
import { StandingReader } from '../overview/standing.reader.js';
import { EndpointTestController } from '../accept/endpoint-test.controller.js';
import { EndpointRecoveryController } from '../dead-letters/endpoint-recovery.controller.js';
import { EndpointAttempts } from '../endpoints/endpoint-attempts.reader.js';
import { EndpointCareController } from '../endpoints/endpoint-care.controller.js';
import { EndpointChanges } from '../endpoints/endpoint-changes.service.js';
import { EndpointHealthReader } from '../endpoints/endpoint-health.reader.js';
import { EndpointRotation } from '../endpoints/endpoint-rotation.service.js';
import { EndpointEntity } from '../endpoints/endpoint.entity.js';
import { EndpointsController } from '../endpoints/endpoints.controller.js';
import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { AlertsController } from '../admin/alerts.controller.js';
import { ApiKeysController } from '../admin/api-keys.controller.js';
import { OverviewController } from '../admin/overview.controller.js';
import { ProvidersController } from '../admin/providers.controller.js';
import { QueuesController } from '../admin/queues.controller.js';
import { AuditController } from '../admin/audit.controller.js';
import { DeadLettersController } from '../admin/dead-letters.controller.js';
import { AdminNotificationsController } from '../admin/notifications.controller.js';
import { ErasuresController } from '../admin/erasures.controller.js';
import { RedrivesController } from '../admin/redrives.controller.js';
import { DeadLetters } from '../dead-letters/dead-letters.reader.js';
import { OperatorsWord } from '../dead-letters/operators-word.service.js';
import { Redrives } from '../dead-letters/redrives.service.js';
import { RestartTerms } from '../dead-letters/restart-terms.service.js';
import { ApiKeys } from '../platform/auth/api-keys.service.js';
import { Erasures } from '../retention/erasures.service.js';
import { TemplatesController } from '../templating/templates.controller.js';
import { TemplatesPageController } from '../templating/templates-page.controller.js';

/** The role `api`: the door, and what callers may read. Needs PostgreSQL; never waits for the queue. */
@Module({
  imports: [TypeOrmModule.forFeature([EndpointEntity])],
  controllers: [
    NotificationsController,
    EndpointsController,
    AlertsController,
    EndpointCareController,
    EndpointTestController,
    EndpointRecoveryController,
    EventsController,
    EventTypesController,
    ApiKeysController,
    OverviewController,
    ProvidersController,
    QueuesController,
    AdminNotificationsController,
    DeadLettersController,
    RedrivesController,
    ErasuresController,
    AuditController,
    TemplatesController,
    TemplatesPageController,
    CallbacksController,
    SuppressionsController,
    UnsubscribeController,
  ],
  providers: [
    IdempotentRequests,
    EndpointAttempts,
    EndpointChanges,
    EndpointHealthReader,
    EndpointRotation,
    AcceptService,
    AcceptGroup,
    Addressing,
    ForcedBreakers,
    AcceptEvent,
    EventDrafts,
    EventsReader,
    FanOut,
    Pauses,
    StandingReader,
    Stories,
    WaitingHolds,
    WakeUp,
    DeadLetters,
    OperatorsWord,
    Redrives,
    Erasures,
    RestartTerms,
    Callbacks,
    SuppressionList,
    Unsubscribe,
  ],
})
export class ApiModule implements OnApplicationBootstrap {
  constructor(@Inject(ApiKeys) private readonly keys: ApiKeys) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.keys.ensureFirstKey();
  }
}
