/** The operations of the emulator's control API that the chaos page needs. A browser may not call it, so the API does. */
export interface EmulatorControl {
  /** @throws Error if the emulator refuses, or cannot be reached. */
  call(path: '/access-token-lifetime' | '/rotate-keys', body: Readonly<Record<string, unknown>>): Promise<void>;
}

const timeoutMs = 5_000;

export function createEmulatorControl(url: string): EmulatorControl {
  return {
    async call(path, body) {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) throw new Error(`The emulator answered ${response.status} for ${path}.`);
    },
  };
}
