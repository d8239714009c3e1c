import type { BrokerStatus, DeviceList, DeviceReading } from 'demo-contract';
import mqtt from 'mqtt';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';

export interface DeviceGateway {
  readonly status: BrokerStatus['status'];
  list(): DeviceList;
  knows(deviceId: string): boolean;
  close(): Promise<void>;
}

export interface DeviceGatewayOptions {
  readonly url: string;
  /** Devices that are known before their first message. */
  readonly expected?: readonly string[];
}

/** Every stream of a device also has the events of this topic. */
export const brokerTopic = 'iot-broker';

export function deviceTopic(deviceId: string): string {
  return `iot/${deviceId}`;
}

const maxTelemetryBytes = 10_000;
const telemetry = z.object({
  temperature: z.number().min(-300).max(10_000),
  humidity: z.number().min(0).max(100),
  simulated: z.boolean().optional(),
});
const topicPattern = /^devices\/([\w-]{1,64})\/telemetry$/;

/** Publishes the telemetry that devices send over MQTT. Reports when the broker is lost, and reconnects to it. */
export function createDeviceGateway(
  { live, listeners, logging, stores }: DemoContext,
  { url, expected = [] }: DeviceGatewayOptions,
): DeviceGateway {
  // Stored: a device that has sent nothing since the API's restart is still known.
  const known = stores.state.table<string>('device', { perOwner: 1_000, past: 'forget-own' });
  for (const deviceId of expected) known.set(deviceId, deviceId, 'broker');
  const heard = new Set(known.values());
  let status: BrokerStatus['status'] = 'disconnected';
  let malformed = 0;

  function remember(deviceId: string): void {
    try {
      known.set(deviceId, deviceId, 'broker');
    } catch (error) {
      // A full disk, for example. The device is tried again with its next message.
      logging.app.warn({ err: error }, 'a device could not be stored');
      return;
    }
    heard.clear();
    for (const device of known.values()) heard.add(device);
  }

  const client = mqtt.connect(url, { reconnectPeriod: 500 });
  const change = (next: BrokerStatus['status']): void => {
    if (status === next) return;
    status = next;
    logging.app.info({ status }, 'mqtt broker');
    live.send(brokerTopic, { type: 'broker', data: { status } satisfies BrokerStatus });
  };
  client.on('connect', () => {
    client.subscribe('devices/+/telemetry', (error) => {
      if (error === null) change('connected');
      else logging.app.warn({ err: error }, 'mqtt broker refused the subscription');
    });
  });
  const onClose = (): void => change('disconnected');
  client.on('close', onClose);
  // MQTT.js reconnects by itself, twice a second: hence the level.
  client.on('error', (error) => logging.app.debug({ err: error }, 'mqtt broker cannot be reached'));
  client.on('message', (topic, payload) => {
    const deviceId = topicPattern.exec(topic)?.[1];
    const said = deviceId === undefined ? undefined : readTelemetry(payload);
    if (deviceId === undefined || said === undefined) {
      malformed += 1;
      logging.app.warn(
        { topic: topic.slice(0, 100), bytes: payload.byteLength, malformed },
        'malformed telemetry dropped',
      );
      return;
    }
    if (!heard.has(deviceId)) remember(deviceId);
    if (listeners.count(deviceTopic(deviceId)) === 0) return;
    const { temperature, humidity, simulated = false } = said;
    const source = simulated ? 'simulated' : 'broker';
    const data: DeviceReading = { deviceId, temperature, humidity, source, at: new Date().toISOString() };
    live.send(deviceTopic(deviceId), { data });
  });

  return {
    get status() {
      return status;
    },
    list: () => ({ devices: [...heard].sort(), broker: status }),
    knows: (deviceId) => heard.has(deviceId),
    async close() {
      // Only this listener: MQTT.js has its own, which stops the timer that waits for a silent broker.
      client.off('close', onClose);
      await client.endAsync(true);
    },
  };
}

function readTelemetry(payload: Buffer): z.infer<typeof telemetry> | undefined {
  if (payload.byteLength > maxTelemetryBytes) return undefined;
  try {
    return telemetry.safeParse(JSON.parse(payload.toString())).data;
  } catch {
    // Not JSON: the device's fault, which is counted and logged.
    return undefined;
  }
}
