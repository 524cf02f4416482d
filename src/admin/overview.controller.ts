import { Controller, Get, Inject } from '@nestjs/common';

import { toAlertView } from '../alerts/alert.view.js';
import { AlertsStore } from '../alerts/alerts.store.js';
import { DeadLetters } from '../dead-letters/dead-letters.reader.js';
import { Overview, toOverview } from '../overview/overview.view.js';
import { StandingReader } from '../overview/standing.reader.js';
import { Route } from '../platform/http/route.js';

const MAX_ALERTS = 50;
const MAX_CAUSES = 10;

@Controller('v1/admin/overview')
export class OverviewController {
  constructor(
    @Inject(StandingReader) private readonly standing: StandingReader,
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
    @Inject(AlertsStore) private readonly alerts: AlertsStore,
  ) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'Where is it stuck, how many are failing, since when, what happens next',
    answers: { 200: { description: 'All four at once', schema: Overview } },
  })
  async get(): Promise<Overview> {
    const [standing, failing, groups, alerts] = await Promise.all([
      this.standing.read(),
      this.standing.failing(),
      this.deadLetters.groups({}),
      this.alerts.list({ isOpen: true, limit: MAX_ALERTS }),
    ]);
    const { channels, clock } = this.standing;
    return toOverview({
      at: clock.now(),
      standing,
      failing,
      deadByCause: groups.items.slice(0, MAX_CAUSES),
      alerts: alerts.map(toAlertView),
      channelOf: (provider) => channels.providers.find(({ name }) => name === provider)?.channel,
    });
  }
}
