// The first file of the controller: the store's threads begin to load before the rest does, which takes as long.
import { startThreadsAhead } from './store/thread.ts';

startThreadsAhead(2);
await import('./main.ts');
