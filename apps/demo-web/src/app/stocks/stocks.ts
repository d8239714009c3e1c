import { DatePipe } from '@angular/common';
import { Component, computed, DestroyRef, effect, inject, LOCALE_ID, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatCheckbox } from '@angular/material/checkbox';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import type { StockPrice, StockSymbol } from 'demo-contract';
import { describeError, SseApiService, StockApi } from '@app/api';
import { createValueFormat, LiveChart, TimeSeries } from '@app/chart';
import { StreamBar, StreamView } from '@app/stream';

/** What the API takes at once. */
const maxSymbols = 10;
/** What is chosen at first. */
const firstSymbols = 3;

/** The prices of the chosen symbols. */
@Component({
  selector: 'app-stocks',
  imports: [DatePipe, LiveChart, MatButton, MatCheckbox, MatFormFieldModule, MatInput, ReactiveFormsModule, StreamBar],
  templateUrl: './stocks.html',
  styleUrl: './stocks.scss',
})
export class Stocks {
  readonly #sse = inject(SseApiService);
  readonly #api = inject(StockApi);
  readonly #destroyRef = inject(DestroyRef);
  readonly #locale = inject(LOCALE_ID);
  readonly #price = createValueFormat(this.#locale, 'price');
  readonly #change = new Intl.NumberFormat(this.#locale, {
    style: 'percent',
    signDisplay: 'exceptZero',
    minimumFractionDigits: 2,
  });
  readonly #latest = signal<ReadonlyMap<string, StockPrice>>(new Map());

  protected readonly view = new StreamView<StockPrice>({ maxItems: 1, onData: (price) => this.#show(price) });
  protected readonly known = signal<readonly StockSymbol[]>([]);
  protected readonly chosen = signal<readonly string[]>([]);
  protected readonly changes = new TimeSeries({ maxPoints: 600 });
  protected readonly simulated = computed(() => this.view.latest()?.source === 'simulated');
  protected readonly problem = signal<string | null>(null);
  protected readonly symbol = new FormControl('', { nonNullable: true });
  protected readonly form = new FormGroup({ symbol: this.symbol });
  protected readonly rows = computed(() =>
    this.chosen().map((symbol) => {
      const price = this.#latest().get(symbol);
      return {
        symbol,
        name: this.known().find((stock) => stock.symbol === symbol)?.name ?? '',
        price: price === undefined ? '–' : this.#price(price.price),
        change: price === undefined ? '–' : this.#change.format(price.change / 100),
        direction: price === undefined || price.change === 0 ? 'none' : price.change > 0 ? 'up' : 'down',
        at: price?.at ?? null,
      };
    }),
  );

  constructor() {
    this.load();
    effect(() => {
      const symbols = this.chosen();
      untracked(() => {
        if (symbols.length === 0) this.view.close();
        else this.view.open((config) => this.#sse.streamStockPrices(symbols, config));
      });
    });
  }

  protected load(): void {
    this.problem.set(null);
    this.#api
      .symbols()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: (symbols) => {
          this.known.set(symbols);
          if (this.chosen().length === 0) this.chosen.set(symbols.slice(0, firstSymbols).map(({ symbol }) => symbol));
        },
        error: (error: unknown) => this.problem.set(describeError(error)),
      });
  }

  /** Past the tenth, a box that cannot be ticked says more than one that unticks itself. */
  protected isFull(symbol: string): boolean {
    return this.chosen().length >= maxSymbols && !this.isChosen(symbol);
  }

  protected isChosen(symbol: string): boolean {
    return this.chosen().includes(symbol);
  }

  protected toggle(symbol: string): void {
    this.#choose(
      this.isChosen(symbol) ? this.chosen().filter((other) => other !== symbol) : [...this.chosen(), symbol],
    );
  }

  /** A symbol without a price would end the stream of all of them. */
  protected add(): void {
    const symbol = this.symbol.value.trim().toUpperCase();
    if (symbol === '') return;
    if (!this.known().some((stock) => stock.symbol === symbol)) {
      this.problem.set($localize`:@@stocks.unknown:There is no price for ${symbol}:symbol:.`);
      return;
    }
    if (!this.isChosen(symbol)) this.#choose([...this.chosen(), symbol]);
    this.symbol.reset();
  }

  #choose(symbols: readonly string[]): void {
    if (symbols.length > maxSymbols) {
      this.problem.set($localize`:@@stocks.too-many:Ten symbols are the most at once. Leave one out first.`);
      return;
    }
    this.problem.set(null);
    // Another set of lines: values that were not followed meanwhile would leave holes in them.
    this.changes.clear();
    this.chosen.set(symbols);
  }

  #show(price: StockPrice): void {
    this.#latest.update((latest) => new Map(latest).set(price.symbol, price));
    this.changes.add(price.symbol, price.at, price.change);
  }
}
