import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { gitlabSecret } from '../support/relay.ts';
import { runProgram } from '../support/run-program.ts';
import { readInputs } from './components.ts';
import { type ContainerCommand, findContainerCommands, readShellCommands } from './container-commands.ts';
import { pages, parseYaml, readBlocks, readPage, root } from './pages.ts';

const { version } = manifest;
const project = manifest.homepage;
const image = String(readInputs('notify')['image']?.default);
type Link = Readonly<{ name: string; url: string; filepath?: string }>;
type Job = Readonly<{
	script?: readonly string[];
	release?: Readonly<{ assets: Readonly<{ links: readonly Link[] }> }>;
}>;
const pipeline = parseYaml(readPage('.gitlab-ci.yml')) as Readonly<Record<string, Job>>;

/** The variables of the pipeline of a release on gitlab.com. */
const releaseVariables: Readonly<Record<string, string>> = {
	CI_SERVER_URL: new URL(project).origin,
	CI_PROJECT_URL: project,
	CI_REGISTRY_IMAGE: image,
	CI_COMMIT_TAG: version,
};
const expand = (text: string) => text.replace(/\$(\w+)/g, (whole, name: string) => releaseVariables[name] ?? whole);
const readScript = (job: string) => (pipeline[job]?.script ?? []).map(expand);
const findCommand = (page: string, program: string) =>
	readBlocks(page, 'sh')
		.flatMap(({ text }) => readShellCommands(text))
		.find(([name]) => name === program) ?? [];

suite('the check of a signature in SECURITY.md', () => {
	test('names the identity with which the pipeline of a release signs, and its image', () => {
		const [, , ...words] = findCommand('SECURITY.md', 'cosign');
		const [issuerOption, issuer, identityOption, identity, name, ...others] = words;
		assert.deepEqual(
			[issuerOption, identityOption, name, others],
			['--certificate-oidc-issuer', '--certificate-identity', `${image}:${version}`, []],
		);
		const verify = readScript('sign').find((line) => line.startsWith('cosign verify ')) ?? '';
		assert.ok(verify.includes(` --certificate-oidc-issuer "${issuer}" `), verify);
		assert.ok(verify.includes(` --certificate-identity "${identity}" `), verify);
		assert.match(JSON.stringify(pipeline['.gitlab-com']), /gitlab\.com/);
		assert.equal(issuer, 'https://gitlab.com');
	});

	test('names the type of the attestation', () => {
		const [, type] = /`cosign verify-attestation --type (\w+)`/.exec(readPage('SECURITY.md')) ?? [];
		assert.ok(readScript('sign').some((line) => line.startsWith(`cosign attest --type ${type} `)));
	});
});

suite('the files of a release', () => {
	const links = (pipeline['release']?.release?.assets.links ?? []).map(({ url, filepath }) => ({
		file: url.replace(/.*\//, ''),
		filepath,
	}));

	test('have the addresses from which docs/image.md downloads them', () => {
		const block = readBlocks('docs/image.md', 'yaml').find(({ text }) => text.startsWith('record:'));
		const { record } = parseYaml(block?.text ?? '') as {
			record: { variables: { RELEASE: string }; script: string[] };
		};
		assert.equal(record.variables.RELEASE, `${project}/-/releases/${version}/downloads`);
		const downloads = [...(record.script[0] ?? '').matchAll(/\$RELEASE(\/[\w.-]+)/g)].map(([, path]) => path);
		assert.deepEqual(
			downloads,
			links.flatMap(({ filepath }) => filepath ?? []),
		);
		assert.match(record.script[1] ?? '', /^sha256sum -c alert24-notify\.js\.sha256$/);
	});

	test('are those that the pages list', () => {
		const files = links.map(({ file }) => file);
		assert.deepEqual(files, [
			'alert24-notify.js',
			'alert24-notify.js.sha256',
			'LICENSES.txt',
			'alert24-notify.cdx.json',
		]);
		const security = readPage('SECURITY.md').replaceAll('\n', ' ');
		assert.match(security, /contains `alert24-notify\.js\.sha256`, the licenses and the bill of materials of the file/);
	});
});

suite('commands for containers', () => {
	test('name the image of this version', () => {
		const names = pages
			.filter((page) => page !== 'CHANGELOG.md')
			.flatMap((page) => readPage(page).match(/registry\.gitlab\.com\/[\w/.:-]+/g) ?? []);
		const known = [image, `${image}:${version}`];
		assert.ok(names.length >= 5);
		assert.deepEqual(
			names.filter((name) => !known.includes(name)),
			[],
		);
	});

	test('copy the files of the program, which the Dockerfile puts there', () => {
		const [block] = readBlocks('docs/image.md', 'dockerfile');
		assert.equal(block?.text, `COPY --from=${image}:${version} /usr/local/ /usr/local/\n`);
		assert.match(readPage('Dockerfile'), /^COPY --from=build .* \/usr\/local\/lib\/alert24-notify\/$/m);
		assert.match(readPage('Dockerfile'), / \/usr\/local\/bin\/alert24-notify$/m);
	});

	test('copy the image to a registry with every architecture, as the pipeline does', () => {
		const [, command, all, source, target] = findCommand('docs/self-managed.md', 'skopeo');
		assert.deepEqual([command, all, source], ['copy', '--all', `docker://${image}:${version}`]);
		const [, mirror] = /^ {6}image: (\S+)$/m.exec(readPage('docs/self-managed.md')) ?? [];
		assert.equal(target, `docker://${mirror}:${version}`);
		assert.ok(readScript('promote').some((line) => line.startsWith('skopeo copy --all ')));
	});

	for (const one of findContainerCommands()) {
		test(`of ${one.source} run the image, whose program accepts them`, async (t) => {
			assert.equal(one.image, `${image}:${version}`);
			const [program, ...args] = one.command;
			assert.equal(program, 'alert24-notify');
			const variables = mount(one, t);
			// `serve` does not end. With --check it reads all of its settings and opens its store.
			await using run = await runProgram(args[0] === 'serve' ? [...args, '--check'] : args, variables);
			assert.deepEqual([run.exitCode, run.stderr], [0, ''], run.stdout);
		});
	}
});

/**
 * Returns the environment of a container with the paths of its mounts replaced by those of a folder with the files that
 * it expects.
 */
function mount({ environment, mounts }: ContainerCommand, t: TestContext): Record<string, string> {
	const folder = mkdtempSync(join(tmpdir(), 'alert24-mounts-'));
	t.after(() => rmSync(folder, { recursive: true }));
	cpSync(join(root, 'examples/relay/rules.yaml'), join(folder, 'rules.yaml'));
	mkdirSync(join(folder, 'secrets'));
	writeFileSync(join(folder, 'secrets/api-key'), 'ak_live_0123456789abcdefghijklmnopqrstuv\n');
	writeFileSync(join(folder, 'secrets/gitlab-secrets'), `${gitlabSecret}\n`);
	const replace = (value: string) => {
		for (const [source, target] of Object.entries(mounts)) {
			const place = source.startsWith('$PWD/') ? source.replace('$PWD', folder) : folder;
			if (value === target || value.startsWith(`${target}/`)) return place + value.slice(target.length);
		}
		assert.ok(!value.startsWith('/'), `${value} is not in a volume`);
		return value;
	};
	return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, replace(value)]));
}
