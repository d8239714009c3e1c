import { Component } from '@angular/core';

@Component({ selector: 'app-events', template: '<h1>Events</h1>' })
export class Events {}
