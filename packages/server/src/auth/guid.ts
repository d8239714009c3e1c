const guidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether the text is a GUID, Entra's form for IDs of tenants, apps and objects. */
export function isGuid(value: string): boolean {
  return guidPattern.test(value);
}
