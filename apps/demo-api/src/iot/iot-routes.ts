import { formatEventId, type StreamDefinition } from '@sillage/server';
import type { BrokerStatus } from 'demo-contract';
import type { Router } from 'express';
import type { DemoContext } from '../demo-context.ts';
import { brokerTopic, createDeviceGateway, deviceTopic } from './device-gateway.ts';
import { startEmbeddedBroker } from './embedded-broker.ts';
import { simulatedDevices, startSimulatedDevice } from './simulated-device.ts';

/** `GET iot`. @returns the stream `GET iot/stream/:deviceId`. */
export async function iotRoutes(
  router: Router,
  context: DemoContext,
): Promise<StreamDefinition<{ readonly deviceId: string }>> {
  const { config, live, onClose } = context;
  const url = config.MQTT_URL ?? (await startSimulation(context));
  const gateway = createDeviceGateway(context, {
    url,
    expected: config.MQTT_URL === undefined ? simulatedDevices : [],
  });
  onClose(() => gateway.close());

  router.get('/iot', (_request, response) => {
    response.json(gateway.list());
  });

  return {
    hub: live.hub,
    authorize: ({ params }) =>
      gateway.knows(params.deviceId)
        ? 'allow'
        : { kind: 'not-found', code: 'unknown-device', detail: 'Unknown device. Choose one of GET iot.' },
    topics: ({ params }) => [deviceTopic(params.deviceId), brokerTopic],
    snapshot: () => ({
      after: formatEventId(live.hub.position),
      event: { type: 'broker', data: { status: gateway.status } satisfies BrokerStatus },
    }),
  };
}

async function startSimulation({ config, onClose }: DemoContext): Promise<string> {
  const broker = await startEmbeddedBroker();
  onClose(() => broker.close());
  for (const deviceId of simulatedDevices) {
    onClose(startSimulatedDevice(broker.url, deviceId, config.SAMPLE_INTERVAL_MS));
  }
  return broker.url;
}
