// Prints what CHANGELOG.md says of the version in package.json, or of what comes next where there is something: the text of the release.
import { readFileSync } from 'node:fs';
import { readNotes } from './versions.ts';

const changelog = readFileSync('CHANGELOG.md', 'utf8');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const next = process.env['CI_COMMIT_TAG'] ? '' : readNotes(changelog, 'Unreleased');
process.stdout.write(`${next || readNotes(changelog, version)}\n`);
