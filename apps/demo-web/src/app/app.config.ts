import { provideHttpClient } from '@angular/common/http';
import {
  inject,
  provideAppInitializer,
  provideBrowserGlobalErrorListeners,
  type ApplicationConfig,
} from '@angular/core';
import { ErrorStateMatcher } from '@angular/material/core';
import { MAT_FORM_FIELD_DEFAULT_OPTIONS } from '@angular/material/form-field';
import { provideRouter, withComponentInputBinding, withInMemoryScrolling, withPreloading } from '@angular/router';
import { MSAL_INSTANCE, MsalBroadcastService, MsalService } from '@azure/msal-angular';
import { provideSse, withBaseUrl, withTabSharing } from '@sillage/angular';
import { withMsal } from '@sillage/angular/msal';
import type { WebConfig } from 'demo-contract';
import { routes } from './app.routes';
import { PreloadSignedIn } from './preload-signed-in';
import { Account, createMsalInstance } from './sign-in';
import { WEB_CONFIG } from './web-config';

export function createAppConfig(config: WebConfig): ApplicationConfig {
  return {
    providers: [
      provideBrowserGlobalErrorListeners(),
      provideHttpClient(),
      provideRouter(
        routes,
        withComponentInputBinding(),
        withPreloading(PreloadSignedIn),
        withInMemoryScrolling({ scrollPositionRestoration: 'enabled' }),
      ),
      { provide: WEB_CONFIG, useValue: config },
      { provide: MSAL_INSTANCE, useFactory: () => createMsalInstance(config) },
      MsalService,
      MsalBroadcastService,
      // Before the first route: a page that opens a stream must find its person signed in, or not at all.
      provideAppInitializer(() => inject(Account).resume()),
      {
        provide: MAT_FORM_FIELD_DEFAULT_OPTIONS,
        useValue: { appearance: 'outline', hideRequiredMarker: true, subscriptSizing: 'dynamic' },
      },
      // A field that was just sent and emptied is no mistake of the person's.
      { provide: ErrorStateMatcher, useValue: { isErrorState: isMistake } },
      provideSse(
        withBaseUrl(config.apiUrl),
        withMsal({ scopes: config.scopes, interaction: 'popup' }),
        withTabSharing({
          worker: () => new SharedWorker(new URL('../sillage.worker', import.meta.url), { type: 'module' }),
        }),
      ),
    ],
  };
}

const isMistake: ErrorStateMatcher['isErrorState'] = (control) => control !== null && control.invalid && control.dirty;
