import mqtt from 'mqtt';

/** The message of a device. `simulated` keeps pages from showing it as a real one. */
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

/** A thermometer that sends MQTT over TCP like a real one: it connects, and reconnects when the broker is back. */
export function startSimulatedDevice(
  url: string,
  deviceId: (typeof simulatedDevices)[number],
  intervalMs: number,
): () => Promise<void> {
  const client = mqtt.connect(url, { clientId: `device-${deviceId}`, reconnectPeriod: 500 });
  // There is nobody to report it to. MQTT.js reconnects by itself.
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
