import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { changeSchema } from '../../src/change/change-schema.ts';
import { type OptionDefinition, optionDefinitions } from '../../src/settings/options.ts';
import { version } from '../../src/version.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';

suite('the command line', () => {
	test('lists every option, the variables, the exit codes and examples by --help', async () => {
		const { exitCode, stdout, stderr } = await runInProcess(['--help'], {});
		assert.deepEqual([exitCode, stderr], [0, '']);
		for (const name of findOptions('record')) assert.match(stdout, new RegExp(`--${name}\\b`));
		assert.match(stdout, /ALERT24_API_KEY/);
		assert.match(stdout, /Exit codes: 0 .* 5 it could not be delivered/s);
		assert.match(stdout, /Examples:/);
		for (const line of stdout.split('\n')) assert.ok([...line].length <= 110, line);
	});

	test('prints help for each command', async () => {
		for (const command of ['record', 'replay', 'sync', 'validate', 'schema']) {
			const { exitCode, stdout } = await runInProcess([command, '--help'], {});
			assert.equal(exitCode, 0);
			for (const name of findOptions(command)) assert.match(stdout, new RegExp(`--${name}\\b`));
			assert.match(stdout, new RegExp(`^alert24-notify ${command}`));
		}
	});

	test('explains an option of sync in its own words', async () => {
		const { stdout } = await runInProcess(['sync', '--help'], {});
		const words = stdout.replace(/\s+/g, ' ');
		assert.match(words, /--environment Environments to compare, .* \[default: all\]/);
		assert.match(words, /--dry-run .* record nothing; needs the key/);
		const others = await Promise.all(['record', 'replay'].map((command) => runInProcess([command, '--help'], {})));
		for (const help of others)
			assert.match(help.stdout.replace(/\s+/g, ' '), /--dry-run .* send nothing; needs no key/);
	});

	test('prints the version', async () => {
		assert.deepEqual(await runInProcess(['--version'], {}), { exitCode: 0, stdout: `${version}\n`, stderr: '' });
	});

	test('prints the schema', async () => {
		const { exitCode, stdout } = await runInProcess(['schema'], {});
		assert.equal(exitCode, 0);
		assert.deepEqual(JSON.parse(stdout), changeSchema);
	});

	test('accepts every setting as an option', async () => {
		const given: Record<string, string> = {
			environment: 'staging',
			'service-id': 'svc_1',
			'deploy-job': 'deploy',
			status: 'failed',
			'change-type': 'code',
			'risk-level': 'critical',
			summary: 's -- "s"',
			description: 'd',
			tags: 'x,y',
			'changed-by': 'ann',
			'external-id': 'e',
			source: 'here',
			timeout: '5',
		};
		const argv = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
		const { exitCode, stdout, stderr } = await runInProcess([...argv, '--record-failures', '--dry-run'], gitlabJob);
		assert.deepEqual([exitCode, stderr], [0, '']);
		const change = JSON.parse(stdout);
		assert.deepEqual(
			[
				change.environment,
				change.service_id,
				change.change_type,
				change.risk_level,
				change.summary,
				change.description,
			],
			['staging', 'svc_1', 'code', 'critical', 'Failed: s -- "s"', 'd'],
		);
		assert.deepEqual(
			[change.tags, change.changed_by, change.external_id, change.source],
			[['gitlab', 'staging', 'failed', 'x', 'y'], 'ann', 'e', 'here'],
		);
	});

	test('prints an array in a dry run for several services', async () => {
		const { stdout } = await runInProcess(['--dry-run', '--environment=a', '--service-id=x,y'], gitlabJob);
		assert.deepEqual(
			JSON.parse(stdout).map((change: { service_id: string }) => change.service_id),
			['x', 'y'],
		);
	});

	const mistakes: [string[], RegExp][] = [
		[['--bogus'], /^alert24-notify: unknown option --bogus \(see alert24-notify --help\)\n$/],
		[['frobnicate'], /unknown argument frobnicate \(/],
		[['--summary'], /--summary needs a value/],
		[['--environment', 'a', '--environment', 'b'], /--environment occurs twice; it takes one value/],
		[['--dry-run=maybe'], /"--dry-run=maybe" must end in =true or =false/],
		[
			['--dry-run', '--environment', 'a', '--timeout', 'soon'],
			/--timeout must be a number of seconds from 1 to 240; got "soon"/,
		],
		[['--api-key', 'x'], /unknown option --api-key \(/],
		[['--servce-id', 'x'], /unknown option --servce-id; did you mean --service-id\?/],
		[['reply', 'x'], /unknown argument reply; did you mean replay\?/],
		[['validate'], /validate needs a JSON file, or - for standard input \(see alert24-notify validate --help\)/],
		[['validate', '/no/such/file'], /"\/no\/such\/file" does not exist/],
		[['replay'], /replay needs the folder or file of the undelivered changes, or - for standard input/],
		[['replay', '--environment', 'a', 'x.json'], /unknown option --environment \(/],
		[['--no-environment'], /unknown option --no-environment/],
		[['--environment.x', 'y'], /unknown option --environment\.x/],
		[['--', '--environment', 'x'], /unknown argument --\n/],
		[['--get-yargs-completions', 'x'], /unknown argument --get-yargs-completions/],
		[['validate', '/dev/zero'], /"\/dev\/zero" is not a regular file; a pipe can be read as -/],
	];
	for (const [argv, message] of mistakes) {
		test(`rejects ${argv.join(' ')} with exit code 2`, async () => {
			const { exitCode, stdout, stderr } = await runInProcess(argv, gitlabJob);
			assert.deepEqual([exitCode, stdout], [2, '']);
			assert.match(stderr, message);
		});
	}
});

suite('validate', () => {
	const validate = (stdin: string) =>
		runInProcess(['validate', '-'], {}, { readStdin: () => Promise.resolve(Buffer.from(stdin, 'latin1')) });

	test('accepts the output of a dry run', async () => {
		for (const services of ['x', 'x,y']) {
			const { stdout } = await runInProcess(['--dry-run', '--environment=a', `--service-id=${services}`], gitlabJob);
			const result = await runInProcess(
				['validate', '-'],
				{},
				{ readStdin: () => Promise.resolve(Buffer.from(stdout)) },
			);
			assert.deepEqual(result, {
				exitCode: 0,
				stdout: services === 'x' ? 'Valid: 1 change\n' : 'Valid: 2 changes\n',
				stderr: '',
			});
		}
	});

	test('reports every violation, with exit code 3', async () => {
		assert.deepEqual(await validate('[{"summary":"a","environment":"b"},{"summary":1}]'), {
			exitCode: 3,
			stdout: '',
			stderr:
				'alert24-notify: change 2: environment is required\nalert24-notify: change 2: summary must be of type string; got 1\n',
		});
	});

	test('rejects a file that is not JSON in UTF-8, with exit code 3', async () => {
		for (const text of ['', '{', '{"summary":"\xff"}']) {
			const { exitCode, stderr } = await validate(text);
			assert.equal(exitCode, 3);
			assert.match(stderr, /^alert24-notify: standard input is not JSON in UTF-8: /);
		}
	});

	test('rejects an empty array, and a value that is nested too deeply', async () => {
		assert.equal((await validate('[]')).stderr, 'alert24-notify: the array holds no change\n');
		const deep = `{"summary":"a","environment":"b","branch":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
		const { exitCode, stderr } = await validate(deep);
		assert.deepEqual(
			[exitCode, stderr],
			[3, 'alert24-notify: branch must be of type string; got a value that cannot be shown\n'],
		);
	});
});

function findOptions(command: string): string[] {
	const definitions: readonly OptionDefinition[] = optionDefinitions;
	return definitions.filter(({ commands }) => commands.some((one) => one === command)).map(({ name }) => name);
}
