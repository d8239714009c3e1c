import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { afterAll, describe, expect, it } from 'vitest';
import { freePorts } from './service.ts';
import { alice, bob } from './stack.ts';
import { chunk, startUpstream, type Upstream } from './upstream.ts';
import { withStack } from './with-stack.ts';

describe('the page describes what went wrong, and continues after', () => {
  const world = withStack();

  it('an unknown symbol', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/stocks');
    await visitor.live();
    await visitor.page.getByLabel('Another symbol').fill('NOPE');
    await visitor.button('Add').click();
    await visitor.sees('There is no price for NOPE.');
    // The prices of the others still change.
    await visitor.live();
    const price = visitor.page.locator('[data-price]').first();
    const before = await price.textContent();
    await expect.poll(() => price.textContent()).not.toBe(before);
  });

  it('an eleventh symbol, which cannot be ticked', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/stocks');
    await visitor.live();
    const boxes = visitor.page.locator('mat-checkbox input');
    for (let index = 3; index < 10; index += 1) await boxes.nth(index).check();
    await expect.poll(() => boxes.nth(10).isDisabled()).toBe(true);
    await boxes.nth(0).uncheck();
    await boxes.nth(10).check();
    await expect.poll(() => visitor.page.locator('[data-symbol]').count()).toBe(10);
  });

  it('a move out of turn', async () => {
    const [one, other] = await Promise.all([world.arrive(), world.arrive()]);
    await one.signIn(alice, '/game/turns');
    await other.signIn(bob, '/game/turns');
    await one.button('Take a seat').click();
    await one.page.locator('[data-game-status="waiting-for-players"]').waitFor();
    await other.button('Take a seat').click();
    await one.page.locator('[data-game-status="playing"]').waitFor();
    await other.page.locator('[data-game-status="playing"]').waitFor();
    await other.page.locator('[data-cell="0"]').click();
    await expect.poll(() => other.page.locator('.problem').first().textContent()).toMatch(/turn/);
    await one.page.locator('[data-cell="0"]').click();
    await other.page.locator('[data-cell="0"] .x').waitFor();
    await other.page.locator('[data-cell="1"]').click();
    await one.page.locator('[data-cell="1"] .o').waitFor();
  });

  it('an import that is cancelled', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/tasks');
    const folder = await mkdtemp(join(tmpdir(), 'sillage-csv-'));
    const path = join(folder, 'long.csv');
    await writeFile(path, `id,n\n${'1,2\n'.repeat(300_000)}`);
    // The file arrives slowly, so that the import is still under way.
    await visitor.uploadAt(200_000);
    await visitor.page.getByLabel('CSV file').setInputFiles(path);
    await visitor.button('Import').click();
    await visitor.button('Cancel').click();
    await visitor.page.locator('[data-task-status="cancelled"]').waitFor();
    await rm(folder, { recursive: true });
  });
});

describe('an upstream assistant', () => {
  const turns: ((response: ServerResponse) => void)[] = [];
  let upstream: Upstream;
  const world = withStack({
    api: async () => {
      upstream = await startUpstream((response) => turns.shift()?.(response));
      return { OPENAI_BASE_URL: upstream.baseUrl };
    },
  });
  afterAll(() => upstream.end());

  it('ends when the user stops the answer', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/assistant');
    const left = new Promise((resolve) => {
      turns.push((response) => response.once('close', resolve).write(chunk('Half an ans')));
    });
    await visitor.page.getByLabel('Ask the assistant').fill('Will it stop?');
    await visitor.button('Ask').click();
    await visitor.sees('Half an ans');
    await visitor.button('Stop').click();
    await left;
  });

  it('is reported with the partial answer if it fails, and the next question is answered', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/assistant');
    turns.push(
      (response) => response.write(chunk('Half an ans'), () => response.destroy()),
      (response) => response.end(`${chunk('A whole answer.')}data: [DONE]\n\n`),
    );
    const ask = async (question: string): Promise<void> => {
      await visitor.page.getByLabel('Ask the assistant').fill(question);
      await visitor.button('Ask').click();
    };
    await ask('Will it hold?');
    const failed = visitor.page.locator('[data-status="failed"]');
    await failed.waitFor();
    await expect.poll(() => failed.textContent()).toMatch(/Half an ans[\s\S]*stopped answering/);
    await ask('And now?');
    await expect
      .poll(() => visitor.page.locator('[data-status="complete"]').textContent())
      .toContain('A whole answer.');
  });
});

describe('a broker that stops and starts again', () => {
  let broker: Aedes;
  let server: TcpServer;
  let port = 0;
  const sockets = new Set<Socket>();

  const startBroker = async (): Promise<void> => {
    broker = await Aedes.createBroker();
    server = createTcpServer((socket) => {
      sockets.add(socket);
      broker.handle(socket);
    }).listen(port, 'localhost');
    await once(server, 'listening');
  };
  const stopBroker = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server.close();
    await new Promise<void>((resolve) => broker.close(() => resolve()));
  };
  const measure = (temperature: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const payload = JSON.stringify({ temperature, humidity: 40 });
      const packet = {
        cmd: 'publish',
        topic: 'devices/attic/telemetry',
        payload,
        qos: 0,
        dup: false,
        retain: false,
      } as const;
      broker.publish(packet, (error) => (error ? reject(error) : resolve()));
    });

  const world = withStack({
    api: async () => {
      [port = 0] = await freePorts(1);
      await startBroker();
      return { MQTT_URL: `mqtt://localhost:${port}` };
    },
  });
  afterAll(stopBroker);

  it('is shown as disconnected, and readings arrive again', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/devices');
    await visitor.page.locator('[data-broker="connected"]').waitFor();
    await measure(20.5);
    await visitor.open('/devices/attic');
    await visitor.live();
    await measure(21.5);
    const reading = visitor.page.locator('[data-reading]').first();
    await expect.poll(() => reading.textContent()).toContain('21.5');
    await stopBroker();
    await visitor.page.locator('[data-broker="disconnected"]').waitFor();
    await startBroker();
    await visitor.page.locator('[data-broker="connected"]').waitFor();
    await expect
      .poll(async () => {
        await measure(22.5);
        return reading.textContent();
      })
      .toContain('22.5');
  });
});

describe('too many streams in a minute', () => {
  const world = withStack({ api: () => ({ RATE_LIMIT_STREAMS: '12' }) });

  it('are retried after the time that the API sent, and the page says why (429)', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/events');
    // Each page that is opened requests its stream and the inbox, and once more when they move onto one connection.
    const settled = visitor.page.locator('[data-state="open"], [data-state="waiting"]').first();
    for (let pages = 0; pages < 20; pages += 1) {
      await settled.waitFor();
      if ((await visitor.state.getAttribute('data-state')) === 'waiting') break;
      await visitor.open('/events');
    }
    await visitor.stateIs('waiting');
    const state = visitor.page.locator('[data-state="waiting"]').first();
    await state.getByText(/too many requests/).waitFor();
    // By itself, the page would try again within a second; the minute that the API counts has longer to run.
    expect(Number(/in (\d+) s/.exec((await state.textContent()) ?? '')?.[1])).toBeGreaterThan(5);
  });
});
