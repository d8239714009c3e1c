import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { DocumentInfo, NewDocument, NewDocumentCursor, NewDocumentUpdate } from 'demo-contract';
import type { Observable } from 'rxjs';

/** Documents that several people write. */
@Injectable({ providedIn: 'root' })
export class DocumentApi extends BaseMsalApiService {
  /** Those that the person may open. */
  all(): Observable<readonly DocumentInfo[]> {
    return this.get('documents');
  }

  create(document: NewDocument): Observable<DocumentInfo> {
    return this.post('documents', document);
  }

  sendUpdate(documentId: string, update: NewDocumentUpdate): Observable<unknown> {
    return this.post(`documents/${encodeURIComponent(documentId)}/updates`, update);
  }

  sendCursor(documentId: string, cursor: NewDocumentCursor): Observable<unknown> {
    return this.post(`documents/${encodeURIComponent(documentId)}/cursor`, cursor);
  }
}
