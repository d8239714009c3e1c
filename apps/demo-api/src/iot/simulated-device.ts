import mqtt from 'mqtt';

/** What a device says of itself, beside its values, so that no page takes it for a real one. */
interface Telemetry {
  readonly temperature: number;
  readonly humidity: number;
  readonly simulated?: boolean;
}

export const simulatedDevices = ['greenhouse', 'server-room', 'wine-cellar'] as const;

const climates: Readonly<Record<(typeof simulatedDevices)[number], readonly [temperature: number, humidity: number]>> =
  {
    greenhouse: [26, 70],
    'server-room': [21, 40],
    'wine-cellar': [12, 65],
  };

/** A thermometer that speaks MQTT over TCP as a real one would: it connects, and comes back when the broker does. */
export function startSimulatedDevice(
  url: string,
  deviceId: (typeof simulatedDevices)[number],
  intervalMs: number,
): () => Promise<void> {
  const client = mqtt.connect(url, { clientId: `device-${deviceId}`, reconnectPeriod: 500 });
  // It has nobody to tell; it tries again by itself.
  client.on('error', () => undefined);
  const [temperature, humidity] = climates[deviceId];
  const speak = (): void => {
    if (!client.connected) return;
    // A slow wave and some noise, as of a day and a sensor.
    const wave = Math.sin(Date.now() / 60_000);
    const telemetry: Telemetry = {
      temperature: round(temperature + 2 * wave + Math.random() / 2),
      humidity: round(humidity - 5 * wave + Math.random()),
      simulated: true,
    };
    client.publish(`devices/${deviceId}/telemetry`, JSON.stringify(telemetry));
  };
  client.on('connect', speak);
  const timer = setInterval(speak, intervalMs);
  return async () => {
    clearInterval(timer);
    await client.endAsync(true);
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
