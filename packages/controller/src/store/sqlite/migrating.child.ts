// A program that upgrades a data directory by one migration more than there are, which takes for ever. Killed by its test.
import { migrations } from '../migrations/index.ts';
import { openWriter } from './files.ts';

const endless = `
CREATE TABLE half_done (n INTEGER);
UPDATE meta SET value = 'half done';
INSERT INTO half_done WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT n FROM numbers;
`;

openWriter(process.argv[2] ?? '', [...migrations, endless]);
