import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

type Input = { default?: unknown };

const [header, body] = parseAllDocuments(
	readFileSync(new URL('../../templates/hook.yml', import.meta.url), 'utf8'),
).map((document) => document.toJS());

/** The inputs that the header of the component `hook` declares. */
export const hookInputs: Record<string, Input> = header.spec.inputs;

type HookJob = { variables: Record<string, string>; after_script: string[] };

/** Returns the hidden job that GitLab renders from these inputs and the defaults of the others. */
export function renderHook(inputs: Readonly<Record<string, unknown>> = {}): HookJob {
	const job = body['.$[[ inputs.job_prefix ]]'];
	const fill = (text: string) =>
		text.replace(/\$\[\[ inputs\.(\w+) \]\]/g, (_, name: string) => String(inputs[name] ?? hookInputs[name]?.default));
	return {
		variables: Object.fromEntries(Object.entries<string>(job.variables).map(([name, value]) => [name, fill(value)])),
		after_script: job.after_script.map(fill),
	};
}
