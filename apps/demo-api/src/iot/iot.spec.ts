import type { BrokerStatus, DeviceList, DeviceReading, LogLine } from 'demo-contract';
import mqtt from 'mqtt';
import { afterAll, describe, expect, it } from 'vitest';
import { withApi } from '../with-api.fixture.ts';
import { startEmbeddedBroker, type EmbeddedBroker } from './embedded-broker.ts';

const isReading = ({ data }: { data: DeviceReading | BrokerStatus }): boolean => 'temperature' in data;

describe('devices of the embedded broker', () => {
  const held = withApi();

  it('send over MQTT, and are marked as simulated', async () => {
    const stream = held.api.follow<DeviceReading | BrokerStatus>('bob', '/iot/stream/wine-cellar');
    const seen = await stream.until(isReading);
    expect(seen[0]).toMatchObject({ type: 'broker' });
    expect(seen.at(-1)?.data).toMatchObject({ deviceId: 'wine-cellar', source: 'simulated' });
    expect(await held.api.json<DeviceList>('bob', 'GET', '/iot')).toEqual({
      devices: ['greenhouse', 'server-room', 'wine-cellar'],
      broker: 'connected',
    });
    stream.close();
  });

  it('are unknown if they never sent anything', async () => {
    const response = await held.api.call('bob', 'GET', '/iot/stream/nothing');
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { detail: expect.stringContaining('GET iot') as string },
    ]);
  });
});

describe('devices of another broker', () => {
  let broker: EmbeddedBroker;
  const held = withApi(async () => {
    broker = await startEmbeddedBroker();
    return { variables: { MQTT_URL: broker.url } };
  });
  afterAll(() => broker.close());

  const speak = async (topic: string, payload: string): Promise<void> => {
    const device = mqtt.connect(broker.url, { reconnectPeriod: 0 });
    await device.publishAsync(topic, payload, { qos: 1 });
    await device.endAsync();
  };

  it('are known once they speak; what is malformed is dropped, counted and logged', async () => {
    const log = held.api.follow<LogLine>('alice', '/logs/stream/app', { lastEventId: 'all' });
    await log.until(({ data }) => data.message === 'mqtt broker' && data.fields.status === 'connected');
    await speak('devices/attic/telemetry', '{"temperature":20,"humidity":50}');
    await expect
      .poll(() => held.api.json<DeviceList>('bob', 'GET', '/iot'))
      .toEqual({ devices: ['attic'], broker: 'connected' });
    const malformed = [
      'no JSON',
      '{"temperature":"hot","humidity":50}',
      '{"temperature":1,"humidity":900}',
      'x'.repeat(20_000),
    ];
    for (const payload of malformed) await speak('devices/attic/telemetry', payload);
    const dropped = await log.until(({ data }) => data.fields.malformed === malformed.length);
    expect(dropped.filter(({ data }) => data.message === 'malformed telemetry dropped')).toHaveLength(malformed.length);
    const stream = held.api.follow<DeviceReading | BrokerStatus>('bob', '/iot/stream/attic');
    await stream.until(({ type }) => type === 'broker');
    await speak('devices/attic/telemetry', '{"temperature":21,"humidity":51}');
    expect((await stream.until(isReading)).at(-1)?.data).toMatchObject({ temperature: 21, source: 'broker' });
    stream.close();
    log.close();
  });

  it('are reported as unreachable when the broker is lost, and available when it is back', async () => {
    await speak('devices/attic/telemetry', '{"temperature":20,"humidity":50}');
    await expect.poll(() => held.api.json<DeviceList>('bob', 'GET', '/iot')).toMatchObject({ devices: ['attic'] });
    const stream = held.api.follow<DeviceReading | BrokerStatus>('bob', '/iot/stream/attic');
    const isStatus =
      (status: string) =>
      ({ data }: { data: DeviceReading | BrokerStatus }) =>
        'status' in data && data.status === status;
    await stream.until(isStatus('connected'));
    const { port } = broker;
    await broker.close();
    await stream.until(isStatus('disconnected'));
    expect(await held.api.json<DeviceList>('bob', 'GET', '/iot')).toEqual({
      devices: ['attic'],
      broker: 'disconnected',
    });
    broker = await startEmbeddedBroker(port);
    await stream.until(isStatus('connected'));
    await speak('devices/attic/telemetry', '{"temperature":22,"humidity":52}');
    expect((await stream.until(isReading)).at(-1)?.data).toMatchObject({ temperature: 22 });
    stream.close();
  });
});
