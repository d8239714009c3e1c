/** An event of `iot/stream/:deviceId`, as the device said it over MQTT. */
export interface DeviceReading {
  readonly deviceId: string;
  readonly temperature: number;
  readonly humidity: number;
  /** Whether the device is a simulated one; it speaks real MQTT all the same. */
  readonly source: 'simulated' | 'broker';
  /** ISO 8601. */
  readonly at: string;
}

/** An event of `iot/stream/:deviceId` whose type is `broker`: first on each fresh connection, and whenever it changes. */
export interface BrokerStatus {
  readonly status: 'connected' | 'disconnected';
}

/** `GET iot`: the devices that were heard of, and whether the broker can be reached. */
export interface DeviceList {
  readonly devices: readonly string[];
  readonly broker: 'connected' | 'disconnected';
}
