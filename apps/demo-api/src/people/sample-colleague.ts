import type { Person } from 'demo-contract';

/** A colleague that the demo simulates. Her name says on every page what she is. */
export const nora: Person = { id: 'sample.nora', name: 'Nora (simulated)', username: '' };
