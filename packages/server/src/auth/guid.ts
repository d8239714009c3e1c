const guidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether this is how Entra names a tenant, an app or an object. */
export function isGuid(value: string): boolean {
  return guidPattern.test(value);
}
