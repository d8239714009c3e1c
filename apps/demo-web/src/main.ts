import { bootstrapApplication } from '@angular/platform-browser';
import { App } from './app/app';
import { createAppConfig } from './app/app.config';
import { repairLanguage } from './app/repair-language';
import { createStartupFailureConfig, StartupFailure } from './app/startup-failure';
import { loadWebConfig } from './app/web-config';

repairLanguage();
try {
  await bootstrapApplication(App, createAppConfig(await loadWebConfig()));
} catch (error) {
  // Nothing of the app can run without its configuration; what is left to do is to say so.
  console.error(error);
  await bootstrapApplication(StartupFailure, createStartupFailureConfig(error));
}
