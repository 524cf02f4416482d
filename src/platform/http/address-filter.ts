import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

import ipaddr from 'ipaddr.js';

/** Public by their range, and yet nobody's business: cloud metadata services that answer on routable addresses. */
const DENIED = [
  '168.63.129.16/32', // Azure's host agent; ipaddr.js calls it unicast
  '100.100.100.200/32', // Alibaba's metadata service
  '192.0.0.192/32', // Oracle's
] as const;

/** `dns.lookup` when it is asked for all. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A name that resolves longer than this to an answer is not worth a worker's time. Enforced by the connect timeout. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

/**
 * Which addresses a webhook may reach: public unicast only, whatever the name said a moment ago.
 *
 * Every address a name resolves to must be allowed, and only those are dialled: the one that was checked is the one that
 * is connected to, so a name that changes in between (rebinding) gains nothing. Literals never reach a resolver and are
 * checked from the URL. `allow` exempts networks (CIDRs) for tests, sandboxes and private installations.
 */
export class AddressFilter {
  private readonly allowed: [ipaddr.IPv4 | ipaddr.IPv6, number][];
  private readonly denied = DENIED.map((cidr) => ipaddr.parseCIDR(cidr));

  /** `resolve`: how names become addresses; the system's own way unless a test brings a server of its own. */
  constructor(
    allow: readonly string[],
    private readonly resolve: ResolveAll = dnsLookup,
  ) {
    this.allowed = allow.map((cidr) => ipaddr.parseCIDR(cidr));
  }

  /** Whether this literal address may be dialled. */
  allows(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address); // ::ffff:127.0.0.1 is 127.0.0.1
    return this.isExempt(address) || (isPublic(parsed) && !isIn(parsed, this.denied));
  }

  /** Whether the operator has opened this address: plain http is then allowed too. */
  isExempt(address: string): boolean {
    return ipaddr.isValid(address) && isIn(ipaddr.process(address), this.allowed);
  }

  /** A `lookup` for sockets: resolves all, refuses unless every one is allowed. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const refused = addresses.find(({ address }) => !this.allows(address));
      if (refused || addresses.length === 0) {
        return callback(
          new AddressRefused(`The host resolves to an address that webhooks may not reach.`),
          '',
          0,
        );
      }
      return answer(addresses, options.all === true, callback);
    });
  };
}

/**
 * IPv6 has handed out 2000::/3 alone (RFC 4291 §2.4): whatever lies outside, as ::127.0.0.1 or a local NAT64 prefix
 * (64:ff9b:1::/48), may lead inside, also where no list names it yet.
 */
const isPublic = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GLOBAL_IPV6));
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

function answer(addresses: LookupAddress[], isAll: boolean, callback: Parameters<LookupFunction>[2]): void {
  if (isAll) callback(null, addresses);
  else callback(null, addresses[0]!.address, addresses[0]!.family);
}

const isIn = (
  address: ipaddr.IPv4 | ipaddr.IPv6,
  networks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][],
): boolean =>
  networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
