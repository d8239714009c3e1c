import type { Routes } from '@angular/router';
import { pageTitle } from './page-title';

export const routes: Routes = [
  { path: '', pathMatch: 'full', title: 'Sillage', loadComponent: async () => (await import('./home/home')).Home },
  {
    path: 'chaos',
    title: pageTitle($localize`:@@nav.chaos:Chaos panel`),
    loadComponent: async () => (await import('./chaos/chaos')).Chaos,
  },
  {
    path: 'race',
    title: pageTitle($localize`:@@nav.race:The race`),
    loadComponent: async () => (await import('./race/race')).Race,
  },
  {
    path: 'notifications',
    title: pageTitle($localize`:@@nav.notifications:Notifications`),
    loadComponent: async () => (await import('./notifications/notifications')).Notifications,
  },
  { path: 'chat', pathMatch: 'full', redirectTo: 'chat/lobby' },
  {
    path: 'chat/:sessionId',
    title: pageTitle($localize`:@@nav.chat:Chat`),
    loadComponent: async () => (await import('./chat/chat')).Chat,
  },
  {
    path: 'events',
    title: pageTitle($localize`:@@nav.events:Events`),
    loadComponent: async () => (await import('./events/events')).Events,
  },
  {
    path: 'assistant',
    title: pageTitle($localize`:@@nav.assistant:Assistant`),
    loadComponent: async () => (await import('./assistant/assistant')).Assistant,
  },
  {
    path: 'dashboard',
    title: pageTitle($localize`:@@nav.dashboard:Dashboard`),
    loadComponent: async () => (await import('./dashboard/dashboard')).Dashboard,
  },
  {
    path: 'stocks',
    title: pageTitle($localize`:@@nav.stocks:Stock prices`),
    loadComponent: async () => (await import('./stocks/stocks')).Stocks,
  },
  {
    path: 'devices',
    title: pageTitle($localize`:@@nav.devices:Devices`),
    loadComponent: async () => (await import('./devices/devices')).Devices,
  },
  {
    path: 'devices/:deviceId',
    title: ({ paramMap }) => pageTitle(paramMap.get('deviceId') ?? ''),
    loadComponent: async () => (await import('./devices/devices')).Devices,
  },
  {
    path: 'documents',
    title: pageTitle($localize`:@@nav.documents:Documents`),
    loadComponent: async () => (await import('./documents/documents')).Documents,
  },
  {
    path: 'documents/:documentId',
    title: pageTitle($localize`:@@nav.documents:Documents`),
    loadComponent: async () => (await import('./documents/document-page')).DocumentPage,
  },
  { path: 'game', pathMatch: 'full', redirectTo: 'game/table-1' },
  {
    path: 'game/:gameId',
    title: pageTitle($localize`:@@nav.game:Game`),
    loadComponent: async () => (await import('./game/game')).Game,
  },
  {
    path: 'tasks',
    title: pageTitle($localize`:@@nav.tasks:Imports`),
    loadComponent: async () => (await import('./tasks/tasks')).Tasks,
  },
  {
    path: 'logs',
    title: pageTitle($localize`:@@nav.logs:Logs`),
    loadComponent: async () => (await import('./logs/logs')).Logs,
  },
  {
    path: 'health',
    title: pageTitle($localize`:@@nav.health:Server health`),
    loadComponent: async () => (await import('./health/health')).Health,
  },
  {
    path: 'transports',
    title: pageTitle($localize`:@@nav.transports:Carrying the token`),
    loadComponent: async () => (await import('./transports/transports')).Transports,
  },
  { path: '**', redirectTo: '' },
];
