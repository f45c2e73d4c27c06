/** Identities in IndexedDB, which keeps non-extractable CryptoKeys as they are. */

import type { Identity, IdentityStore } from './device';

const DATABASE = 'handfast';
const TABLE = 'identities';
const VERSION = 1;

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser’s storage failed'));
  });
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(TABLE, { keyPath: 'fingerprint' });
  };
  return result(request);
}

/** Opens the store of this origin; fails in private windows that forbid storage. */
export async function openIdentityStore(factory: IDBFactory = indexedDB): Promise<IdentityStore> {
  const database = await openDatabase(factory);

  async function write(change: (table: IDBObjectStore) => IDBRequest): Promise<void> {
    // Strict durability: a certificate that is gone after a power cut locks its owner out.
    const transaction = database.transaction(TABLE, 'readwrite', { durability: 'strict' });
    change(transaction.objectStore(TABLE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the write was aborted'));
    });
  }

  return {
    async all() {
      const table = database.transaction(TABLE).objectStore(TABLE);
      return (await result(table.getAll())) as Identity[];
    },
    put: (identity) => write((table) => table.put(identity)),
    remove: (fingerprint) => write((table) => table.delete(fingerprint)),
  };
}
