// How long loops stay polite: they report bytes, let other work in, and stop when cancelled.

/**
 * To be called at least every few MiB or milliseconds of work with the bytes done since the last call.
 * Returns a promise when it is time to let the event loop run. Throws `cancelled` once cancelled.
 */
export type Pace = (bytes: number) => Promise<void> | undefined
