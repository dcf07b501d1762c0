// Prints the notes of the release: in a tag pipeline, CHANGELOG.md's section of the version in package.json; elsewhere
// the section `Unreleased`, unless it is empty.
import { readFileSync } from 'node:fs';
import { readNotes } from './versions.ts';

const changelog = readFileSync('CHANGELOG.md', 'utf8');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const next = process.env['CI_COMMIT_TAG'] ? '' : readNotes(changelog, 'Unreleased');
process.stdout.write(`${next || readNotes(changelog, version)}\n`);
