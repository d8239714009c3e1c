import { Component, computed, DestroyRef, effect, inject, input, LOCALE_ID, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { RouterLink, RouterLinkActive } from '@angular/router';
import type { BrokerStatus, DeviceList, DeviceReading } from 'demo-contract';
import { describeError, DeviceApi, SseApiService } from '@app/api';
import { createValueFormat, LiveChart, TimeSeries } from '@app/chart';
import { StreamBar, StreamView } from '@app/stream';

const maxPoints = 300;

/** The devices that were heard of, and what one of them measures. */
@Component({
  selector: 'app-devices',
  imports: [LiveChart, MatButton, RouterLink, RouterLinkActive, StreamBar],
  templateUrl: './devices.html',
  styleUrl: './devices.scss',
})
export class Devices {
  readonly #sse = inject(SseApiService);
  readonly #api = inject(DeviceApi);
  readonly #destroyRef = inject(DestroyRef);
  readonly #locale = inject(LOCALE_ID);

  /** From the route; `undefined` while none is chosen. */
  readonly deviceId = input<string>();

  protected readonly view = new StreamView<DeviceReading | BrokerStatus>({
    maxItems: 1,
    onData: (event) => this.#take(event),
  });
  protected readonly devices = signal<DeviceList['devices']>([]);
  /** The chosen one, else the first: the page has something to show at once. */
  protected readonly shownId = computed(() => this.deviceId() ?? this.devices()[0]);
  protected readonly broker = signal<DeviceList['broker'] | 'unknown'>('unknown');
  protected readonly reading = signal<DeviceReading | null>(null);
  protected readonly problem = signal<string | null>(null);
  protected readonly temperature = new TimeSeries({ maxPoints });
  protected readonly humidity = new TimeSeries({ maxPoints });
  protected readonly simulated = computed(() => this.reading()?.source === 'simulated');
  protected readonly brokerText = computed(() => brokerText(this.broker()));
  protected readonly celsius = createValueFormat(this.#locale, 'celsius');
  protected readonly percent = createValueFormat(this.#locale, 'percent');
  protected readonly temperatureLabel = (): string => $localize`:@@devices.temperature:Temperature`;
  protected readonly humidityLabel = (): string => $localize`:@@devices.humidity:Humidity`;

  constructor() {
    this.load();
    effect(() => {
      const deviceId = this.shownId();
      untracked(() => {
        this.reading.set(null);
        this.temperature.clear();
        this.humidity.clear();
        if (deviceId === undefined) this.view.close();
        else this.view.open((config) => this.#sse.streamIoTDeviceData(deviceId, config));
      });
    });
  }

  protected load(): void {
    this.#api
      .all()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: ({ devices, broker }) => {
          this.devices.set(devices);
          this.broker.set(broker);
          this.problem.set(null);
        },
        error: (error: unknown) => this.problem.set(describeError(error)),
      });
  }

  #take(event: DeviceReading | BrokerStatus): void {
    if ('status' in event) {
      this.broker.set(event.status);
      return;
    }
    this.reading.set(event);
    this.temperature.add('temperature', event.at, event.temperature);
    this.humidity.add('humidity', event.at, event.humidity);
  }
}

function brokerText(broker: DeviceList['broker'] | 'unknown'): string {
  switch (broker) {
    case 'connected':
      return $localize`:@@devices.broker-connected:MQTT broker: connected`;
    case 'disconnected':
      return $localize`:@@devices.broker-disconnected:MQTT broker: cannot be reached. The API keeps trying.`;
    case 'unknown':
      return $localize`:@@devices.broker-unknown:MQTT broker: …`;
  }
}
