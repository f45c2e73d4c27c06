/** The newest checkpoint of a log that this device has verified: what a later one must continue. */

/** Where checkpoints are kept; `openCheckpointStore` is the browser's. */
export interface CheckpointStore {
  /** The signed note, or null when this device has seen none of that log. */
  get(origin: string): Promise<string | null>;
  /** Durable when the promise resolves. */
  put(origin: string, note: string): Promise<void>;
}

const DATABASE = 'handfast-log';
const TABLE = 'checkpoints';

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser’s storage failed'));
  });
}

/** Opens the store of this origin; fails where the browser forbids storage. */
export async function openCheckpointStore(factory: IDBFactory = indexedDB): Promise<CheckpointStore> {
  const request = factory.open(DATABASE, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(TABLE);
  const database = await result(request);
  return {
    async get(origin) {
      const found: unknown = await result(database.transaction(TABLE).objectStore(TABLE).get(origin));
      return typeof found === 'string' ? found : null;
    },
    async put(origin, note) {
      // Strict durability: what was seen once must not be forgotten with a power cut.
      const transaction = database.transaction(TABLE, 'readwrite', { durability: 'strict' });
      transaction.objectStore(TABLE).put(note, origin);
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('the write was aborted'));
      });
    },
  };
}
