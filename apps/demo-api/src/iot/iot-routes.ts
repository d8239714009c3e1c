import { formatEventId } from '@sillage/server';
import { expressStream } from '@sillage/server/express';
import type { BrokerStatus } from 'demo-contract';
import type { Router } from 'express';
import type { DemoContext } from '../demo-context.ts';
import { brokerTopic, createDeviceGateway, deviceTopic } from './device-gateway.ts';
import { startEmbeddedBroker } from './embedded-broker.ts';
import { simulatedDevices, startSimulatedDevice } from './simulated-device.ts';

/** `GET iot`, `GET iot/stream/:deviceId`. */
export async function iotRoutes(router: Router, context: DemoContext): Promise<void> {
  const { config, endpoint, access, guard, live, onClose } = context;
  const url = config.MQTT_URL ?? (await startSimulation(context));
  const gateway = createDeviceGateway(context, {
    url,
    expected: config.MQTT_URL === undefined ? simulatedDevices : [],
  });
  onClose(() => gateway.close());

  router.get('/iot', ...guard.route, (_request, response) => {
    response.json(gateway.list());
  });

  router.all(
    '/iot/stream/:deviceId',
    expressStream(endpoint, {
      ...access,
      hub: live.hub,
      authorize: ({ identity, request }) =>
        gateway.knows(String(request.params.deviceId))
          ? guard.stream(identity)
          : {
              kind: 'not-found',
              code: 'unknown-device',
              detail: 'No such device was heard of: choose one of GET iot.',
            },
      topics: ({ request }) => [deviceTopic(String(request.params.deviceId)), brokerTopic],
      snapshot: () => ({
        after: formatEventId(live.hub.position),
        event: { type: 'broker', data: { status: gateway.status } satisfies BrokerStatus },
      }),
    }),
  );
}

async function startSimulation({ config, onClose }: DemoContext): Promise<string> {
  const broker = await startEmbeddedBroker();
  onClose(() => broker.close());
  for (const deviceId of simulatedDevices) {
    onClose(startSimulatedDevice(broker.url, deviceId, config.SAMPLE_INTERVAL_MS));
  }
  return broker.url;
}
