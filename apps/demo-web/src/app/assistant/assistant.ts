import { Component } from '@angular/core';

@Component({ selector: 'app-assistant', template: '<h1>Assistant</h1>' })
export class Assistant {}
