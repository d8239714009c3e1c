// Prevents: packages that are tested or served as they were before the last change.
import { ensureBuilt, ensureInstalled, main } from './toolchain.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
});
