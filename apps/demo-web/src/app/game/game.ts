import { Component, computed, DestroyRef, effect, inject, input, signal, untracked, viewChild } from '@angular/core';
import type { ElementRef } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { Router } from '@angular/router';
import type { GameState } from 'demo-contract';
import type { Observable } from 'rxjs';
import { describeError, GameApi, SseApiService } from '@app/api';
import { Account } from '@app/sign-in';
import { StreamBar, StreamView } from '@app/stream';
import { WEB_CONFIG } from '@app/web-config';
import { describeCell, describeGame, neighbour, seatOf } from './describe-game';

/** A table for two, and for whoever watches. */
@Component({
  selector: 'app-game',
  imports: [MatButton, MatFormFieldModule, MatInput, ReactiveFormsModule, StreamBar],
  templateUrl: './game.html',
  styleUrl: './game.scss',
})
export class Game {
  readonly #sse = inject(SseApiService);
  readonly #api = inject(GameApi);
  readonly #router = inject(Router);
  readonly #account = inject(Account);
  readonly #destroyRef = inject(DestroyRef);

  /** From the route. */
  readonly gameId = input.required<string>();

  protected readonly boardRef = viewChild<ElementRef<HTMLElement>>('board');
  protected readonly view = new StreamView<GameState>({ maxItems: 1, onData: () => this.problem.set(null) });
  protected readonly game = this.view.latest;
  protected readonly problem = signal<string | null>(null);
  protected readonly table = new FormControl('', { nonNullable: true });
  protected readonly tableForm = new FormGroup({ table: this.table });
  protected readonly isSimulated = inject(WEB_CONFIG).identityProvider === 'emulator';
  protected readonly seat = computed(() => {
    const game = this.game();
    return game === null ? null : seatOf(game, this.#account.personId());
  });
  protected readonly sentence = computed(() => {
    const game = this.game();
    return game === null ? '' : describeGame(game, this.#account.personId());
  });
  protected readonly players = computed(() => {
    const players = this.game()?.players;
    return (['X', 'O'] as const).map((mark) => ({ mark, person: players?.[mark] ?? null }));
  });

  constructor() {
    effect(() => {
      const gameId = this.gameId();
      untracked(() => {
        this.table.setValue(gameId);
        this.problem.set(null);
        this.view.open((config) => this.#sse.streamGameEvents(gameId, config));
      });
    });
  }

  protected async join(): Promise<void> {
    if (this.table.valid) await this.#router.navigate(['/game', this.table.value]);
  }

  protected cellLabel(cell: number): string {
    const game = this.game();
    return game === null ? '' : describeCell(game, cell);
  }

  protected onKey(event: KeyboardEvent): void {
    if (!(event.target instanceof HTMLElement)) return;
    const cell = event.target.dataset.cell;
    const next = cell === undefined ? null : neighbour(Number(cell), event.key);
    if (next === null) return;
    event.preventDefault();
    this.#focusCell(next);
  }

  protected takeSeat(): void {
    this.#ask(this.#api.takeSeat(this.gameId()));
    // The button goes with the seat; what comes next is a move.
    this.#focusCell(0);
  }

  protected inviteOpponent(): void {
    this.#ask(this.#api.inviteOpponent(this.gameId()));
    this.#focusCell(0);
  }

  /** Every move is asked of the referee, those out of turn too: the answer says what is wrong. */
  protected move(cell: number): void {
    this.#ask(this.#api.move(this.gameId(), { cell }));
  }

  protected rematch(): void {
    this.#ask(this.#api.rematch(this.gameId()));
    this.#focusCell(0);
  }

  #focusCell(cell: number): void {
    this.boardRef()?.nativeElement.querySelector<HTMLElement>(`[data-cell="${cell}"]`)?.focus();
  }

  #ask(request: Observable<unknown>): void {
    this.problem.set(null);
    request.pipe(takeUntilDestroyed(this.#destroyRef)).subscribe({
      error: (error: unknown) => this.problem.set(describeError(error)),
    });
  }
}
