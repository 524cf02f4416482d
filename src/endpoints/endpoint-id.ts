import { fromPublicId } from '../domain/public-id.js';
import { Problem } from '../platform/http/problem.js';

/** The UUID behind `ep_…`. Throws Problem `not_found` for anything else: an id that cannot be is nobody's. */
export function endpointIdOf(publicId: string): string {
  const id = fromPublicId('endpoint', publicId);
  if (id === undefined) throw noEndpoint();
  return id;
}

export const noEndpoint = (): Problem => new Problem('not_found', 'There is no endpoint with this id.');
