import { serveTabs } from '@sillage/client/sharing';

serveTabs();
