import { startPostgres } from '../../packages/server/src/logs/postgres/postgres-server.fixture.ts';
import { startRedis } from '../../packages/server/src/logs/redis/redis-server.fixture.ts';

// Runs a real engine in a temporary folder until it is told to stop, for `npm run start:cluster`. Writes its URL as the first line.
// PostgreSQL runs as a daemon, so nothing else keeps this process alive.
setInterval(() => undefined, 60_000);
const stops = new Promise<void>((resolve) => {
  process.once('SIGTERM', resolve);
  process.once('SIGINT', resolve);
});
if (process.argv[2] === 'postgres') {
  const server = await startPostgres();
  const { host, port, user, database } = server.config;
  console.log(`postgres://${user}@${host}:${port}/${database}`);
  await stops;
  await server.remove();
} else {
  const server = await startRedis('--appendonly', 'yes');
  console.log(server.url);
  await stops;
  await server.remove();
}
process.exit();
