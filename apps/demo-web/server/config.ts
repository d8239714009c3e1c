/** What the web server was told by its environment. */
export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly apiUrl: URL;
  readonly tenantId: string;
  readonly spaClientId: string;
  readonly apiClientId: string;
  /** The emulator's origin; `null`: people sign in at Microsoft Entra ID. */
  readonly emulatorOrigin: URL | null;
}

const wanted = {
  API_URL: 'the base URL of the demo API, such as http://localhost:3000',
  ENTRA_TENANT_ID: 'the GUID of the tenant that people sign in to',
  ENTRA_SPA_CLIENT_ID: 'the client ID that this web app is registered under',
  ENTRA_API_CLIENT_ID: 'the client ID that the API is registered under',
} as const;

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads the environment. @throws with one sentence for each variable that is missing or wrong. */
export function readServerConfig(environment: Readonly<Record<string, string | undefined>>): ServerConfig {
  // A variable that is set to nothing is not set.
  const variables = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const problems: string[] = [];

  const required = (name: keyof typeof wanted): string => {
    const value = variables[name] ?? '';
    if (value === '') problems.push(`${name} is missing: set it to ${wanted[name]}.`);
    return value;
  };
  const requiredGuid = (name: keyof typeof wanted): string => {
    const value = required(name);
    if (value !== '' && !guid.test(value)) problems.push(`${name} is no GUID: set it to ${wanted[name]}.`);
    return value;
  };
  const url = (name: string, value: string): URL | null => {
    if (value === '') return null;
    if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return new URL(value);
    problems.push(`${name} is no http or https URL: "${value}".`);
    return null;
  };

  const portText = variables.WEB_PORT ?? '';
  const port = portText === '' ? 4200 : Number(portText);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    problems.push(`WEB_PORT is no port: set it to a number between 0 (any free one) and 65535.`);
  }
  const apiUrl = url('API_URL', required('API_URL'));
  const config = {
    host: variables.SILLAGE_HOST ?? 'localhost',
    port,
    tenantId: requiredGuid('ENTRA_TENANT_ID'),
    spaClientId: requiredGuid('ENTRA_SPA_CLIENT_ID'),
    apiClientId: requiredGuid('ENTRA_API_CLIENT_ID'),
    emulatorOrigin: url('EMULATOR_ORIGIN', variables.EMULATOR_ORIGIN ?? ''),
  };
  if (problems.length > 0 || apiUrl === null) throw new Error(problems.join('\n'));
  return { ...config, apiUrl };
}
