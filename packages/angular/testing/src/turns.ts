/** How many turns of promises the client takes at most for what a test does. */
const turns = 60;

/** Lets every promise run that is ready. Needs no timer, so it works with fake ones. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}
