import type { JsonSchema } from './data-schema.js';

/** What subscribers may ask for by its name. */
export interface EventType {
  type: string;
  /** The service's own: nobody may send it. */
  isOwn: boolean;
  description: string | undefined;
  /** Of `data`; undefined: anything goes. */
  schema: JsonSchema | undefined;
  /** Data that fits. */
  example: unknown;
}
