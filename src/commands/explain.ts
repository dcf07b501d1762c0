import type { Change } from '../change/change-schema.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { planEvent } from '../relay/plan-event.ts';
import { isPostServicePayload, readPostServiceBody } from '../relay/post-service-payload.ts';
import { readEvent } from '../relay/receive-event.ts';
import { RelaySettingsReader } from '../relay/relay-settings.ts';
import { printResult } from '../report/result.ts';
import { ConfigurationError } from '../reported-error.ts';
import { parseJson, property } from '../text/json-value.ts';
import type { CommandContext } from './command-context.ts';
import { describeFileArgument, readFileArgument } from './read-file-argument.ts';

const largestFile = 1024 * 1024;

/**
 * Prints the rule that a saved event (`-`: stdin) matches and the changes that the relay would send, or the reason for
 * sending none. It needs the rules file and no other setting. Throws a ConfigurationError for a file that cannot be
 * read.
 */
export async function explainEvent(
	path: string,
	{ environment, log, redactor }: CommandContext,
	readStdin: () => Promise<Uint8Array>,
): Promise<ExitCode> {
	const reader = new RelaySettingsReader(environment);
	const rules = reader.readRules();
	if (reader.problems.length > 0) throw new ConfigurationError(reader.problems);
	const body = Buffer.from(await readFileArgument(path, readStdin, largestFile));
	const payload = parseJson(readPostServiceBody(body.toString('utf8')));
	if (payload === undefined) {
		throw new ConfigurationError([`${describeFileArgument(path)} is not the body of a webhook: not JSON`]);
	}
	const source = property(payload, 'object_kind') === undefined ? 'bitbucket' : 'gitlab';
	const eventKey = source === 'gitlab' ? undefined : guessEventKey(payload);
	const headers = eventKey === undefined ? {} : { 'x-event-key': eventKey };
	const event = readEvent({ source, headers, body }, redactor);
	const reasons: string[] = [];
	const changes: Change[] = [];
	if (event.kind === 'ignored') reasons.push(event.reason);
	if (event.kind === 'started')
		reasons.push('the event reports that a deployment runs; a later failure of it then counts');
	for (const plan of planEvent(event, rules)) {
		if (plan.result !== 'accepted') reasons.push(plan.reason);
		else {
			for (const { change, rule, facts } of plan.changes) {
				changes.push(change);
				log.result(`Rule ${rule} matches. The change:`);
				if (!log.isJson) log.resultJson(change);
				if (facts.needsStart)
					log.result('It is recorded only if an event or GitLab’s API shows that the deployment ran.');
			}
		}
	}
	for (const reason of reasons) log.result(`Not recorded: ${reason}`);
	const outcome = changes.length === 0 ? 'nothing_to_record' : 'dry_run';
	const reason = reasons.length === 0 ? {} : { reason: reasons.join('; ') };
	printResult({ outcome, exit_code: exitCodes.ok, ...reason, services: [], changes }, log);
	return exitCodes.ok;
}

// A saved body lacks the header that names the event.
function guessEventKey(payload: unknown): string | undefined {
	if (isPostServicePayload(payload)) return undefined;
	if (property(payload, 'commit_status') !== undefined) return 'repo:commit_status_updated';
	const state = property(property(payload, 'pullrequest'), 'state');
	if (state !== undefined) return state === 'MERGED' ? 'pullrequest:fulfilled' : 'pullrequest:updated';
	return property(payload, 'push') === undefined ? undefined : 'repo:push';
}
