import { Component } from '@angular/core';

@Component({ selector: 'app-chat', template: '<h1>Chat</h1>' })
export class Chat {}
