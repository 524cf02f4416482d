import { Inject, Module, type OnModuleInit } from '@nestjs/common';

import { FiguresReader } from '../overview/figures.reader.js';
import { meterFigures } from '../overview/meter-figures.js';
import { Gauges } from '../platform/metrics/gauges.js';

/** The figures of PostgreSQL in the metrics of every process, whatever its roles: any of them may be the one that is scraped. */
@Module({ providers: [FiguresReader] })
export class FiguresModule implements OnModuleInit {
  constructor(
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(FiguresReader) private readonly figures: FiguresReader,
  ) {}

  onModuleInit(): void {
    meterFigures(this.gauges, () => this.figures.read());
  }
}
