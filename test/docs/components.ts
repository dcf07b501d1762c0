import { parseAllDocuments } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { exists, readPage } from './pages.ts';

type Input = Readonly<{ default?: unknown; type?: string; options?: readonly unknown[] }>;

/** An `include:` entry of a component of this project. */
type Inclusion = Readonly<{ component: string; inputs?: Readonly<Record<string, unknown>> }>;

/** Returns the inputs that a component declares. */
export function readInputs(component: string): Readonly<Record<string, Input>> {
	const [header] = parseAllDocuments(readPage(`templates/${component}.yml`), { version: '1.1' });
	return header?.toJS().spec.inputs;
}

/** Returns the inclusions of components in a pipeline. */
export function listInclusions(pipeline: unknown): readonly Inclusion[] {
	const { include = [] } = pipeline as { include?: readonly Partial<Inclusion>[] };
	return include.flatMap(({ component, inputs = {} }) => (component === undefined ? [] : [{ component, inputs }]));
}

/** Returns a sentence for each input that GitLab would reject, and for each unknown component. */
export function findMistakes(pipeline: unknown): string[] {
	return listInclusions(pipeline).flatMap(({ component, inputs = {} }) => {
		const [, name = '', version = ''] = /alert24-notify\/([a-z]+)@([\d.]+)$/.exec(component) ?? [];
		const isCurrent = version === manifest.version || version === manifest.version.split('.')[0];
		if (!isCurrent || !exists(`templates/${name}.yml`)) return [`${component} is not a component of this version`];
		const known = readInputs(name);
		const missing = Object.keys(known).filter((input) => known[input]?.default === undefined && !(input in inputs));
		return [
			...missing.map((input) => `${name} requires ${input}`),
			...Object.entries(inputs).flatMap(([input, value]) => findMistake(`${name}: ${input}`, known[input], value)),
		];
	});
}

function findMistake(name: string, input: Input | undefined, value: unknown): string[] {
	if (input === undefined) return [`${name} does not exist`];
	const type = Array.isArray(value) ? 'array' : typeof value;
	if (type !== (input.type ?? 'string')) return [`${name} must not be of type ${type}`];
	const isChoice = input.options === undefined || input.options.includes(value) || String(value).startsWith('$');
	return isChoice ? [] : [`${name} must not be ${String(value)}`];
}

/** Returns a pipeline that includes the components at the commit under test, as gitlab-ci-local finds them. */
export function includeCommitUnderTest(yaml: string): string {
	return yaml.replace(
		/(?:gitlab\.com|\$CI_SERVER_FQDN)\/[\w-]+\/alert24-notify\/([a-z]+)@[\d.]+/g,
		'$CI_SERVER_FQDN/$CI_PROJECT_PATH/$1@$CI_COMMIT_SHA',
	);
}
