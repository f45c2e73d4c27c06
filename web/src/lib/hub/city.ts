/**
 * The sites that the hub tells of, as far as their own nodes have signed it.
 *
 * The hub carries registrations and signals; it cannot make them. A site whose node no
 * agreement names, or whose statements do not hold, is left out and counted.
 */

import type { TrustedNode } from '../secure/chain';
import { open, type Envelope } from '../secure/envelope';
import { asRefused, Refused, type RefusedCode } from '../secure/refused';
import { registration, signal, type Registration, type Signal } from '../secure/statements';
import type { SiteView } from './client';

export interface Site {
  readonly node: string;
  readonly online: boolean;
  readonly registration: Registration;
  /** One for each agreement in force with this node; at least one. */
  readonly agreements: readonly TrustedNode[];
  /** The newest state of each signal, by its name. */
  readonly signals: ReadonlyMap<string, Signal>;
}

export type NodesInForce = ReadonlyMap<string, readonly TrustedNode[]>;

/** Of a site that no agreement names yet. */
const KEPT_SIGNALS = 16;

export class City {
  #nodes: NodesInForce = new Map();
  readonly #views = new Map<string, SiteView>();
  readonly #sites = new Map<string, Site>();
  readonly #unverified = new Map<string, RefusedCode>();

  /** Sites whose statements hold. */
  get sites(): ReadonlyMap<string, Site> {
    return this.#sites;
  }

  /** Nodes that were left out, and why. */
  get unverified(): ReadonlyMap<string, RefusedCode> {
    return this.#unverified;
  }

  /** Takes the agreements in force, and looks again at everything that the hub has told. */
  async trust(nodes: NodesInForce): Promise<void> {
    this.#nodes = nodes;
    for (const node of [...this.#sites.keys()]) if (!nodes.has(node)) this.#sites.delete(node);
    for (const view of [...this.#views.values()]) await this.site(view);
  }

  /** A site as the hub tells it, with all of its signals. */
  async site(view: SiteView): Promise<void> {
    this.#views.set(view.node, view);
    try {
      this.#sites.set(view.node, await this.#verified(view));
      this.#unverified.delete(view.node);
    } catch (error) {
      this.#unverified.set(view.node, asRefused(error, 'malformed', 'a site could not be read').code);
    }
    if (!this.#sites.has(view.node)) return;
    for (const envelope of view.signals) await this.signal(view.node, envelope);
  }

  /** A signal as the node signed it; an older one than the known changes nothing. */
  async signal(node: string, envelope: Envelope): Promise<Signal | null> {
    const site = this.#sites.get(node);
    if (site === undefined) return this.#laterOn(node, envelope);
    try {
      const { statement } = await open(envelope, signal, ringOf(site.agreements));
      if (statement.node !== node) throw new Refused('not-ours', 'a signal of another site');
      const known = site.signals.get(statement.signal);
      if (known !== undefined && known.sequence >= statement.sequence) return known;
      const now = this.#sites.get(node) ?? site;
      const signals = new Map(now.signals).set(statement.signal, statement);
      this.#sites.set(node, { ...now, signals });
      return statement;
    } catch (error) {
      this.#unverified.set(node, asRefused(error, 'malformed', 'a signal could not be read').code);
      return null;
    }
  }

  /** Kept for the moment at which an agreement with the node arrives. */
  #laterOn(node: string, envelope: Envelope): null {
    const view = this.#views.get(node);
    if (view !== undefined) {
      this.#views.set(node, { ...view, signals: [...view.signals, envelope].slice(-KEPT_SIGNALS) });
    }
    return null;
  }

  async #verified(view: SiteView): Promise<Site> {
    const agreements = this.#nodes.get(view.node);
    if (agreements === undefined) throw new Refused('unknown-key', 'no agreement names this node');
    const { statement } = await open(view.registration, registration, ringOf(agreements));
    if (statement.node !== view.node) throw new Refused('not-ours', 'a registration of another site');
    const known = this.#sites.get(view.node);
    const replayed = known !== undefined && known.registration.serial > statement.serial;
    return {
      node: view.node,
      online: view.online,
      registration: replayed ? known.registration : statement,
      agreements: agreements.filter(({ agreement }) => agreement.owner.id === statement.owner),
      signals: known?.signals ?? new Map<string, Signal>(),
    };
  }
}

/** Agreements of one node may pin different keys only while one of them is being replaced. */
function ringOf(agreements: readonly TrustedNode[]): Map<string, CryptoKey> {
  return new Map(agreements.flatMap(({ ring }) => [...ring]));
}
