import { Inject, Injectable } from '@nestjs/common';

import { EndpointPatience } from '../endpoints/endpoint-patience.service.js';
import type { UpkeepService } from './upkeep.service.js';

/** Switches off endpoints that have answered nothing but failure for days. */
@Injectable()
export class FailingEndpoints implements UpkeepService {
  readonly name = 'failing_endpoints';
  readonly everyMs = 60_000;
  readonly isExclusive = true;

  constructor(@Inject(EndpointPatience) private readonly patience: EndpointPatience) {}

  async runOnce(): Promise<Record<string, number>> {
    return { disabled: await this.patience.end() };
  }
}
