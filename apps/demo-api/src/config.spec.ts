import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const required = {
  ENTRA_TENANT_ID: 'c0475050-0000-4000-8000-000000000001',
  ENTRA_API_CLIENT_ID: '5a9e0a91-0000-4000-8000-0000000000a1',
};

describe('readConfig', () => {
  it('listens on localhost by default, and ignores HOST, which tcsh and conda export for another purpose', () => {
    expect(readConfig({ ...required, HOST: 'build-7.example' }).SILLAGE_HOST).toBe('localhost');
  });

  it('reads SILLAGE_HOST', () => {
    expect(readConfig({ ...required, SILLAGE_HOST: '0.0.0.0' }).SILLAGE_HOST).toBe('0.0.0.0');
  });

  it('throws with one line for each variable that is wrong', () => {
    expect(() => readConfig({ ...required, ENTRA_TENANT_ID: 'contoso', API_PORT: '70000' })).toThrow(
      /^API_PORT: .*\nENTRA_TENANT_ID: .*$/,
    );
  });
});
