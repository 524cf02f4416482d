// `node --import`: nobody looks for lost hints, dead workers or what is overdue. The harness must see it.
import { UpkeepRunner } from '../../../dist/src/upkeep/upkeep.runner.js';

UpkeepRunner.prototype.start = () => undefined;
